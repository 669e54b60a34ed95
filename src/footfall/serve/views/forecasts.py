"""What is forecast, how good forecasts were, and of which series."""

from datetime import date

from footfall.contracts import QUANTILES
from footfall.serve.views.published import Published, Row
from footfall.serve.views.view import reads

BENCHMARK = "seasonal_naive"
_LEVELS = ", ".join(QUANTILES)
# Twice the mean pinball loss over the levels; for the median alone it is the absolute error.
_LOSS = " + ".join(
    f"greatest({level} * (actual - {name}), {level - 1} * (actual - {name}))" for name, level in QUANTILES.items()
)


@reads("forecasts")
def targets(published: Published) -> list[Row]:
    """What is forecast: `metric`, `grain`, and the last known bucket."""
    return published.rows(
        "SELECT metric, grain, max(origin) AS origin, count(DISTINCT series_id) AS series FROM forecasts "
        "GROUP BY ALL ORDER BY metric, grain"
    )


@reads("forecasts")
def members(published: Published, metric: str, grain: str) -> list[Row]:
    """The series of a metric with the sum of their chosen forecast; the whole shop first, then by dimension."""
    return published.rows(
        """
        SELECT series_id, dimension, member, sum(mean) AS mean, count(*) AS buckets, max(ts) AS last
        FROM forecasts WHERE metric = $metric AND grain = $grain AND model = 'chosen'
        GROUP BY series_id, dimension, member
        ORDER BY min(dimension <> 'all'), dimension, sum(mean) DESC NULLS LAST, member
        """,
        {"metric": metric, "grain": grain},
    )


@reads("forecasts")
def fan(published: Published, series_id: str, metric: str, grain: str, model: str) -> list[Row]:
    """The forecast of a series: `ts`, `mean` and its quantiles."""
    return published.rows(
        f"SELECT ts, mean, {_LEVELS} FROM forecasts WHERE metric = $metric AND grain = $grain "
        "AND series_id = $series AND model = $model ORDER BY ts",
        {"metric": metric, "grain": grain, "series": series_id, "model": model},
    )


@reads("backtests")
def leaderboard(published: Published, metric: str, grain: str, dimension: str | None = None) -> list[Row]:
    """How good every model was in backtests, in buckets that were not closed; the best first.

    Args:
        published: the tables.
        metric: what was forecast.
        grain: hour or day.
        dimension: only series of it.

    Returns:
        By model: `buckets`, `series`, `origins`; `wape` and `quantile_loss` in shares of what happened; `bias`;
        `inside_80` and `inside_95`; `skill`, how much smaller its absolute errors are than the seasonal naive
        forecast's (geometric mean over the series of which both have all buckets).
    """
    return published.rows(
        f"""
        WITH told AS (
            SELECT series_id, origin, model, actual, mean, coalesce(q500, mean) AS point, {_LEVELS} FROM backtests
            WHERE metric = $metric AND grain = $grain AND ($dimension IS NULL OR dimension = $dimension)
            AND NOT coalesce(is_closed, false) AND actual IS NOT NULL AND coalesce(q500, mean) IS NOT NULL
        ), by_origin AS (
            SELECT model, series_id, origin, count(*) AS buckets, sum(abs(point - actual)) AS error,
                sum(abs(actual)) AS size, sum(2 * ({_LOSS}) / {len(QUANTILES)}) AS loss, sum(mean - actual) AS bias,
                sum((actual BETWEEN q100 AND q900)::INT) AS inside_80,
                sum((actual BETWEEN q025 AND q975)::INT) AS inside_95
            FROM told GROUP BY model, series_id, origin
        ), by_series AS (
            SELECT model, series_id, sum(error) AS error, sum(buckets) AS buckets FROM by_origin
            GROUP BY model, series_id
        ), skills AS (
            SELECT ours.model, 1 - exp(avg(ln(ours.error / naive.error))) AS skill
            FROM by_series AS ours JOIN by_series AS naive USING (series_id, buckets)
            WHERE naive.model = '{BENCHMARK}' AND ours.error > 0 AND naive.error > 0 GROUP BY ours.model
        )
        SELECT model, sum(buckets)::BIGINT AS buckets, count(DISTINCT series_id) AS series,
            count(DISTINCT origin) AS origins, sum(error) / nullif(sum(size), 0) AS wape,
            sum(loss) / nullif(sum(size), 0) AS quantile_loss, sum(bias) / sum(buckets) AS bias,
            sum(inside_80) / sum(buckets) AS inside_80, sum(inside_95) / sum(buckets) AS inside_95,
            any_value(skill) AS skill
        FROM by_origin LEFT JOIN skills USING (model) GROUP BY model ORDER BY wape NULLS LAST, model
        """,
        {"metric": metric, "grain": grain, "dimension": dimension},
    )


@reads("metric_series")
def history(published: Published, series_id: str, first: date, last: date) -> list[Row]:
    """A series in the buckets of some days: `ts`, `value`, `status`."""
    return published.rows(
        "SELECT ts, value, status FROM metric_series WHERE series_id = $series "
        "AND ts >= $first AND ts < $last + INTERVAL 1 DAY AND status <> 'missing' ORDER BY ts",
        {"series": series_id, "first": first, "last": last},
    )

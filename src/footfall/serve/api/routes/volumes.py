"""Series as they were, and forecasts of them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from footfall.serve.api.asking import (
    Ask,
    Cursor,
    Limit,
    Moment,
    Name,
    PageOf,
    allowed,
    listed,
    problems,
    told,
    unless_known,
    utc,
)
from footfall.serve.api.problems import Missing
from footfall.serve.api.schemas import Bucket, Forecast, Series
from footfall.serve.views.paging import Listing

router = APIRouter(tags=["volumes"])
SeriesAsk = Annotated[Ask, allowed("series:read")]
ForecastsAsk = Annotated[Ask, allowed("forecasts:read")]
MOST_BUCKETS = 1000
Grain = Annotated[Literal["hour", "day"] | None, Query(description="length of the buckets")]
_SERIES = Listing(
    "(SELECT series_id, metric, dimension, member, parent, grain, min(ts) AS first, max(ts) AS last FROM metric_series "
    "GROUP BY ALL)",
    {"series_id": str},
)
_BUCKETS = Listing("metric_series", {"series_id": str, "ts": datetime})
_FORECASTS = Listing("forecasts", {"series_id": str, "ts": datetime, "model": str})


@router.get("/v1/series", response_model=PageOf[Series], responses=problems(404, 422))
def series(
    ask: SeriesAsk,
    metric: Name = None,
    dimension: Name = None,
    member: Name = None,
    grain: Grain = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """All series, by their ids."""
    where = {"metric = ?": metric, "dimension = ?": dimension, "member = ?": member, "grain = ?": grain}
    return listed(ask, _SERIES, "metric_series", where, limit, cursor)


@router.get(
    "/v1/series/values",
    response_model=PageOf[Bucket],  # type: ignore[valid-type]
    responses=problems(404, 422),
)
def values(
    ask: SeriesAsk,
    series_id: Annotated[str, Query(max_length=600, description="grain/metric/dimension/member")],
    since: Moment = None,
    until: Moment = None,
    limit: Limit = 1000,
    cursor: Cursor = None,
) -> Response:
    """The buckets of a series, the oldest first; `until` is not included."""
    where = {"series_id = ?": series_id, "ts >= ?": utc(since), "ts < ?": utc(until)}
    return listed(ask, _BUCKETS, "metric_series", where, limit, cursor)


@router.get(
    "/v1/forecasts",
    response_model=PageOf[Forecast],  # type: ignore[valid-type]
    responses=problems(404, 422),
)
def forecasts(
    ask: ForecastsAsk,
    metric: Name = None,
    dimension: Name = None,
    member: Name = None,
    grain: Grain = None,
    model: Annotated[str, Query(max_length=100, description="`chosen` is the forecast to use")] = "chosen",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Forecasts that are in the lake."""
    where = {
        "metric = ?": metric, "dimension = ?": dimension, "member = ?": member, "grain = ?": grain, "model = ?": model,
    }  # fmt: skip
    return listed(ask, _FORECASTS, "forecasts", where, limit, cursor)


@router.get(
    "/predict",
    response_model=list[Forecast],  # type: ignore[valid-type]
    responses=problems(404, 422),
)
def predict(
    ask: ForecastsAsk,
    metric: Annotated[str, Query(max_length=100, description="what is counted, such as orders or revenue")],
    dimension: Annotated[str, Query(max_length=100)] = "all",
    member: Annotated[str, Query(max_length=300)] = "all",
    grain: Literal["hour", "day"] = "day",
    horizon: Annotated[int, Query(ge=1, le=MOST_BUCKETS, description="buckets, as far as there are")] = 14,
) -> Response:
    """What is to come of one series: mean and quantiles of the next buckets, by the chosen model."""
    ask.server.published.need("forecasts")
    asked = {"metric": metric, "dimension": dimension, "member": member, "grain": grain, "horizon": horizon}
    return unless_known(ask, ("forecasts",), lambda: _predicted(ask, asked))


def _predicted(ask: Ask, asked: dict[str, Any]) -> list[dict[str, Any]]:
    rows = ask.server.published.rows(
        "SELECT * FROM forecasts WHERE model = 'chosen' AND metric = $metric AND dimension = $dimension "
        "AND member = $member AND grain = $grain ORDER BY ts LIMIT $horizon",
        asked,
    )
    if not rows:
        raise Missing(
            "the lake has no forecast of that series; `footfall forecast --metric METRIC --grain GRAIN` makes some, "
            "and /v1/forecasts lists what there is"
        )
    return [told(row) for row in rows]

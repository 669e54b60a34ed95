"""Commands on anyone's own series: score a file, and judge scores by labels."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table as Grid

from footfall.cli.options import AsJson
from footfall.cli.printing import escaped, out, print_json, progress_bars

_HIGHEST = 5


def score_csv(file: Path, out_file: Path | None = None, *, as_json: bool = False) -> None:
    """Score each row of a plain CSV from the rows before it, write the scores, and say where they are highest."""
    from footfall.anomaly.plain import SCORED_FROM, THRESHOLD  # noqa: PLC0415
    from footfall.pipeline.own_scores import score_file  # noqa: PLC0415

    with progress_bars() as progress:
        scored = score_file(file, progress)
    if out_file is not None:
        scored.to_csv(out_file, index=False)
    alerts = int((scored.score >= THRESHOLD).sum())
    highest = scored[scored.score > 0].nlargest(_HIGHEST, "score")
    if as_json:
        print_json(
            {"rows": len(scored), "threshold": THRESHOLD, "alerts": alerts, "highest": highest.to_dict("records")}
        )
        return
    out.print(f"{len(scored):,} rows, [bold]{alerts:,}[/] at or above {THRESHOLD:g}", highlight=False)
    if len(scored) <= SCORED_FROM:
        out.print(f"[yellow]too short:[/] the first {SCORED_FROM} rows have no score, there is no past to compare with")
    grid = Grid("timestamp", "value", "score", title="Highest scores")
    for row in highest.itertuples():
        grid.add_row(escaped(str(row.timestamp)), f"{row.value:,.6g}", f"{row.score:.3f}")
    out.print(grid)
    if out_file is not None:
        out.print(f"Scores:  {out_file}", highlight=False, soft_wrap=True)


def evaluate_detector(
    labels: Annotated[Path, typer.Argument(help="CSV: timestamp, value, label; series_id and score if you have them.")],
    threshold: Annotated[float, typer.Option(min=0, max=1, help="From which score on there is an alert.")] = 0.5,
    their_threshold: Annotated[
        float | None,
        typer.Option(
            help="The same for the file's own score column.  [default: alerts as many rows as are labelled]",
            show_default=False,
        ),
    ] = None,
    tolerance: Annotated[int, typer.Option(min=0, help="Rows after an event in which an alert still finds it.")] = 3,
    window: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Largest buffer of VUS-PR, in rows.  [default: 100, at most a tenth of the rows]",
            show_default=False,
        ),
    ] = None,
    out_file: Annotated[Path | None, typer.Option("--out", help="Write the scores (CSV).", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Judge anomaly scores by labels: which events were found, how late, and how many alerts were false.

    Example: `footfall evaluate-detector labels.csv --out scores.csv`
    """
    from footfall.pipeline.own_scores import judge_file  # noqa: PLC0415

    with progress_bars() as progress:
        judged = judge_file(
            labels, threshold=threshold, their_threshold=their_threshold, tolerance=tolerance, window=window,
            progress=progress,
        )  # fmt: skip
    if out_file is not None:
        judged.scores.to_csv(out_file, index=False)
    if as_json:
        print_json(judged.summary())
    else:
        _tell(judged)


def _tell(judged: Any) -> None:
    grid = Grid("series", "detector", "rows", "events", "alerts", "precision", "recall", "delay, rows", "VUS-PR")
    for who, name, found in judged.by_series:
        grid.add_row(escaped(name), who, *_figures(found))
    grid.add_section()
    for who, found in judged.over_all.items():
        grid.add_row("[bold]all[/]", who, *_figures(found))
    out.print(grid)
    limits = ", ".join(f"{who} {limit:.4g}" for who, limit in judged.threshold.items())
    out.print(
        f"Alerts are runs of rows at or above the threshold ({limits}). Over all, VUS-PR is the mean and delay the "
        "median of series.",
        highlight=False, soft_wrap=True,
    )  # fmt: skip


def _figures(found: Any) -> list[str]:
    told = [f"{found.rows:,}", f"{found.events:,}", f"{found.alerts:,}"]
    told += ["" if share is None else f"{share:.1%}" for share in (found.precision, found.recall)]
    told.append("" if found.delay_rows is None else f"{found.delay_rows:,.1f}")
    return [*told, "" if found.vus_pr is None else f"{found.vus_pr:.3f}"]

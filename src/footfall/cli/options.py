"""Options that several commands share."""

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def _numbers_or_auto(text: str) -> str:
    if text != "auto" and not re.fullmatch(r"[1-9]\d*(\+[1-9]\d*)?", text):
        raise typer.BadParameter(f'"{text}" must be 1 or more, two such numbers like 3+4, or auto')
    return text


# Spelled out: not every version of typer knows hours and minutes without seconds.
MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
Lake = Annotated[
    Path | None, typer.Option("--lake", "-l", help="Folder of the lake.  [default: lake]", show_default=False)
]
Engine = Annotated[
    str | None, typer.Option("--engine", help="duckdb (this machine) or spark.  [default: duckdb]", show_default=False)
]
Master = Annotated[str | None, typer.Option(help="Spark's master URL.  [default: local[*]]", show_default=False)]
Memory = Annotated[str | None, typer.Option(help="Memory limit of the engine, such as 4GB.", show_default=False)]
Threads = Annotated[int | None, typer.Option(help="Cores to use.", show_default=False)]
KeyFile = Annotated[Path | None, typer.Option(help="File with the key of the pseudonyms.", show_default=False)]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        help="Use only events before this moment, UTC.  [default: the midnight after the last]",
        formats=MOMENTS,
        metavar="MOMENT",
        show_default=False,
    ),
]
Timezone = Annotated[str | None, typer.Option(help="The shop's time zone.  [default: UTC]", show_default=False)]
K = Annotated[
    str | None,
    typer.Option(
        "--k",
        help="Number of segments, or of buyers + visitors; auto finds the largest that hold.  [default: auto]",
        show_default=False,
        metavar="auto|NUMBER|NUMBER+NUMBER",
        parser=_numbers_or_auto,
    ),
]
Resamples = Annotated[
    int | None,
    typer.Option(
        help="How often users are drawn again to see which numbers of segments hold.  [default: 200]",
        show_default=False,
    ),
]
TopSpenders = Annotated[
    bool | None,
    typer.Option(
        "--isolate-top-spenders",
        help="Make buyers beyond the upper fence of spend, Q3 + 1.5 IQR of its logarithm, a segment of their own.",
        show_default=False,
    ),
]
Challenger = Annotated[
    bool | None,
    typer.Option(
        "--as-challenger",
        help="Let a new fit wait as challenger; users are scored by the champion.",
        show_default=False,
    ),
]
Fresh = Annotated[
    bool | None, typer.Option("--fresh", help="Forget the last model: other segments, other ids.", show_default=False)
]
RegistryUri = Annotated[
    str | None,
    typer.Option("--registry", help="MLflow server or database.  [default: in the lake]", show_default=False),
]
Seed = Annotated[int | None, typer.Option(help="Seed of whatever is random.  [default: 0]", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Members = Annotated[
    int | None,
    typer.Option(
        help="Brands, countries and categories of a level with series of their own.  [default: 20]", show_default=False
    ),
]
Calendar = Annotated[
    Path | None,
    typer.Option(
        help="Sales, closed days and holidays (TOML).  [default: sales.toml, where there is one]", show_default=False
    ),
]
SourceName = Annotated[str, typer.Option("--source", help="auto, rees46 or online_retail.")]
Mapping = Annotated[
    Path | None, typer.Option("--mapping", help="Mapping file of your own source (TOML).", show_default=False)
]
Period = Annotated[
    str | None, typer.Option(help="Accepted event times, FROM..TO; others are out_of_period.", show_default=False)
]
Outliers = Annotated[
    str | None, typer.Option(help="keep, or iqr to reject prices outside Tukey's fences.", show_default=False)
]
Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE...",
        help="Files, folders, globs or URLs; without one, what is in the raw zone already.",
        show_default=False,
    ),
]
Alerts = Annotated[
    Path | None,
    typer.Option(
        help="The policy: when somebody is told.  [default: alerts.toml where there is one]", show_default=False
    ),
]
Baseline = Annotated[
    str | None,
    typer.Option(
        help="What hours are compared with: fast, or forecasts of prophet or lstm (extras).  [default: fast]",
        show_default=False,
    ),
]

"""`footfall segment`: versions of the segmentation, scoring elsewhere, explanations, the report."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.table import Table as Grid

from footfall.cli.given import load_settings
from footfall.cli.options import AsJson, KeyFile, Lake, RegistryUri
from footfall.cli.printing import escaped, out, print_json
from footfall.errors import UserError

app = typer.Typer(
    no_args_is_help=True,
    help="Versions of the segmentation, scoring in other databases, and why a user is where they are.",
)

VersionName = Annotated[str | None, typer.Option("--version", help="Such as v1.2.0.  [default: the one that serves]")]


@app.command("list")
def list_versions(lake: Lake = None, registry: RegistryUri = None, as_json: AsJson = False) -> None:
    """All versions, the newest first; `champion` scores the users."""
    from footfall.pipeline.versions import versions  # noqa: PLC0415

    found = versions(load_settings(lake=lake, registry=registry))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    grid = Grid("version", "serves as", "segments", "users", "fitted as of", "registered at (UTC)", title="Versions")
    for one in found:
        grid.add_row(
            one.version,
            ", ".join(one.aliases),
            f"{one.metrics.get('segments', 0):,.0f}",
            f"{one.metrics.get('users', 0):,.0f}",
            one.params.get("fitted_as_of", "")[:10],
            f"{one.created_at:%Y-%m-%d %H:%M}",
        )
    out.print(grid)


@app.command()
def show(
    version: Annotated[str | None, typer.Argument(help="Such as v1.2.0; by default the one that serves.")] = None,
    lake: Lake = None,
    registry: RegistryUri = None,
    as_json: AsJson = False,
) -> None:
    """A version's segments, with their ids and how much of the last model's segment each holds."""
    from footfall.pipeline.versions import model_of  # noqa: PLC0415

    model = model_of(load_settings(lake=lake, registry=registry), version)
    rows = [
        {
            "segment_id": segment.id,
            "segment_name": segment.name.text("en"),
            "segment_name_fr": segment.name.text("fr"),
            "part": part.name,
            "users": segment.users,
            "overlap": segment.overlap,
        }
        for part in model.parts
        for segment in part.segments
    ]
    if as_json:
        print_json({"version": model.version, "fitted_as_of": model.fitted_as_of, "seed": model.seed, "segments": rows})
        return
    title = f"{model.version}, fitted on {model.users:,} users as of {model.fitted_as_of[:10]}"
    grid = Grid("id", "segment", "in French", "among", "users", "overlap with the last model", title=title)
    for row in rows:
        overlap = "new" if row["overlap"] is None else f"{row['overlap']:.0%}"
        grid.add_row(
            str(row["segment_id"]),
            escaped(str(row["segment_name"])),
            escaped(str(row["segment_name_fr"])),
            str(row["part"]),
            f"{row['users']:,}",
            overlap,
        )
    out.print(grid)


@app.command()
def promote(
    version: Annotated[str | None, typer.Argument(help="Such as v1.2.0; by default the challenger.")] = None,
    lake: Lake = None,
    registry: RegistryUri = None,
    as_json: AsJson = False,
) -> None:
    """Let a version serve: all users are scored by it, and the champion before becomes `previous`."""
    from footfall.pipeline.versions import promote as promote_version  # noqa: PLC0415

    _tell_champion(*promote_version(load_settings(lake=lake, registry=registry), version), as_json=as_json)


@app.command()
def rollback(lake: Lake = None, registry: RegistryUri = None, as_json: AsJson = False) -> None:
    """Let the champion before the present one serve again."""
    from footfall.pipeline.versions import rollback as roll_back  # noqa: PLC0415

    _tell_champion(*roll_back(load_settings(lake=lake, registry=registry)), as_json=as_json)


@app.command()
def retire(
    keep: Annotated[int, typer.Option(min=1, help="How many of the newest stay.")] = 3,
    lake: Lake = None,
    registry: RegistryUri = None,
    as_json: AsJson = False,
) -> None:
    """Delete old versions; those that serve, challenge or served last stay too."""
    from footfall.pipeline.versions import retire as retire_versions  # noqa: PLC0415

    gone = retire_versions(load_settings(lake=lake, registry=registry), keep=keep)
    if as_json:
        print_json({"retired": gone})
        return
    out.print(f"retired {', '.join(gone)}" if gone else "nothing to retire")


@app.command()
def sql(
    dialect: Annotated[Literal["duckdb", "postgres", "spark"], typer.Option(help="Whose SQL.")] = "duckdb",
    table: Annotated[str, typer.Option(help="Where the features are.")] = "user_features",
    version: VersionName = None,
    lake: Lake = None,
    registry: RegistryUri = None,
) -> None:
    """Print a query that gives segment, distance and probability of every user in another database.

    Example: `footfall segment sql --dialect postgres | psql shop`
    """
    from footfall.pipeline.versions import scoring_sql  # noqa: PLC0415

    typer.echo(scoring_sql(load_settings(lake=lake, registry=registry), dialect, table, version))


@app.command()
def explain(
    user: Annotated[str, typer.Argument(help="A pseudonym, or an id as the shop knows it (needs the key).")],
    lake: Lake = None,
    key_file: KeyFile = None,
    registry: RegistryUri = None,
    as_json: AsJson = False,
) -> None:
    """Why a user is in a segment, which one is next, and what would move them."""
    from footfall.pipeline.versions import explain_user  # noqa: PLC0415

    found = explain_user(load_settings(lake=lake, key_file=key_file, registry=registry), user)
    if as_json:
        print_json(_plain(found))
        return
    _tell_explanation(found)


@app.command()
def report(
    png: Annotated[Path | None, typer.Option(help="Write every plot as a PNG file into this folder.")] = None,
    lake: Lake = None,
) -> None:
    """Where the report is; and its plots as PNG files."""
    from footfall.pipeline.pictures import pictures  # noqa: PLC0415
    from footfall.pipeline.segments import REPORT  # noqa: PLC0415

    settings = load_settings(lake=lake)
    if png is None:
        if not (settings.lake / REPORT).exists():
            raise UserError(f"no report in {settings.lake}; `footfall segments --lake {settings.lake}` writes it")
        out.print(str(settings.lake / REPORT), soft_wrap=True, highlight=False)
        return
    for file in pictures(settings, png):
        out.print(str(file), soft_wrap=True, highlight=False)


def _tell_champion(version: str, before: str | None, *, as_json: bool) -> None:
    if as_json:
        print_json({"version": version, "served_before": before})
        return
    said = "serves already" if before == version else f"serves now; {before} served before"
    out.print(f"{version} {said}", highlight=False)


def _plain(found: Any) -> dict[str, Any]:
    return {
        "user_id": found.user_id,
        "part": found.part.name,
        "segment_id": found.segment.id,
        "segment_name": found.segment.name.text(),
        "proba": found.proba,
        "distances": [
            {"segment_id": segment.id, "segment_name": segment.name.text(), "distance": distance}
            for segment, distance in found.distances
        ],
        "reasons": [asdict(reason) for reason in found.reasons],
        "nearest_other": found.nearest_other and found.nearest_other.id,
        "moves": [
            {"feature": move.feature, "value": move.value, "needed": move.needed, "segment_id": move.segment.id}
            for move in found.moves
        ],
    }


def _tell_explanation(found: Any) -> None:
    from footfall.segments.naming.vocabulary import word  # noqa: PLC0415
    from footfall.segments.naming.wording import in_unit  # noqa: PLC0415

    def said(feature: str, value: float | None) -> str:
        return in_unit(float("nan") if value is None else value, word(feature).unit)

    out.print(f"[bold]{escaped(found.segment.name.text())}[/] (segment {found.segment.id}), proba {found.proba:.2f}")
    grid = Grid("segment", "distance", title=f"How far its centres are, among {found.part.name}")
    for segment, distance in found.distances:
        grid.add_row(escaped(segment.name.text()), f"{distance:.3f}")
    out.print(grid)
    other = found.nearest_other
    if other is None:
        out.print(f"There is one segment of {found.part.name}: no feature decides.")
        return
    title = f"Why here and not in {escaped(other.name.text())}"
    grid = Grid("feature", "this user", "midway between the two", "weight", title=title)
    for reason in found.reasons:
        grid.add_row(
            word(reason.feature).label.en,
            said(reason.feature, reason.value),
            said(reason.feature, reason.midway),
            f"{reason.weight:.0%}",
        )
    out.print(grid)
    if not found.moves:
        out.print("No change of one feature alone would move this user.")
    for move in found.moves:
        out.print(
            f"{word(move.feature).label.en} of {said(move.feature, move.needed)} instead of "
            f"{said(move.feature, move.value)} would make this user one of {escaped(move.segment.name.text())}.",
            highlight=False,
            soft_wrap=True,
        )

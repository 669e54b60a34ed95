"""The segments stage: how many, fit, serve. Users are scored by the champion; a refit goes on from it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import footfall
from footfall.contracts import CUSTOMER_SEGMENTS, K_SELECTION, ROW_ACCOUNTS, SEGMENT_MIGRATION, SEGMENT_PROFILES
from footfall.engine import Engine
from footfall.errors import SettingInvalid, UserError
from footfall.features import USER_FEATURES
from footfall.lake import Lake, fingerprint, transaction
from footfall.pipeline.models import (
    CHALLENGER,
    CHAMPION,
    REPORT_FILE,
    folder_of,
    given,
    is_published,
    load,
    publish,
    registry_of,
    restore,
    save,
    stands,
    unpublish,
    unserved,
)
from footfall.registry import open_registry
from footfall.segments import (
    Effort,
    SegmentModel,
    assign,
    choose,
    fit,
    k_selection,
    migration,
    numbers_chosen,
    profile,
)
from footfall.segments.clusters import sklearn_k_means
from footfall.segments.numbers import divided
from footfall.segments.parts import TOP_SPENDERS
from footfall.segments.report import ReportTables, report
from footfall.segments.witness import witnesses
from footfall.settings import Settings

REVISION = 2
"""Raise it when the code segments differently."""

REPORT = Path("reports") / "segments.html"
_KEY, _CHALLENGER_KEY, _FEATURES_KEY = "segments", "challenger", "features"


@dataclass(frozen=True)
class SegmentsResult:
    """What a run did.

    Attributes:
        as_of: the date of the segments.
        version: the version that serves.
        is_new: whether this run did anything.
        challenger: the version that this run made a challenger.
        notes: what may surprise, in sentences.
    """

    as_of: datetime
    version: str
    is_new: bool
    challenger: str | None = None
    notes: tuple[str, ...] = ()


def build_segments(
    lake: Lake, engine: Engine, as_of: datetime, settings: Settings, report_step: Callable[[str], None] = lambda _: None
) -> SegmentsResult:
    """Bring `customer_segments` and what goes with it up to date with the features of a date.

    The model is fitted anew, starting from the one that serves, and serves in its place; or, if it is to be a
    challenger, waits in the registry, and the one that serves scores the users.

    Args:
        lake: its features are read; the caller holds its lock.
        engine: runs it.
        as_of: the date of the features.
        settings: of the segmentation.
        report_step: told what is being done.

    Raises:
        SettingInvalid: there are fewer users than segments asked for.
        SourceUnreadable: nothing tells the users apart, or the model that serves cannot be read.
        RegistryUnreachable: the registry does not answer; the segments stand, and the next run tells it.
    """
    if is_segmented(lake, as_of, settings):
        return SegmentsResult(as_of, str(serving(lake)), is_new=False)
    mark, served, challenger = segments_mark(lake, as_of, settings), serving(lake), None
    notes = _going_back(lake, as_of)
    features = features_of(lake, engine, as_of)
    if not _is_fitted(lake, as_of, settings):
        champion = _champion(lake, settings)
        follows_from = [mark, champion.version if champion else None]
        # Fitted anew, what is there already would get other numbers: those were given.
        model = None if settings.fresh else unserved(lake, follows_from)
        if model is None:
            report_step("how many segments")
            selection = _selection(lake, features, as_of, settings, report_step)
            report_step("fitting")
            model = _fitted(lake, engine, features, selection, settings, champion)
            facts = _facts(model, selection, settings) | {"follows_from": follows_from}
            save(lake, model, facts, witnesses(model, features))
        if settings.isolate_top_spenders and TOP_SPENDERS not in model.numbers:
            notes.append("no top spenders are isolated: fewer than ten buyers lie beyond the upper fence of spend")
        report_step("profiles and report")
        if settings.as_challenger and champion is not None:
            challenger = model.version
            _describe(lake, engine, model, features)
            publish(lake, settings, challenger, CHALLENGER)
            _remember(lake, mark)
            if not _is_current(lake, as_of):
                serve(lake, engine, champion, features, mark)
        else:
            serve(lake, engine, model, features, mark)
    elif served is not None:
        # A run before this one died while it served, or could not tell the registry.
        serve(lake, engine, restore(lake, registry_of(lake, settings), served), features, mark)
    report_step("registry")
    publish(lake, settings, str(serving(lake)), CHAMPION)
    return SegmentsResult(as_of, str(serving(lake)), is_new=True, challenger=challenger, notes=tuple(notes))


def _going_back(lake: Lake, as_of: datetime) -> list[str]:
    row = lake.first(CUSTOMER_SEGMENTS)
    before: Any = row["as_of"] if row else as_of
    return [f"customer_segments was as of {before}, and is now as of {as_of}, which is earlier"] * (before > as_of)


def is_segmented(lake: Lake, as_of: datetime, settings: Settings) -> bool:
    """Whether the segments are up to date with the features of the date, and the registry knows. Reads only."""
    version = serving(lake)
    return (
        version is not None
        and _is_fitted(lake, as_of, settings)
        and is_published(lake, settings, version)
        and stands(lake, version)
        and (lake.root / REPORT).exists()
    )


def _is_fitted(lake: Lake, as_of: datetime, settings: Settings) -> bool:
    """Whether what the settings ask for was fitted and the users are scored by what serves."""
    if settings.fresh or serving(lake) is None:
        return False
    key = _CHALLENGER_KEY if settings.as_challenger else _KEY
    return _is_current(lake, as_of) and lake.done(CUSTOMER_SEGMENTS, key) == segments_mark(lake, as_of, settings)


def _is_current(lake: Lake, as_of: datetime) -> bool:
    """Whether the users of this date, as they are known now, have been scored."""
    return lake.done(CUSTOMER_SEGMENTS, _FEATURES_KEY) == _features_mark(lake, as_of)


def segments_mark(lake: Lake, as_of: datetime, settings: Settings) -> int:
    """What the segments of a date follow from."""
    return fingerprint(REVISION, _features_mark(lake, as_of), *_choices(settings))


def serving(lake: Lake) -> str | None:
    """The version that scored the users; None before the first."""
    row = lake.first(CUSTOMER_SEGMENTS)
    return str(row["model_version"]) if row else None


def features_of(lake: Lake, engine: Engine, as_of: object) -> pa.Table:
    """The features of a date. Engines return rows in any order, and a fit depends on it."""
    rows = lake.read(engine, USER_FEATURES)
    return engine.collect(rows.filter(rows.as_of == as_of)).sort_by("user_id")


def serve(lake: Lake, engine: Engine, model: SegmentModel, features: pa.Table, mark: int | None = None) -> None:
    """Score the users with a model: tables and report. The registry is told afterwards.

    Args:
        lake: the caller holds its lock.
        engine: runs what is read.
        model: what is to serve.
        features: the users.
        mark: what the segments follow from; by default as before.
    """
    as_of = features["as_of"][0].as_py()
    mark = mark if mark is not None else lake.done(CUSTOMER_SEGMENTS, _KEY)
    done = {_KEY: mark, _FEATURES_KEY: _features_mark(lake, as_of)}
    # Until the registry is told, a run that finds the tables half written begins again here.
    unpublish(lake, serving(lake))
    unpublish(lake, model.version)
    assigned, profiles, flows, page = _describe(lake, engine, model, features)
    with transaction(lake) as tx:
        tx.write(SEGMENT_PROFILES, profiles)
        tx.write(SEGMENT_MIGRATION, flows)
        tx.write(CUSTOMER_SEGMENTS, assigned, done={key: value for key, value in done.items() if value is not None})
    write_whole(lake.root / REPORT, page)


def _describe(
    lake: Lake, engine: Engine, model: SegmentModel, features: pa.Table
) -> tuple[pa.Table, pa.Table, pa.Table, str]:
    """The users' segments, the profiles, who moved, and the report, which is put beside the model."""
    assigned = assign(model, features, updated_at=datetime.now(UTC).replace(tzinfo=None))
    profiles, flows = profile(model, features, assigned), _flows(lake, engine, assigned)
    selection, as_of = lake.load(K_SELECTION), features["as_of"][0].cast(pa.timestamp("us"))
    tables = ReportTables(
        model,
        features,
        assigned,
        profiles,
        selection=selection.filter(pc.equal(selection["as_of"], as_of)),
        migration=flows.filter(pc.equal(flows["to_as_of"], as_of)),
        row_accounts=lake.load(ROW_ACCOUNTS),
    )
    page = report(tables, {"Lake": str(lake.root), "Footfall": footfall.__version__, "Model": model.version})
    write_whole(folder_of(lake, model.version) / REPORT_FILE, page)
    return assigned, profiles, flows, page


def _remember(lake: Lake, mark: int) -> None:
    """Note what the challenger follows from, without touching a row."""
    with transaction(lake) as tx:
        tx.replace(CUSTOMER_SEGMENTS, [], replaces=lambda _: False, done={_CHALLENGER_KEY: mark})


def write_whole(file: Path, text: str) -> None:
    """Write a file so that readers see the old text or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)


def _choices(settings: Settings) -> tuple[object, ...]:
    return settings.k, settings.seed, settings.resamples, settings.isolate_top_spenders


def _features_mark(lake: Lake, as_of: datetime) -> int | None:
    return lake.done(USER_FEATURES, f"as of {as_of.isoformat()}")


def _selection(
    lake: Lake, features: pa.Table, as_of: datetime, settings: Settings, report_step: Callable[[str], None]
) -> pa.Table:
    """What was measured for every number of segments. It takes long, so what was measured on these users is kept."""
    if not settings.resamples:
        if settings.k == "auto":
            raise SettingInvalid("resamples is 0, and k = auto needs some to see what holds; set 200, or give k")
        return K_SELECTION.schema.empty_table()
    if settings.k != "auto":  # refused before the long work
        divided(features, settings.k, isolate_top_spenders=settings.isolate_top_spenders)
    mark = fingerprint(
        REVISION, _features_mark(lake, as_of), settings.seed, settings.resamples, settings.isolate_top_spenders
    )
    if lake.done(K_SELECTION, _KEY) != mark:
        choices = choose(
            features,
            seed=settings.seed,
            isolate_top_spenders=settings.isolate_top_spenders,
            effort=Effort.of(settings.resamples),
            threads=settings.threads,
            progress=report_step,
        )
        with transaction(lake) as tx:
            tx.write(K_SELECTION, k_selection(choices, resamples=settings.resamples, as_of=as_of), done={_KEY: mark})
    return lake.load(K_SELECTION)


def _champion(lake: Lake, settings: Settings) -> SegmentModel | None:
    """The model that serves; what is to be fresh and to serve at once need not know it."""
    version = serving(lake)
    if version is None or (settings.fresh and not settings.as_challenger):
        return None
    return restore(lake, registry_of(lake, settings), version)


def _fitted(
    lake: Lake,
    engine: Engine,
    features: pa.Table,
    selection: pa.Table,
    settings: Settings,
    champion: SegmentModel | None,
) -> SegmentModel:
    last = None if settings.fresh else champion
    kept = last.numbers if last and last.is_chosen else None
    highest, next_id = given(lake, settings)
    return fit(
        features,
        k=numbers_chosen(selection, kept) if settings.k == "auto" else settings.k,
        seed=settings.seed,
        last=last,
        isolate_top_spenders=settings.isolate_top_spenders,
        highest_version=highest,
        first_id=next_id,
        k_means=engine.k_means() or sklearn_k_means,
    )


def _flows(lake: Lake, engine: Engine, assigned: pa.Table) -> pa.Table:
    """All that is known of who moved, with the move to these segments from those of the last date before.

    Where the segments of a date are made again, its users are once more put where they were the date before.
    """
    flows, before, as_of = lake.load(SEGMENT_MIGRATION), lake.first(CUSTOMER_SEGMENTS), assigned["as_of"][0]
    into = pc.equal(flows["to_as_of"], as_of)
    others, known = flows.filter(pc.invert(into)), flows.filter(into).slice(0, 1).to_pylist()
    if before and before["as_of"] < as_of.as_py() and not (known and known[0]["from_as_of"] > before["as_of"]):
        return pa.concat_tables([others, migration(lake.load(CUSTOMER_SEGMENTS), assigned)])
    earlier = features_of(lake, engine, known[0]["from_as_of"]) if known else None
    if not earlier:
        return others
    try:
        model = load(lake, known[0]["from_model_version"], open_registry(None, lake.root / "models" / "registry"))
    except UserError:
        return others  # It was retired, or is of another format: where its users were cannot be said any more.
    return pa.concat_tables([others, migration(assign(model, earlier, updated_at=as_of.as_py()), assigned)])


def _facts(model: SegmentModel, selection: pa.Table, settings: Settings) -> dict[str, Any]:
    """What the registry lists: params of the fit, and metrics of each part."""
    params = {
        "k": "+".join(map(str, settings.k)) if isinstance(settings.k, tuple) else settings.k,
        "seed": model.seed,
        "resamples": settings.resamples,
        "isolate_top_spenders": settings.isolate_top_spenders,
        "fitted_as_of": model.fitted_as_of,
        "next_id": model.next_id,
        "footfall": footfall.__version__,
    } | {f"k.{part.name}": part.k for part in model.parts}
    metrics: dict[str, float] = {"users": model.users, "segments": model.k}
    for part in model.parts:
        metrics |= {f"{part.name}.users": part.users, f"{part.name}.components": len(part.projection.loadings)}
        overlaps = [segment.overlap for segment in part.segments if segment.overlap is not None]
        metrics |= {f"{part.name}.least_overlap": min(overlaps)} if overlaps else {}
    for row in selection.to_pylist():
        if model.numbers.get(row["part"]) == row["k"]:
            metrics |= {f"{row['part']}.{name}": row[name] for name in _MEASURED if row[name] is not None}
    return {"params": {name: str(value) for name, value in params.items()}, "metrics": metrics}


_MEASURED = ("inertia", "silhouette", "gap", "jaccard_min", "jaccard_mean", "rand", "prediction_strength")

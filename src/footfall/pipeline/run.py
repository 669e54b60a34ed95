"""The whole way: inputs -> events -> series, features -> segments. Each stage does only what is new."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from footfall.errors import SourceUnreadable, UserError
from footfall.ingest.finding import Input, find_inputs
from footfall.ingest.landing import known_files, land
from footfall.ingest.published import published
from footfall.lake import Lake, open_lake
from footfall.pipeline.cleaning import CleaningResult, SourceChoice, is_settled, land_and_clean
from footfall.pipeline.features import FeaturesResult, build_features, is_built
from footfall.pipeline.keys import pseudonymiser
from footfall.pipeline.progress import Progress, Silence
from footfall.pipeline.segments import SegmentsResult, build_segments, is_segmented
from footfall.pipeline.series import SeriesResult, build_series, is_counted
from footfall.pipeline.writing import locked, writing
from footfall.settings import Settings


@dataclass(frozen=True)
class RunResult:
    """What a run did; a stage that it did not come to is None. `nothing_to_do` means that nothing was written."""

    cleaning: CleaningResult
    series: SeriesResult | None = None
    features: FeaturesResult | None = None
    segments: SegmentsResult | None = None
    nothing_to_do: bool = False


def run(
    sources: list[str], settings: Settings, choice: SourceChoice | None = None, progress: Progress | None = None
) -> RunResult:
    """Bring the sources into the lake and everything that follows from them up to date.

    A file that cannot be read stops no other; it is named in the result.

    Args:
        sources: files, folders, globs and URLs; none stands for what is in the raw zone already.
        settings: all settings.
        choice: how to read the sources; by default presets are recognised by their header.
        progress: where to report to.

    Raises:
        FootfallError: see its branches; what was committed before stays.
    """
    choice, progress = choice or SourceChoice(), progress or Silence()
    lake, inputs = _opened(sources, settings)
    pseudonyms = pseudonymiser(settings, lake)
    if _is_up_to_date(lake, inputs, choice, settings):
        unchanged = CleaningResult(unchanged=[one.name for one in inputs])
        return RunResult(unchanged, nothing_to_do=True)
    with writing(lake, settings, pseudonyms) as engine:
        cleaning = land_and_clean(lake, engine, inputs, choice, pseudonyms, settings, progress)
        if len(cleaning.failed) == len(inputs):
            return RunResult(cleaning)
        series = build_series(lake, engine(), settings, progress.step)
        features = build_features(
            lake, engine(), as_of=settings.as_of, timezone=settings.timezone, report=progress.step
        )
        progress.step("segments")
        segments = build_segments(lake, engine(), features.as_of, settings, progress.step)
        return RunResult(cleaning, series, features, segments)


def run_features(settings: Settings, progress: Progress | None = None) -> FeaturesResult:
    """Bring the features up to date with the lake's events."""
    with writing(open_lake(settings.lake), settings) as engine:
        report = (progress or Silence()).step
        return build_features(
            open_lake(settings.lake), engine(), as_of=settings.as_of, timezone=settings.timezone, report=report
        )


def run_series(settings: Settings, progress: Progress | None = None) -> SeriesResult:
    """Bring the series up to date with the lake's events."""
    lake = open_lake(settings.lake)
    with writing(lake, settings) as engine:
        return build_series(lake, engine(), settings, (progress or Silence()).step)


def run_segments(settings: Settings, progress: Progress | None = None) -> SegmentsResult:
    """Bring the segments up to date, and the features before them."""
    features = run_features(settings, progress)
    lake = open_lake(settings.lake)
    with writing(lake, settings) as engine:
        step = (progress or Silence()).step
        return build_segments(lake, engine(), features.as_of, settings, step)


def fetch(
    dataset: str,
    settings: Settings,
    *,
    months: str,
    since: datetime | None,
    force: bool,
    progress: Progress | None = None,
) -> list[Path]:
    """Download published files into the raw zone; those that are there already are skipped unless `force` is set.

    Returns:
        Where the files stand.
    """
    progress = progress or Silence()
    files = published(dataset, months=months, since=since.date() if since else None, base_url=settings.rees46_url)
    lake = open_lake(settings.lake, create=True)
    landed = []
    with locked(lake):
        for file in files:
            known = known_files(lake).get(file.name)
            if known is not None and not force:
                landed.append(lake.root / str(known["landed_as"]))
                continue
            with progress.bytes(f"fetching {file.name}") as advance:
                landed.append(land(lake, Input(file.name, file.url), dataset, advance, again=force).path)
    return landed


def _opened(sources: list[str], settings: Settings) -> tuple[Lake, list[Input]]:
    if sources:
        inputs = find_inputs(sources)
        return open_lake(settings.lake, create=True), inputs
    lake = open_lake(settings.lake)
    inputs = [Input(name, str(lake.root / str(row["landed_as"]))) for name, row in known_files(lake).items()]
    if not inputs:
        raise UserError(f"lake {lake.root} has no raw files yet; name a SOURCE, or `footfall fetch rees46` first")
    return lake, inputs


def _is_up_to_date(lake: Lake, inputs: list[Input], choice: SourceChoice, settings: Settings) -> bool:
    """Decided by reading only, so that a run with nothing to do writes nothing."""
    try:
        if lake.staging.exists() or not is_settled(lake, inputs, choice, settings):
            return False
    except SourceUnreadable:
        return False  # the run will say which file, after the others
    as_of = is_built(lake, as_of=settings.as_of, timezone=settings.timezone)
    return as_of is not None and is_counted(lake, settings) and is_segmented(lake, as_of, settings)


def ingest_and_clean(
    sources: list[str], settings: Settings, choice: SourceChoice | None = None, progress: Progress | None = None
) -> CleaningResult:
    """Only the first stages: land and clean."""
    lake, inputs = _opened(sources, settings)
    pseudonyms = pseudonymiser(settings, lake)
    with writing(lake, settings, pseudonyms) as engine:
        return land_and_clean(
            lake, engine, inputs, choice or SourceChoice(), pseudonyms, settings, progress or Silence()
        )

"""The first stages: land every input, then clean those that are new or were cleaned with other settings."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from footfall.clean.clean import REVISION, RawFile, RowAccounts, clean, file_key
from footfall.clean.rules import Rules
from footfall.contracts import EVENTS, QUARANTINE, ROW_ACCOUNTS
from footfall.engine import Engine
from footfall.errors import SourceUnreadable, UserError
from footfall.ingest.finding import Input
from footfall.ingest.landing import (
    Landed,
    already_landed,
    checksum,
    known_files,
    land,
    landed_file,
    record_rows,
    still_landed,
)
from footfall.lake import Lake, fingerprint, take_out, transaction
from footfall.pipeline.progress import Progress
from footfall.settings import Settings, parse_period
from footfall.sources import RowReader, Source, load_mapping, preset, read_header, recognise
from footfall.sources.pseudonyms import Pseudonymiser

_EARLIEST = datetime(1990, 1, 1)
_CLOCKS_DIFFER = timedelta(days=1)


@dataclass
class CleaningResult:
    """What became of the inputs: rows by outcome of the files cleaned now, files left as they were, and errors."""

    cleaned: dict[str, RowAccounts] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    twins: dict[str, str] = field(default_factory=dict)
    failed: dict[str, UserError] = field(default_factory=dict)


@dataclass(frozen=True)
class SourceChoice:
    """How the user named the source: a mapping file, a preset, or `auto`."""

    name: str = "auto"
    mapping: Path | None = None

    def label(self) -> str:
        """What the user called it."""
        return self.name if self.mapping is None else self.mapping.stem

    def resolve(self, path: Path) -> Source:
        """The source of a file.

        Raises:
            SettingInvalid: the mapping or the preset's name is wrong.
            SourceUnreadable: `auto` does not recognise the header.
        """
        if self.mapping is not None:
            return load_mapping(self.mapping)
        if self.name != "auto":
            return preset(self.name)
        header = read_header(path)
        source = recognise(header)
        if source is None:
            raise SourceUnreadable(
                f"{path.name}, line 1: the header ({', '.join(header)[:200]}) is of no source that is known; "
                "describe it in a mapping file and name it with --mapping (see `footfall sources show rees46`)"
            )
        return source


def is_settled(lake: Lake, inputs: list[Input], choice: SourceChoice, settings: Settings) -> bool:
    """Whether all inputs are landed and cleaned as the settings say: then a run has nothing to write."""
    for one in inputs:
        landed = still_landed(lake, one) if one.is_remote else already_landed(lake, one, checksum(Path(one.location)))
        if landed is None or _is_stale(lake, landed, choice.resolve(landed.path), settings):
            return False
    return True


def is_cleaned(lake: Lake, one: Input, choice: SourceChoice, settings: Settings) -> bool:
    """Whether the last version of a file that was landed is cleaned as the settings say."""
    row = known_files(lake).get(one.name)
    if row is None:
        return False
    landed = landed_file(lake, row)
    return not _is_stale(lake, landed, choice.resolve(landed.path), settings)


def land_and_clean(
    lake: Lake,
    engine: Callable[[], Engine],
    inputs: list[Input],
    choice: SourceChoice,
    pseudonyms: Pseudonymiser,
    settings: Settings,
    progress: Progress,
) -> CleaningResult:
    """Bring the inputs into the lake. A file that cannot be read is told of in the result and stops no other."""
    result = CleaningResult()
    for one in inputs:
        try:
            _bring(lake, engine, one, choice, pseudonyms, settings, progress, result)
        except UserError as error:
            result.failed[one.name] = error
    return result


def _bring(
    lake: Lake,
    engine: Callable[[], Engine],
    one: Input,
    choice: SourceChoice,
    pseudonyms: Pseudonymiser,
    settings: Settings,
    progress: Progress,
    result: CleaningResult,
) -> None:
    name = choice.label()
    if not one.is_remote:
        readable = choice.resolve(Path(one.location))
        RowReader(Path(one.location), readable, pseudonyms).header()
        name = readable.name
    was_known = one.name in known_files(lake)
    with progress.bytes(f"landing {one.name}") as advance:
        landed = land(lake, one, name, advance)
    if landed.twin is not None:
        result.twins[one.name] = landed.twin
    source = choice.resolve(landed.path)
    if not _is_stale(lake, landed, source, settings):
        if landed.twin is None:
            result.unchanged.append(one.name)
        return
    with progress.bytes(f"cleaning {one.name}", landed.path.stat().st_size) as advance, transaction(lake) as tx:
        _take_out_of_packs(lake, landed.name)
        accounts = clean(
            RawFile(landed.name, RowReader(landed.path, source, pseudonyms)),
            rules_for(settings, landed.ingested_at),
            lake,
            tx,
            engine(),
            session_gap=timedelta(minutes=settings.session_gap_minutes),
            fingerprint=_mark(landed, source, settings),
            progress=lambda done: advance(done, None),
        )
    record_rows(lake, landed.name, landed.sha256, sum(accounts.values()))
    result.cleaned[landed.name] = accounts
    if was_known and landed.is_new:
        result.replaced.append(one.name)


def _take_out_of_packs(lake: Lake, name: str) -> None:
    """Before a file is cleaned anew: what it brought before has to stand in files of its own to be replaced."""
    if lake.done(ROW_ACCOUNTS, name) is not None:
        for table in (EVENTS, QUARANTINE):
            with transaction(lake) as tx:
                take_out(lake, table, tx, file_key(name))


def rules_for(settings: Settings, came_at: datetime) -> Rules:
    """What is accepted of events that came at a moment: by default event times from 1990 to the day after it."""
    start, end = _EARLIEST, came_at + _CLOCKS_DIFFER
    if settings.period:
        start, end = parse_period(settings.period)
    return Rules(start, end, price_outliers=settings.price_outliers == "iqr")


def _is_stale(lake: Lake, landed: Landed, source: Source, settings: Settings) -> bool:
    return lake.done(ROW_ACCOUNTS, landed.name) != _mark(landed, source, settings)


def _mark(landed: Landed, source: Source, settings: Settings) -> int:
    return fingerprint(
        REVISION,
        landed.sha256,
        source.model_dump_json(),
        settings.period,
        settings.price_outliers,
        settings.session_gap_minutes,
    )

"""Near real time: new files as they come, series as hours close, and whoever judges them called.

What was done stands in the lake alone, committed with the rows that it is about. So a watch that was killed at any
moment goes on where its last commit was.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Protocol

from footfall.errors import TransientError
from footfall.ingest.finding import Input
from footfall.ingest.landing import known_files, landed_as_found
from footfall.ingest.looking import NewFiles
from footfall.lake import open_lake
from footfall.pipeline.cleaning import SourceChoice, is_cleaned, land_and_clean
from footfall.pipeline.keys import pseudonymiser
from footfall.pipeline.months import event_months, last_event
from footfall.pipeline.packing import pack_small_files
from footfall.pipeline.progress import Progress, Silence
from footfall.pipeline.series import build_series, build_volumes, laid_out_until
from footfall.pipeline.writing import writing
from footfall.series import GRACE, begin_of_hour, known_until
from footfall.settings import Settings

EVERY = timedelta(minutes=1)
MANY_ROWS = 1_000_000
_SETTLE = timedelta(seconds=5)
_FIRST_RETRY = timedelta(seconds=1)
_PATIENCE = timedelta(minutes=10)

Judge = Callable[[datetime], object]


class Clock(Protocol):
    """What time it is, and waiting for it."""

    def now(self) -> datetime:
        """Naive UTC."""

    def wait(self, span: timedelta) -> None:
        """Return when the span has passed, or earlier if the watch is to end."""


class WallClock:
    """The machine's clock; waiting ends early when `stop` is set."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop

    def now(self) -> datetime:
        """Naive UTC."""
        return datetime.now(UTC).replace(tzinfo=None)

    def wait(self, span: timedelta) -> None:
        """Wait, at most until `stop` is set."""
        self._stop.wait(span.total_seconds())


@dataclass(frozen=True)
class Look:
    """What one look did.

    Attributes:
        at: when it ended, UTC, and when its new files had been brought.
        files: brought into the lake, and how many `rows` they had, bad ones included.
        failed: files that cannot be read, with what to do; each is told once until it changes.
        last_event: the newest in the lake, to the minute; None where there is none.
        judged_until: the end of the last hour that was judged; None before the first.
        waiting: what a retry is expected to mend; None where nothing is wrong.
    """

    at: datetime
    brought_at: datetime
    files: int = 0
    rows: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    last_event: datetime | None = None
    judged_until: datetime | None = None
    waiting: str | None = None

    @property
    def lag(self) -> timedelta | None:
        """From the newest event to this look; None before the first event."""
        return None if self.last_event is None else self.at - self.last_event


def watch(
    sources: list[str],
    settings: Settings,
    choice: SourceChoice | None = None,
    *,
    clock: Clock,
    until: Callable[[], bool],
    judge: Judge = lambda _: None,
    deliver: Judge = lambda _: None,
    every: timedelta = EVERY,
    grace: timedelta = GRACE,
    tell: Callable[[Look], None] = lambda _: None,
    progress: Progress | None = None,
) -> None:
    """Bring new files into the lake, lay out the series when an hour has closed, have it judged; every minute.

    Args:
        sources: folders, globs, and prefixes of object stores.
        settings: all settings.
        choice: how to read the files; by default presets are recognised by their header.
        clock: what time it is.
        until: asked between two steps whether to end.
        judge: called with the time when hours have closed that it has not seen; again after a failure or a restart.
        deliver: called with the time at every look.
        every: from look to look.
        grace: after its end, an hour of a silent shop is closed by the clock.
        tell: told what every look did.
        progress: where single files are reported to.

    Raises:
        UserError: a source or a setting cannot be used. A file that cannot be read is told, and stops nothing.
    """
    watching = Watch(sources, settings, choice or SourceChoice(), judge, deliver, grace, progress or Silence())
    retry = _FIRST_RETRY
    while not until():
        began = clock.now()
        look = watching.look(clock, until)
        tell(look)
        watching.tidy()
        if until():
            return
        if look.waiting is None:
            retry = _FIRST_RETRY
            clock.wait(max(_next(began, every) - clock.now(), timedelta()))
        else:
            clock.wait(min(retry, every))
            retry *= 2


def _next(began: datetime, every: timedelta) -> datetime:
    """A sixth of a minute (or of another step of the clock) after the next one begins.

    Files that are cut by the minute appear in the seconds after it; looking right at it would find them a minute late.
    """
    return began + every - (began - datetime(1970, 1, 1) - every / 6) % every


class Watch:
    """One watch of some sources; `look` does what is due. The arguments are those of `watch`."""

    def __init__(
        self,
        sources: list[str],
        settings: Settings,
        choice: SourceChoice,
        judge: Judge,
        deliver: Judge,
        grace: timedelta,
        progress: Progress,
    ) -> None:
        self._settings, self._choice, self._progress = settings, choice, progress
        self._judge, self._deliver, self._grace = judge, deliver, grace
        self._lake = open_lake(settings.lake, create=True)
        self._pseudonyms = pseudonymiser(settings, self._lake)
        self._files = NewFiles(sources, self._is_brought)
        self._judged_until: datetime | None = None
        self._failing_since: datetime | None = None
        self._uncounted_rows, self._is_untidy = 0, False
        self._left_untidy: list[TransientError] = []

    def look(self, clock: Clock, until: Callable[[], bool] = lambda: False) -> Look:
        """Do what is due now. A failure that a retry can mend is told in the result."""
        brought, troubles = _Brought(), list[TransientError]()
        with _noted(troubles):
            self._bring(brought, clock, until)
        brought_at = clock.now()
        if not self._has_to_wait(clock.now(), is_failing=bool(troubles)) and not until():
            with _noted(troubles):
                self._count(clock.now())
                self._have_judged(clock.now())
            with _noted(troubles):
                self._deliver(clock.now())
        troubles += self._left_untidy
        return Look(
            clock.now(), brought_at, brought.files, brought.rows, brought.failed,
            last_event=last_event(self._lake) if event_months(self._lake) else None,
            judged_until=self._judged_until,
            waiting=str(troubles[0]) if troubles else None,
        )  # fmt: skip

    def _is_brought(self, one: Input) -> bool:
        known = known_files(self._lake)
        return landed_as_found(self._lake, known, one) and is_cleaned(self._lake, one, self._choice, self._settings)

    def _bring(self, brought: "_Brought", clock: Clock, until: Callable[[], bool]) -> None:
        finished, unsure = self._files.look(clock.now())
        if unsure:
            clock.wait(_SETTLE)
            finished, _ = self._files.look(clock.now())
        if not finished:
            return
        with writing(self._lake, self._settings, self._pseudonyms, tidy=False) as engine:
            for one in finished:
                if until():
                    return
                result = land_and_clean(
                    self._lake, engine, [one], self._choice, self._pseudonyms, self._settings, self._progress
                )
                self._files.deal_with(one)
                brought.failed |= {name: str(error) for name, error in result.failed.items()}
                rows = sum(sum(accounts.values()) for accounts in result.cleaned.values())
                self._uncounted_rows += rows
                brought.files, brought.rows = brought.files + len(result.cleaned), brought.rows + rows

    def _has_to_wait(self, now: datetime, *, is_failing: bool) -> bool:
        """Whether files may be there that could not be brought: for a while, an hour without them is not judged."""
        if not is_failing:
            self._failing_since = None
            return False
        self._failing_since = self._failing_since or now
        return now - self._failing_since < _PATIENCE

    def _count(self, now: datetime) -> None:
        """Bring the series up to date if an hour has closed, and the volumes if much came since.

        What was counted within the hour need not be counted when it closes, and somebody waits for it.
        """
        if not event_months(self._lake):
            return
        until, before = self._known_until(now), laid_out_until(self._lake)
        is_over = before is None or self._hour(until) > self._hour(before)
        if not is_over and self._uncounted_rows < MANY_ROWS:
            return
        with writing(self._lake, self._settings, tidy=False) as engine:
            step = self._progress.step
            if is_over:
                build_series(self._lake, engine(), self._settings, step, known_until=until, by_parts=True)
            else:
                build_volumes(self._lake, engine(), self._settings, step, by_parts=True)
        self._uncounted_rows, self._is_untidy = 0, self._is_untidy or is_over

    def tidy(self) -> None:
        """Pack small files, once an hour, when nobody waits any more. What goes wrong is told by the next look."""
        self._left_untidy = []
        if not self._is_untidy:
            return
        with _noted(self._left_untidy), writing(self._lake, self._settings):
            pack_small_files(self._lake, self._settings.timezone)
            self._is_untidy = False

    def _known_until(self, now: datetime) -> datetime:
        last = last_event(self._lake)
        landed = [
            moment for row in known_files(self._lake).values() if isinstance(moment := row["ingested_at"], datetime)
        ]
        brought_at = min((moment for moment in landed if moment >= last), default=last)
        return known_until(last_event=last, brought_at=brought_at, now=now, grace=self._grace)

    def _hour(self, moment: datetime) -> datetime:
        return begin_of_hour(moment, self._settings.timezone)

    def _have_judged(self, now: datetime) -> None:
        laid_out = laid_out_until(self._lake)
        if laid_out is None or (self._judged_until is not None and self._hour(laid_out) <= self._judged_until):
            return
        self._judge(now)
        self._judged_until = self._hour(laid_out)


@dataclass
class _Brought:
    files: int = 0
    rows: int = 0
    failed: dict[str, str] = field(default_factory=dict)


@contextmanager
def _noted(troubles: list[TransientError]) -> Iterator[None]:
    """What a retry can mend does not keep the rest of a look from being done."""
    try:
        yield
    except TransientError as error:
        troubles.append(error)

"""The command that stays: new files as they come, series and alerts as hours close."""

import signal
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from footfall.cli.given import load_settings
from footfall.cli.options import (
    Alerts,
    Baseline,
    Calendar,
    Engine,
    KeyFile,
    Lake,
    Mapping,
    Members,
    Memory,
    Outliers,
    Period,
    SourceName,
    Threads,
    Timezone,
)  # fmt: skip
from footfall.cli.printing import err, out, print_json_line, tell_error_text
from footfall.cli.telling_incidents import event_line

if TYPE_CHECKING:
    from footfall.pipeline.watching import Look
    from footfall.publish import Delivery

Sources = Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Folders, globs or s3://bucket/prefix.")]
Grace = Annotated[int, typer.Option(min=0, help="Seconds after its end at which an hour is over for a silent shop.")]
Every = Annotated[int, typer.Option(min=1, help="Seconds from look to look.")]
Once = Annotated[bool, typer.Option("--once", help="Look once and end, for cron.")]
AsLines = Annotated[bool, typer.Option("--json", help="Print each look as one line of JSON.")]


def watch(
    sources: Sources,
    lake: Lake = None,
    source: SourceName = "auto",
    mapping: Mapping = None,
    every: Every = 60,
    grace: Grace = 120,
    once: Once = False,
    engine: Engine = None,
    memory: Memory = None,
    threads: Threads = None,
    key_file: KeyFile = None,
    timezone: Timezone = None,
    members: Members = None,
    calendar: Calendar = None,
    alerts: Alerts = None,
    baseline: Baseline = None,
    period: Period = None,
    price_outliers: Outliers = None,
    as_json: AsLines = False,
) -> None:
    """Take up new files every minute, and judge every hour as it closes. Ctrl-C ends it after the step at hand.

    Example: `footfall watch incoming/ --lake lake --timezone Europe/Paris`
    """
    from footfall.pipeline.cleaning import SourceChoice  # noqa: PLC0415
    from footfall.pipeline.detection import judge_hours  # noqa: PLC0415
    from footfall.pipeline.notifying import deliver  # noqa: PLC0415
    from footfall.pipeline.watching import WallClock  # noqa: PLC0415
    from footfall.pipeline.watching import watch as run  # noqa: PLC0415

    settings = load_settings(
        lake=lake, engine=engine, memory=memory, threads=threads, key_file=key_file, timezone=timezone,
        members=members, calendar=calendar, period=period, price_outliers=price_outliers, alerts=alerts,
        baseline=baseline,
    )  # fmt: skip
    stop = Event()
    _end_gently(stop)
    teller = Teller(as_json=as_json, once=once, stop=stop)

    def judge(_now: datetime) -> None:
        found = judge_hours(settings)
        teller.tell_events(found.events)
        teller.tell_page(found.failure)

    def hand_out(now: datetime) -> None:
        teller.tell_delivery(deliver(settings, now=now))

    run(
        sources, settings, SourceChoice(source, mapping), clock=WallClock(stop), until=stop.is_set, tell=teller.tell,
        judge=judge, deliver=hand_out, every=timedelta(seconds=every), grace=timedelta(seconds=grace),
    )  # fmt: skip
    if not once:
        err.print("watch ended; what was finished is kept, and the same command goes on from there")
    elif teller.is_wrong:
        raise typer.Exit(1)


def _end_gently(stop: Event) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)


@dataclass
class Teller:
    """Says what every look did, and an error once until it changes. On a pipe, a look that did nothing is not told."""

    as_json: bool
    once: bool
    stop: Event
    is_wrong: bool = False
    _failures: list[str] = field(default_factory=list, init=False)
    _no_page: str = field(default="", init=False)
    _waiting: str | None = field(default=None, init=False)
    _judged_until: datetime | None = field(default=None, init=False)

    def tell_events(self, events: list[dict[str, Any]]) -> None:
        """A line for every incident that has something to tell."""
        for row in events:
            if self.as_json:
                print_json_line({"event": row["event"], "incident": {k: v for k, v in row.items() if k != "event"}})
            else:
                out.print(f"{row['hour']:%Y-%m-%d %H:%M} UTC  {event_line(row)}", soft_wrap=True, highlight=False)

    def tell_page(self, failure: str) -> None:
        """A report that cannot be written, once until that changes."""
        if failure and failure != self._no_page:
            tell_error_text(failure)
        self._no_page = failure

    def tell_delivery(self, delivery: "Delivery | None") -> None:
        """Channels that do not take messages, each once until something changes."""
        failures = [str(one) for one in delivery.failures] if delivery else []
        for text in failures:
            if text not in self._failures:
                tell_error_text(text)
        self._failures = failures

    def tell(self, look: "Look") -> None:
        """One line, and one for each error."""
        for name, error in look.failed.items():
            tell_error_text(f"{error} (passed over until {name} changes)")
        if look.waiting is not None and look.waiting != self._waiting:
            tell_error_text(f"{look.waiting} (tried again until it works)")
        self._waiting = look.waiting
        self.is_wrong = self.is_wrong or bool(look.failed) or look.waiting is not None
        if self.as_json:
            print_json_line(_facts(look))
        elif out.is_terminal or look.files or look.judged_until != self._judged_until:
            out.print(_status(look), soft_wrap=True, highlight=False)
        self._judged_until = look.judged_until
        if self.once:
            self.stop.set()


def _facts(look: "Look") -> dict[str, Any]:
    lag = look.lag
    return {
        "at": look.at.isoformat(timespec="milliseconds"),
        "brought_at": look.brought_at.isoformat(timespec="milliseconds"),
        "files": look.files,
        "rows": look.rows,
        "failed": look.failed,
        "last_event": look.last_event and look.last_event.isoformat(timespec="minutes"),
        "lag_seconds": None if lag is None else round(lag.total_seconds()),
        "judged_until": look.judged_until and look.judged_until.isoformat(timespec="minutes"),
        "waiting": look.waiting,
    }


def _status(look: "Look") -> str:
    judged = f"hours judged until {look.judged_until:%Y-%m-%d %H:%M}" if look.judged_until else "no hour judged yet"
    newest = f"newest event {_age(look.lag)} ago" if look.lag is not None else "no event yet"
    return f"{look.at:%Y-%m-%d %H:%M:%S} UTC  {look.files:,} files, {look.rows:,} rows  {newest}  {judged}"


def _age(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    return f"{seconds} s" if seconds < 600 else f"{seconds // 60:,} min"

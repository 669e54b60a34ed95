"""The last 28 days: a bar for each incident, packed into lanes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from footfall.anomaly.report import wording
from footfall.anomaly.report.content import SHOWN, Content, IncidentView
from footfall.publish.language import short_day

LEAST_HOURS = 9
"""A shorter bar is drawn as long: on a narrow screen it would not be seen."""

_LETTER = 0.62  # per cent of the width of a wide screen
_MOST_LETTERS = 28
_GAP = 0.6


@dataclass(frozen=True)
class Bar:
    """An incident on the line; places and widths are per cent of 28 days.

    Args:
        incident: which.
        left: where it begins.
        width: how long it is.
        label: its name, not too long.
        label_at: `after`, `before`, or `inside` the bar, where there is room.
        is_cut: whether it began earlier.
    """

    incident: IncidentView
    left: float
    width: float
    label: str
    label_at: str
    is_cut: bool

    @property
    def taken(self) -> tuple[float, float]:
        """From where to where it needs its lane."""
        letters = _LETTER * len(self.label) + _GAP
        before = letters if self.label_at == "before" else 0.0
        after = letters if self.label_at == "after" else 0.0
        return self.left - before, self.left + self.width + after


@dataclass(frozen=True)
class Group:
    """Bars of one side, lane by lane."""

    side: str
    name: str
    lanes: Sequence[Sequence[Bar]]


@dataclass(frozen=True)
class Tick:
    """A midnight in the shop; Mondays are named."""

    left: float
    label: str


@dataclass(frozen=True)
class Timeline:
    """The bars and their days."""

    groups: Sequence[Group]
    ticks: Sequence[Tick]
    first: str
    last: str


def timeline(content: Content) -> Timeline:
    """Lay out the incidents that lasted into the last 28 days."""
    until = content.shop.judged_until
    first = until - SHOWN
    groups = []
    for side, name in wording.SIDES.items():
        bars = [_bar(one, first, until) for one in content.shown if one.side == side]
        if bars:
            groups.append(Group(side, name, _lanes(bars)))
    ends = [wording.day(content.shop.on_clock(when)) for when in (first, until - timedelta(hours=1))]
    return Timeline(groups, _ticks(content, first), *ends)


def _bar(one: IncidentView, first: datetime, until: datetime) -> Bar:
    begin, end = max(one.first, first), min(one.last, until)
    least = timedelta(hours=LEAST_HOURS)
    if end - begin < least:
        begin = min(begin, until - least)
        end = begin + least
    left, width = _share(begin - first), _share(end - begin)
    label = _shortened(one.short_name)
    room = _LETTER * len(label) + _GAP
    at = "after" if left + width + room <= 100 else "before" if left >= room else "inside"
    return Bar(one, left, width, label, at, one.first < first)


def _shortened(name: str) -> str:
    return name if len(name) <= _MOST_LETTERS else f"{name[: _MOST_LETTERS - 1]}…"


def _lanes(bars: list[Bar]) -> list[list[Bar]]:
    """The first lane in which there is room, in the order of time."""
    lanes: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda one: one.taken):
        free = (lane for lane in lanes if lane[-1].taken[1] + _GAP <= bar.taken[0])
        lane = next(free, None)
        if lane is None:
            lanes.append([bar])
        else:
            lane.append(bar)
    return lanes


def _ticks(content: Content, first: datetime) -> list[Tick]:
    zone = ZoneInfo(content.shop.timezone)
    begin = content.shop.on_clock(first).date()
    found = []
    for count in range(SHOWN.days + 2):
        day = begin + timedelta(days=count)
        midnight = datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)
        left = _share(midnight - first)
        if 0 <= left <= 100:
            is_named = day.weekday() == 0 and left < 97
            found.append(Tick(left, short_day(datetime.combine(day, time()), "en") if is_named else ""))
    return found


def _share(length: timedelta) -> float:
    return round(100 * (length / SHOWN), 3)

"""Alarms -> incidents: what belongs together is told once, from its onset on, with what it costs and where it is."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from footfall.anomaly.alarms import NO_DATA, NORMAL_HOURS, Changes
from footfall.anomaly.causes import Side, find_cause, find_renames
from footfall.anomaly.detector import HISTORY, WINDOWS, Detector, Scores
from footfall.anomaly.kin import ALL, NONE, Kin
from footfall.anomaly.occasions import DAY
from footfall.anomaly.surprise import UP

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Event = Literal["opened", "reopened", "updated", "closed"]

TOGETHER_HOURS, AGAIN_HOURS, SHIFTED_HOURS = 3, 6, 3 * DAY
"""How near onsets of one incident are; how long after its end it goes on; how long after a new level."""

_BEYOND_CHANCE = 4.0

Scopes = dict[str, list[int]]
"""By incident, the series that explain it."""
RENAMED = "renamed"
"""What the cause begins with where the leading member goes on under another name."""


@dataclass
class Incident:
    """Anomalies of related series at nearby times. Hours are numbers, as the detector's.

    Args:
        id: eight hexadecimal digits, from the onset and the leading series.
        kind: drop, spike, level_shift or no_data.
        side: down or up.
        lead: the series in which it is the least likely to be chance.
        onset: first hour.
        opened: hour in which it was found.
        closed: hour in which it ended; None while it is open.
        last: last hour in which a series of it was in alarm.
        active: series in alarm now, by id.
        series: all series that it showed in.
        anomalies: how many alarm hours of series.
        value: of the leading series, from the onset to the last alarm hour.
        expected: what was to be expected of it.
        depth: greatest relative change of its hours or windows.
        p: least p-value.
        money: revenue less what was to be expected, from the onset on; None where there is none.
        orders: orders less what was to be expected; None where there are none.
        cause: which members explain it.
        told: in how many series it showed when somebody was told last.
        snoozed: first hour of which somebody is told again; until then it goes on, also after its end.
    """

    id: str
    kind: str
    side: Side
    lead: str
    onset: int
    opened: int
    closed: int | None = None
    last: int = 0
    active: set[str] = field(default_factory=set)
    series: set[str] = field(default_factory=set)
    anomalies: int = 0
    value: float = 0.0
    expected: float = 0.0
    depth: float = 0.0
    p: float = 1.0
    money: float | None = None
    orders: float | None = None
    cause: str | None = None
    cause_share: float | None = None
    told: int = 0
    snoozed: int = 0


class _Alarm(NamedTuple):
    """An alarm that began: of which series, on which side, in which hour it was found and in which it set in."""

    series: int
    side: int
    number: int
    onset: int


class Incidents:
    """Puts alarms together. `recent` holds what is open, and what may go on."""

    def __init__(self, kin: Kin) -> None:
        self.kin = kin
        self.recent: list[Incident] = []

    def follow(self, number: int, changes: Changes, scores: Scores, detector: Detector) -> list[tuple[Incident, Event]]:
        """Take in the alarms of an hour.

        Returns:
            Incidents that were opened, that have much more to tell, or that are over.
        """
        events: dict[str, tuple[Incident, Event]] = {}
        alarmed = _by_weight(np.flatnonzero(changes.opened), changes, scores)
        scopes = {one.id: self._scope(one, number, detector) for one in self.recent} if alarmed else {}
        for series in alarmed:
            alarm = _Alarm(series, int(changes.side[series]), number, self._onset(number, series, changes, detector))
            found = self._known(alarm, scopes, detector)
            if found is None:
                found = self._begin(alarm)
                events[found.id] = (found, "opened")
            elif found.closed is not None and self._still_fails(found, [self.kin.ids[series]], number, detector):
                found.closed = None
                events[found.id] = (found, "reopened")
            found.active.add(self.kin.ids[series])
            found.series.add(self.kin.ids[series])
        for one in self.recent:
            if one.closed is None:
                self._go_on(one, number, changes, scores, detector)
        for one, event in self._ended(number, changes, detector):
            events.setdefault(one.id, (one, event))
        for one in self.recent:
            is_wider = one.id in events or len(one.series) >= 2 * max(one.told, 1)
            if one.closed is None and (is_wider or self._is_found_renamed(one, number, detector)):
                self._explain(one, number, detector)
                events.setdefault(one.id, (one, "updated"))
                one.told = len(one.series)
        self.recent = [one for one in self.recent if _is_kept(one, number)]
        return list(events.values())

    def let_go(self) -> Numbers:
        """Series still in alarm of incidents that are over; asked again, there are none."""
        over = [one for one in self.recent if one.closed is not None]
        names = {name for one in over for name in one.active}
        for one in over:
            one.active = set()
        return np.array([self.kin.place[name] for name in sorted(names) if name in self.kin.place], np.int64)

    def _known(self, alarm: _Alarm, scopes: Scopes, detector: Detector) -> Incident | None:
        """The incident that an alarm belongs to."""
        candidates = (one for one in self.recent if self._may_belong(alarm, one))
        return next((one for one in candidates if self._belongs(alarm, one, scopes, detector)), None)

    def _may_belong(self, alarm: _Alarm, one: Incident) -> bool:
        lead = self.kin.place.get(one.lead, NONE)
        is_ours = lead != NONE and self.kin.shops[lead] == self.kin.shops[alarm.series]
        return is_ours and _is_alive(one, alarm) and (one.kind == "no_data") == (alarm.side == NO_DATA)

    def _belongs(self, alarm: _Alarm, one: Incident, scopes: Scopes, detector: Detector) -> bool:
        """Whether it is on the same side about the same, near in time, a part of it already, or explained by it.

        On the other side it has to be about the same, and the incident open.
        """
        series, lead = alarm.series, self.kin.place[one.lead]
        is_same = self.kin.subject(lead) == self.kin.subject(series)
        if one.side != _side(alarm.side):
            return is_same and one.closed is None
        is_near = abs(alarm.onset - one.onset) <= TOGETHER_HOURS or alarm.number - one.opened <= TOGETHER_HOURS
        is_part = self.kin.ids[series] in one.series
        return is_same or is_near or is_part or self._is_explained(alarm, scopes.get(one.id, [lead]), detector)

    def _scope(self, one: Incident, number: int, detector: Detector) -> list[int]:
        """The series of the leading metric that explain it: of the members of its cause, else the leading one."""
        lead, last = self.kin.place.get(one.lead, NONE), number if one.closed is None else one.closed
        if lead == NONE or one.kind == "no_data" or number - last > HISTORY - DAY:
            return [lead]
        cause = find_cause(self._members(one, lead, last, detector), one.side)
        return [self.kin.named(lead, cause.dimension, member) for member in cause.members] if cause else [lead]

    def _is_explained(self, alarm: _Alarm, scope: list[int], detector: Detector) -> bool:
        """Whether the series is part of what explains an incident, or changed for the most part because of that.

        It did if what is missing elsewhere in the shop is less than half of what is missing in the series. Where the
        shop has not lost as much (visits that look at others instead), nobody knows.
        """
        series, sign = alarm.series, 1 if alarm.side == UP else -1
        if any(self.kin.is_within(series, part) for part in scope):
            return True
        whole = self.kin.named(series, ALL, ALL)
        parts = [self.kin.beside(part, self.kin.metrics[series]) for part in scope]
        if NONE in (whole, *parts) or all(self.kin.is_apart(series, part) for part in parts):
            return False
        hours = np.arange(alarm.onset, alarm.number + 1)
        change, everywhere, *inside = (sign * _change(detector, hours, one) for one in (series, whole, *parts))
        return 0 < change / 2 < everywhere < sum(inside) + change / 2

    def _begin(self, alarm: _Alarm) -> Incident:
        lead = self.kin.ids[alarm.series]
        kind = "no_data" if alarm.side == NO_DATA else "spike" if alarm.side == UP else "drop"
        digest = hashlib.blake2b(f"{alarm.onset}\n{lead}\n{kind}".encode(), digest_size=4).hexdigest()
        found = Incident(digest, kind, _side(alarm.side), lead, alarm.onset, alarm.number, last=alarm.number)
        self.recent.append(found)
        return found

    def _onset(self, number: int, series: int, changes: Changes, detector: Detector) -> int:
        """The hour from which on what happened is the least likely: the likeliest point of change of the last day."""
        if changes.side[series] == NO_DATA:
            return number
        hours = np.arange(number - DAY + 1, number + 1)
        values, means, variances = detector.recent(hours, series)
        missed = np.nan_to_num((values - means) * (1 if changes.side[series] == UP else -1))
        known = np.where(np.isfinite(values), variances, 0.0)
        strength = missed[::-1].cumsum() / np.sqrt(np.maximum(known[::-1].cumsum(), 1e-9))
        reach = WINDOWS[int(changes.window[series])]
        return int(number - strength[: max(reach, 3)].argmax())

    def _go_on(self, one: Incident, number: int, changes: Changes, scores: Scores, detector: Detector) -> None:
        """Add an hour to an open incident; its first one adds all since the onset."""
        places = np.array([self.kin.place[name] for name in sorted(one.active) if name in self.kin.place], np.int64)
        if len(places):
            one.last = number
            one.anomalies += len(places)
            one.p = min(one.p, float(np.nanmin(np.append(changes.p[places], 1.0))))
        lead = self.kin.place.get(one.lead, NONE)
        if lead == NONE or one.kind == "no_data":
            return
        first = one.onset if one.opened == number else number
        hours = np.arange(max(first, number - DAY + 1), number + 1)
        value, expected = _sums(detector, hours, lead)
        if one.lead in one.active:
            one.value, one.expected = one.value + value, one.expected + expected
            window = int(changes.window[lead])
            with np.errstate(divide="ignore", invalid="ignore"):
                depth = float(scores.values[window, lead] / scores.means[window, lead] - 1)
            is_ours = (depth > 0) == (one.side == "up")
            if is_ours and np.isfinite(depth) and abs(depth) > abs(one.depth):
                one.depth = depth
        for metric in ("revenue", "orders"):
            beside = self.kin.beside(lead, metric)
            if beside != NONE:
                value, expected = _sums(detector, hours, beside)
                name = "money" if metric == "revenue" else "orders"
                setattr(one, name, (getattr(one, name) or 0.0) + value - expected)

    def _ended(self, number: int, changes: Changes, detector: Detector) -> Iterator[tuple[Incident, Event]]:
        """Incidents that are over: no series of them is in alarm, or the leading one is not and none still fails."""
        over = {self.kin.ids[series] for series in np.flatnonzero(changes.closed)}
        shifted = {self.kin.ids[series] for series in np.flatnonzero(changes.shifted)}
        for one in self.recent:
            if one.closed is None:
                if one.active & shifted and one.lead in shifted:
                    one.kind = "level_shift"
                one.active -= over
                if one.lead not in one.active and not self._still_fails(one, one.active, number, detector):
                    one.closed = number
                    yield one, "closed"

    def _still_fails(self, one: Incident, names: Iterable[str], number: int, detector: Detector) -> bool:
        """Whether one of these series was beyond chance in the last three hours."""
        places = np.array([self.kin.place[name] for name in sorted(names) if name in self.kin.place], np.int64)
        if one.kind == "no_data":
            return bool(len(places))
        values, means, variances = detector.recent(np.arange(number - NORMAL_HOURS + 1, number + 1), places)
        known = np.isfinite(values) & np.isfinite(means)
        change, variance = (np.where(known, part, 0.0).sum(axis=0) for part in (values - means, variances))
        sign = 1 if one.side == "up" else -1
        return bool((sign * change > _BEYOND_CHANCE * np.sqrt(variance)).any())

    def _explain(self, one: Incident, number: int, detector: Detector) -> None:
        """Which members explain it."""
        lead = self.kin.place.get(one.lead, NONE)
        if lead == NONE or one.kind == "no_data":
            return
        members = self._members(one, lead, number, detector)
        renamed = self._renames(lead, members)
        if renamed:
            one.cause, one.cause_share = f"{RENAMED}: {' -> '.join(renamed[0])}", None
            return
        cause = find_cause(members, one.side)
        one.cause, one.cause_share = (cause.text, cause.share) if cause else (None, None)

    def _is_found_renamed(self, one: Incident, number: int, detector: Detector) -> bool:
        """Whether it shows only now, in its first day, that the leading member goes on under another name."""
        lead = self.kin.place.get(one.lead, NONE)
        is_known = one.cause is not None and one.cause.startswith(f"{RENAMED}: ")
        if lead == NONE or is_known or one.side == "up" or one.kind != "drop" or number - one.opened >= DAY:
            return False
        return bool(self._renames(lead, self._members(one, lead, number, detector)))

    def _renames(self, lead: int, members: pd.DataFrame) -> list[tuple[str, str]]:
        """Old and new name of the leading member, where it has one."""
        return [pair for pair in find_renames(members) if self.kin.members[lead] in pair]

    def _members(self, one: Incident, lead: int, number: int, detector: Detector) -> pd.DataFrame:
        """What happened in its last day and what was to be expected, of the members of the leading metric."""
        hours = np.arange(max(one.onset, number - DAY + 1), number + 1)
        ours = self.kin.of_metric(lead)
        values, means, variances = detector.recent(hours, ours)
        known = np.isfinite(values)
        parents = [int(self.kin.parent[series]) for series in ours]
        rows = pd.DataFrame(
            {
                "dimension": [self.kin.dimensions[series] for series in ours],
                "member": [self.kin.members[series] for series in ours],
                "parent_dimension": [None if up == NONE else self.kin.dimensions[up] for up in parents],
                "parent": [None if up == NONE else self.kin.members[up] for up in parents],
                "value": np.where(known, values, 0.0).sum(axis=0),
                # Of a member that was not there yet, or slept, nothing was to be expected.
                "expected": np.where(known, np.nan_to_num(means), 0.0).sum(axis=0),
                "noise": np.sqrt(np.where(known, variances, 0.0).sum(axis=0)),
            }
        )
        return rows[rows.dimension != "all"].reset_index(drop=True)


def _by_weight(series: npt.NDArray[np.int64], changes: Changes, scores: Scores) -> list[int]:
    """The series in which the change is the largest beside its noise first."""
    window = changes.window[series]
    weight = np.abs(scores.values[window, series] - scores.means[window, series]) / scores.deviation[window, series]
    return [int(one) for one in series[np.argsort(-np.nan_to_num(weight), kind="stable")]]


def _is_kept(one: Incident, number: int) -> bool:
    return one.closed is None or number <= max(one.closed + SHIFTED_HOURS, one.snoozed)


def _is_alive(one: Incident, alarm: _Alarm) -> bool:
    """Whether an incident is open, or an alarm set in so soon after its end, or in its silence, that it may go on."""
    patience = SHIFTED_HOURS if one.kind == "level_shift" else AGAIN_HOURS
    return one.closed is None or alarm.onset - one.closed <= patience or alarm.number < one.snoozed


def _side(side: int) -> Side:
    return "up" if side == UP else "down"


def _change(detector: Detector, hours: npt.NDArray[np.int64], series: int) -> float:
    value, expected = _sums(detector, hours, series)
    return value - expected


def _sums(detector: Detector, hours: npt.NDArray[np.int64], series: int) -> tuple[float, float]:
    """What happened in these hours and what was to be expected, where it is known."""
    values, means, _ = detector.recent(hours, series)
    known = np.isfinite(values) & np.isfinite(means)
    return float(values[known].sum()), float(means[known].sum())

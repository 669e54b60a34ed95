"""Detection in a lake: judge the hours that are over, keep anomalies and incidents, remember what was learnt."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from footfall.anomaly import WINDOWS, Event, Incident, Judged, Kin, Policy, Watch, load, save
from footfall.contracts import ANOMALIES, INCIDENTS, SIDES
from footfall.engine import Engine
from footfall.lake import Lake, open_lake, transaction
from footfall.pipeline.incident_report import page_of, write_page
from footfall.pipeline.notifying import put_out
from footfall.pipeline.query import query
from footfall.pipeline.resuming import remind, resume
from footfall.pipeline.series import build_series
from footfall.pipeline.watched import (
    JUDGED,
    hours_of,
    judged_until_of,
    kin_of,
    mark_of,
    memory_of,
    moment_of,
    policy_of,
    watch_of,
)
from footfall.pipeline.writing import writing
from footfall.settings import Settings

Report = Callable[[str], None]
_HOUR = timedelta(hours=1)
_PEOPLE = ("snoozed_until", "acknowledged_at", "verdict")
_REMEMBERED = timedelta(weeks=8)
LEARNING = timedelta(weeks=12)
"""How far back a watch learns from, before hours that are replayed or where the series are others than before."""


@dataclass(frozen=True)
class Detection:
    """What a run of detection did.

    Args:
        series: how many are watched.
        hours: how many hours were judged now.
        until: end of the last hour that was ever judged; None before the first.
        anomalies: how many were found now.
        events: incidents that have something to tell, as rows of the table, each with `event` and its `hour`.
        page: the report, where it was written.
        failure: why it was not.
    """

    series: int
    hours: int
    until: datetime | None
    anomalies: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    page: Path | None = None
    failure: str = ""


def detect(settings: Settings, *, report: Report = lambda _: None) -> Detection:
    """Bring the series up to date, and judge the hours that are over and were not judged yet.

    A run that dies is made good by the next: it judges the same hours again and comes to the same.

    Args:
        settings: the lake, its calendar, the policy.
        report: told what is being done.

    Raises:
        UserError: there are no series, or the policy cannot be used.
    """
    policy, lake = policy_of(settings), open_lake(settings.lake)
    with writing(lake, settings) as engine:
        build_series(lake, engine(), settings, report)
        return judge_new(lake, engine(), settings, policy, report)


def judge_hours(settings: Settings, *, report: Report = lambda _: None) -> Detection:
    """As `detect`, of the series as they are laid out."""
    policy, lake = policy_of(settings), open_lake(settings.lake)
    with writing(lake, settings, tidy=False) as engine:
        return judge_new(lake, engine(), settings, policy, report)


def judge_new(
    lake: Lake, engine: Engine, settings: Settings, policy: Policy, report: Report = lambda _: None
) -> Detection:
    """As `detect`, of the series as they are; the caller holds the lake's lock."""
    kin = kin_of(lake, policy)
    watch, file, mark = watch_of(kin, policy, settings), memory_of(lake), mark_of(settings, policy)
    is_known = load(file, watch, mark)
    known = _known_incidents(lake)
    judged_until = judged_until_of(lake)
    after = moment_of(watch.last) if is_known else _learn_from(judged_until)
    hours = hours_of(lake, settings, kin, after=after)
    heed(watch, known)
    if is_known:
        remind(watch, known)
    found, resume_at = _Found(), None if is_known else judged_until
    for count, (number, hour, values, missing) in enumerate(hours):
        if count % (24 * 7) == 0:
            report(f"judging {moment_of(number):%Y-%m-%d}")
        if resume_at is not None and moment_of(number) >= resume_at:
            resume(watch, known, resume_at)
            resume_at = None
        judged = watch.judge(number, hour, values, missing)
        if judged_until is None or moment_of(number) >= judged_until:
            found.take(watch, judged)
    if resume_at is not None:
        resume(watch, known, resume_at)
    rows = [
        row | {"event": event, "hour": moment_of(number)} | _said(known.get(row["incident_id"]))
        for row, event, number in found.events
    ]
    # Messages first: a run that dies before the commit writes the same ones again, and so none is lost or told twice.
    put_out(lake, settings, policy, watch, rows)
    _commit(lake, engine, watch, found, known, judged_until)
    if len(hours.moments):
        save(file, watch, mark)
    until = None if watch.last == 0 else moment_of(watch.last) + _HOUR
    done = Detection(len(kin), found.hours, until, len(found.anomalies), rows)
    return _with_page(done, lake, settings, policy, watch, report) if found.hours else done


def _with_page(
    done: Detection, lake: Lake, settings: Settings, policy: Policy, watch: Watch, report: Report
) -> Detection:
    """Write the report, last: a page that cannot be written loses nothing that was found."""
    report("report")
    try:
        return replace(done, page=write_page(page_of(lake), lake, settings, policy, watch))
    except OSError as error:
        return replace(done, failure=f"{page_of(lake)} is not written: {error}")


def heed(watch: Watch, known: dict[str, dict[str, Any]]) -> None:
    """What people said of incidents: a false one makes its series need more for the next."""
    latest = max((row["updated_at"] for row in known.values()), default=None)
    watch.alarms.strictness[:] = 1.0
    for row in sorted(known.values(), key=lambda one: str(one["opened_at"])):
        place = watch.kin.place.get(row["series_id"])
        if place is None or latest is None:
            continue
        if row["verdict"] and row["opened_at"] > latest - _REMEMBERED:
            watch.alarms.hear(np.array([place]), row["verdict"])


@dataclass
class _Found:
    """Rows of what was found, and how many hours were judged."""

    anomalies: list[dict[str, Any]] = field(default_factory=list)
    events: list[tuple[dict[str, Any], Event, int]] = field(default_factory=list)
    incidents: dict[str, dict[str, Any]] = field(default_factory=dict)
    hours: int = 0

    def take(self, watch: Watch, judged: Judged) -> None:
        """Take in what an hour gave."""
        self.hours += 1
        self.anomalies += anomaly_rows(watch, judged)
        for one in watch.recent:
            self.incidents[one.id] = incident_row(one, watch.kin, judged.number)
        for one, event in judged.events:
            row = self.incidents[one.id] = incident_row(one, watch.kin, judged.number)
            self.events.append((row, event, judged.number))


def anomaly_rows(watch: Watch, judged: Judged) -> list[dict[str, Any]]:
    """Rows of `anomalies` of an hour."""
    changes, scores, kin = judged.changes, judged.scores, watch.kin
    of_series = {name: one.id for one in watch.recent for name in one.series if one.closed in (None, judged.number)}
    moment, rows = moment_of(judged.number), []
    for place in np.flatnonzero(changes.odd):
        window, side = int(changes.window[place]), _side_of(scores.p[:, place], int(changes.side[place]))
        value, mean, deviation = (part[window, place] for part in (scores.values, scores.means, scores.deviation))
        low, high = watch.detector.band(int(place), np.array([mean]), np.array([deviation**2]))
        rows.append(
            _subject(kin, int(place))
            | {
                "ts": moment, "side": SIDES[side], "hours": WINDOWS[window], "value": value, "expected": mean,
                "low": low[0], "high": high[0], "p_value": changes.p[place],
                "incident_id": of_series.get(kin.ids[place]), "month": f"{moment:%Y-%m}",
            }
        )  # fmt: skip
    return rows


def incident_row(one: Incident, kin: Kin, number: int) -> dict[str, Any]:
    """The row of `incidents` as of the end of an hour."""
    return _subject(kin, kin.place[one.lead]) | {
        "incident_id": one.id, "kind": one.kind, "status": "open" if one.closed is None else "closed",
        "onset": moment_of(one.onset), "opened_at": moment_of(one.opened) + _HOUR,
        "closed_at": None if one.closed is None else moment_of(one.closed) + _HOUR,
        "side": one.side, "series": len(one.series), "anomalies": one.anomalies,
        "value": one.value, "expected": one.expected, "depth": one.depth, "money": one.money, "orders": one.orders,
        "p_value": one.p, "cause": one.cause, "cause_share": one.cause_share,
        "snoozed_until": None, "acknowledged_at": None, "verdict": None, "updated_at": moment_of(number) + _HOUR,
    }  # fmt: skip


def _subject(kin: Kin, place: int) -> dict[str, Any]:
    return {
        "series_id": kin.ids[place],
        "metric": kin.metrics[place],
        "dimension": kin.dimensions[place],
        "member": kin.members[place],
    }


def _side_of(p_values: Any, side: int) -> int:
    """The side of an alarm, else the less likely one."""
    return side if side in (0, 1) else int(np.nan_to_num(p_values, nan=1.0).argmin())


def _said(known: dict[str, Any] | None) -> dict[str, Any]:
    """What people said of an incident."""
    return {} if known is None else {column: known[column] for column in _PEOPLE}


def _known_incidents(lake: Lake) -> dict[str, dict[str, Any]]:
    return {row["incident_id"]: row for row in lake.load(INCIDENTS).to_pylist()}


def _learn_from(judged_until: datetime | None) -> datetime | None:
    return None if judged_until is None else judged_until - LEARNING


def _commit(
    lake: Lake,
    engine: Engine,
    watch: Watch,
    found: _Found,
    known: dict[str, dict[str, Any]],
    judged_until: datetime | None,
) -> None:
    """Put what was found into the lake: the anomalies first, then the incidents with the hour up to which they go."""
    if not found.hours:
        return
    with transaction(lake) as tx:
        for month in sorted({row["month"] for row in found.anomalies}):
            rows = [row for row in found.anomalies if row["month"] == month]
            rows = _stored_anomalies(lake, month, judged_until) + rows
            table = engine.read_arrow(pa.Table.from_pylist(rows, ANOMALIES.schema))
            tx.replace(
                ANOMALIES,
                [tx.run(engine, table, ANOMALIES, known={"month": month})],
                replaces=lambda file, month=month: file.partition["month"] == month,  # type: ignore[misc]
            )
        every = {**known}
        for name, row in found.incidents.items():
            every[name] = row | _said(known.get(name))
        table = pa.Table.from_pylist(sorted(every.values(), key=lambda row: row["opened_at"]), INCIDENTS.schema)
        tx.write(INCIDENTS, table, done={JUDGED: watch.last})


def _stored_anomalies(lake: Lake, month: str, before: datetime | None) -> list[dict[str, Any]]:
    """The anomalies of a month that were found before; those of hours that are judged again are not among them."""
    if before is None or ANOMALIES.name not in lake.tables():
        return []
    rows = query(lake, f"SELECT * FROM anomalies WHERE month = '{month}' AND ts < TIMESTAMP '{before}'")
    found: list[dict[str, Any]] = rows.select(ANOMALIES.schema.names).to_pylist()
    return found

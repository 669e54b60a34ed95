"""A watch that learnt anew knows nothing of what was told: incidents of the table go on in it, under their names."""

from datetime import datetime, timedelta
from typing import Any

from footfall.anomaly import AGAIN_HOURS, TOGETHER_HOURS, Incident, Watch
from footfall.pipeline.watched import number_of

Rows = dict[str, dict[str, Any]]
_HOUR = timedelta(hours=1)


def resume(watch: Watch, known: Rows, judged_until: datetime) -> None:
    """Let incidents that were told go on, also where other series or another policy would give them another id.

    What the watch found in hours that were judged before and nobody was told of is forgotten. What is open in the table
    and about nothing that is watched any more is closed there.

    Args:
        watch: it has judged the hours before `judged_until` again.
        known: rows of the table by id; changed in place.
        judged_until: end of the last hour whose findings are in the table.
    """
    found = {one.id: one for one in watch.recent}
    alive = sorted((row for row in known.values() if _may_go_on(row, judged_until)), key=lambda row: row["opened_at"])
    kept = [found.pop(row["incident_id"]) for row in alive if row["incident_id"] in found]
    for row in alive:
        if any(row["incident_id"] == one.id for one in kept):
            continue
        same = next((one for one in found.values() if _is_same(watch, one, row)), None)
        if same is not None:
            del found[same.id]
            same.id, same.onset, same.opened = row["incident_id"], number_of(row["onset"]), _bucket(row["opened_at"])
            kept.append(same)
        elif row["status"] == "open" and _leads(watch, row):
            kept.append(_again(watch, row))
        elif row["status"] == "open":
            row |= {"status": "closed", "closed_at": judged_until, "updated_at": judged_until}
    for one in kept:
        one.told = max(one.told, len(one.series))
    watch.recent = kept
    remind(watch, known)


def remind(watch: Watch, known: Rows) -> None:
    """Let incidents that people have snoozed go on until then, also those that were over long before."""
    recent = {one.id: one for one in watch.recent}
    for name, row in known.items():
        until = 0 if row["snoozed_until"] is None else number_of(row["snoozed_until"])
        if name not in recent and until > watch.last and _leads(watch, row):
            watch.recent.append(recent.setdefault(name, _again(watch, row)))
        if name in recent:
            recent[name].snoozed = until


def _may_go_on(row: dict[str, Any], now: datetime) -> bool:
    return bool(row["status"] == "open" or now - row["closed_at"] <= AGAIN_HOURS * _HOUR)


def _is_same(watch: Watch, one: Incident, row: dict[str, Any]) -> bool:
    """Whether they are on the same side, and about the same or begun at about the same time."""
    is_alike = (one.kind == "no_data") == (row["kind"] == "no_data") and one.side == row["side"]
    is_near = abs(one.onset - number_of(row["onset"])) <= TOGETHER_HOURS
    return is_alike and (is_near or one.lead in _leads(watch, row))


def _leads(watch: Watch, row: dict[str, Any]) -> list[str]:
    """Watched series that may lead it: its own, else those of the same subject."""
    subject = row["dimension"], row["member"]
    ours = [name for place, name in enumerate(watch.kin.ids) if watch.kin.subject(place)[1:] == subject]
    return sorted(ours, key=lambda name: name != row["series_id"])


def _again(watch: Watch, row: dict[str, Any]) -> Incident:
    """As the table tells it; if it is open, it is over with the next hour if its leading series is in no alarm now."""
    lead, closed = _leads(watch, row)[0], None if row["closed_at"] is None else _bucket(row["closed_at"])
    is_on = closed is None and bool(watch.alarms.is_on[watch.kin.place[lead]])
    return Incident(
        row["incident_id"], row["kind"], row["side"], lead, number_of(row["onset"]), _bucket(row["opened_at"]),
        closed, last=watch.last, active={lead} if is_on else set(), series={lead}, anomalies=row["anomalies"],
        value=row["value"], expected=row["expected"], depth=row["depth"], p=row["p_value"], money=row["money"],
        orders=row["orders"], cause=row["cause"], cause_share=row["cause_share"], told=row["series"],
    )  # fmt: skip


def _bucket(end: datetime) -> int:
    """Number of the hour that ends then."""
    return number_of(end - _HOUR)

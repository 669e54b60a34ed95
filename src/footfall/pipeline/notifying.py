"""Who is told of incidents: messages into the outbox as they are found, and out of it through the channels."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from footfall.anomaly import HISTORY, Policy, QuietHours, Watch
from footfall.lake import Lake
from footfall.pipeline.query import query
from footfall.pipeline.watched import alerts_file, moment_of, number_of
from footfall.publish import Channel, Delivery, Notify, Outbox, message_of, plot_of
from footfall.publish import deliver as send
from footfall.settings import Settings, read_toml

_NEWS = timedelta(days=1)
_BEFORE = 72


def notify_of(settings: Settings) -> Notify:
    """Who is told, as `alerts.toml` says in its table `[notify]`.

    Raises:
        SettingInvalid: it cannot be read or used.
    """
    file = alerts_file(settings)
    return read_toml(file, "policy", Notify, table="notify") if file else Notify()


def deliver(settings: Settings, *, now: datetime | None = None) -> Delivery | None:
    """Send what is due; None where nobody is to be told."""
    channels = notify_of(settings).open()
    return send(outbox_of(settings), channels, now or datetime.now(UTC).replace(tzinfo=None)) if channels else None


def outbox_of(settings: Settings) -> Outbox:
    """Where messages wait."""
    return Outbox(settings.lake / "outbox")


def put_out(lake: Lake, settings: Settings, policy: Policy, watch: Watch, events: Sequence[dict[str, Any]]) -> None:
    """Write the messages of these events; those that are written already are not written again.

    What is more than a day old is not told any more, nor are updates of an incident that somebody has taken on.
    """
    notify = notify_of(settings)
    channels: tuple[Channel, ...] = notify.open()
    end = moment_of(watch.last + 1)
    told = [row for row in events if row["hour"] > end - _NEWS and _is_wanted(row)]
    if not channels or not told:
        return
    outbox, unit = outbox_of(settings), unit_of_money(lake)
    for row in told:
        message = message_of(row, row["event"], notify.language, unit_of_money=unit, timezone=settings.timezone)
        due = _due(row, policy.quiet, settings.timezone)
        picture = plot_of(
            series_around(watch, row), row, notify.language, unit_of_money=unit, timezone=settings.timezone
        )
        outbox.add(replace(message, due_at=due, plot=picture))


def series_around(watch: Watch, row: dict[str, Any]) -> pd.DataFrame:
    """The leading series of an incident around it: `ts`, `value`, `expected`, `low`, `high`; two weeks at most."""
    place = watch.kin.place[row["series_id"]]
    first = max(number_of(row["onset"]) - _BEFORE, watch.last - HISTORY + 1)
    hours = np.arange(first, watch.last + 1)
    values, means, variances = watch.detector.recent(hours, place)
    low, high = watch.detector.band(place, means, variances)
    return pd.DataFrame(
        {"ts": [moment_of(int(hour)) for hour in hours], "value": values, "expected": means, "low": low, "high": high}
    )


def unit_of_money(lake: Lake) -> str:
    """The shop's currency; empty where it has none, or several."""
    found = query(lake, "SELECT DISTINCT currency FROM events LIMIT 2")["currency"].to_pylist()
    return str(found[0]) if len(found) == 1 and found[0] else ""


def _is_wanted(row: dict[str, Any]) -> bool:
    return row["event"] != "updated" or row["acknowledged_at"] is None


def _due(row: dict[str, Any], quiet: QuietHours | None, timezone: str) -> datetime:
    """When the message may be told: now, after the quiet hours, or when its incident is not snoozed any more."""
    now: datetime = max(row["updated_at"], row["snoozed_until"] or row["updated_at"])
    if quiet is None:
        return now
    zone = ZoneInfo(timezone)
    wall = now.replace(tzinfo=UTC).astimezone(zone)
    end = quiet.end_of(wall.replace(tzinfo=None))
    return end.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)

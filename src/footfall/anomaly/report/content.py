"""What the page tells of each incident, and which incidents it tells of."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from footfall.anomaly.report import wording
from footfall.publish import message_of
from footfall.publish import wording as messages
from footfall.publish.language import local, percent
from footfall.publish.names import cause_of, metric_of, name_of, scope_of, shop_time, value_of

MOST_CARDS = 20
SHOWN, RECENT, WEEK = timedelta(days=28), timedelta(days=14), timedelta(days=7)
_AROUND = timedelta(days=1)


@dataclass(frozen=True)
class Shop:
    """How to speak of the shop.

    Args:
        unit: its currency; empty where it is not known.
        timezone: its own.
        judged_until: end of the last hour that was judged, UTC.
        commands_end: what commands need besides the incident, such as the lake's folder.
    """

    unit: str
    timezone: str
    judged_until: datetime
    commands_end: str = ""

    def on_clock(self, when: datetime) -> datetime:
        """A moment of UTC in the shop's time."""
        return local(when, self.timezone).replace(tzinfo=None)


@dataclass(frozen=True)
class IncidentView:
    """An incident, as the page shows it.

    Args:
        row: of the contract `incidents`; what is null is None.
        shop: whose it is.
    """

    row: Mapping[str, Any]
    shop: Shop

    @property
    def id(self) -> str:
        """Eight hexadecimal digits."""
        return str(self.row["incident_id"])

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return bool(self.row["status"] == "open")

    @property
    def is_about_data(self) -> bool:
        """Whether data are missing, and not sales."""
        return bool(self.row["kind"] == "no_data")

    @property
    def side(self) -> str:
        """`up`, `down`, or `none` where no data came."""
        return "none" if self.is_about_data else str(self.row["side"])

    @property
    def title(self) -> str:
        """As messages tell it."""
        if self.is_about_data:
            scope = scope_of(self.row, "en")
            return f"No data ({scope})" if scope else "No data of the whole shop"
        return message_of(self.row, "opened", "en", unit_of_money=self.shop.unit, timezone=self.shop.timezone).title

    @property
    def name(self) -> str:
        """Its leading series."""
        return "No data" if self.is_about_data else name_of(self.row, "en")

    @property
    def short_name(self) -> str:
        """What is counted and of whom; of a nested category, the last two parts."""
        member = ".".join(str(self.row["member"]).rsplit(".", 2)[-2:])
        if self.is_about_data or self.row["dimension"] == "all":
            return "No data" if self.is_about_data else self.metric
        return f"{self.metric}, {messages.OTHER.en if member == 'other' else member}"

    @property
    def metric(self) -> str:
        """What its leading series counts."""
        return metric_of(self.row, "en")

    @property
    def kind(self) -> str:
        """A drop, a spike, a new level, no data."""
        return wording.KINDS.get(self.row["kind"], str(self.row["kind"]))

    @property
    def first(self) -> datetime:
        """Its onset, UTC."""
        return _moment(self.row["onset"])

    @property
    def last(self) -> datetime:
        """Its end, UTC; of an open one, the end of what was judged."""
        return self.shop.judged_until if self.row["closed_at"] is None else _moment(self.row["closed_at"])

    @property
    def opened(self) -> datetime:
        """When it was found, UTC."""
        return _moment(self.row["opened_at"])

    @property
    def onset(self) -> str:
        """Since when, in the shop's time."""
        return wording.moment(shop_time(self.row, "onset", self.shop.timezone))

    @property
    def until(self) -> str:
        """Until when; empty while it is open."""
        return "" if self.is_open else wording.moment(shop_time(self.row, "closed_at", self.shop.timezone))

    @property
    def duration(self) -> str:
        """How long it lasted, or has lasted so far."""
        return wording.span(max(self.last - self.first, timedelta(hours=1)))

    @property
    def found_after(self) -> str:
        """From its onset until somebody could be told."""
        return wording.span(self.opened - self.first)

    @property
    def size(self) -> str:
        """What happened, and what was to be expected."""
        value, expected = self.row["value"], self.row["expected"]
        if self.is_about_data or value is None or expected is None:
            return ""
        told = [value_of(one, self.row["metric"], self.shop.unit, "en") for one in (value, expected)]
        return f"{told[0]} where {told[1]} were to be expected"

    @property
    def depth(self) -> str:
        """The greatest relative change; empty where nothing could be compared."""
        return "" if self.is_about_data or self.row["depth"] is None else wording.change(self.row["depth"])

    @property
    def money(self) -> str:
        """Revenue less what was expected; empty where there is none."""
        value = None if self.is_about_data else self.row["money"]
        return "" if value is None else wording.signed_money(value, self.shop.unit)

    @property
    def orders(self) -> str:
        """Orders less what was expected; empty where there are none."""
        value = None if self.is_about_data else self.row["orders"]
        return "" if value is None else wording.signed_orders(value)

    @property
    def cause(self) -> str:
        """Which members explain it; empty where none does."""
        return cause_of(self.row, "en") if self.row["cause"] else ""

    @property
    def cause_share(self) -> str:
        """How much of the change they explain."""
        share = self.row["cause_share"]
        return "" if not self.cause or share is None else percent(share, "en")

    @property
    def spread(self) -> str:
        """Where else it shows."""
        return f"{self.row['series']:,} series, {wording.counted(self.row['anomalies'], 'anomalous hour')} in all"

    @property
    def said(self) -> list[str]:
        """What people said of it."""
        found = ["acknowledged"] if self.row["acknowledged_at"] is not None else []
        snoozed = self.row["snoozed_until"]
        if snoozed is not None and _moment(snoozed) > self.shop.judged_until:
            found.append(f"snoozed until {wording.moment(self.shop.on_clock(_moment(snoozed)))}")
        if self.row["verdict"]:
            found.append(wording.VERDICTS.get(self.row["verdict"], str(self.row["verdict"])))
        return found

    @property
    def commands(self) -> list[tuple[str, str]]:
        """What can be typed, and what it is for; of one that is over nobody needs to be reminded later."""
        names = [name for name in messages.COMMANDS if self.is_open or name in messages.ONCE_OVER]
        more = {"feedback": " true|false|expected"}
        return [
            (
                f"footfall incidents {name} {self.id}{more.get(name, '')}{self.shop.commands_end}",
                messages.COMMANDS[name].en,
            )
            for name in names
        ]

    @property
    def weight(self) -> tuple[bool, bool, float, float]:
        """Open ones before others, then what leaves the shop unseen, then what costs most, then what brings most."""
        money = self.row["money"] or 0.0
        return self.is_open, self.is_about_data, max(-money, 0.0), abs(money)


@dataclass(frozen=True)
class Content:
    """The incidents that the page tells of.

    Args:
        shop: how to speak of it.
        shown: those that lasted into the last 28 days, the newest first.
        cards: those that are open or were found in the last 14 days, the open and costly first.
        more: how many of these have no card, for they are too many.
    """

    shop: Shop
    shown: list[IncidentView]
    cards: list[IncidentView]
    more: int

    @property
    def open(self) -> list[IncidentView]:
        """Those that go on."""
        return [one for one in self.shown if one.is_open]

    def found_in(self, length: timedelta) -> list[IncidentView]:
        """Those that were found in the last days."""
        return [one for one in self.shown if one.opened > self.shop.judged_until - length]


def read(incidents: pd.DataFrame, shop: Shop) -> Content:
    """Choose the incidents that the page tells of."""
    every = [IncidentView(_known(row), shop) for row in incidents.to_dict("records")]
    shown = [one for one in every if one.is_open or one.last > shop.judged_until - SHOWN]
    shown.sort(key=lambda one: (one.opened, one.id), reverse=True)
    told = [one for one in shown if one.is_open or one.opened > shop.judged_until - RECENT]
    told.sort(key=lambda one: one.weight, reverse=True)
    return Content(shop, shown, told[:MOST_CARDS], max(len(told) - MOST_CARDS, 0))


def around(one: IncidentView, series: pd.DataFrame) -> pd.DataFrame:
    """The buckets of a series that a plot of the incident shows: up to a day after its end, in the shop's time."""
    rows = series[(series.ts <= one.last + _AROUND)].sort_values("ts")
    wall = rows.ts.dt.tz_localize("UTC").dt.tz_convert(one.shop.timezone).dt.tz_localize(None)
    return rows.assign(at=wall)


def commands_end(lake: str) -> str:
    """What commands need to find a lake that is not the usual one.

    >>> commands_end("lake"), commands_end("my shop/lake")
    ('', " --lake 'my shop/lake'")
    """
    return "" if lake in ("", "lake") else f" --lake {shlex.quote(lake)}"


def _known(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): None if pd.isna(value) else value for name, value in row.items()}


def _moment(value: Any) -> datetime:
    when: datetime = pd.Timestamp(value).to_pydatetime()
    return when

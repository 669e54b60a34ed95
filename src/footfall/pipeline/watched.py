"""What detection reads of a lake: the watched series hour by hour, the policy, and which hours are special."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from footfall.anomaly import (
    HOLIDAY,
    ORDINARY,
    REVISION,
    SALE,
    Hour,
    Kin,
    Policy,
    Watch,
    limits_of,
    read_policy,
)
from footfall.contracts import COMPLETE, INCIDENTS, METRIC_SERIES, MISSING, PARTIAL
from footfall.errors import SettingInvalid, UserError
from footfall.lake import Lake, fingerprint
from footfall.pipeline.baselines import forecaster_of
from footfall.pipeline.query import query
from footfall.pipeline.series import shop_calendar
from footfall.series import METRICS, Sale
from footfall.settings import Settings

ALERTS = Path("alerts.toml")
JUDGED = "judged"
"""Under this name, `incidents` keeps the number of the last hour of which it has all findings."""
_HOUR = pd.Timedelta(hours=1)
_EPOCH = pd.Timestamp(0)


@dataclass(frozen=True)
class Hours:
    """Hours of watched series that are over, in the order of time.

    Args:
        moments: when each began, UTC.
        hours: what kind of hour each is.
        values: hours x series; null where the shop is closed or nothing is known.
        missing: hours of which data should have come and did not.
    """

    moments: pd.DatetimeIndex
    hours: list[Hour]
    values: npt.NDArray[np.float64]
    missing: npt.NDArray[np.bool_]

    def __iter__(self) -> Iterator[tuple[int, Hour, npt.NDArray[np.float64], npt.NDArray[np.bool_]]]:
        """Number, kind, values, and the series of which data are missing."""
        for moment, hour, values, missing in zip(self.moments, self.hours, self.values, self.missing, strict=True):
            yield number_of(moment), hour, values, np.full(len(values), missing)


def number_of(moment: datetime) -> int:
    """The number of the hour that begins at a moment, UTC."""
    return int((pd.Timestamp(moment) - _EPOCH) // _HOUR)


def moment_of(number: int) -> datetime:
    """When the hour of that number begins, UTC.

    >>> moment_of(number_of(datetime(2020, 1, 31, 18)))
    datetime.datetime(2020, 1, 31, 18, 0)
    """
    return datetime.fromtimestamp(number * 3600, UTC).replace(tzinfo=None)


def alerts_file(settings: Settings) -> Path | None:
    """The file that the settings name, else `alerts.toml` in the working folder where there is one."""
    return settings.alerts or (ALERTS if ALERTS.exists() else None)


def policy_of(settings: Settings) -> Policy:
    """The policy of the file that the settings name, else of `alerts.toml` in the working folder, else the usual one.

    Raises:
        SettingInvalid: it cannot be read, or watches a metric that is not there.
    """
    file = alerts_file(settings)
    policy = read_policy(file) if file else Policy()
    sums = [name for name, metric in METRICS.items() if metric.per is None]
    for name in (*policy.metrics, *policy.direction):
        if name not in sums:
            raise SettingInvalid(f'policy {file}: "{name}" cannot be watched; metrics that can are {", ".join(sums)}')
    return policy


def kin_of(lake: Lake, policy: Policy) -> Kin:
    """The watched series of a lake.

    Raises:
        UserError: it has none.
    """
    names = ", ".join(f"'{name}'" for name in policy.metrics)
    rows = []
    if METRIC_SERIES.name in lake.tables():
        rows = query(
            lake,
            "SELECT DISTINCT series_id, metric, dimension, member, parent FROM metric_series "
            f"WHERE grain = 'hour' AND metric IN ({names}) ORDER BY series_id",
        ).to_pylist()
    if not rows:
        raise UserError(
            f"lake {lake.root} has no series of {', '.join(policy.metrics)} yet; `footfall run SOURCE` brings some"
        )
    parts = {name: tuple(row[name] for row in rows) for name in rows[0]}
    shops = ("shop",) * len(rows)
    return Kin(parts["series_id"], parts["metric"], parts["dimension"], parts["member"], parts["parent"], shops)


def watch_of(kin: Kin, policy: Policy, settings: Settings) -> Watch:
    """A watch that knows nothing yet.

    Raises:
        SettingInvalid: the baseline needs an extra that is not installed.
    """
    money = np.array([METRICS[name].unit == "currency" if name in METRICS else False for name in kin.metrics])
    return Watch(
        kin, limits_of(policy, list(kin.metrics), money), policy.budget, settings.seed, forecaster_of(settings, kin)
    )


def judged_until_of(lake: Lake) -> datetime | None:
    """End of the last hour that was judged and whose findings are in the lake; None before the first."""
    last = lake.done(INCIDENTS, JUDGED)
    return None if last is None else moment_of(last + 1)


def memory_of(lake: Lake) -> Path:
    """The file of what a watch of the lake remembers."""
    return lake.root / "models" / "watch" / "memory.npz"


def mark_of(settings: Settings, policy: Policy) -> str:
    """What hours are judged by: a memory of another mark is not used."""
    judged_by = policy.model_dump_json(exclude={"quiet"})
    return str(fingerprint(REVISION, judged_by, settings.timezone, settings.seed, settings.baseline))


def hours_of(
    lake: Lake, settings: Settings, kin: Kin, *, after: datetime | None = None, until: datetime | None = None
) -> Hours:
    """Hours that are over, from the first after `after` to the last that ends at `until` or before."""
    names = ", ".join(sorted({f"'{name}'" for name in kin.metrics}))
    asked = f"grain = 'hour' AND metric IN ({names}) AND status <> '{PARTIAL}'"
    if after is not None:
        asked += f" AND ts > TIMESTAMP '{after}'"
    if until is not None:
        asked += f" AND ts < TIMESTAMP '{until}'"
    rows = query(lake, f"SELECT ts, status, value FROM metric_series WHERE {asked} ORDER BY ts, series_id")
    count = len(kin)
    statuses = rows["status"].to_pandas().to_numpy()[::count]
    moments = pd.DatetimeIndex(rows["ts"].to_pandas().to_numpy()[::count])
    values = rows["value"].to_numpy(zero_copy_only=False).astype(np.float64).reshape(-1, count)
    # Sums of money differ in their last bits from count to count; two runs have to come to the same.
    values = np.where((statuses == COMPLETE)[:, None], values.round(6), np.nan)
    return Hours(moments, kinds_of(settings, moments), values, statuses == MISSING)


def kinds_of(settings: Settings, moments: pd.DatetimeIndex) -> list[Hour]:
    """What kind of hour each is, on the shop's clock and by its calendar."""
    calendar = shop_calendar(settings)
    wall = moments.tz_localize("UTC").tz_convert(settings.timezone).tz_localize(None)
    sales = {day: _planned(sale) for sale in calendar.sale for day in sale.days()}
    holidays = calendar.holidays(range(wall.year.min(), wall.year.max() + 1)) if len(wall) else {}
    found = []
    for slot, day in zip(wall.dayofweek * 24 + wall.hour, wall.date, strict=True):
        kind = SALE if day in sales else HOLIDAY if day in holidays else ORDINARY
        found.append(Hour(int(slot), kind, sales.get(day)))
    return found


def _planned(sale: Sale) -> float | None:
    """How much a sale is to bring, compared with ordinary days; None where the calendar does not say."""
    return sale.intensity if "intensity" in sale.model_fields_set else None

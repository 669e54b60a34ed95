"""What would have been told under a policy: hours of the past, judged again as if they came one by one."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from footfall.errors import UserError
from footfall.lake import open_lake
from footfall.pipeline.detection import LEARNING, incident_row
from footfall.pipeline.watched import hours_of, kin_of, moment_of, policy_of, watch_of
from footfall.settings import Settings

Report = Callable[[str], None]


@dataclass(frozen=True)
class Replay:
    """Incidents that would have been opened.

    Args:
        first: start of the first hour that counts.
        last: end of the last one.
        series: how many were watched.
        hours: how many hours were judged in that time.
        incidents: rows as in the table, as they were at the end, in the order in which they would have been told.
    """

    first: datetime
    last: datetime
    series: int
    hours: int
    incidents: list[dict[str, Any]]

    @property
    def by_week(self) -> dict[str, int]:
        """How many in each week, by its Monday."""
        weeks = Counter(f"{_monday(row['opened_at']):%Y-%m-%d}" for row in self.incidents)
        return dict(sorted(weeks.items()))

    @property
    def by_series(self) -> dict[str, int]:
        """How many of each leading series, the most first."""
        return dict(Counter(row["series_id"] for row in self.incidents).most_common())

    def summary(self) -> dict[str, Any]:
        """Plain values, for scripts."""
        weeks = max(self.hours / 168, 1e-9)
        return {
            "from": self.first, "to": self.last, "series": self.series, "hours": self.hours,
            "alerts_per_week": len(self.incidents) / weeks,
            "by_week": self.by_week, "by_series": self.by_series, "incidents": self.incidents,
        }  # fmt: skip


def replay(settings: Settings, first: datetime, last: datetime, *, report: Report = lambda _: None) -> Replay:
    """Judge the hours from `first` to `last` again under today's policy; nothing is written, and nobody is told.

    Args:
        settings: the lake, its calendar, the policy.
        first: the first hour that counts, UTC; twelve weeks before it are learnt from.
        last: the end, UTC.
        report: told what is being done.

    Raises:
        UserError: there are no series, or none of their hours lies in that time.
    """
    policy, lake = policy_of(settings), open_lake(settings.lake)
    kin = kin_of(lake, policy)
    watch = watch_of(kin, policy, settings)
    told: dict[str, dict[str, Any]] = {}
    count = 0
    for number, hour, values, missing in hours_of(lake, settings, kin, after=first - LEARNING, until=last):
        moment = moment_of(number)
        if moment.hour == 0:
            report(f"judging {moment:%Y-%m-%d}")
        judged = watch.judge(number, hour, values, missing)
        if moment < first:
            continue
        count += 1
        for one in watch.recent:
            if one.id in told or any(one is other and event == "opened" for other, event in judged.events):
                told[one.id] = incident_row(one, kin, number)
    if not count:
        raise UserError(f"lake {lake.root} has no hour that is over from {first} to {last}; name days that it holds")
    return Replay(first, last, len(kin), count, list(told.values()))


def _monday(moment: datetime) -> datetime:
    return datetime.fromisocalendar(*moment.isocalendar()[:2], 1)

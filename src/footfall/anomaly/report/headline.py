"""How things stand, in a sentence or two and a few numbers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from footfall.anomaly.budget import FALSE_ALERTS_PER_WEEK
from footfall.anomaly.policy import Budget
from footfall.anomaly.report import wording
from footfall.anomaly.report.content import SHOWN, WEEK, Content, IncidentView
from footfall.publish.language import money, number, percent


@dataclass(frozen=True)
class Number:
    """A number of the headline, what it is, and what is to be known of it."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Headline:
    """The page in short.

    Args:
        state: how things stand.
        watched: what was watched, up to when.
        is_calm: whether nothing is open.
        numbers: what and how much.
    """

    state: str
    watched: str
    is_calm: bool
    numbers: Sequence[Number]


@dataclass(frozen=True)
class Stake:
    """Money less and more than expected, each at least so much."""

    missing: float
    more: float


def stake(incidents: Iterable[IncidentView]) -> Stake:
    """Of incidents together. What is missing in a brand is missing in its country too, and counts once.

    Members of a dimension have nothing in common, so their money adds up; of the dimensions, the largest sum is taken.
    """
    sums: dict[tuple[bool, str], float] = defaultdict(float)
    for one in incidents:
        if not one.is_about_data:
            value = one.row["money"] or 0.0
            sums[value < 0, one.row["dimension"]] += abs(value)
    most = {side: max((total for key, total in sums.items() if key[0] == side), default=0.0) for side in (True, False)}
    return Stake(most[True], most[False])


def headline(
    content: Content, *, watched: int, metrics: Sequence[str], budget: Budget, judged_since: datetime | None
) -> Headline:
    """How things stand at the end of what was judged."""
    numbers = [
        Number("Open now", str(len(content.open))),
        Number("Found in the last 7 days", str(len(content.found_in(WEEK)))),
        Number("In the last 28 days", str(len(content.found_in(SHOWN)))),
        _at_stake(content),
        _rate(content, budget, judged_since),
        Number("Judged up to", wording.moment(content.shop.on_clock(content.shop.judged_until)), content.shop.timezone),
    ]
    return Headline(_state(content), _watched(content, watched, metrics), not content.open, numbers)


def _state(content: Content) -> str:
    count = len(content.open)
    if not count:
        latest = "" if content.shown else ", and none was found in the last 28 days"
        return f"No incident is open{latest}."
    told = f"{wording.counted(count, 'incident')} {'is' if count == 1 else 'are'} open"
    data = sum(one.is_about_data for one in content.open)
    if data == count:
        return f"{told}: data have stopped coming."
    found = stake(content.open)
    missing = f"about {_amount(found.missing, content)} of revenue is missing so far"
    blind = " Data have stopped coming." if data else ""
    return f"{told}; {missing if found.missing >= 1 else 'no revenue is missing'}.{blind}"


def _watched(content: Content, watched: int, metrics: Sequence[str]) -> str:
    of = f" of {wording.listed([wording.metric_name(name) for name in metrics])}" if metrics else ""
    until = wording.moment(content.shop.on_clock(content.shop.judged_until))
    return f"{watched:,} series{of} were watched hour by hour, up to {until} ({content.shop.timezone})."


def _at_stake(content: Content) -> Number:
    found = stake(content.open)
    missing = wording.signed_money(-found.missing if found.missing >= 1 else 0.0, content.shop.unit)
    return Number("Missing in open ones", missing, _more(found, content))


def _more(found: Stake, content: Content) -> str:
    return f"others bring {wording.signed_money(found.more, content.shop.unit)}" if found.more >= 1 else ""


def _amount(value: float, content: Content) -> str:
    return money(value, content.shop.unit, "en", rounded=True)


def _rate(content: Content, budget: Budget, judged_since: datetime | None) -> Number:
    """Over the weeks that were judged, at most the four that the page shows."""
    judged = SHOWN if judged_since is None else min(content.shop.judged_until - judged_since, SHOWN)
    found = content.found_in(SHOWN)
    if budget.false_discovery_rate is not None:
        allowed = f"budget: {percent(budget.false_discovery_rate, 'en')} of them false"
    else:
        allowed = f"budget: {number(budget.false_alerts_per_week or FALSE_ALERTS_PER_WEEK, 'en')} false a week"
    wrong = sum(one.row["verdict"] == "false" for one in found)
    said = f"; {wrong} said to be false in all" if wrong else ""
    return Number("Alerts a week", number(len(found) / max(judged / WEEK, 1.0), "en", digits=2), f"{allowed}{said}")

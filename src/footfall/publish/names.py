"""What a series, its part of the shop and its values are called."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

import pandas as pd

from footfall.publish import wording
from footfall.publish.language import Language, local, money, number, percent

Incident = Mapping[str, Any]
"""A row of the contract `incidents`."""


def name_of(incident: Incident, language: Language) -> str:
    """What the leading series is called.

    >>> name_of({"metric": "revenue", "dimension": "brand", "member": "apple"}, "fr")
    "Chiffre d'affaires (marque apple)"
    >>> name_of({"metric": "orders", "dimension": "category_2", "member": "unknown"}, "fr")
    'Commandes (catégorie de niveau 2 inconnue)'
    """
    metric, scope = metric_of(incident, language), scope_of(incident, language)
    return f"{metric} ({scope})" if scope else metric


def metric_of(incident: Incident, language: Language) -> str:
    """What is counted."""
    known = wording.METRICS.get(incident["metric"])
    return known.of(language) if known else str(incident["metric"])


def scope_of(incident: Incident, language: Language) -> str:
    """Which part of the shop; empty for all of it."""
    dimension = incident["dimension"]
    if dimension == "all":
        return ""
    return f"{_dimension(dimension, language)} {member_of(dimension, incident['member'], language)}"


def member_of(dimension: str, member: str, language: Language) -> str:
    """What a member of a dimension is called.

    >>> member_of("brand", "unknown", "fr"), member_of("brand", "apple", "fr")
    ('inconnue', 'apple')
    """
    known = {
        "other": wording.OTHER,
        "unknown": wording.UNKNOWN_COUNTRY if dimension == "country" else wording.UNKNOWN,
    }.get(member)
    return known.of(language) if known else member


def cause_of(incident: Incident, language: Language) -> str:
    """What explains it.

    >>> cause_of({"cause": "brand: apple, sony"}, "fr")
    'marque apple, sony'
    """
    dimension, _, members = str(incident["cause"]).partition(": ")
    if dimension == "renamed":
        return f"{wording.RENAMED.of(language)} {members}"
    named = ", ".join(member_of(dimension, one, language) for one in members.split(", "))
    return f"{_dimension(dimension, language)} {named}".strip()


def is_daily(incident: Incident) -> bool:
    """Whether its leading series is counted by day."""
    return str(incident["series_id"]).startswith("day/")


def shop_time(incident: Incident, column: str, timezone: str) -> datetime:
    """A moment of the incident on the shop's clock. Buckets of days are dates, which no clock moves."""
    when: datetime = pd.Timestamp(incident[column]).to_pydatetime()
    return when if is_daily(incident) and when.time() == time() else local(when, timezone)


def value_of(value: float, metric: str, unit_of_money: str, language: Language) -> str:
    """A value of a metric in its unit."""
    if metric in wording.IN_MONEY:
        return money(value, unit_of_money, language)
    if metric in wording.IN_PER_CENT:
        return percent(value, language)
    return number(value, language)


def _dimension(dimension: str, language: Language) -> str:
    known = wording.DIMENSIONS.get(dimension)
    return known.of(language) if known else dimension

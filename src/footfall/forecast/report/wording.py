"""Numbers, dates and names as people read them."""

import math
from dataclasses import dataclass

import pandas as pd

from footfall.forecast.backtest import ENSEMBLE
from footfall.forecast.choice import CHOSEN

NOTHING = "–"  # noqa: RUF001 - an en dash is what a reader expects in an empty cell
_MODELS = {
    CHOSEN: "chosen forecast",
    ENSEMBLE: "median of the models",
    "xgboost": "XGBoost",
    "ets": "ETS",
    "mstl": "MSTL",
    "arima": "ARIMA",
}
_BUCKETS = {"min": "minute", "h": "hour", "D": "day", "7D": "week", "MS": "month"}


def amount(value: float | None) -> str:
    """Three digits that matter, or all before the point: `1,234`, `56.7`, `4.32`, `0`.

    >>> amount(12345.6), amount(0.0456)
    ('12,346', '0.0456')
    """
    if value is None or math.isnan(value):
        return NOTHING
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def about(value: float | None) -> str:
    """A number that is not meant to the last digit: `578,000`.

    >>> about(577_936.2)
    '578,000'
    """
    return amount(None if value is None else float(f"{value:.3g}"))


def alike(*values: float) -> list[str]:
    """Numbers of one thing, all to the digit to which the largest is told: beside 518, nobody needs 0.00697.

    >>> alike(0.00697, 12.9, 518.2)
    ['0', '13', '518']
    """
    known = [abs(value) for value in values if value and not math.isnan(value)]
    place = 2 - math.floor(math.log10(max(known))) if known else 0
    return [amount(round(value, place)) for value in values]


def score(value: float) -> str:
    """Three digits, so that scores below each other are as long: `0.700`, `1.05`, `12,346`.

    >>> score(0.7), score(1.05)
    ('0.700', '1.05')
    """
    return f"{value:#,.3g}" if 0 < abs(value) < 100 else amount(value)


def percent(share: float | None) -> str:
    """A share in percent, with one digit below 10%.

    >>> percent(0.4321), percent(-0.0432)
    ('43%', '-4.3%')
    """
    if share is None or math.isnan(share):
        return NOTHING
    return f"{share:.{0 if abs(share) >= 0.095 or share == 0 else 1}%}"


def signed(share: float | None) -> str:
    """A change in percent: `+12%`."""
    return f"+{percent(share)}" if share is not None and share > 0 else percent(share)


def model_name(model: str) -> str:
    """What a model is called on the page.

    >>> model_name("seasonal_naive")
    'seasonal naive'
    """
    one, blended, other = model.partition("+")
    return _MODELS.get(one, one.replace("_", " ")) + (f" with {_MODELS[other]}" if blended else "")


def bucket_name(freq: str) -> str:
    """What a bucket is called: `day`."""
    return _BUCKETS.get(freq, "bucket")


def buckets(number: int, freq: str) -> str:
    """How many buckets.

    >>> buckets(14, "D"), buckets(1, "h"), buckets(3, "5min")
    ('14 days', '1 hour', '3 buckets')
    """
    return f"{number:,} {bucket_name(freq)}{'' if number == 1 else 's'}"


def moment(when: pd.Timestamp, freq: str) -> str:
    """A bucket's name in time.

    >>> moment(pd.Timestamp("2011-12-09"), "D"), moment(pd.Timestamp("2011-12-01"), "MS")
    ('9 Dec 2011', 'Dec 2011')
    """
    if freq == "MS":
        return f"{when:%b %Y}"
    day = f"{when.day} {when:%b %Y}"
    return day if freq in ("D", "7D") else f"{day}, {when:%H:%M}"


@dataclass(frozen=True)
class SeriesName:
    """What a series is called: `france` of the dimension `country`."""

    member: str
    dimension: str

    def __str__(self) -> str:
        return f"{self.member} ({self.dimension})" if self.dimension else self.member


def series_name(series_id: str, *, is_total: bool = False) -> SeriesName:
    """The readable part of a name of the lake; any other name as it is.

    >>> str(series_name("day/revenue/country/france")), str(series_name("shop 12"))
    ('france (country)', 'shop 12')
    """
    parts = series_id.split("/", 3)
    if len(parts) < 4:
        return SeriesName(series_id, "")
    if is_total or parts[2:] == ["all", "all"]:
        return SeriesName(f"Total {parts[1]}", "")
    return SeriesName(parts[3], parts[2])

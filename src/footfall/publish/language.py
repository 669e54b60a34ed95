"""Words, numbers and times as they are written in English and in French."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

Language = Literal["en", "fr"]

MINUS = "\u2212"
_THIN, _FIXED = "\u202f", "\u00a0"
_MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December"),
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
           "décembre"),
}  # fmt: skip
_SHORT_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
}
_SIGNS_BEFORE = ("$", "£", "€")


@dataclass(frozen=True)
class Text:
    """The same said in English and in French."""

    en: str
    fr: str

    def of(self, language: Language) -> str:
        """Say it in a language."""
        return self.fr if language == "fr" else self.en


def number(value: float, language: Language, *, digits: int = 3) -> str:
    r"""So many digits that matter, or all before the point.

    >>> number(48213.4, "en"), number(48213.4, "fr"), number(-0.0456, "fr")
    ('48,213', '48\u202f213', '\u22120,0456')
    """
    shown = 0 if value == 0 else max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{abs(value):,.{shown}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return (MINUS if value < 0 and text != "0" else "") + _in_language(text, language)


def about(value: float, language: Language) -> str:
    """A number that is not meant to the last digit.

    >>> about(577_936.2, "en")
    '578,000'
    """
    return number(float(f"{value:.3g}"), language)


def percent(share: float, language: Language) -> str:
    r"""A share in per cent, with one digit below 10%.

    >>> percent(0.4321, "en"), percent(-0.0432, "fr")
    ('43%', '\u22124,3\u202f%')
    """
    shown = 0 if abs(share) >= 0.095 or share == 0 else 1
    text = _in_language(f"{abs(share):,.{shown}%}", language)
    return (MINUS if share < 0 else "") + text


def money(value: float, unit: str, language: Language, *, rounded: bool = False) -> str:
    r"""An amount in the shop's currency, to its whole unit from 100 on.

    >>> money(18400, "EUR", "fr"), money(18400, "€", "en"), money(18.4, "", "en")
    ('18\u202f400\xa0EUR', '€18,400', '18.4')
    """
    text = (about if rounded else number)(abs(value), language)
    if unit in _SIGNS_BEFORE and language == "en":
        text = f"{unit}{text}"
    elif unit:
        text = f"{text}{_FIXED}{unit}"
    return (MINUS if value < 0 else "") + text


def local(when: datetime, timezone: str) -> datetime:
    """A moment of naive UTC on the shop's clock."""
    return when.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone))


def moment(when: datetime, language: Language) -> str:
    r"""A day and a time of day.

    >>> moment(datetime(2026, 11, 1, 14, 5), "en"), moment(datetime(2026, 11, 1, 14, 0), "fr")
    ('1 November 2026, 14:05', '1er novembre 2026 à 14\xa0h')
    """
    between = ", " if language == "en" else " à "
    return day(when, language) + between + clock(when, language)


def clock(when: datetime, language: Language) -> str:
    """A time of day."""
    if language == "en":
        return f"{when:%H:%M}"
    minutes = f"{_FIXED}{when:%M}" if when.minute else ""
    return f"{when.hour}{_FIXED}h{minutes}"


def day(when: datetime, language: Language) -> str:
    """A day.

    >>> day(datetime(2026, 8, 22), "en"), day(datetime(2026, 8, 22), "fr")
    ('22 August 2026', '22 août 2026')
    """
    number_of_day = "1er" if when.day == 1 and language == "fr" else str(when.day)
    return f"{number_of_day} {_MONTHS[language][when.month - 1]} {when.year}"


def short_day(when: datetime, language: Language) -> str:
    """A day of a year that is known."""
    return f"{when.day} {_SHORT_MONTHS[language][when.month - 1]}"


def _in_language(text: str, language: Language) -> str:
    """French writes a comma for the point, a thin space between thousands, and one before the percent sign."""
    if language == "en":
        return text
    return text.replace(",", _THIN).replace(".", ",").replace("%", f"{_THIN}%")

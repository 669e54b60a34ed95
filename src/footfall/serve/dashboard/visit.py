"""A visit of a page: who looks, in which language, at which days."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from footfall.publish import language as write
from footfall.publish.language import Language, Text
from footfall.publish.wording import IN_MONEY, IN_PER_CENT
from footfall.serve.access import Caller, Outcome, Permission
from footfall.serve.dashboard.period import Period
from footfall.serve.dashboard.served import Served
from footfall.serve.views.published import Published
from footfall.serve.views.view import View

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
_MEGABYTES, _KILOBYTES = Text("MB", "Mo"), Text("kB", "ko")
NOTHING = "–"  # noqa: RUF001 - an en dash is what a reader expects in an empty cell


@dataclass(frozen=True)
class Visit:
    """What a page needs.

    Attributes:
        served: what the server holds.
        caller: who looks.
        language: of all texts and numbers.
        period: the days that the visitor chose; None while the shop has no series.
        unit: the shop's currency; empty where it is not known.
    """

    served: Served
    caller: Caller
    language: Language
    period: Period | None
    unit: str

    @property
    def published(self) -> Published:
        """The tables."""
        return self.served.published

    @property
    def days(self) -> Period:
        """The period.

        Raises:
            NotPublished: the shop has no series yet.
        """
        self.published.need("metric_series")
        return self.period or Period(date.today(), date.today())

    def say(self, text: Text, **parts: object) -> str:
        """A text in the visitor's language."""
        return text.of(self.language).format(**parts) if parts else text.of(self.language)

    def ask(self, view: View[Asked, Answer], *asked: Asked.args, **named: Asked.kwargs) -> Answer:
        """The answer of a view, kept until one of its tables has a new version.

        Raises:
            NotPublished: a table is missing.
        """
        return answer(self.published, view, *asked, **named)

    def may(self, permission: Permission) -> bool:
        """Whether the visitor's roles allow it."""
        return self.caller.may(permission)

    def note(
        self,
        what: str,
        *,
        users: Iterable[str] = (),
        segment: int | None = None,
        count: int | None = None,
        outcome: Outcome = "ok",
        target: str | None = None,
    ) -> None:
        """Write into the audit log what the visitor did."""
        self.served.audit.record(
            self.caller,
            what,
            via="dashboard",
            outcome=outcome,
            users=users,
            segment=segment,
            count=count,
            target=target,
        )

    def note_look(self, what: str, users: Iterable[str], outcome: Outcome = "ok") -> None:
        """Write a look at users into the audit log, once while the same is looked at."""
        seen = (what, tuple(users), outcome)
        if st.session_state.get(f"_looked_{what}") != seen:
            self.note(what, users=seen[1], outcome=outcome)
            st.session_state[f"_looked_{what}"] = seen

    def number(self, value: float | None, *, digits: int = 3) -> str:
        """A number, or a dash."""
        return NOTHING if value is None or value != value else write.number(value, self.language, digits=digits)  # noqa: PLR0124

    def count(self, value: float | None) -> str:
        """A whole number."""
        return self.number(None if value is None else round(value))

    def percent(self, share: float | None) -> str:
        """A share in per cent, or a dash."""
        return NOTHING if share is None or share != share else write.percent(share, self.language)  # noqa: PLR0124

    def signed_percent(self, share: float | None) -> str:
        """A change in per cent."""
        text = self.percent(share)
        return f"+{text}" if share is not None and share > 0 else text

    def money(self, value: float | None) -> str:
        """An amount in the shop's currency."""
        return NOTHING if value is None else write.money(value, self.unit, self.language)

    def size(self, size: float) -> str:
        """A number of bytes."""
        unit, text = (1e6, _MEGABYTES) if size >= 1e6 else (1e3, _KILOBYTES)
        return f"{self.number(size / unit)} {self.say(text)}"

    def day(self, when: date | None) -> str:
        """A day."""
        return NOTHING if when is None else write.day(_as_moment(when), self.language)

    def moment(self, when: datetime | None) -> str:
        """A moment of UTC on the shop's clock."""
        if when is None:
            return NOTHING
        return write.moment(write.local(when, self.served.settings.timezone), self.language)

    def writer(self, metric: str) -> Callable[[float | None], str]:
        """How values of a metric are written."""
        return self.money if metric in IN_MONEY else self.percent if metric in IN_PER_CENT else self.number


def _as_moment(when: date) -> datetime:
    return when if isinstance(when, datetime) else datetime.combine(when, time())


def answer(published: Published, view: View[Asked, Answer], *asked: Asked.args, **named: Asked.kwargs) -> Answer:
    """The answer of a view, kept until one of its tables has a new version.

    Raises:
        NotPublished: a table is missing.
    """
    found: Answer = _kept(view.name, published.tag(*view.tables), asked, named, view, published)
    return found


@st.cache_data(show_spinner=False, max_entries=512)
def _kept(
    name: str, tag: str, asked: tuple[Any, ...], named: dict[str, Any], _view: View[..., Any], _published: Published
) -> Any:
    """The arguments that begin with an underscore are not part of what is remembered."""
    del name, tag
    return _view(_published, *asked, **named)

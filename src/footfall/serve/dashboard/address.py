"""Choices that stand in the address: links, reloads and the browser's Back bring them back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

Choice = TypeVar("Choice", str, int)
_SAID = "_address_said"


@dataclass(frozen=True)
class _Said:
    """What the address said of a choice when it was looked at last, and what that means."""

    text: str
    value: object


def recall(name: str, options: Sequence[Choice], default: Choice) -> None:
    """Before a widget of this key: what it shows is what was chosen, or what the address that was gone to says."""
    by_text = {str(one): one for one in options}
    recall_as(name, lambda text: by_text.get(text, default), options.__contains__)


def recall_text(name: str) -> None:
    """The same as `recall` for what is typed."""
    recall_as(name, str)


def keep(name: str, default: Choice) -> None:
    """Before a widget whose choice stands in no address: it stays, also where its options are said in another language.

    A browser goes on to show the option as it was called when it was chosen, until the value is set.
    """
    st.session_state[name] = st.session_state.get(name, default)


def recall_as(name: str, read: Callable[[str], object], is_possible: Callable[[object], bool] | None = None) -> None:
    """The same for what stands in the address in its own way.

    Args:
        name: of the widget's key and of the parameter.
        read: what a text of the address means; empty where the address says nothing.
        is_possible: whether what was chosen before can still be chosen.
    """
    said, before = _Said(said_of(name), read(said_of(name))), _said().get(name)
    value = st.session_state.get(name)
    # An address that is not the one written last was gone to: by a link, or by Back. While the answer to a click is
    # under way the browser still tells the old one, but then the widget has another value.
    went = before is None or (said.text != before.text and value == before.value)
    if went or name not in st.session_state or (is_possible is not None and not is_possible(value)):
        value = said.value
    _said()[name] = said
    # Also where it is the same: a widget has another id on each page, and would begin at its first option.
    st.session_state[name] = value


def remember(name: str, default: object = None) -> None:
    """After a widget of this key: write what was chosen into the address, unless it is what is usual."""
    remember_as({name: text_of(st.session_state.get(name), default)})


def text_of(value: object, default: object = None) -> str:
    """What the address says of a value: nothing of what is usual."""
    return "" if value is None or value in (default, "") else str(value)


def remember_as(texts: Mapping[str, str], *, anyway: bool = False) -> None:
    """Write texts for several widgets into the address, at once: the browser's Back takes all of them back.

    What the address means already is left as it is: an address that was gone to would otherwise be followed by
    another one, and Back would lead there for ever.

    Args:
        texts: by name of the widget's key and of the parameter.
        anyway: whether they are written also where the address means them already.
    """
    changed = {name: text for name, text in texts.items() if anyway or not _is_said(name)}
    for name, text in changed.items():
        _said()[name] = _Said(text, st.session_state.get(name))
    write(changed)


def forget(*names: str) -> None:
    """Keep what widgets show out of the address."""
    remember_as(dict.fromkeys(names, ""), anyway=True)


def write(texts: Mapping[str, str]) -> None:
    """Change the address; a parameter without a text is taken out of it."""
    now = st.query_params.to_dict()
    then = {name: text for name, text in (now | dict(texts)).items() if text or name not in texts}
    if then != now:
        st.query_params.from_dict(then)


def said_of(name: str) -> str:
    """What the address says; empty where that is nothing."""
    return st.query_params.get(name, "")


def _is_said(name: str) -> bool:
    said = _said().get(name)
    return said is not None and said.text == said_of(name) and said.value == st.session_state.get(name)


def _said() -> dict[str, _Said]:
    found: dict[str, _Said] = st.session_state.setdefault(_SAID, {})
    return found

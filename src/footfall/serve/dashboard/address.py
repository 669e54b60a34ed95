"""Choices that stand in the address: links and reloads bring them back."""

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

import streamlit as st

Choice = TypeVar("Choice", str, int)


def recall(name: str, options: Sequence[Choice], default: Choice) -> None:
    """Before a widget of this key: what it shows at first is what the address says, if that can be chosen."""
    if st.session_state.get(name) in options:
        return
    told = st.query_params.get(name)
    st.session_state[name] = next((one for one in options if str(one) == told), default)


def remember(name: str, default: object = None) -> None:
    """After a widget of this key: write what was chosen into the address, unless it is what is usual."""
    value = st.session_state.get(name)
    if value is None or value in (default, ""):
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != str(value):
        st.query_params[name] = str(value)


def recall_text(name: str) -> None:
    """The same as `recall` for what is typed."""
    if name not in st.session_state:
        st.session_state[name] = st.query_params.get(name, "")


def recall_days(name: str, first: date, last: date) -> None:
    """The same for two days, written as FROM..TO, which have to lie between others."""
    if name in st.session_state:
        return
    begin, _, end = st.query_params.get(name, "").partition("..")
    try:
        days = (max(date.fromisoformat(begin), first), min(date.fromisoformat(end), last))
    except ValueError:
        days = (first, last)
    st.session_state[name] = days if days[0] <= days[1] else (first, last)

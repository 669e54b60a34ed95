"""Who looks: the holder of an API key, or anyone where the server asks for none."""

import streamlit as st

from footfall.publish.language import Language, Text
from footfall.serve.access import ANYONE, Caller
from footfall.serve.dashboard.elements import card, message
from footfall.serve.dashboard.served import Served

_KEY = "_api_key"
_TITLE = Text("Sign in", "Connexion")
_NOTE = Text(
    "Your API key says what you may see. It stays in this tab's session and is never part of a link.",
    "Votre clé d'API détermine ce que vous pouvez voir. Elle reste dans la session de cet onglet et n'apparaît dans "
    "aucun lien.",
)
_LABEL = Text("API key", "Clé d'API")
_ENTER = Text("Sign in", "Se connecter")
_WRONG = Text("This key opens nothing", "Cette clé n'ouvre rien")
_WHY = Text(
    "It is not in force. `footfall keys create NAME --role ROLE` makes one.",
    "Elle n'est pas en vigueur. `footfall keys create NOM --role ROLE` en crée une.",
)
_OUT = Text("Sign out", "Se déconnecter")


def caller_of(served: Served, language: Language) -> Caller | None:
    """Who looks; None while nobody has signed in, and then the page asks for a key.

    The key is checked with every click: one that was revoked opens nothing more.
    """
    caller = known_caller(served)
    if caller is None:
        _ask(served, language)
        caller = known_caller(served)
        if caller is not None:
            st.rerun()
    return caller


def known_caller(served: Served) -> Caller | None:
    """Who has signed in."""
    if served.keys is None:
        return ANYONE
    key = st.session_state.get(_KEY)
    return served.keys.check(key) if key else None


def sign_out(served: Served, caller: Caller, language: Language) -> None:
    """A button that forgets the key."""
    if served.keys is None:
        return
    if st.button(f"{_OUT.of(language)} ({caller.name})", type="tertiary"):
        st.session_state.clear()
        st.rerun()


def _ask(served: Served, language: Language) -> None:
    with card("sign-in", _TITLE.of(language), _NOTE.of(language)):
        with st.form("sign-in", border=False, enter_to_submit=True):
            key = st.text_input(_LABEL.of(language), type="password", autocomplete="current-password")
            entered = st.form_submit_button(_ENTER.of(language), type="primary")
        if not entered:
            return
        st.session_state[_KEY] = key.strip()
        if known_caller(served) is None:
            del st.session_state[_KEY]
            message(_WRONG.of(language), _WHY.of(language), kind="warning")

"""Who looks: the holder of an API key, or anyone where the server asks for none."""

import streamlit as st

from footfall.publish.language import Language, Text
from footfall.serve.access import ANYONE, Caller
from footfall.serve.dashboard.elements import card, message
from footfall.serve.dashboard.served import Served

_STATE = "_signed_in"
_TITLE = Text("Sign in", "Connexion")
_NOTE = Text(
    "Your API key says what you may see. It is asked for once: until you sign out, close the browser or do nothing for "
    "12 hours. The browser does not keep it, and it is never part of a link.",
    "Votre clé d'API détermine ce que vous pouvez voir. Elle est demandée une seule fois\u00a0: jusqu'à la "
    "déconnexion, la fermeture du navigateur ou 12 heures d'inactivité. Le navigateur ne la conserve pas, et elle "
    "n'apparaît dans aucun lien.",
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
    """Who has signed in: in this tab, or in another one of the browser."""
    if served.keys is None:
        return ANYONE
    token = _token()
    key = served.sessions.key_of(token) if token else None
    return served.keys.check(key) if key else None


def sign_out(served: Served, caller: Caller, language: Language) -> None:
    """A button that forgets the key, in all tabs of the browser."""
    if served.keys is None:
        return
    token = _token()
    if st.button(f"{_OUT.of(language)} ({caller.name})", type="tertiary"):
        served.sessions.end(token or "")
        st.session_state.clear()
        st.rerun()
    # Streamlit cannot set a cookie that scripts do not see. What this one says opens this dashboard only, and until
    # its session ends; the browser forgets it when it is closed.
    secure = "; Secure" if (st.context.url or "").startswith("https:") else ""
    cookie = f"{_cookie()}={token}; Path=/; SameSite=Lax{secure}"
    st.html(f"<script>document.cookie = '{cookie}'</script>", unsafe_allow_javascript=True)


def _token() -> str | None:
    """The tab's own, or else the browser's."""
    token: str | None = st.session_state.get(_STATE) or st.context.cookies.get(_cookie())
    return token


def _cookie() -> str:
    # Cookies are those of a host: dashboards on other ports have others.
    return f"footfall_{st.get_option('server.port')}"


def _ask(served: Served, language: Language) -> None:
    with card("sign-in", _TITLE.of(language), _NOTE.of(language)):
        with st.form("sign-in", border=False, enter_to_submit=True):
            key = st.text_input(_LABEL.of(language), type="password", autocomplete="current-password")
            entered = st.form_submit_button(_ENTER.of(language), type="primary")
        if not entered or served.keys is None:
            return
        if served.keys.check(key.strip()) is None:
            message(_WRONG.of(language), _WHY.of(language), kind="warning")
        else:
            st.session_state[_STATE] = served.sessions.begin(key.strip())

"""What people say of an incident: acknowledge it, snooze it, give feedback."""

from collections.abc import Callable

import streamlit as st

from footfall.errors import FootfallError
from footfall.pipeline import incidents as pipeline
from footfall.publish.language import Text
from footfall.serve.dashboard.address import keep
from footfall.serve.dashboard.elements import heading, message, note
from footfall.serve.dashboard.incident_words import VERDICTS, title_of
from footfall.serve.dashboard.visit import Visit
from footfall.serve.views.published import Row

_SAY = Text("Say something of it", "Donner votre avis")
_NOT_ALLOWED = Text(
    "Your roles may look only (operations may act).", "Vos rôles ne permettent que la lecture (operations peut agir)."
)
_ACKNOWLEDGE, _SNOOZE, _FEEDBACK = (
    Text("Acknowledge", "Prendre en charge"),
    Text("Snooze", "Suspendre"),
    Text("Give feedback", "Donner un avis"),
)
_HOUR, _HOURS = Text("{number} hour", "{number} heure"), Text("{number} hours", "{number} heures")
_HOURS_LABEL = Text("For how long", "Pendant combien de temps")
_OVER = Text("It is over: there are no messages to suspend.", "Il est terminé\u00a0: aucun message à suspendre.")
_WAS = Text("It was", "C'était")
_DONE = Text("Noted", "C'est noté")
_DONE_WHY = Text("{what}: {title}", "{what}\u00a0: {title}")
_FAILED = Text("That did not work", "Cela n'a pas fonctionné")
_SNOOZES = (1, 4, 12, 24, 72)
# Seconds that a visitor waits for a run that is writing.
_PATIENCE = 10.0
_DONE_KEY = "_said"


def say(visit: Visit, row: Row) -> None:
    """Three things that can be said; each is written at once."""
    heading(visit.say(_SAY), level=3)
    may = visit.may("incidents:write")
    name, root = row["incident_id"], visit.served.settings.lake
    if not may:
        note(visit.say(_NOT_ALLOWED))
    if st.button(visit.say(_ACKNOWLEDGE), disabled=not may, type="primary", key=f"acknowledge-{name}", width="stretch"):
        _write(visit, name, "incidents.acknowledge", lambda: pipeline.acknowledge(root, name, patience=_PATIENCE))
    left, right = st.columns(2, vertical_alignment="bottom")
    keep("_hours", _SNOOZES[1])
    hours = left.selectbox(
        visit.say(_HOURS_LABEL), _SNOOZES, disabled=not may, key="_hours",
        format_func=lambda one: visit.say(_HOUR if one == 1 else _HOURS, number=one),
    )  # fmt: skip
    is_over = row["status"] == "closed"
    if right.button(
        visit.say(_SNOOZE), disabled=not may or is_over, key=f"snooze-{name}", width="stretch",
        help=visit.say(_OVER) if is_over else None,
    ):  # fmt: skip
        _write(visit, name, "incidents.snooze", lambda: pipeline.snooze(root, name, hours, patience=_PATIENCE))
    left, right = st.columns(2, vertical_alignment="bottom")
    keep("_verdict", next(iter(VERDICTS)))
    verdict = left.selectbox(
        visit.say(_WAS), tuple(VERDICTS), disabled=not may, key="_verdict",
        format_func=lambda one: visit.say(VERDICTS[one]),
    )  # fmt: skip
    if right.button(visit.say(_FEEDBACK), disabled=not may, key=f"feedback-{name}", width="stretch"):
        _write(visit, name, "incidents.feedback", lambda: pipeline.feedback(root, name, verdict, patience=_PATIENCE))
    if done := st.session_state.pop(_DONE_KEY, None):
        message(
            visit.say(_DONE), visit.say(_DONE_WHY, what=visit.say(_WHAT[done]), title=title_of(visit, row)), kind="good"
        )


_WHAT = {"incidents.acknowledge": _ACKNOWLEDGE, "incidents.snooze": _SNOOZE, "incidents.feedback": _FEEDBACK}


def _write(visit: Visit, name: str, what: str, say: Callable[[], Row]) -> None:
    try:
        say()
    except FootfallError as error:
        message(visit.say(_FAILED), str(error), kind="warning")
        return
    visit.note(what, target=name)
    visit.published.look()
    st.session_state[_DONE_KEY] = what
    st.rerun()

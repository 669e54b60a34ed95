"""A policy tried on the past: what it would have told."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import streamlit as st

from footfall.anomaly import Policy
from footfall.errors import FootfallError
from footfall.publish.language import Text
from footfall.serve.dashboard.elements import Figure, card, figures, message, note, table
from footfall.serve.dashboard.incident_words import incident_columns, incident_rows
from footfall.serve.dashboard.visit import Visit
from footfall.serve.views.incidents import midnight

_TITLE = Text("Try another policy", "Essayer une autre politique")
_NOTE = Text(
    "Hours of the period are judged again as if they came one by one. Nothing is written, and nobody is told. It takes "
    "about a second a day.",
    "Les heures de la période sont rejugées comme si elles arrivaient une à une. Rien n'est écrit et personne n'est "
    "prévenu. Comptez environ une seconde par jour.",
)
_POLICY = Text("Policy (as in alerts.toml)", "Politique (comme dans alerts.toml)")
_RUN = Text("Replay", "Rejouer")
_DAYS = Text("How many days, up to the end of the period", "Combien de jours, jusqu'à la fin de la période")
_LEARNING = Text("Learning the weeks before …", "Apprentissage des semaines précédentes …")
_JUDGING = Text("Judging {day} …", "Jugement du {day} …")
_ALERTS, _PER_WEEK, _SERIES = (
    Text("Alerts", "Alertes"),
    Text("Alerts a week", "Alertes par semaine"),
    Text("Series watched", "Séries surveillées"),
)
_FOUND = Text("What it would have told", "Ce qu'elle aurait signalé")
_NONE = Text("Nothing would have been told.", "Rien n'aurait été signalé.")
_FAILED = Text("That did not work", "Cela n'a pas fonctionné")
_ABOVE = Text("The policy above", "La politique ci-dessus")
_BUSY = Text(
    "Another replay is running; try again when it is done.",
    "Une autre simulation est en cours\u00a0; réessayez ensuite.",
)
_RESULT = "_replayed"


def replaying(visit: Visit) -> None:
    """A form with a policy, and what came of it."""
    with card("replay", visit.say(_TITLE), visit.say(_NOTE)):
        with st.form("replay", border=False):
            text = st.text_area(visit.say(_POLICY), _usual(visit), height=230, key="_policy")
            most = max(1, min(visit.days.days, 90))
            days = st.number_input(visit.say(_DAYS), 1, most, min(7, most), key="_replay_days")
            started = st.form_submit_button(visit.say(_RUN))
        if started:
            _replay(visit, text, int(days))
        _result(visit)


def _usual(visit: Visit) -> str:
    from footfall.pipeline.watched import policy_of  # noqa: PLC0415

    return as_toml(policy_of(visit.served.settings))


def as_toml(policy: Policy) -> str:
    """A policy as it is written in `alerts.toml`; who is told is left out, for that holds secrets."""
    metrics = ", ".join(f'"{one}"' for one in policy.metrics)
    lines = [f"metrics = [{metrics}]"]
    tables = {
        "direction": {name: f'"{one}"' for name, one in policy.direction.items()},
        "budget": policy.budget.model_dump(exclude_none=True) or {"false_alerts_per_week": 5},
        "impact": policy.impact.model_dump(exclude_none=True),
        "quiet": {"from": f'"{policy.quiet.first:%H:%M}"', "to": f'"{policy.quiet.last:%H:%M}"'}
        if policy.quiet
        else {},
    }
    for name, values in tables.items():
        if values:
            lines += ["", f"[{name}]", *(f"{key} = {value}" for key, value in values.items())]
    return "\n".join(lines)


def _replay(visit: Visit, text: str, days: int) -> None:
    st.session_state.pop(_RESULT, None)
    if not visit.served.replaying.acquire(blocking=False):
        message(visit.say(_FAILED), visit.say(_BUSY), kind="warning")
        return
    try:
        _judge(visit, text, days)
    finally:
        visit.served.replaying.release()


def _judge(visit: Visit, text: str, days: int) -> None:
    # The detector takes a second to import, and few visitors replay.
    from footfall.pipeline.detection import LEARNING  # noqa: PLC0415
    from footfall.pipeline.replay import replay  # noqa: PLC0415

    zone = visit.served.settings.timezone
    last = midnight(visit.days.last + timedelta(days=1), zone)
    first = midnight(visit.days.last + timedelta(days=1 - days), zone)
    begin = max(first - LEARNING, midnight(visit.days.first, zone))
    bar = st.progress(0.0, visit.say(_LEARNING))

    def report(said: str) -> None:
        day = datetime.fromisoformat(said.rpartition(" ")[2])
        share = (day - begin) / (last - begin)
        bar.progress(min(max(share, 0.0), 1.0), visit.say(_JUDGING, day=visit.day(day)))

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "alerts.toml"
        file.write_text(text, encoding="utf-8")
        settings = visit.served.settings.model_copy(update={"alerts": file})
        try:
            found = replay(settings, first, last, report=report)
        except FootfallError as error:
            # The file is the server's, and gone at once: who reads the message wrote into the form.
            said = str(error).removeprefix("policy ").replace(str(file), visit.say(_ABOVE))
            message(visit.say(_FAILED), said, kind="warning")
            return
        finally:
            bar.empty()
    st.session_state[_RESULT] = found.summary()


def _result(visit: Visit) -> None:
    found = st.session_state.get(_RESULT)
    if found is None:
        return
    rows = found["incidents"]
    figures([
        Figure(visit.say(_ALERTS), visit.count(len(rows))),
        Figure(visit.say(_PER_WEEK), visit.number(found["alerts_per_week"], digits=2)),
        Figure(visit.say(_SERIES), visit.count(found["series"])),
    ])  # fmt: skip
    if rows:
        table(visit, "replayed", incident_columns(visit), incident_rows(visit, rows), caption=visit.say(_FOUND))
    else:
        note(visit.say(_NONE))

"""Models: versions of the segmentation, how good each is, and which one serves."""

import streamlit as st

from footfall.errors import FootfallError
from footfall.publish.language import Text
from footfall.registry import Version
from footfall.serve.dashboard.elements import Column, Figure, card, figures, message, note, table
from footfall.serve.dashboard.segment_words import PARTS
from footfall.serve.dashboard.visit import Visit
from footfall.serve.views.published import Row
from footfall.serve.views.segments import segments

TITLE = Text("Models", "Modèles")
NOTE = Text(
    "Versions of the segmentation. All of them are shown: the period does not apply here.",
    "Les versions de la segmentation. Toutes sont affichées\u00a0: la période ne s'applique pas ici.",
)
_SERVES, _SINCE, _CHALLENGER = (
    Text("Serves", "En service"),
    Text("Fitted on users as of", "Ajusté sur les utilisateurs au"),
    Text("Challenger", "Challenger"),
)
_NONE = Text("none", "aucun")
_VERSIONS = Text("Versions", "Versions")
_VERSION, _MADE, _ALIASES = Text("Version", "Version"), Text("Made", "Créée"), Text("Aliases", "Alias")
_USERS, _SEGMENTS = Text("Users", "Utilisateurs"), Text("Segments", "Segments")
_METRICS = Text("How good they are", "Leur qualité")
_METRICS_NOTE = Text(
    "By group of users. Silhouette: how apart the segments are. Jaccard: how alike they come back when users are "
    "drawn "
    "again, the worst of them. Prediction strength: how many pairs stay together.",
    "Par groupe d'utilisateurs. Silhouette\u00a0: à quel point les segments sont distincts. Jaccard\u00a0: leur "
    "ressemblance "
    "après rééchantillonnage, pour le moins stable. Force de prédiction\u00a0: part des paires qui restent ensemble.",
)
_GROUP = Text("Group", "Groupe")
_COLUMNS = {
    "silhouette": Text("Silhouette", "Silhouette"),
    "jaccard_min": Text("Jaccard (worst)", "Jaccard (pire)"),
    "rand": Text("Rand index", "Indice de Rand"),
    "prediction_strength": Text("Prediction strength", "Force de prédiction"),
    "components": Text("Components", "Composantes"),
}
_CHANGE = Text("Change which one serves", "Changer le modèle en service")
_CHANGE_NOTE = Text(
    "All users are scored anew. The audit log notes it.",
    "Tous les utilisateurs sont reclassés. Le journal d'audit en garde trace.",
)
_PROMOTE, _ROLL_BACK = (
    Text("Promote {version}", "Mettre {version} en service"),
    Text("Roll back to the one before", "Revenir au précédent"),
)
_WHICH = Text("Version to promote", "Version à mettre en service")
_ONLY = Text("There is no other version to promote.", "Il n'y a pas d'autre version à mettre en service.")
_NOT_ALLOWED = Text(
    "Your roles do not include this (data_science does).", "Vos rôles ne le permettent pas (data_science le permet)."
)
_WORKING = Text("Scoring all users …", "Classement de tous les utilisateurs …")
_DONE, _DONE_WHY = (
    Text("Done", "C'est fait"),
    Text("{now} serves; {before} served before.", "{now} est en service\u00a0; avant, c'était {before}."),
)
_FAILED = Text("That did not work", "Cela n'a pas fonctionné")

_CHANGED = "_changed"


def show(visit: Visit) -> None:
    """The page."""
    serving = visit.ask(segments)[0]
    found = _versions(visit)
    _figures(visit, serving, found)
    with card("versions", visit.say(_VERSIONS)):
        _table(visit, found)
    with card("metrics", visit.say(_METRICS), visit.say(_METRICS_NOTE)):
        _metrics(visit, found)
    with card("change", visit.say(_CHANGE), visit.say(_CHANGE_NOTE)):
        _change(visit, serving["model_version"], found)


def _versions(visit: Visit) -> list[Version]:
    return _kept_versions(visit.published.tag("customer_segments", "segment_profiles", "k_selection"), visit)


@st.cache_data(show_spinner=False, ttl=30, max_entries=4)
def _kept_versions(tag: str, _visit: Visit) -> list[Version]:
    """A challenger may wait without a new version of any table: after half a minute the registry is asked again."""
    del tag
    return _visit.served.versions()


def _figures(visit: Visit, serving: Row, found: list[Version]) -> None:
    challenger = next((one.version for one in found if "challenger" in one.aliases), visit.say(_NONE))
    figures([
        Figure(visit.say(_SERVES), serving["model_version"]),
        Figure(visit.say(_SINCE), visit.day(serving["as_of"])),
        Figure(visit.say(_CHALLENGER), challenger),
        Figure(visit.say(_VERSIONS), visit.count(len(found))),
    ])  # fmt: skip


def _table(visit: Visit, found: list[Version]) -> None:
    rows = [
        {
            "version": one.version, "created_at": one.created_at, "aliases": ", ".join(one.aliases),
            "users": one.metrics.get("users"), "segments": one.metrics.get("segments"),
            "fitted_as_of": one.params.get("fitted_as_of"),
        }
        for one in found
    ]  # fmt: skip
    columns = [
        Column("version", _VERSION),
        Column("created_at", _MADE, visit.moment),
        Column("aliases", _ALIASES),
        Column("users", _USERS, visit.count, is_number=True),
        Column("segments", _SEGMENTS, visit.count, is_number=True),
    ]
    table(visit, "versions", columns, rows, caption=visit.say(_VERSIONS))


def _metrics(visit: Visit, found: list[Version]) -> None:
    rows = [
        {"version": one.version, "part": part} | {name: one.metrics.get(f"{part}.{name}") for name in _COLUMNS}
        for one in found
        for part in PARTS
        if f"{part}.users" in one.metrics
    ]
    columns = [
        Column("version", _VERSION),
        Column("part", _GROUP, lambda part: visit.say(PARTS[part])),
        *(Column(name, label, visit.number, is_number=True) for name, label in _COLUMNS.items()),
    ]
    table(visit, "metrics", columns, rows, caption=visit.say(_METRICS))


def _change(visit: Visit, serving: str, found: list[Version]) -> None:
    if changed := st.session_state.pop(_CHANGED, None):
        message(visit.say(_DONE), visit.say(_DONE_WHY, **changed), kind="good")
    may = visit.may("models:write")
    if not may:
        note(visit.say(_NOT_ALLOWED))
    others = [one.version for one in found if one.version != serving]
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        if others:
            chosen = st.selectbox(visit.say(_WHICH), others, disabled=not may)
            if st.button(visit.say(_PROMOTE, version=chosen), disabled=not may, type="primary"):
                _do(visit, "models.promote", chosen)
        else:
            note(visit.say(_ONLY))
    with right:
        has_previous = any("previous" in one.aliases for one in found)
        if st.button(visit.say(_ROLL_BACK), disabled=not (may and has_previous)):
            _do(visit, "models.rollback", None)


def _do(visit: Visit, what: str, version: str | None) -> None:
    # MLflow takes seconds to import, and only who changes something needs it.
    from footfall.pipeline.versions import promote, rollback  # noqa: PLC0415

    try:
        with st.spinner(visit.say(_WORKING)):
            now, before = promote(visit.served.settings, version) if version else rollback(visit.served.settings)
            visit.note(what, target=now)
            visit.published.look()
    except FootfallError as error:
        message(visit.say(_FAILED), str(error), kind="warning")
        return
    _kept_versions.clear()
    st.session_state[_CHANGED] = {"now": now, "before": before}
    st.rerun()

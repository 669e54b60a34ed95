"""Users: who spends most, why somebody is in a segment, and what would change that."""

from typing import Any

import pyarrow as pa
import streamlit as st

from footfall.publish.language import Text
from footfall.segments import Explanation
from footfall.segments.explanation import Move, Reason
from footfall.serve.dashboard.address import forget, recall, recall_text, remember, remember_as, said_of
from footfall.serve.dashboard.elements import (
    Column,
    Figure,
    card,
    facts,
    figures,
    heading,
    listed,
    message,
    note,
    table,
    told,
)  # fmt: skip
from footfall.serve.dashboard.feature_words import feature_label, feature_name, feature_value
from footfall.serve.dashboard.segment_words import names_of, part_name
from footfall.serve.dashboard.visit import Visit
from footfall.serve.dashboard.what_if import WHAT_IF, distances, what_if
from footfall.serve.views.published import Row
from footfall.serve.views.segments import segments
from footfall.serve.views.spenders import features_of, top_spenders
from footfall.serve.views.users import FEATURES, PSEUDONYM, UserUnknown

TITLE = Text("Users", "Utilisateurs")
NOTE = Text(
    "By pseudonym, as of the date of the segments: the period does not apply here. Each look at a user is noted in "
    "the audit log.",
    "Par pseudonyme, à la date des segments\u00a0: la période ne s'applique pas ici. Chaque consultation d'un "
    "utilisateur est notée dans le journal d'audit.",
)
_FIND = Text("Find a user", "Trouver un utilisateur")
_PSEUDONYM = Text("Pseudonym (32 hexadecimal digits)", "Pseudonyme (32 chiffres hexadécimaux)")
_FROM_LIST = Text("Or one of the top spenders", "Ou l'un des plus gros acheteurs")
_NO_PSEUDONYM = Text("That is no pseudonym", "Ce n'est pas un pseudonyme")
_NO_PSEUDONYM_WHY = Text(
    "It has 32 hexadecimal digits. `footfall segment explain ID --json` tells the pseudonym of an id of the shop.",
    "Il compte 32 chiffres hexadécimaux. `footfall segment explain ID --json` donne le pseudonyme d'un "
    "identifiant de la boutique.",
)
_UNKNOWN = Text("No such user", "Utilisateur inconnu")
_UNKNOWN_WHY = Text("No user of that pseudonym was published.", "Aucun utilisateur publié ne porte ce pseudonyme.")
_TOP = Text("Top spenders", "Plus gros acheteurs")
_TOP_NOTE = Text(
    "The audit log notes each user of the list.",
    "Le journal d'audit note chaque utilisateur de la liste.",
)
_SHOW_TOP = Text("Show the top spenders", "Afficher les plus gros acheteurs")
_OF = Text("Of which segment", "De quel segment")
_ALL = Text("All segments", "Tous les segments")
_USER, _SEGMENT = Text("User", "Utilisateur"), Text("Segment", "Segment")
_SURE = Text("Certainty", "Certitude")
_NO_DOWNLOAD = Text(
    "Lists of users can be taken away by the roles marketing and dpo.",
    "Seuls les rôles marketing et dpo peuvent emporter des listes d'utilisateurs.",
)
_WHY = Text("Why {name}", "Pourquoi {name}")
_IS_IN, _GROUP, _DISTANCE = (
    Text("Segment", "Segment"),
    Text("Group", "Groupe"),
    Text("Distance to its centre", "Distance au centre"),
)
_FOR = Text("What speaks for it", "Ce qui plaide pour ce segment")
_REASON = Text(
    "{feature}: {value}, where {midway} would speak for neither ({weight} of the reasons)",
    "{feature}\u00a0: {value}, alors que {midway} ne plaiderait pour aucun ({weight} des raisons)",
)
_CHANGE = Text("What alone would move them", "Ce qui suffirait à changer de segment")
_MOVE = Text(
    "{feature}: {needed} instead of {value} leads to {name}",
    "{feature}\u00a0: {needed} au lieu de {value} mène à {name}",
)
_ALONE = Text(
    "The group has one segment: there is nothing to compare with.",
    "Le groupe n'a qu'un segment\u00a0: rien à comparer.",
)
_NO_MOVE = Text("No change of a single feature would.", "Aucun changement d'une seule caractéristique n'y suffirait.")
_DISTANCES = Text("Distance to each segment's centre", "Distance au centre de chaque segment")
_FEATURES = Text("All features", "Toutes les caractéristiques")
_FEATURE, _VALUE = Text("Feature", "Caractéristique"), Text("Value", "Valeur")
_MOST = 20


def show(visit: Visit) -> None:
    """The page."""
    rows = visit.ask(segments)
    user, top = _find(visit, rows)
    with told(visit):
        record = _record(visit, user) if user else None
        if record is not None:
            _explain(visit, rows, record, user)
    # Who looks for somebody is shown all of that user first.
    if not user:
        _list(visit, rows, top)
    if visit.may("score"):
        with told(visit):
            what_if(visit, rows, record, user)
    if user:
        _list(visit, rows, top)


def _top(visit: Visit, rows: list[Row]) -> list[Row]:
    ids = ("all", *(str(row["segment_id"]) for row in rows))
    recall("of", ids, "all")
    chosen = st.session_state["of"]
    return visit.ask(top_spenders, _MOST, None if chosen == "all" else int(chosen))


def _find(visit: Visit, rows: list[Row]) -> tuple[str, list[Row]]:
    """The pseudonym that is looked for, and the top spenders; both are empty where nobody asks for them."""
    with card("find", visit.say(_FIND)):
        left, right = st.columns(2)
        recall_text("user")
        with right:
            # Whoever opens the page has asked for nobody yet. A list that is shown is noted user by user.
            is_listed = st.toggle(visit.say(_SHOW_TOP), key="_listed")
            note(visit.say(_TOP_NOTE))
            top = _top(visit, rows) if is_listed else []
            if is_listed:
                st.selectbox(
                    visit.say(_FROM_LIST), [row["user_id"] for row in top], index=None, key="_pick",
                    placeholder="", on_change=_picked,
                )  # fmt: skip
        with left:
            typed = st.text_input(visit.say(_PSEUDONYM), key="user", max_chars=64, autocomplete="off").strip().lower()
        if typed and not PSEUDONYM.fullmatch(typed):
            # It may be an id of the shop, which is to stand in no link, no history and no log of a server.
            forget("user", WHAT_IF)
            message(visit.say(_NO_PSEUDONYM), visit.say(_NO_PSEUDONYM_WHY), kind="warning")
            return "", top
        # What was tried on somebody is not to be tried on the next one.
        is_same = typed == said_of("user").strip().lower()
        remember_as({"user": typed} | ({} if is_same else {WHAT_IF: ""}))
    return typed, top


def _picked() -> None:
    st.session_state["user"] = st.session_state["_pick"] or ""


def _list(visit: Visit, rows: list[Row], top: list[Row]) -> None:
    if top:
        with card("top-spenders", visit.say(_TOP)):
            _top_table(visit, rows, top)


def _top_table(visit: Visit, rows: list[Row], top: list[Row]) -> None:
    names = names_of(visit, rows)
    ids = ("all", *(str(row["segment_id"]) for row in rows))
    told_as = {"all": visit.say(_ALL)} | {str(one): name for one, name in names.items()}
    st.selectbox(visit.say(_OF), ids, key="of", format_func=told_as.__getitem__)
    remember("of", "all")
    visit.note_look("users.list", (row["user_id"] for row in top))
    numbers = ("spend", "orders", "sessions", "recency_days")
    shown = [row | {"segment": names[row["segment_id"]]} for row in top]
    columns = [
        Column("user_id", _USER, is_code=True),
        Column("segment", _SEGMENT),
        Column("proba", _SURE, visit.percent, is_number=True),
        *(_feature_column(visit, name) for name in numbers),
    ]
    may_export = visit.may("users:export")
    table(visit, "top-spenders", columns, shown, caption=visit.say(_TOP), download=may_export)
    if not may_export:
        note(visit.say(_NO_DOWNLOAD))


def _feature_column(visit: Visit, name: str) -> Column:
    write = visit.money if name == "spend" else lambda value: feature_value(visit, name, value)
    return Column(name, feature_label(name), write, is_number=True)


def _record(visit: Visit, user: str) -> dict[str, Any] | None:
    """The features of a user; the look is noted, and so is a look for somebody who is not there."""
    try:
        found: pa.Table = visit.ask(features_of, user)
    except UserUnknown:
        visit.note_look("users.read", [user], outcome="not_found")
        message(visit.say(_UNKNOWN), visit.say(_UNKNOWN_WHY), kind="warning")
        return None
    visit.note_look("users.read", [user])
    row: dict[str, Any] = found.to_pylist()[0]
    return {name: row[name] for name in FEATURES if name in row}


def _explain(visit: Visit, rows: list[Row], record: dict[str, Any], user: str) -> None:
    found = visit.served.scorer.value.score(record, user)
    name = found.segment.name.text(visit.language)
    left, right = st.columns(2)
    with left, card("why", visit.say(_WHY, name=name), user):
        figures([
            Figure(visit.say(_SURE), visit.percent(found.proba)),
            Figure(visit.say(_DISTANCE), visit.number(found.distances[0][1])),
        ])  # fmt: skip
        facts([(visit.say(_IS_IN), name), (visit.say(_GROUP), part_name(visit, found.part.name))])
        _reasons(visit, found)
    with right, card("distances"):
        distances(visit, rows, found, "distances", visit.say(_DISTANCES))
    with card("features", visit.say(_FEATURES)):
        shown = [
            {
                "feature": one,
                "label": feature_name(visit, one),
                "value": value,
                "told": feature_value(visit, one, value),
            }
            for one, value in record.items()
        ]
        columns = [Column("label", _FEATURE), Column("told", _VALUE, is_number=True)]
        table(visit, "features", columns, shown, caption=visit.say(_FEATURES), download=visit.may("users:export"))


def _reasons(visit: Visit, found: Explanation) -> None:
    heading(visit.say(_FOR), level=3)
    if not found.reasons:
        note(visit.say(_ALONE))
        return
    listed(_reason(visit, one) for one in found.reasons if one.weight > 0)
    heading(visit.say(_CHANGE), level=3)
    if found.moves:
        listed(_move(visit, one) for one in found.moves)
    else:
        note(visit.say(_NO_MOVE))


def _reason(visit: Visit, one: Reason) -> str:
    value, midway = (feature_value(visit, one.feature, number) for number in (one.value, one.midway))
    weight = visit.percent(one.weight)
    return visit.say(_REASON, feature=feature_name(visit, one.feature), value=value, midway=midway, weight=weight)


def _move(visit: Visit, one: Move) -> str:
    value, needed = (feature_value(visit, one.feature, number) for number in (one.value, one.needed))
    name = one.segment.name.text(visit.language)
    return visit.say(_MOVE, feature=feature_name(visit, one.feature), value=value, needed=needed, name=name)

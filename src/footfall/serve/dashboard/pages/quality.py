"""Data quality: where the rows of every file went, and what was rejected."""

import streamlit as st

from footfall.contracts import QUARANTINE_REASONS
from footfall.pages import colours
from footfall.publish.language import Text
from footfall.serve.dashboard.address import recall, remember
from footfall.serve.dashboard.elements import Column, Figure, card, chart, figures, note, table, told
from footfall.serve.dashboard.plotting import bars
from footfall.serve.dashboard.visit import Visit
from footfall.serve.views.published import Row
from footfall.serve.views.quality import files, outcomes, quarantine_samples

TITLE = Text("Data quality", "Qualité des données")
NOTE = Text(
    "Every row read is kept, a duplicate, or in quarantine with a reason. Rows are accounted for by file: the period "
    "does not apply here.",
    "Chaque ligne lue est gardée, en double, ou en quarantaine avec un motif. Les lignes sont comptées par "
    "fichier\u00a0: "
    "la période ne s'applique pas ici.",
)
_READ, _KEPT = Text("Rows read", "Lignes lues"), Text("Kept", "Gardées")
_DUPLICATE, _QUARANTINED = Text("Duplicates", "Doublons"), Text("Quarantined", "En quarantaine")
_OF_ALL = Text("{share} of all", "{share} du total")
_REASONS = Text("Quarantine by reason", "Quarantaine par motif")
_CLEAN = Text("No row was rejected.", "Aucune ligne n'a été rejetée.")
_SAMPLES = Text("Rows that were rejected", "Lignes rejetées")
_SAMPLES_NOTE = Text(
    "The first of each reason, user and session ids masked.",
    "Les premières de chaque motif, identifiants d'utilisateur et de session masqués.",
)
_REASON = Text("Reason", "Motif")
_FILES, _FILE, _LINE, _ROW = (
    Text("Volume by file", "Volume par fichier"),
    Text("File", "Fichier"),
    Text("Line", "Ligne"),
    Text("Row", "Contenu"),
)
_SOURCE, _SIZE, _LANDED = Text("Source", "Source"), Text("Size", "Taille"), Text("Landed", "Reçu")
_IN_WORDS = {
    "malformed": Text("malformed line", "ligne mal formée"),
    "bad_timestamp": Text("unusable time", "date inutilisable"),
    "out_of_period": Text("outside the period", "hors période"),
    "unknown_event_type": Text("unknown event type", "type d'événement inconnu"),
    "price_not_positive": Text("price not positive", "prix non positif"),
    "missing_user": Text("no user", "sans utilisateur"),
    "missing_product": Text("no product", "sans produit"),
    "no_category": Text("no category", "sans catégorie"),
    "price_outlier": Text("price outlier", "prix aberrant"),
}


def show(visit: Visit) -> None:
    """The page."""
    ended = visit.ask(outcomes)
    _figures(visit, ended)
    reasons = [row for row in ended if row["outcome"] in QUARANTINE_REASONS]
    left, right = st.columns([2, 3])
    with left, card("reasons", visit.say(_REASONS)):
        _reasons(visit, reasons)
    with right, card("samples", visit.say(_SAMPLES), visit.say(_SAMPLES_NOTE)), told(visit):
        _samples(visit, reasons)
    with card("files", visit.say(_FILES)), told(visit):
        _files(visit)


def _figures(visit: Visit, ended: list[Row]) -> None:
    rows = {row["outcome"]: row["rows"] for row in ended}
    total = sum(rows.values())
    kept, duplicate = rows.get("kept", 0), rows.get("duplicate", 0)
    parts = ((_KEPT, kept), (_DUPLICATE, duplicate), (_QUARANTINED, total - kept - duplicate))
    figures([
        Figure(visit.say(_READ), visit.count(total)),
        *(
            Figure(visit.say(label), visit.count(number), visit.say(_OF_ALL, share=_share(visit, number, total)))
            for label, number in parts
        ),
    ])  # fmt: skip


def _share(visit: Visit, number: int, total: int) -> str:
    share = number / total if total else 0.0
    # "100%" beside rows that were rejected would be wrong, and so would be "0.0%" beside their number.
    if 0 < share < 0.001 or 0.995 <= share < 1:
        return visit.number(100 * share, digits=4 if share > 0.5 else 2) + (
            "\u202f%" if visit.language == "fr" else "%"
        )
    return visit.percent(share)


def reason_in_words(visit: Visit, reason: str) -> str:
    """A reason of quarantine."""
    return visit.say(_IN_WORDS[reason])


def _reasons(visit: Visit, reasons: list[Row]) -> None:
    if not reasons:
        note(visit.say(_CLEAN))
        return
    names = [reason_in_words(visit, row["outcome"]) for row in reasons]
    texts = [visit.count(row["rows"]) for row in reasons]
    alt = f"{visit.say(_REASONS)}: " + "; ".join(f"{name} {text}" for name, text in zip(names, texts, strict=True))
    chart(
        visit,
        "quarantine",
        bars(names, [row["rows"] for row in reasons], texts, colour=colours.WARNING),
        reasons,
        alt=alt,
    )


def _samples(visit: Visit, reasons: list[Row]) -> None:
    if not reasons:
        note(visit.say(_CLEAN))
        return
    names = tuple(row["outcome"] for row in reasons)
    recall("reason", names, names[0])
    chosen = st.selectbox(visit.say(_REASON), names, key="reason", format_func=lambda one: reason_in_words(visit, one))
    remember("reason", names[0])
    columns = [
        Column("source_file", _FILE),
        Column("line", _LINE, visit.count, is_number=True),
        Column("raw", _ROW, is_code=True),
    ]
    table(visit, f"quarantine-{chosen}", columns, visit.ask(quarantine_samples, chosen), caption=visit.say(_SAMPLES))


def _files(visit: Visit) -> None:
    numbers = {"rows": _READ, "kept": _KEPT, "duplicate": _DUPLICATE, "quarantined": _QUARANTINED}
    columns = [
        Column("path", _FILE),
        Column("source", _SOURCE),
        Column("ingested_at", _LANDED, visit.moment),
        Column("bytes", _SIZE, visit.size, is_number=True),
        *(Column(name, label, visit.count, is_number=True) for name, label in numbers.items()),
    ]
    table(visit, "files", columns, visit.ask(files), caption=visit.say(_FILES))

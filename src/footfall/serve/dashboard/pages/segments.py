"""Segments: how large they are, what sets each apart, what to do with it, who moved, and a list of its users."""

from dataclasses import replace
from html import escape

import pyarrow as pa
import pyarrow.csv
import streamlit as st

from footfall.pages.plots import Key
from footfall.publish.language import Text
from footfall.segments.model import Part
from footfall.segments.naming.names import read_name
from footfall.segments.report.colours import LESS, MORE
from footfall.segments.report.components import components
from footfall.segments.report.moves import GONE, NEW, Moves, Stop, latest_moves
from footfall.segments.report.plots.flows import sankey
from footfall.segments.transform import scaled
from footfall.serve.dashboard.address import recall, remember
from footfall.serve.dashboard.elements import Column, card, chart, facts, heading, message, note, table, told
from footfall.serve.dashboard.feature_words import feature_name, feature_value
from footfall.serve.dashboard.plotting import FONT, bars, new_figure
from footfall.serve.dashboard.segment_words import colours_of, localised, names_of, part_name
from footfall.serve.dashboard.visit import Visit
from footfall.serve.views.published import Row
from footfall.serve.views.segments import LEAST_EXPORTED, export, migration, profile, sample, segments

TITLE = Text("Segments", "Segments")
NOTE = Text(
    "Groups of users who behave alike, as of one date: the period does not apply here.",
    "Des groupes d'utilisateurs au comportement semblable, à une date donnée\u00a0: la période ne s'applique pas ici.",
)
_AS_OF = Text("As of {day}, by model {model}.", "Au {day}, selon le modèle {model}.")
_SIZES = Text("How many users", "Combien d'utilisateurs")
_REVENUE = Text("Share of revenue", "Part du chiffre d'affaires")
_ALL = Text("All segments", "Tous les segments")
_SEGMENT, _PART = Text("Segment", "Segment"), Text("Divided from", "Issu de")
_USERS, _SHARE = Text("Users", "Utilisateurs"), Text("Share of users", "Part des utilisateurs")
_MAP = Text(
    "Users on the first two principal components", "Utilisateurs sur les deux premières composantes principales"
)
_MAP_NOTE = Text(
    "A random sample of at most {number} users.", "Un échantillon aléatoire d'au plus {number} utilisateurs."
)
_COMPONENT = Text("Component {number}: {share} of the variance", "Composante {number}\u00a0: {share} de la variance")
_MAP_ALT = Text("A point for each user: {names}.", "Un point par utilisateur\u00a0: {names}.")
_WHOM = Text("Group", "Groupe")
_CHOOSE = Text("A segment in detail", "Un segment en détail")
_DO, _WHY, _EVIDENCE = Text("What to do", "Que faire"), Text("Why", "Pourquoi"), Text("Evidence", "Indices")
_BASIS = Text(
    "This is correlation: try it on some users first.",
    "Il s'agit de corrélations\u00a0: essayez d'abord sur une partie des utilisateurs.",
)
_APART = Text("What sets it apart", "Ce qui le distingue")
_APART_NOTE = Text(
    "Cohen's d against the other users of its group: 0.2 is small, 0.8 is large.",
    "d de Cohen par rapport aux autres utilisateurs du groupe\u00a0: 0,2 est faible, 0,8 est fort.",
)
_MORE, _LESS = Text("more than the others", "plus que les autres"), Text("less than the others", "moins que les autres")
_APART_ALT = Text("Effect sizes of {name}: {told}.", "Tailles d'effet de {name}\u00a0: {told}.")
_PROFILE = Text("Profile", "Profil")
_FEATURE, _MEDIAN, _BASE_MEDIAN = (
    Text("Feature", "Caractéristique"),
    Text("Median", "Médiane"),
    Text("Median of its group", "Médiane du groupe"),
)
_MEAN, _BASE_MEAN, _EFFECT = (
    Text("Mean", "Moyenne"),
    Text("Mean of its group", "Moyenne du groupe"),
    Text("Effect (d)", "Effet (d)"),
)
_EXPORT = Text("Take its users away", "Exporter ses utilisateurs")
_EXPORT_NOTE = Text(
    "Pseudonyms with the certainty and the distance to the centre, as CSV. The audit log notes it.",
    "Pseudonymes, certitude et distance au centre, en CSV. Le journal d'audit en garde trace.",
)
_EXPORT_BUTTON = Text("Export {number} users (CSV)", "Exporter {number} utilisateurs (CSV)")
_TOO_SMALL = Text("This segment is not exported", "Ce segment n'est pas exportable")
_TOO_SMALL_WHY = Text(
    "It has {number} users. A list of fewer than {least} says too much about each of them.",
    "Il compte {number} utilisateurs. Une liste de moins de {least} en dit trop sur chacun d'eux.",
)
_NO_EXPORT = Text(
    "Your roles do not include exports of users (marketing and dpo do).",
    "Vos rôles ne permettent pas d'exporter des utilisateurs (marketing et dpo le permettent).",
)
_MOVES = Text("Who moved", "Qui a changé de segment")
_MOVES_NOTE = Text(
    "From {before} (left) to {after} (right): {stayed} of {known} users known on both dates stayed.",
    "Du {before} (à gauche) au {after} (à droite)\u00a0: {stayed} des {known} utilisateurs connus aux deux dates "
    "sont restés.",
)
_NO_MOVES = Text(
    "There is one segmentation so far. After the next `footfall run` with new data, moves are shown here.",
    "Il n'y a qu'une segmentation pour l'instant. Après le prochain `footfall run` avec de nouvelles données, les "
    "changements s'afficheront ici.",
)
_NOBODY = {NEW: Text("New users", "Nouveaux utilisateurs"), GONE: Text("Not seen any more", "Plus revus")}
_POINTS, _EFFECTS = 2000, 12


def show(visit: Visit) -> None:
    """The page."""
    rows = visit.ask(segments)
    note(visit.say(_AS_OF, day=visit.day(rows[0]["as_of"]), model=rows[0]["model_version"]))
    _sizes(visit, rows)
    with told(visit):
        _map(visit, rows)
    _detail(visit, rows)
    with card("moves", visit.say(_MOVES)), told(visit):
        _moves(visit, rows)


def _sizes(visit: Visit, rows: list[Row]) -> None:
    names, colours = names_of(visit, rows), colours_of(rows)
    by_size = sorted(rows, key=lambda row: -row["users"])
    sizes = [f"{visit.count(row['users'])} ({visit.percent(row['share'])})" for row in by_size]
    shares = [visit.percent(row["revenue_share"]) for row in by_size]
    left, right = st.columns(2)
    for place, column, title, texts in ((left, "users", _SIZES, sizes), (right, "revenue_share", _REVENUE, shares)):
        labels, shades = ([of[row["segment_id"]] for row in by_size] for of in (names, colours))
        figure = bars(labels, [row[column] or 0 for row in by_size], texts, colour=shades)
        alt = f"{visit.say(title)}: " + "; ".join(f"{name} {text}" for name, text in zip(labels, texts, strict=True))
        with place, card(column, visit.say(title)):
            chart(visit, f"segments-{column}", figure, [_short(row) for row in by_size], alt=alt)
    with card("all-segments", visit.say(_ALL)):
        shown = [row | {"name": names[row["segment_id"]]} for row in rows]
        table(visit, "segments", _columns(visit), shown, caption=visit.say(_ALL))


def _columns(visit: Visit) -> list[Column]:
    return [
        Column("name", _SEGMENT, is_long=True),
        Column("part", _PART, lambda part: part_name(visit, part)),
        Column("users", _USERS, visit.count, is_number=True),
        Column("share", _SHARE, visit.percent, is_number=True),
        Column("revenue_share", _REVENUE, visit.percent, is_number=True),
    ]


def _short(row: Row) -> Row:
    kept = ("segment_id", "segment_name", "segment_name_fr", "part", "users", "share", "revenue_share")
    return {name: row[name] for name in kept}


def _map(visit: Visit, rows: list[Row]) -> None:
    model = visit.served.scorer.value.model
    parts = {part.name: part for part in model.parts if len(part.projection.loadings) > 1}
    if not parts:
        return
    with card("map", visit.say(_MAP), visit.say(_MAP_NOTE, number=visit.count(_POINTS))):
        recall("part", tuple(parts), next(iter(parts)))
        chosen = st.segmented_control(
            visit.say(_WHOM), tuple(parts), key="part", format_func=lambda part: part_name(visit, part), required=True
        )
        remember("part", next(iter(parts)))
        part = parts[chosen or next(iter(parts))]
        points = _points(visit, part)
        _cloud(visit, part, points, rows)


def _points(visit: Visit, part: Part) -> list[Row]:
    found = visit.ask(sample, tuple(segment.id for segment in part.segments), _POINTS)
    places = part.projection.project(scaled(found, part.scales))[:, :2].round(3)
    ids = found["segment_id"].to_pylist()
    return [{"segment_id": one, "x": float(x), "y": float(y)} for one, (x, y) in zip(ids, places, strict=True)]


def _cloud(visit: Visit, part: Part, points: list[Row], rows: list[Row]) -> None:
    names, colours = names_of(visit, rows), colours_of(rows)
    figure, keys = new_figure(420, l=30, b=36).update_layout(hovermode="closest"), []
    for segment in part.segments:
        ours = [one for one in points if one["segment_id"] == segment.id]
        name, colour = names[segment.id], colours[segment.id]
        keys.append(Key(name, colour, "dot"))
        figure.add_scattergl(
            x=[one["x"] for one in ours], y=[one["y"] for one in ours], mode="markers", name=escape(name),
            marker={"color": colour, "size": 5, "opacity": 0.55}, hoverinfo="name",
        )  # fmt: skip
    shares = [visit.percent(one.variance_share) for one in components(part)[:2]]
    bare = {"showticklabels": False, "showgrid": False, "zeroline": False}
    titles = [visit.say(_COMPONENT, number=place + 1, share=share) for place, share in enumerate(shares)]
    figure.update_xaxes(title=titles[0], title_font_size=12, **bare).update_yaxes(
        title=titles[1], title_font_size=12, **bare
    )
    chart(
        visit,
        f"map-{part.name}",
        figure,
        points,
        alt=visit.say(_MAP_ALT, names=", ".join(one.name for one in keys)),
        keys=keys,
    )


def _detail(visit: Visit, rows: list[Row]) -> None:
    names = names_of(visit, rows)
    ids = tuple(names)
    heading(visit.say(_CHOOSE))
    recall("segment", ids, ids[0])
    chosen = st.selectbox(visit.say(_SEGMENT), ids, key="segment", format_func=names.__getitem__)
    remember("segment", ids[0])
    row = next(row for row in rows if row["segment_id"] == chosen)
    left, right = st.columns(2)
    with left, card("advice", names[chosen]):
        told_of = {_DO: "recommendation", _WHY: "reason", _EVIDENCE: "evidence"}
        facts([(visit.say(label), localised(visit, row, name)) for label, name in told_of.items()])
        note(visit.say(_BASIS))
        heading(visit.say(_EXPORT), visit.say(_EXPORT_NOTE), level=3)
        _export(visit, row)
    features = visit.ask(profile, chosen)
    with right, card("apart", visit.say(_APART), visit.say(_APART_NOTE)):
        _effects(visit, names[chosen], features)
    with card("profile", f"{visit.say(_PROFILE)} \u2013 {names[chosen]}"):
        shown = [one | {"label": feature_name(visit, one["feature"])} | _written(visit, one) for one in features]
        table(visit, f"profile-{chosen}", _profile_columns(visit), shown, caption=visit.say(_PROFILE))


def _written(visit: Visit, row: Row) -> Row:
    names = ("median", "base_median", "mean", "base_mean")
    return {f"{name}_told": feature_value(visit, row["feature"], row[name]) for name in names}


def _profile_columns(visit: Visit) -> list[Column]:
    labels = {"median": _MEDIAN, "base_median": _BASE_MEDIAN, "mean": _MEAN, "base_mean": _BASE_MEAN}
    return [
        Column("label", _FEATURE),
        *(Column(f"{name}_told", label, is_number=True) for name, label in labels.items()),
        Column("effect_size", _EFFECT, lambda value: visit.number(value, digits=2), is_number=True),
    ]


def _effects(visit: Visit, name: str, features: list[Row]) -> None:
    strong = [row for row in features if row["effect_size"]][:_EFFECTS]
    if not strong:
        note(visit.say(_APART_ALT, name=name, told="0"))
        return
    labels = [feature_name(visit, row["feature"]) for row in strong]
    values = [row["effect_size"] for row in strong]
    texts = [visit.number(round(value, 2), digits=2) for value in values]
    figure = bars(labels, values, texts, colour=[MORE if value > 0 else LESS for value in values])
    told_of = "; ".join(f"{label} {text}" for label, text in zip(labels, texts, strict=True))
    keys = [Key(visit.say(_MORE), MORE, "area"), Key(visit.say(_LESS), LESS, "area")]
    chart(visit, "effects", figure, strong, alt=visit.say(_APART_ALT, name=name, told=told_of), keys=keys)


def _export(visit: Visit, row: Row) -> None:
    if not visit.may("users:export"):
        note(visit.say(_NO_EXPORT))
        return
    if row["users"] < LEAST_EXPORTED:
        why = visit.say(_TOO_SMALL_WHY, number=visit.count(row["users"]), least=LEAST_EXPORTED)
        message(visit.say(_TOO_SMALL), why, kind="warning")
        return
    segment = row["segment_id"]
    st.download_button(
        visit.say(_EXPORT_BUTTON, number=visit.count(row["users"])), lambda: _exported(visit, segment),
        f"segment-{segment}.csv", "text/csv", key=f"export-{segment}", on_click="ignore",
    )  # fmt: skip


def _exported(visit: Visit, segment: int) -> bytes:
    """Asked for when somebody clicks; without an entry in the audit log nothing leaves."""
    users = export(visit.published, segment)
    visit.note("segments.export", segment=segment, count=users.num_rows)
    file = pa.BufferOutputStream()
    pyarrow.csv.write_csv(users, file)
    return bytes(file.getvalue())


def _moves(visit: Visit, rows: list[Row]) -> None:
    moved = visit.ask(migration)
    moves = latest_moves(moved, [row["segment_id"] for row in rows])
    if moves is None:
        note(visit.say(_NO_MOVES))
        return
    note(_moves_in_words(visit, moved, moves))
    figure = sankey(_translated(visit, moves, names_of(visit, rows)))
    figure.update_layout(font_family=FONT).update_traces(
        node_hovertemplate="%{customdata}: %{value}<extra></extra>",
        link_hovertemplate="%{source.customdata} →<br>%{target.customdata}: %{value}<extra></extra>",
    )
    chart(visit, "moves", figure, moved.to_pylist(), alt=visit.say(_MOVES))


def _translated(visit: Visit, moves: Moves, names: dict[int, str]) -> Moves:
    def told_as(stop: Stop) -> Stop:
        name = visit.say(_NOBODY[stop.name]) if stop.id is None else names.get(stop.id, gone(stop.name))
        return replace(stop, name=name)

    def gone(name: str) -> str:
        known = read_name(name)
        return known.text(visit.language) if known else name

    return replace(moves, before=[told_as(one) for one in moves.before], after=[told_as(one) for one in moves.after])


def _moves_in_words(visit: Visit, moved: pa.Table, moves: Moves) -> str:
    known = [(moves.before[left], moves.after[right], users) for left, right, users in moves.flows]
    both = [(left.id, right.id, users) for left, right, users in known if None not in (left.id, right.id)]
    total = sum(users for *_, users in both)
    stayed = sum(users for left, right, users in both if left == right)
    last = max(moved.to_pylist(), key=lambda row: (row["to_as_of"], row["from_as_of"]))
    return visit.say(
        _MOVES_NOTE, before=visit.day(last["from_as_of"]), after=visit.day(last["to_as_of"]),
        stayed=visit.percent(stayed / total if total else None), known=visit.count(total),
    )  # fmt: skip

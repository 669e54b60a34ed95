"""What if a user were different: features are moved, and the model says at once where that leads."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from footfall.publish.language import Text
from footfall.segments import Explanation, SegmentModel
from footfall.segments.transform import Scale
from footfall.serve.dashboard.address import said_of, write
from footfall.serve.dashboard.elements import Figure, card, chart, figures, heading
from footfall.serve.dashboard.feature_words import feature_name, feature_value
from footfall.serve.dashboard.plotting import bars
from footfall.serve.dashboard.segment_words import colours_of
from footfall.serve.dashboard.visit import Visit
from footfall.serve.views.published import Row
from footfall.serve.views.segments import profile
from footfall.serve.views.users import COUNTS

_TITLE = Text("What if", "Et si")
_OF_USER = Text(
    "Begins at this user's features. Each slider moves one feature alone; nothing is saved.",
    "Part des caractéristiques de cet utilisateur. Chaque curseur ne change qu'une caractéristique\u00a0; rien "
    "n'est enregistré.",
)
_OF_SEGMENT = Text(
    "Begins at the medians of the largest segment, as no user is chosen. Each slider moves one feature alone.",
    "Part des médianes du plus grand segment, aucun utilisateur n'étant choisi. Chaque curseur ne change qu'une "
    "caractéristique.",
)
_WHICH = Text("Features to move", "Caractéristiques à faire varier")
_SEGMENT, _SURE, _DISTANCE = Text("Segment", "Segment"), Text("Certainty", "Certitude"), Text("Distance", "Distance")
_DISTANCES = Text("Distance to each centre, after the change", "Distance à chaque centre, après changement")
_CHANGED, _SAME = Text("before: {name}", "avant\u00a0: {name}"), Text("as before", "comme avant")
_ALWAYS = ("orders", "spend", "sessions", "recency_days")
_MOST, _AT_ONCE, _STEPS = 8, 12, 40
WHAT_IF = "whatif"
"""The parameter of the address that says what was moved; it is of the user whom the address names."""
_TRIED, _SAID_IN = "_tried", "_tried_in"


@st.fragment
def what_if(visit: Visit, rows: list[Row], record: dict[str, Any] | None, user: str) -> None:
    """Sliders, and the segment that the model gives.

    Args:
        visit: who looks.
        rows: all segments.
        record: the features to begin with; those of a typical user where it is None.
        user: whose they are.
    """
    model = visit.served.scorer.value.model
    begin = record or _typical(visit, rows)
    with card("what-if", visit.say(_TITLE), visit.say(_OF_USER if record else _OF_SEGMENT)):
        scorer, key = visit.served.scorer.value, f"_moved_{user}"
        before = scorer.score(begin, user)
        _follow_address(user)
        _say_again(visit, user)
        st.session_state[key] = st.session_state.get(key) or _first(model, before)
        names = st.multiselect(
            visit.say(_WHICH), model.features, key=key, format_func=lambda one: feature_name(visit, one),
            max_selections=_AT_ONCE,
        )  # fmt: skip
        left, right = st.columns(2)
        with left:
            moved = begin | {name: _slider(visit, model, name, begin.get(name), user) for name in names}
        with right:
            _tell(visit, rows, before, scorer.score(moved, user))
        _remember(begin, moved, names, user)


def _follow_address(user: str) -> None:
    """Begin anew where the visitor went to another address. One that only lags behind a slider is none."""
    last = st.session_state.get(_TRIED)
    if last is not None and last == (user, last[1], _choices(user)) and last[1] != said_of(WHAT_IF):
        for name in last[2]:
            del st.session_state[name]


def _say_again(visit: Visit, user: str) -> None:
    """In another language values are written otherwise, and sliders that were not set would not find theirs."""
    if st.session_state.get(_SAID_IN) != visit.language:
        st.session_state.update(_choices(user))
    st.session_state[_SAID_IN] = visit.language


def _choices(user: str) -> dict[str, object]:
    """What the widgets of a user show."""
    ours = (f"_moved_{user}", f"_slider_{user}_")
    return {str(name): value for name, value in st.session_state.items() if str(name).startswith(ours)}


def _typical(visit: Visit, rows: list[Row]) -> dict[str, Any]:
    largest = max(rows, key=lambda row: row["users"])
    found = visit.ask(profile, largest["segment_id"])
    return {
        row["feature"]: round(row["median"])
        if row["feature"] in COUNTS and row["median"] is not None
        else row["median"]
        for row in found
    }


def _first(model: SegmentModel, before: Explanation) -> list[str]:
    told = [
        *(one.feature for one in before.moves),
        *(one.feature for one in before.reasons),
        *_told_in_address(),
        *_ALWAYS,
    ]
    return [name for name in dict.fromkeys([*_told_in_address(), *told]) if name in model.features][:_MOST]


def _told_in_address() -> dict[str, float]:
    found = {}
    for part in said_of(WHAT_IF).split(","):
        name, _, value = part.partition(":")
        try:
            found[name] = float(value)
        except ValueError:
            continue
    return found


def _remember(begin: dict[str, Any], moved: dict[str, Any], names: Sequence[str], user: str) -> None:
    changed = [
        f"{name}:{moved[name]:g}" for name in names if moved[name] is not None and moved[name] != begin.get(name)
    ]
    text = ",".join(changed)
    write({WHAT_IF: text})
    st.session_state[_TRIED] = (user, text, _choices(user))


def _slider(visit: Visit, model: SegmentModel, name: str, value: float | None, user: str) -> float | None:
    scale = (
        next(one for part in model.parts for one in part.scales if one.feature == name) if _has(model, name) else None
    )
    if scale is None:
        return value
    steps = _steps(scale, value)
    key = f"_slider_{user}_{name}"
    if key not in st.session_state:
        wanted = _told_in_address().get(name, value)
        st.session_state[key] = min(steps, key=lambda one: abs(one - (wanted if wanted is not None else scale.fill)))
    found: float = st.select_slider(
        feature_name(visit, name), steps, key=key, format_func=lambda one: feature_value(visit, name, one)
    )
    return found


def _has(model: SegmentModel, name: str) -> bool:
    return any(one.feature == name for part in model.parts for one in part.scales)


def _steps(scale: Scale, value: float | None) -> list[float]:
    """Values from the least to the largest that counts, and the user's own; closer to each other where it is small."""
    if scale.shape == "log":
        low, high = (math.copysign(math.log1p(abs(one)), one) for one in (scale.low, scale.high))
        bent = np.linspace(low, high, _STEPS)
        steps = np.sign(bent) * np.expm1(np.abs(bent))
    else:
        steps = np.linspace(scale.low, scale.high, _STEPS)
    own = [] if value is None else [float(value)]
    if scale.feature in COUNTS:
        return sorted({float(round(one)) for one in [*steps, *own]})
    return sorted({*(float(f"{one:.3g}") for one in steps), *own})


def _tell(visit: Visit, rows: list[Row], before: Explanation, after: Explanation) -> None:
    names = [one.segment.name.text(visit.language) for one in (before, after)]
    change = visit.say(_SAME) if names[0] == names[1] else visit.say(_CHANGED, name=names[0])
    figures([
        Figure(visit.say(_SEGMENT), names[1], change),
        Figure(visit.say(_SURE), visit.percent(after.proba)),
        Figure(visit.say(_DISTANCE), visit.number(after.distances[0][1])),
    ])  # fmt: skip
    distances(visit, rows, after, "what-if", visit.say(_DISTANCES))


def distances(visit: Visit, rows: list[Row], found: Explanation, key: str, title: str) -> None:
    """How far the centres of a part are, the nearest first."""
    names = [segment.name.text(visit.language) for segment, _ in found.distances]
    values = [distance for _, distance in found.distances]
    texts, palette = [visit.number(value) for value in values], colours_of(rows)
    shades = [palette[segment.id] for segment, _ in found.distances]
    alt = f"{title}: " + "; ".join(f"{name} {text}" for name, text in zip(names, texts, strict=True))
    data = [{"segment_id": segment.id, "distance": value} for segment, value in found.distances]
    heading(title)
    chart(visit, key, bars(names, values, texts, colour=shades), data, alt=alt)

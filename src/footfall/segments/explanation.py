"""Why a user is in a segment, and what would move them to another."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import UserError
from footfall.segments.feature_table import Array, column
from footfall.segments.model import Part, Segment, SegmentModel
from footfall.segments.parts import places
from footfall.segments.scoring import nearest_in
from footfall.segments.transform import CUT_OFF, Scale, scaled, unbent

REASONS, MOVES = 3, 3


@dataclass(frozen=True)
class Reason:
    """A feature that speaks for the user's segment and against the nearest other.

    Attributes:
        feature: its column.
        value: the user's; None where it is not known.
        midway: the value that would speak for neither.
        weight: its part of what speaks for the segment. What speaks for it and against it makes up the difference of
            the squared distances to the two centres; against it are negative weights.
    """

    feature: str
    value: float | None
    midway: float
    weight: float


@dataclass(frozen=True)
class Move:
    """A change of one feature alone that would put the user into another segment."""

    feature: str
    value: float | None
    needed: float
    segment: Segment


@dataclass(frozen=True)
class Explanation:
    """Why a user is where they are.

    Attributes:
        user_id: the pseudonym.
        part: whom the user is segmented with.
        segment: the user's.
        proba: how sure that is.
        distances: to the centre of every segment of the part, the nearest first.
        reasons: the three features that speak most for the segment, against the nearest other.
        moves: up to three changes of one feature that would put the user elsewhere, the smallest first.
    """

    user_id: str
    part: Part
    segment: Segment
    proba: float
    distances: tuple[tuple[Segment, float], ...]
    reasons: tuple[Reason, ...]
    moves: tuple[Move, ...]

    @property
    def nearest_other(self) -> Segment | None:
        """The segment that the user would be in next; None where the part has one."""
        return self.distances[1][0] if len(self.distances) > 1 else None


def explain(model: SegmentModel, features: pa.Table, user_id: str) -> Explanation:
    """Explain a user's segment.

    A difference of squared distances to two centres is a sum over the features: each weighs what it adds to it.

    Args:
        model: the segmentation.
        features: `user_features`.
        user_id: a pseudonym.

    Raises:
        UserError: there is no such user.
    """
    user = features.filter(pc.equal(features["user_id"], user_id))
    if not user.num_rows:
        raise UserError(f"user_features: no user {user_id}; ask for a pseudonym, or for an id of the shop and its key")
    part = model.parts[int(places(user, [part.rule for part in model.parts])[0])]
    rows = scaled(user, part.scales)
    distances = np.sqrt(((part.projection.project(rows) - part.centres) ** 2).sum(axis=1))
    order = np.argsort(distances, kind="stable")
    proba = float(nearest_in(part, user).proba[0])
    reasons, moves = _against(part, user, rows[0], order) if part.k > 1 else ((), ())
    return Explanation(
        user_id=user_id,
        part=part,
        segment=part.segments[order[0]],
        proba=proba,
        distances=tuple((part.segments[place], float(distances[place])) for place in order),
        reasons=reasons,
        moves=moves,
    )


def _against(
    part: Part, user: pa.Table, row: Array, order: npt.NDArray[np.intp]
) -> tuple[tuple[Reason, ...], tuple[Move, ...]]:
    """The reasons for the nearest centre and against the second, and what would lead away from it."""
    own, other = part.centres[order[0]], part.centres[order[1]]
    loadings = np.array(part.projection.loadings)
    midway = np.array(part.projection.mean) + loadings.T @ ((own + other) / 2)
    slopes = 2 * loadings.T @ (own - other)
    shares = slopes * (row - midway)
    values = [_value(user, scale) for scale in part.scales]
    reasons = tuple(
        Reason(
            part.scales[place].feature, values[place], _unscaled(part.scales[place], midway[place]),
            float(shares[place] / shares[shares > 0].sum()) if (shares > 0).any() else 0.0,
        )
        for place in np.argsort(-shares, kind="stable")[:REASONS]
    )  # fmt: skip
    return reasons, _moves(part, user, row, slopes, float(shares.sum()))


def _moves(part: Part, user: pa.Table, row: Array, slopes: Array, margin: float) -> tuple[Move, ...]:
    """Change one feature at a time, by as much as it takes and a little more, and ask the model where that leads."""
    found: list[tuple[float, Move]] = []
    here = part.segments[int(nearest_in(part, user).label[0])]
    for place, scale in enumerate(part.scales):
        if not slopes[place]:
            continue
        change = -margin / slopes[place]
        target = row[place] + change * 1.01 + np.sign(change) * 1e-6
        needed = _rounded(scale, _unscaled(scale, target), user, more=change > 0)
        if abs(target) > CUT_OFF or not scale.low <= needed <= scale.high:
            continue
        changed = user.set_column(
            user.column_names.index(scale.feature), scale.feature, pa.array([needed], pa.float64())
        )
        there = part.segments[int(nearest_in(part, changed).label[0])]
        if there != here:
            found.append((abs(change), Move(scale.feature, _value(user, scale), needed, there)))
    return tuple(move for _, move in sorted(found, key=lambda one: one[0])[:MOVES])


def _value(user: pa.Table, scale: Scale) -> float | None:
    value = float(column(user, scale.feature)[0])
    return None if np.isnan(value) else value


def _unscaled(scale: Scale, value: float) -> float:
    """A scaled value in the feature's own unit; what lies beyond the cut-off is taken for it."""
    value = min(max(value, -CUT_OFF), CUT_OFF)
    return float(unbent(np.array([scale.centre + value * scale.spread]), scale.shape)[0])


def _rounded(scale: Scale, value: float, user: pa.Table, *, more: bool) -> float:
    """A count is a whole number: the next one in the direction of the change."""
    if not pa.types.is_integer(user.schema.field(scale.feature).type):
        return value
    return float(np.ceil(value) if more else np.floor(value))

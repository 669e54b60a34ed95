"""Why a user is in a segment, and what would move them to another."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import UserError
from footfall.segments.clusters import nearest
from footfall.segments.feature_table import Array
from footfall.segments.model import Part, Segment, SegmentModel
from footfall.segments.scoring import nearest_of, parts_of
from footfall.segments.transform import CUT_OFF, values_of

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
    whole = frozenset(field.name for field in user.schema if pa.types.is_integer(field.type))
    return explain_row(model, values_of(user, model.features), user_id, whole)


def explain_row(model: SegmentModel, row: Array, user_id: str, whole: frozenset[str]) -> Explanation:
    """Explain the segment of a user whose features are numbers already.

    Args:
        model: the segmentation.
        row: one row, one column for each of `model.features`.
        user_id: what the explanation is to call the user.
        whole: the features that are whole numbers.
    """
    place = int(parts_of(model, row)[0])
    part, values = model.parts[place], row[:, model.columns[place]]
    scaled = part.scaling.scaled(values)
    point = part.projection.project(scaled)
    distances = np.sqrt(((point - part.centres) ** 2).sum(axis=1))
    order = np.argsort(distances, kind="stable")
    reasons, moves = _against(part, values[0], scaled[0], order, whole) if part.k > 1 else ((), ())
    return Explanation(
        user_id=user_id,
        part=part,
        segment=part.segments[order[0]],
        proba=float(nearest(point, part.centres, part.softness).proba[0]),
        distances=tuple((part.segments[place], float(distances[place])) for place in order),
        reasons=reasons,
        moves=moves,
    )


def _against(
    part: Part, values: Array, scaled: Array, order: npt.NDArray[np.intp], whole: frozenset[str]
) -> tuple[tuple[Reason, ...], tuple[Move, ...]]:
    """The reasons for the nearest centre and against the second, and what would lead away from it."""
    own, other = part.centres[order[0]], part.centres[order[1]]
    loadings = part.projection.weights
    midway = part.projection.middle + loadings.T @ ((own + other) / 2)
    slopes = 2 * loadings.T @ (own - other)
    shares = slopes * (scaled - midway)
    total, between = shares[shares > 0].sum(), part.scaling.unscaled(midway)
    reasons = tuple(
        Reason(
            part.scaling.features[place], _known(values[place]), float(between[place]),
            float(shares[place] / total) if total > 0 else 0.0,
        )
        for place in np.argsort(-shares, kind="stable")[:REASONS]
    )  # fmt: skip
    is_whole = np.array([name in whole for name in part.scaling.features])
    return reasons, _moves(part, values, scaled, slopes, float(shares.sum()), is_whole)


def _moves(
    part: Part, values: Array, scaled: Array, slopes: Array, margin: float, is_whole: npt.NDArray[np.bool_]
) -> tuple[Move, ...]:
    """Change one feature at a time, by as much as it takes and a little more, and ask the model where that leads."""
    places = np.flatnonzero(slopes)
    change = np.zeros(len(slopes))
    change[places] = -margin / slopes[places]
    target = scaled + change * 1.01 + np.sign(change) * 1e-6
    needed = part.scaling.unscaled(target)
    # A count is a whole number: the next one in the direction of the change.
    needed = np.where(is_whole, np.where(change > 0, np.ceil(needed), np.floor(needed)), needed)
    can_be = (np.abs(target) <= CUT_OFF) & (part.scaling.low <= needed) & (needed <= part.scaling.high)
    places = places[can_be[places]]
    changed = np.repeat(values[None, :], len(places) + 1, axis=0)
    changed[np.arange(len(places)), places] = needed[places]
    *there, here = nearest_of(part, changed).label
    found = sorted((abs(change[at]), at, label) for at, label in zip(places, there, strict=True) if label != here)
    return tuple(
        Move(part.scaling.features[at], _known(values[at]), float(needed[at]), part.segments[label])
        for _, at, label in found[:MOVES]
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)

"""Why a user is in a segment, and what would move them to another."""

from dataclasses import dataclass
from math import isnan

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import UserError
from footfall.segments.clusters import chance, squared_distances
from footfall.segments.feature_table import Array
from footfall.segments.model import Part, Segment, SegmentModel
from footfall.segments.scoring import parts_of
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
    return Explainer(model, whole).explain(values_of(user, model.features)[0], user_id)


class Explainer:
    """Explains one user after the other, a thousand times a second: what they have in common is worked out once.

    Args:
        model: the segmentation.
        whole: the features that are whole numbers.
    """

    def __init__(self, model: SegmentModel, whole: frozenset[str]) -> None:
        self._model = model
        self._parts = tuple(_PartExplainer(part, whole) for part in model.parts)

    def explain(self, row: Array, user_id: str) -> Explanation:
        """Explain the segment of a user.

        Args:
            row: the user's features, one for each of the model's, NaN where one is not defined.
            user_id: what the explanation is to call the user.
        """
        place = int(parts_of(self._model, row[None])[0])
        return self._parts[place].explain(row[self._model.columns[place]], user_id)


@dataclass(frozen=True)
class _Border:
    """What lies between two centres.

    Attributes:
        middle: the point midway, in scaled features.
        slopes: by how much the difference of the squared distances to the two grows with each scaled feature.
        values: the point midway, in the features' own units.
    """

    middle: Array
    slopes: Array
    values: list[float]


class _PartExplainer:
    """Explains users of one part of a model."""

    def __init__(self, part: Part, whole: frozenset[str]) -> None:
        self._part = part
        self._is_whole = np.array([name in whole for name in part.scaling.features])
        self._borders: dict[tuple[int, int], _Border] = {}

    def explain(self, values: Array, user_id: str) -> Explanation:
        part = self._part
        scaled = part.scaling.scaled(values)
        point = part.projection.project(scaled)
        squares = squared_distances(point[None], part.centres)
        order = squares[0].argsort(kind="stable")
        own = int(order[0])
        reasons, moves = self._against(values, scaled, point, own, int(order[1])) if part.k > 1 else ((), ())
        distances = np.sqrt(squares[0]).tolist()
        return Explanation(
            user_id=user_id,
            part=part,
            segment=part.segments[own],
            proba=float(chance(squares, squares[:, own], part.softness)[0]),
            distances=tuple((part.segments[place], distances[place]) for place in order.tolist()),
            reasons=reasons,
            moves=moves,
        )

    def _against(
        self, values: Array, scaled: Array, point: Array, own: int, other: int
    ) -> tuple[tuple[Reason, ...], tuple[Move, ...]]:
        """The reasons for one centre and against another, and what would lead away from it."""
        names, border = self._part.scaling.features, self._border(own, other)
        shares = border.slopes * (scaled - border.middle)
        total = float(shares[shares > 0].sum())
        reasons = tuple(
            Reason(
                names[place], _known(values[place]), border.values[place],
                float(shares[place]) / total if total > 0 else 0.0,
            )
            for place in (-shares).argsort(kind="stable")[:REASONS].tolist()
        )  # fmt: skip
        return reasons, self._moves(values, scaled, point, own, border.slopes, float(shares.sum()))

    def _border(self, own: int, other: int) -> _Border:
        border = self._borders.get((own, other))
        if border is None:
            part = self._part
            first, second, loadings = part.centres[own], part.centres[other], part.projection.weights
            middle = part.projection.middle + loadings.T @ ((first + second) / 2)
            slopes = 2 * loadings.T @ (first - second)
            border = _Border(middle, slopes, part.scaling.unscaled(middle).tolist())
            self._borders[own, other] = border
        return border

    def _moves(
        self, values: Array, scaled: Array, point: Array, own: int, slopes: Array, margin: float
    ) -> tuple[Move, ...]:
        """Change one feature at a time, by as much as it takes and a little more, and ask where that leads."""
        part = self._part
        change = np.divide(-margin, slopes, out=np.zeros(len(slopes)), where=slopes != 0)
        target = scaled + change * 1.01 + np.sign(change) * 1e-6
        needed = part.scaling.unscaled(target)
        # A count is a whole number: the next one in the direction of the change.
        needed = np.where(self._is_whole, np.where(change > 0, np.ceil(needed), np.floor(needed)), needed)
        can_be = (np.abs(target) <= CUT_OFF) & (part.scaling.low <= needed) & (needed <= part.scaling.high)
        places = (can_be & (slopes != 0)).nonzero()[0]
        # Components are sums over the features: one feature that changes moves the point along its loadings.
        moved = (part.scaling.scaled(needed) - scaled)[places]
        there = squared_distances(point + moved[:, None] * part.projection.weights.T[places], part.centres)
        labels, sizes = there.argmin(axis=1), np.abs(change[places])
        found = [place for place in sizes.argsort(kind="stable").tolist() if labels[place] != own][:MOVES]
        return tuple(
            Move(
                part.scaling.features[places[one]], _known(values[places[one]]), float(needed[places[one]]),
                part.segments[labels[one]],
            )
            for one in found
        )  # fmt: skip


def _known(value: float) -> float | None:
    return None if isnan(value) else float(value)

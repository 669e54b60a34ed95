"""A fitted segmentation: every number that it takes to put a user into a segment."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from footfall.errors import SourceUnreadable
from footfall.segments.feature_table import Array
from footfall.segments.naming.names import Name
from footfall.segments.parts import Rule
from footfall.segments.projection import Projection
from footfall.segments.transform import Dropped, Scale, Scaling

FORMAT = 2
FIT_ANEW = "fit new segments with `footfall segments --fresh`"


@dataclass(frozen=True)
class Segment:
    """One segment as the fit found it.

    Attributes:
        id: its identity; kept by refits that find the same users again, and never given to another segment.
        name: what it is called, unique within the model.
        users: how many users of the fit are in it.
        centre: its centre on the principal components of its part.
        overlap: Jaccard similarity, on the users of the fit, to the segment of the last model that had this id;
            None if the id is new.
    """

    id: int
    name: Name
    users: int
    centre: tuple[float, ...]
    overlap: float | None = None


@dataclass(frozen=True)
class Part:
    """Users who are segmented apart from the others, and how.

    Attributes:
        name: as in `parts`.
        rule: who is in it; None takes all whom the parts before it left.
        users: how many it was fitted on.
        scales: the features it uses, and how each is made comparable.
        dropped: the features it could not use.
        projection: the principal components.
        softness: how distances become `proba` (see `clusters.nearest`).
        segments: the segments, the largest first.
    """

    name: str
    rule: Rule | None
    users: int
    scales: tuple[Scale, ...]
    dropped: tuple[Dropped, ...]
    projection: Projection
    softness: float
    segments: tuple[Segment, ...]

    @property
    def k(self) -> int:
        """The number of its segments."""
        return len(self.segments)

    @cached_property
    def centres(self) -> Array:
        """The segments' centres, one row each."""
        return np.array([segment.centre for segment in self.segments])

    @cached_property
    def scaling(self) -> Scaling:
        """Its scales, all at once."""
        return Scaling(self.scales)


@dataclass(frozen=True)
class SegmentModel:
    """All that `assign` needs.

    Attributes:
        version: v1.x.y: x is raised when there are other segments than before, y when the same were fitted anew.
        seed: the seed of K-means.
        fitted_as_of: the features' date, ISO 8601, UTC.
        users: how many users it was fitted on.
        next_id: the id of the next segment that is new.
        is_chosen: whether the numbers of segments are those that hold, and not given by people.
        parts: users who are segmented apart.
    """

    version: str
    seed: int
    fitted_as_of: str
    users: int
    next_id: int
    is_chosen: bool
    parts: tuple[Part, ...]

    @property
    def k(self) -> int:
        """The number of segments."""
        return sum(part.k for part in self.parts)

    @property
    def numbers(self) -> dict[str, int]:
        """The number of segments of each part."""
        return {part.name: part.k for part in self.parts}

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """All segments, part by part. Where code speaks of a label, it is a place in this."""
        return tuple(segment for part in self.parts for segment in part.segments)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The features that it is fitted on, in the order in which it first uses them."""
        rules = [part.rule.feature for part in self.parts if part.rule]
        return tuple(dict.fromkeys([*rules, *(name for part in self.parts for name in part.scaling.features)]))

    @cached_property
    def columns(self) -> tuple[npt.NDArray[np.intp], ...]:
        """For each part, where its features are among those of the model."""
        place = {name: number for number, name in enumerate(self.features)}
        return tuple(np.array([place[name] for name in part.scaling.features], np.intp) for part in self.parts)

    def to_json(self) -> str:
        """Write the model as JSON; `from_json` gives an equal model, to the last bit."""
        return json.dumps({"format": FORMAT} | asdict(self), indent=1, allow_nan=False)


def from_json(text: str | bytes) -> SegmentModel:
    """Read a model that `SegmentModel.to_json` wrote.

    Raises:
        SourceUnreadable: it is no segment model, is damaged, or was written in another format.
    """
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise SourceUnreadable(f"segment model: not JSON ({error}); {FIT_ANEW}") from error
    found = fields.get("format") if isinstance(fields, dict) else None
    if found != FORMAT:
        raise SourceUnreadable(
            f"segment model: its format is {found!r} and this version of Footfall reads format {FORMAT}; "
            f"{FIT_ANEW}, or use the version of Footfall that wrote it"
        )
    try:
        return TypeAdapter(SegmentModel).validate_json(text)
    except ValidationError as error:
        wrong = error.errors()[0]
        field = ".".join(map(str, wrong["loc"]))
        raise SourceUnreadable(f"segment model: {field} is missing or wrong ({wrong['msg']}); {FIT_ANEW}") from error

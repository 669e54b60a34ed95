"""A fitted segmentation: every number that it takes to put a user into a segment."""

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from footfall.errors import SourceUnreadable
from footfall.segments.feature_table import Array
from footfall.segments.projection import Projection
from footfall.segments.transform import Dropped, Scale

FORMAT = 1


@dataclass(frozen=True)
class Segment:
    """One segment as the fit found it.

    Attributes:
        name: a readable name, unique within the model.
        recommendation: what to do with these users.
        users: how many users of the fit are in it.
        centre: its centre on the principal components.
    """

    name: str
    recommendation: str
    users: int
    centre: tuple[float, ...]


@dataclass(frozen=True)
class SegmentModel:
    """All that `assign` needs. A segment's id is its place in `segments`; 0 had the most users in the fit.

    Attributes:
        version: the caller's name for this model.
        seed: the seed of K-means.
        fitted_as_of: the features' date, ISO 8601, UTC.
        users: how many users it was fitted on.
        scales: the features it uses, and how each is scaled.
        dropped: the features it could not use.
        projection: the principal components.
        segments: the segments, largest first.
    """

    version: str
    seed: int
    fitted_as_of: str
    users: int
    scales: tuple[Scale, ...]
    dropped: tuple[Dropped, ...]
    projection: Projection
    segments: tuple[Segment, ...]

    @property
    def k(self) -> int:
        """The number of segments."""
        return len(self.segments)

    @property
    def centres(self) -> Array:
        """The segments' centres, one row each."""
        return np.array([segment.centre for segment in self.segments])

    def to_json(self) -> str:
        """Write the model as JSON; `from_json` gives an equal model, to the last bit."""
        return json.dumps({"format": FORMAT} | asdict(self), indent=1, allow_nan=False)


def from_json(text: str) -> SegmentModel:
    """Read a model that `SegmentModel.to_json` wrote.

    Raises:
        SourceUnreadable: it is no segment model, is damaged, or was written in another format.
    """
    try:
        fields = json.loads(text)
    except json.JSONDecodeError as error:
        raise SourceUnreadable(f"segment model: not JSON ({error}); fit the segments again") from error
    _must_be_readable(fields)
    try:
        return _model(fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise SourceUnreadable(
            f"segment model: a field is missing or wrong ({error}); fit the segments again"
        ) from error


def _must_be_readable(fields: object) -> None:
    found = fields.get("format") if isinstance(fields, dict) else None
    if found != FORMAT:
        raise SourceUnreadable(
            f"segment model: its format is {found!r} and this version of Footfall reads format {FORMAT}; "
            "fit the segments again, or use the version of Footfall that wrote it"
        )


def _model(fields: dict[str, Any]) -> SegmentModel:
    projection = fields["projection"]
    return SegmentModel(
        version=fields["version"],
        seed=fields["seed"],
        fitted_as_of=fields["fitted_as_of"],
        users=fields["users"],
        scales=tuple(Scale(**scale) for scale in fields["scales"]),
        dropped=tuple(Dropped(**one) for one in fields["dropped"]),
        projection=Projection(
            mean=tuple(projection["mean"]),
            loadings=tuple(map(tuple, projection["loadings"])),
            variance_shares=tuple(projection["variance_shares"]),
        ),
        segments=tuple(Segment(**segment | {"centre": tuple(segment["centre"])}) for segment in fields["segments"]),
    )

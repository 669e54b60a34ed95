"""Users as they were published last: their segment and their features, found by pseudonym without asking the engine."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import UserError
from footfall.features import USER_FEATURES
from footfall.pipeline.query import Reader
from footfall.segments.feature_table import KEYS
from footfall.segments.transform import values_of
from footfall.serve.views.published import NotPublished

PSEUDONYM = re.compile(r"[0-9a-f]{32}")
FEATURES = tuple(name for name in USER_FEATURES.schema.names if name not in KEYS)
COUNTS = frozenset(column.name for column in USER_FEATURES.columns if pa.types.is_integer(column.type))
_SEGMENT = ("segment_id", "proba", "distance")
_SAME_FOR_ALL = ("model_version", "as_of", "updated_at")


class UserUnknown(UserError):
    """No such user was published."""


@dataclass(frozen=True)
class UserRecord:
    """What is published of a user.

    Attributes:
        user_id: the pseudonym.
        segment_id: the segment.
        proba: how sure that is.
        distance: to the segment's centre.
        model_version: which model said so.
        as_of: of which date, ISO 8601, UTC.
        features: by name; None where one is not defined for the user.
    """

    user_id: str
    segment_id: int
    proba: float
    distance: float
    model_version: str
    as_of: str
    features: dict[str, float | int | None]


class Users:
    """All users of a version, in the order of their pseudonyms.

    Args:
        rows: users with their segment and features, ordered by user_id, whose texts all have 32 letters.
        of_all: what is the same for all of them.
    """

    def __init__(self, rows: pa.Table, of_all: dict[str, Any]) -> None:
        self._of_all = of_all
        self._names = _texts(rows["user_id"])
        self._segments = {name: rows[name].to_numpy() for name in _SEGMENT}
        self._features = tuple(name for name in FEATURES if name in rows.column_names)
        # Row by row: a user's features lie together, and are found a hundred times faster than in columns.
        self._values = values_of(rows, self._features)

    def __len__(self) -> int:
        return len(self._names)

    def find(self, user_id: str) -> UserRecord:
        """A user.

        Raises:
            UserUnknown: there is none of that pseudonym.
        """
        place = int(np.searchsorted(self._names, user_id.encode()))
        if place == len(self._names) or self._names[place] != user_id.encode():
            raise UserUnknown("no user of that pseudonym was published")
        values = zip(self._features, self._values[place].tolist(), strict=True)
        return UserRecord(
            user_id=user_id,
            segment_id=int(self._segments["segment_id"][place]),
            proba=float(self._segments["proba"][place]),
            distance=float(self._segments["distance"][place]),
            model_version=str(self._of_all["model_version"]),
            as_of=f"{self._of_all['as_of'].isoformat()}Z",
            features={name: _plain(name, value) for name, value in values},
        )


def _texts(names: pa.ChunkedArray) -> npt.NDArray[np.bytes_]:
    """Texts of 32 letters as they lie in memory: by way of Python's, whoever asks meanwhile would wait."""
    width = pa.binary(32)
    fixed = pa.concat_arrays(names.cast(width).chunks or [pa.array([], width)])
    return np.frombuffer(fixed.buffers()[1], "S32", len(fixed), fixed.offset * width.byte_width)


def _plain(name: str, value: float) -> float | int | None:
    if value != value:  # noqa: PLR0124 - NaN: not defined for the user
        return None
    return int(value) if name in COUNTS else value


def read_users(reader: Reader) -> Users:
    """Read all users that have a segment, in memory: eight bytes for each feature, and the pseudonym.

    Raises:
        NotPublished: there are no segments yet.
    """
    for name in ("customer_segments", "user_features"):
        if name not in reader.versions:
            raise NotPublished(name, str(reader.lake.root))
    of_all = reader.ask(f"SELECT {', '.join(_SAME_FOR_ALL)} FROM customer_segments LIMIT 1").to_pylist()
    rows = reader.ask(
        f"SELECT f.* EXCLUDE (as_of), {', '.join(f's.{name}' for name in _SEGMENT)} FROM customer_segments AS s "
        "JOIN user_features AS f ON f.user_id = s.user_id AND f.as_of = s.as_of ORDER BY f.user_id"
    )
    return Users(rows, of_all[0] if of_all else {})

"""The table `user_features`, as this room reads it: user_id, as_of, then one column a feature."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import SourceUnreadable

Array = npt.NDArray[np.float64]

KEYS = ("user_id", "as_of")


def feature_names(features: pa.Table) -> list[str]:
    """Name the feature columns: all but the keys.

    Raises:
        SourceUnreadable: a key is missing, there is no feature, or a feature is not a number.
    """
    for key in KEYS:
        if key not in features.column_names:
            raise SourceUnreadable(
                f"user_features: no column {key!r} among {features.column_names}; compute them again"
            )
    names = [name for name in features.column_names if name not in KEYS]
    if not names:
        raise SourceUnreadable("user_features: no feature column beside user_id and as_of; compute the features first")
    for name in names:
        _must_be_number(features.schema.field(name))
    return names


def _must_be_number(field: pa.Field) -> None:
    kind = field.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise SourceUnreadable(
            f"user_features: column {field.name!r} is {kind} and must be a number; leave it out or compute it again"
        )


def as_of_date(features: pa.Table) -> str:
    """Read the one date that the features are of: ISO 8601, UTC.

    Raises:
        SourceUnreadable: there is more than one date.
    """
    dates = features["as_of"].cast(pa.timestamp("us")).unique().to_pylist()
    if len(dates) != 1 or dates[0] is None:
        raise SourceUnreadable(f"user_features: as_of has {len(dates)} values and must have one date; select one")
    return str(dates[0].isoformat())


def column(features: pa.Table, name: str) -> Array:
    """Read one feature; whatever is not a finite number becomes NaN."""
    values = features[name].cast(pa.float64(), safe=False).to_numpy()
    return np.where(np.isfinite(values), values, np.nan)

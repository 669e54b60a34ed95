"""A shop's users, segmented."""

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from footfall.segments import SegmentModel, assign, fit, profile

UPDATED_AT = datetime(2020, 1, 1, 6, 30)


@dataclass(frozen=True)
class Segmented:
    """A shop's features and all that is made from them."""

    features: pa.Table
    model: SegmentModel
    assigned: pa.Table
    profiles: pa.Table


def segmented(features: pa.Table, k: int = 5) -> Segmented:
    model = fit(features, k=k, seed=0)
    assigned = assign(model, features, updated_at=UPDATED_AT)
    return Segmented(features, model, assigned, profile(model, features, assigned))

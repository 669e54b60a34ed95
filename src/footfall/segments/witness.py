"""Witnesses of a model: users' features, and where the model put them; a later reading of it must say the same."""

import io

import numpy as np
import pyarrow as pa
from pyarrow import feather

from footfall.errors import SourceUnreadable
from footfall.segments.model import FIT_ANEW, SegmentModel
from footfall.segments.scoring import place_users

WITNESSES = 1_000
TOLERANCE = 1e-6


def witnesses(model: SegmentModel, features: pa.Table) -> bytes:
    """Keep 1,000 users of the fit, without their ids, with their segments and distances, as an Arrow file."""
    chosen = np.sort(np.random.default_rng(model.seed).permutation(features.num_rows)[:WITNESSES])
    users = features.take(chosen).select(["as_of", *model.features])
    # A witness has no name: with the user's id, the registry would hold data that erasure does not reach.
    users = users.add_column(0, "user_id", pa.array([str(place) for place in range(len(chosen))]))
    found = place_users(model, users)
    ids = pa.array([segment.id for segment in model.segments], pa.int32())
    users = users.append_column("segment_id", ids.take(pa.array(found.label)))
    users = users.append_column("distance", pa.array(found.distance)).append_column("proba", pa.array(found.proba))
    file = io.BytesIO()
    feather.write_feather(users, file, compression="zstd")
    return file.getvalue()


def verify(model: SegmentModel, kept: bytes) -> None:
    """See that a model puts its witnesses where it put them when it was fitted.

    Raises:
        SourceUnreadable: it does not, within 1e-6; or the witnesses cannot be read.
    """
    try:
        users = feather.read_table(io.BytesIO(kept))
        features, told = users.drop_columns(["segment_id", "distance", "proba"]), users.select(["distance", "proba"])
    except (pa.ArrowInvalid, KeyError) as error:
        raise SourceUnreadable(f"segment model {model.version}: its witnesses cannot be read ({error})") from error
    found = place_users(model, features)
    ids = np.array([segment.id for segment in model.segments])[found.label]
    moved = int((ids != users["segment_id"].to_numpy()).sum())
    furthest = max(
        float(np.abs(np.nan_to_num(ours - told[name].to_numpy(), nan=np.inf)).max(initial=0))
        for name, ours in (("distance", found.distance), ("proba", found.proba))
    )
    if moved or furthest > TOLERANCE:
        raise SourceUnreadable(
            f"segment model {model.version}: does not reproduce its witnesses ({moved:,} of {len(ids):,} users in "
            f"another segment, distances up to {furthest:.2g} off); it may not serve: {FIT_ANEW}, or use the version "
            "of Footfall that wrote it"
        )

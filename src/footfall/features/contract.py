"""The contract of `user_features`, from the registry."""

import pyarrow as pa

from footfall.contracts import Column, Table
from footfall.features.definitions import FEATURES

USER_FEATURES = Table(
    "user_features",
    "processed",
    grain="user_id, as_of",
    definition="What is known of every user as of a date.",
    columns=(
        Column("user_id", pa.string(), "pseudonym of the user"),
        Column("as_of", pa.timestamp("us"), "only events before this moment were used, UTC"),
        *(Column(f.name, f.type, f.definition, f.unit) for f in FEATURES.values()),
    ),
)

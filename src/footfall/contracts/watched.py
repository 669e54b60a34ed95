"""The contracts of what detection finds: anomalies, and the incidents that they make."""

import pyarrow as pa

from footfall.contracts.table import Column, Table

_TEXT, _INT, _REAL, _TIME = pa.string(), pa.int64(), pa.float64(), pa.timestamp("us")
_SERIES = (
    Column("series_id", _TEXT, "as in metric_series: grain/metric/dimension/member"),
    Column("metric", _TEXT, "what is watched"),
    Column("dimension", _TEXT, "as in metric_series"),
    Column("member", _TEXT, "as in metric_series"),
)

SIDES = ("down", "up")
"""Where a value lies: below what was to be expected, or above."""

INCIDENT_KINDS = ("drop", "spike", "level_shift", "no_data")
"""Fewer or more than expected for a time, from now on, or no data at all."""

VERDICTS = ("true", "false", "expected")
"""What people say of an incident: it was one, it was none, or it was one that the shop had planned."""

ANOMALIES = Table(
    "anomalies",
    "processed",
    grain="series_id, ts",
    definition="Buckets that hardly happen by chance, whether or not somebody was told.",
    partition_by=("month",),
    columns=(
        *_SERIES,
        Column("ts", _TIME, "the bucket, as in metric_series"),
        Column("side", _TEXT, "down or up"),
        Column("hours", _INT, "over how many hours up to the end of the bucket it is the least likely", "hours"),
        Column("value", _REAL, "the metric in these hours"),
        Column("expected", _REAL, "what was to be expected in them"),
        Column("low", _REAL, "99% of outcomes are above"),
        Column("high", _REAL, "99% of outcomes are below"),
        Column("p_value", _REAL, "chance of something as far out, on that side, if nothing had happened", "0 to 1"),
        Column("incident_id", _TEXT, "the incident that it belongs to; null where the policy let it pass"),
        Column("month", _TEXT, "calendar month of the bucket", "YYYY-MM"),
    ),
)

INCIDENTS = Table(
    "incidents",
    "processed",
    grain="incident_id",
    definition="What went wrong: anomalies of related series at nearby times, told once.",
    columns=(
        Column("incident_id", _TEXT, "eight hexadecimal digits; the same whenever it is found again"),
        Column("kind", _TEXT, "one of " + ", ".join(INCIDENT_KINDS)),
        Column("status", _TEXT, "open or closed"),
        Column("onset", _TIME, "start of the first bucket that was anomalous, UTC"),
        Column("opened_at", _TIME, "end of the bucket that made it an incident, UTC"),
        Column("closed_at", _TIME, "end of the bucket that closed it, UTC; null while it is open"),
        *_SERIES,
        Column("side", _TEXT, "down or up"),
        Column("series", _INT, "how many series it shows in", "series"),
        Column("anomalies", _INT, "how many anomalies belong to it", "anomalies"),
        Column("value", _REAL, "the leading series from the onset to the last anomaly"),
        Column("expected", _REAL, "what was to be expected of it in that time"),
        Column("depth", _REAL, "greatest relative change of the leading series, negative for a drop", "share"),
        Column("money", _REAL, "revenue less what was expected, from the onset on; null without revenue", "currency"),
        Column("orders", _REAL, "orders less what was expected; null without orders", "orders"),
        Column("p_value", _REAL, "least of its anomalies", "0 to 1"),
        Column(
            "cause",
            _TEXT,
            "which members explain it, like `brand: apple, sony` or `renamed: old -> new`; null: everything",
        ),
        Column("cause_share", _REAL, "how much of the change they explain", "share"),
        Column("snoozed_until", _TIME, "nobody is told of it before then, UTC"),
        Column("acknowledged_at", _TIME, "when somebody took it on, UTC"),
        Column("verdict", _TEXT, "what somebody said of it: one of " + ", ".join(VERDICTS)),
        Column("updated_at", _TIME, "end of the last bucket that was judged, UTC"),
    ),
)

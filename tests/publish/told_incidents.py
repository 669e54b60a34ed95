"""Incidents as they stand in the table, and messages about them."""

from datetime import datetime, timedelta
from typing import Any

from footfall.contracts import INCIDENTS
from footfall.publish import Event, Message

NOON = datetime(2026, 11, 21, 12)


def incident(**columns: Any) -> dict[str, Any]:
    """A drop of revenue in one category since 14:00 in Paris, with some columns changed."""
    row = {
        "incident_id": "a1b2c3d4",
        "kind": "drop",
        "status": "open",
        "onset": datetime(2026, 11, 21, 13),
        "opened_at": datetime(2026, 11, 21, 16),
        "closed_at": None,
        "series_id": "hour/revenue/category/electronics",
        "metric": "revenue",
        "dimension": "category",
        "member": "electronics",
        "side": "down",
        "series": 14,
        "anomalies": 9,
        "value": 18_400.0,
        "expected": 48_213.0,
        "depth": -0.71,
        "money": -29_813.0,
        "orders": -310.2,
        "p_value": 1e-9,
        "cause": "brand: apple, sony",
        "cause_share": 0.84,
        "snoozed_until": None,
        "acknowledged_at": None,
        "verdict": None,
        "updated_at": datetime(2026, 11, 21, 20),
    } | columns
    assert list(row) == INCIDENTS.schema.names
    return row


def message(event: Event = "opened", hours: float = 0, incident_id: str = "a1b2c3d4", **parts: Any) -> Message:
    """A message of something that happened so many hours after noon, due at once."""
    at = NOON + timedelta(hours=hours)
    name = f"{incident_id}-{event}-{at:%H%M}"
    return Message(**{"id": name, "incident_id": incident_id, "event": event, "at": at, "title": name, "body": "a body",
                      "due_at": at, **parts})  # fmt: skip

"""A message about an incident, as it waits to be sent and as a channel takes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Event = Literal["opened", "reopened", "updated", "closed"]


@dataclass(frozen=True)
class Message:
    """What is told of an incident at one moment.

    Attributes:
        id: the same whenever the same is told again; letters, digits, `-`, `_` and `.`, for it names files.
        incident_id: of the incident.
        event: what happened to it.
        at: when that was, UTC; an incident's messages are told in this order.
        title: one line.
        body: plain text of several lines.
        due_at: nobody is told before, UTC; quiet hours and snoozing move it.
        plot: a PNG.
    """

    id: str
    incident_id: str
    event: Event
    at: datetime
    title: str
    body: str
    due_at: datetime
    plot: bytes | None = None

"""What was found leaves the lake: notifications of incidents."""

from footfall.publish.channel import Channel
from footfall.publish.delivery import Delivery, Failure, deliver
from footfall.publish.message import Event, Message
from footfall.publish.outbox import Outbox, OutboxBusy
from footfall.publish.plot import plot_of
from footfall.publish.settings import Notify
from footfall.publish.telling import message_of

__all__ = [
    "Channel",
    "Delivery",
    "Event",
    "Failure",
    "Message",
    "Notify",
    "Outbox",
    "OutboxBusy",
    "deliver",
    "message_of",
    "plot_of",
]

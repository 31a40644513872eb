"""The outbox: letters and announcements on their way, from the queue to the platform's receipt."""

from handlers.services.outbox.letters import PHONE, Letter, enqueue

__all__ = [
    "PHONE",
    "Letter",
    "enqueue",
]

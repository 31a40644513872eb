"""An official records a contact person for a producer without a telephone of their own that chats, and takes them away.

The person agrees by word of mouth: the official reads a text out and writes down the answer, marked as such.
"""

from __future__ import annotations

from collections.abc import Mapping

from handlers.contacts import choosing, recording, removing
from handlers.talk.router import Handler

STEP = choosing.STEP
wants_contact = choosing.wants_contact
asked = choosing.asked
typed = recording.typed
leaves = recording.leaves
ACTIONS: Mapping[str, Handler] = {
    "ct": choosing.of_producer,
    "ct-yes": recording.agreed,
    "ct-no": recording.refused,
    "ct-off": removing.removing,
    "ct-end": removing.removed,
}

__all__ = ["ACTIONS", "STEP", "asked", "leaves", "typed", "wants_contact"]

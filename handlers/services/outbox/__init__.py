"""The outbox: letters and announcements on their way, from the queue to the platform's receipt.

``enqueue`` puts letters in; an announcement's rows are put in by :mod:`handlers.services.reach`. ``Outbox`` claims and
settles for whoever sends; ``fetch`` gives what waits to a page; ``Receipts`` takes the platforms' receipts;
``counts`` and ``lines`` report; ``resend_uncertain`` is a person's decision.
"""

from handlers.services.outbox.announcing import pause_for_fault, resend_uncertain, sweep
from handlers.services.outbox.claiming import Outbox
from handlers.services.outbox.letters import PHONE, Letter, enqueue
from handlers.services.outbox.overtaken import OVERTAKEN
from handlers.services.outbox.posts import Page, Post, Settled
from handlers.services.outbox.receipts import Receipts, tracking
from handlers.services.outbox.reporting import Count, Line, counts, lines
from handlers.services.outbox.statements import PULLED
from handlers.services.outbox.waiting import fetch

__all__ = [
    "OVERTAKEN",
    "PHONE",
    "PULLED",
    "Count",
    "Letter",
    "Line",
    "Outbox",
    "Page",
    "Post",
    "Receipts",
    "Settled",
    "counts",
    "enqueue",
    "fetch",
    "lines",
    "pause_for_fault",
    "resend_uncertain",
    "sweep",
    "tracking",
]

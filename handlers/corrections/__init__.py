"""Corrections: a producer asks for another price, season, hours, …; an officer of the commune decides."""

from handlers.corrections import asking, deciding, history, sending
from handlers.corrections.asking import leaves, sent, typed, wants_photo
from handlers.corrections.deciding import reasoned
from handlers.corrections.words import REASON, VALUE
from handlers.talk.router import Handler

PRODUCERS = ("producer",)
DECIDES = ("officer", "editor", "approver")
INTENTS: dict[str, Handler] = {**asking.INTENTS, "my_corrections": sending.mine}
"""what producers say; for those who serve one"""
ACTIONS: dict[str, Handler] = {
    "cw": asking.chosen,
    "cy": sending.confirmed,
    "cz": sending.sure,
    "cx": sending.withdraw,
}
DECISIONS: dict[str, Handler] = {"ca": deciding.approve, "cn": deciding.refuse}
DECIDING_INTENTS: dict[str, Handler] = {
    "corrections": deciding.waiting,
    "correction_approve": deciding.approve_written,
    "correction_refuse": deciding.refuse_written,
    "changes": history.changes,
}

__all__ = [
    "ACTIONS",
    "DECIDES",
    "DECIDING_INTENTS",
    "DECISIONS",
    "INTENTS",
    "PRODUCERS",
    "REASON",
    "VALUE",
    "leaves",
    "reasoned",
    "sent",
    "typed",
    "wants_photo",
]

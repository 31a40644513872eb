"""Reminders: the words of digests, the jobs of the clock, and what officials see and change of them."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.reminders import officials, proving, scheduling
from handlers.reminders.jobs import minute, morning
from handlers.talk.router import Handler

SEES = ("officer", "editor", "approver")
"""roles that see whom to call and what notice was given"""
CHANGES = ("editor", "approver")
"""roles that change the schedule"""
ACTIONS: Mapping[str, Handler] = {
    "rm-calls": officials.to_call,
    "rm-proof": proving.proof_of,
    "rm-ends": officials.without_day,
}
INTENTS: Mapping[str, Handler] = {
    "reminder_proof": proving.proof,
    "reminder_calls": officials.to_call,
    "reminder_ends": officials.without_day,
}
CHANGING_ACTIONS: Mapping[str, Handler] = {
    "rm-steps": scheduling.schedule,
    "rm-step": scheduling.step,
    "rm-ask": scheduling.ask_days,
    "rm-set": scheduling.set_days,
}
CHANGING_INTENTS: Mapping[str, Handler] = {"reminder_schedule": scheduling.schedule}
STEP = scheduling.STEP
days_typed = scheduling.days_typed
leaves = scheduling.leaves

__all__ = [
    "ACTIONS",
    "CHANGES",
    "CHANGING_ACTIONS",
    "CHANGING_INTENTS",
    "INTENTS",
    "SEES",
    "STEP",
    "days_typed",
    "leaves",
    "minute",
    "morning",
]

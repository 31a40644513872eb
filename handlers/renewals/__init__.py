"""Renewals: the law in plain words, one's own certificates, and the coach until the file is handed in."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.renewals import calendar, coach, law, mine, saying, typed
from handlers.talk.router import Handler, OpenStep

ACTIONS: Mapping[str, Handler] = {
    "rn": coach.pressed,
    "rn-tick": coach.ticked,
    "rn-why": saying.because,
    "rn-later": saying.put_off,
    "rn-filed": saying.filed_on,
    "mine": mine.page,
    "cal": calendar.address,
    "cal-new": calendar.renewed,
    "cal-off": calendar.withdrawn,
}
INTENTS: Mapping[str, Handler] = {
    "renewal_filed": typed.filed_typed,
    "renewal_preparing": typed.preparing_typed,
    "renewal_declined": typed.declined_typed,
    "renewal_help": typed.help_typed,
    "renewal_later": typed.later_typed,
    "register_product": law.first_time,
    "calendar": calendar.address,
    "calendar_off": calendar.withdrawn,
    "renewal_checklist": typed.checklist_typed,
}
on_behalf = typed.on_behalf
STEPS: Mapping[str, OpenStep] = {
    "filed": OpenStep(typed.filed_answered, typed.leaves_day),
    "declined": OpenStep(typed.why_answered, typed.leaves_reason),
}
how_to_link = mine.how_to_link
mine_or_how = mine.mine
subscribed = calendar.subscribed
papers = law.papers
where_to_file = law.where_to_file

__all__ = [
    "ACTIONS",
    "INTENTS",
    "STEPS",
    "how_to_link",
    "mine_or_how",
    "on_behalf",
    "papers",
    "subscribed",
    "where_to_file",
]

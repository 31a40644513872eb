"""The schedule of reminders, shown and changed by chat: each change is asked once more and written to the log."""

from __future__ import annotations

from handlers.reminders.proving import step_name
from handlers.sentences import menu_button
from handlers.services.reminders.schedule import EARLIEST, Step, Steps, change, in_force
from handlers.talk import action
from handlers.talk.language import _, ngettext, number
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn
from handlers.talk.understanding import Meaning

Messages = list[Message]
STEP = "reminder_days"
OFF = "off"
WAYS_OUT = frozenset({"cancel", "menu", "back", "stop", "help", "human", "announce", "announcements"})


async def schedule(turn: Turn) -> Messages:
    """Every step with its day; a button changes one."""
    turn.standing.put("step", None)
    steps = await in_force(turn.engine)
    lines, rows = [], []
    for place, one in enumerate(_ordered(steps), 1):
        changed = " " + _("(changed)") if one.days_before != one.by_rule else ""
        lines.append(f"{place}. {step_name(one.name)}: {when(one.days_before)}{changed}")
        rows.append((Button(f"{place}. {step_name(one.name)}", action.build("rm-step", one.name)),))
    text = _("Producers are reminded at 08:00 on these days, counted from the certificate's last valid day:")
    return [
        Message(
            "\n".join([text, *lines]),
            title=_("Schedule of reminders"),
            buttons=(*rows, (menu_button(),)),
            choices=tuple(row[0].action or "" for row in rows),
        )
    ]


def _ordered(steps: Steps) -> list[Step]:
    return sorted(steps.every, key=lambda step: -step.by_rule)


def when(days: int | None) -> str:
    """The day of a step."""
    if days is None:
        return _("switched off")
    if days == 0:
        return _("the last valid day itself")
    return ngettext("{n} day before", "{n} days before", days).format(n=number(days))


async def step(turn: Turn, name: str = "") -> Messages:
    """One step: what it says, where it comes from, how to change it."""
    one = (await in_force(turn.engine)).named(name)
    if one is None:
        return await schedule(turn)
    rows = [(Button(_("Change the day"), action.build("rm-ask", name)),)]
    if one.days_before is not None:
        rows.append((Button(_("Switch off"), action.build("rm-set", name, OFF)),))
    if one.days_before != one.by_rule:
        rows.append((Button(_("As the programme has it"), action.build("rm-set", name, one.by_rule)),))
    lines = [
        when(one.days_before),
        _("The programme says: {when}.").format(when=when(one.by_rule)),
        *([_("Source: {rule}.").format(rule=one.law)] if one.law else []),
    ]
    back = (Button(_("Schedule of reminders"), action.build("rm-steps")), menu_button())
    return [Message("\n".join(lines), title=step_name(name), buttons=(*rows, back))]


async def ask_days(turn: Turn, name: str = "") -> Messages:
    """Ask on which day."""
    if (await in_force(turn.engine)).named(name) is None:
        return await schedule(turn)
    turn.standing.put("step", {"name": STEP, "which": name})
    text = _("“{step}”: how many days before the last valid day? Type a number from 0 to {most}.")
    return [
        Message(
            text.format(step=step_name(name), most=number(EARLIEST)), buttons=((_cancel(), menu_button()),)
        )
    ]


def leaves(meaning: Meaning) -> bool:
    """A way out, or something of the registry or of reminders; anything else is taken for a number of days."""
    named = meaning.products or meaning.producers or meaning.places
    return bool(named) or any(name in WAYS_OUT or name.startswith("reminder") for name in meaning.intents)


async def days_typed(turn: Turn, text: str) -> Messages:
    """The number that was typed: read back with the old one, and asked once more."""
    name = str((turn.standing.get("step") or {}).get("which", ""))
    one = (await in_force(turn.engine)).named(name)
    if one is None:
        return await schedule(turn)
    digits = "".join(char for char in text if char.isdecimal())
    if not digits or len(digits) > 4 or "-" in text:
        wrong = _("That is no number of days. Type a number from 0 to {most}, or “cancel”.")
        return [Message(wrong.format(most=number(EARLIEST)), buttons=((_cancel(), menu_button()),))]
    turn.standing.put("step", None)
    days = int(digits)
    question = _("“{step}”: from {old} to {new}. Shall it be so?").format(
        step=step_name(name), old=when(one.days_before), new=when(days)
    )
    yes = Button(_("Yes, change it"), action.build("rm-set", name, days))
    return [Message(question, buttons=((yes, Button(_("No"), action.build("rm-steps"))),))]


async def set_days(turn: Turn, name: str = "", days: str = "") -> Messages:
    """Change a step, or switch it off."""
    wanted = None if days == OFF else int(days) if days.isdecimal() and len(days) < 5 else -1
    result = await change(turn.engine, name, wanted, (await turn.who()).actor, turn.now)
    if result == "unknown":
        return await schedule(turn)
    words = {
        "changed": _("Changed: “{step}”, {when}. It holds from the next morning on."),
        "same": _("“{step}” is so already: {when}."),
        "taken": _("Another step has that day already; “{step}” was not changed."),
        "out_of_range": _("A step lies between 0 and {most} days before the end; “{step}” was not changed."),
    }[result]
    text = words.format(step=step_name(name), when=when(wanted), most=number(EARLIEST))
    back = Button(_("Schedule of reminders"), action.build("rm-steps"))
    return [Message(text, buttons=((back, menu_button()),))]


def _cancel() -> Button:
    return Button(_("Cancel"), action.CANCEL)

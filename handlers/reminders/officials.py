"""What officials are told and ask of reminders: silent producers, whom to call, what notice was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from handlers.reminders.digest import end_line
from handlers.sentences import cut, menu_button, name_of
from handlers.services.catalogue import Catalogue, Product
from handlers.services.reminders.due import Due, said, without_end
from handlers.services.reminders.known import CALL, OFFICERS
from handlers.services.reminders.planning import Occasion, Plan, plan
from handlers.services.reminders.routing import Roads
from handlers.services.reminders.schedule import in_force
from handlers.services.reminders.silence import SILENT, Call, Report, Silent
from handlers.services.renewing import commune_of
from handlers.talk import action
from handlers.talk.language import _, day, ngettext, number, speaking
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn

Messages = list[Message]
LISTED = 12
"""entries of a list; more are counted"""


def words(catalogue: Catalogue, today: date) -> Callable[[Report], Sequence[Message]]:
    """Writes officials' digests of a day."""

    def write(report: Report) -> Messages:
        with speaking(report.language):
            return [_message(report, catalogue, today)]

    return write


def _message(report: Report, catalogue: Catalogue, today: date) -> Message:
    blocks = []
    for level, title in (
        ("commune", _("No answer to our reminder for {n} days:")),
        ("province", _("No answer for {n} days, the commune was told:")),
    ):
        some = [one for one in report.silent if one.level == level]
        if some:
            lines = [_silent_line(one, catalogue) for one in some]
            blocks.append("\n".join([title.format(n=SILENT[some[0].level]), *_first(lines)]))
    if report.calls:
        lines = list(dict.fromkeys(_call_line(one, catalogue) for one in report.calls))
        blocks.append("\n".join([_("Please call, no message reaches them:"), *_first(lines)]))
    title = _("OCOP reminders: {day}").format(day=day(today))
    buttons = ((Button(_("Whom to call"), action.build("rm-calls")), menu_button()),)
    return Message("\n\n".join(blocks), title=title, buttons=buttons)


def _first(lines: Sequence[str]) -> list[str]:
    more = len(lines) - LISTED
    if more <= 0:
        return list(lines)
    return [*lines[:LISTED], _("… and {n} more.").format(n=number(more))]


def _silent_line(one: Silent, catalogue: Catalogue) -> str:
    reminded = _("reminded on {day}").format(day=day(one.since))
    return f"• {_about(one.due, catalogue)} ({reminded})"


def _call_line(one: Call, catalogue: Catalogue) -> str:
    line = f"• {_about(one.due, catalogue, one.contact)}"
    return f"{line} ({_('a message was sent, but perhaps did not arrive')})" if one.uncertain else line


def _about(one: Due, catalogue: Catalogue, contact: str = "") -> str:
    producer, commune = one.product.producer, catalogue.communes.get(commune_of(one.product))
    whose = ", ".join(
        filter(
            None,
            [
                producer.name if producer else "",
                contact or (producer.phone if producer else ""),
                commune.short_name_vi if commune else "",
            ],
        )
    )
    return f"{name_of(one.product)} – {whose}. {end_line(one)}"


# --------------------------------------------------------------------------------------------------------- whom to call


async def to_call(turn: Turn) -> Messages:
    """Producers whom no message reaches and who did not answer since, in the communes of who asks."""
    who = await turn.who()
    made = await _today(turn)
    found = [one for one in made.found if who.may_act_in(commune_of(one.product)) and _is_open(one, made)]
    if not found:
        text = _("Nobody has to be called: every reminder of these days was sent, or answered.")
        return [Message(text, buttons=((menu_button(),),))]
    lines = [f"• {_about(one, turn.catalogue, _contact(one, made))}" for one in found]
    title = ngettext("{n} product: please call", "{n} products: please call", len(found))
    rows = tuple(
        (Button(cut(name_of(one.product), 40), action.renewal(one.product.key, "show")),) for one in found[:6]
    )
    text = _("After the call record what was said: press the product.")
    return [
        Message(
            "\n".join([*_first(lines), "", text]),
            title=title.format(n=number(len(found))),
            buttons=(*rows, (menu_button(),)),
        )
    ]


def _is_open(one: Due, made: Plan) -> bool:
    """Whether somebody is to be called about the step that has come, and nobody answered since."""
    renewal = made.known.renewals.get(one.key)
    if said(one, renewal, made.day) is not None:
        return False
    answered = renewal.answered_at if renewal else None
    return any(
        told.step == one.step.name
        and (told.key == CALL or told.key.startswith(OFFICERS))
        and (answered is None or answered < told.made_at)
        for told in made.known.told.get(one.key, ())
    )


def _contact(one: Due, made: Plan) -> str:
    """Whom to call about a product: the people recorded for its producer, or who gave their number."""
    people = made.known.links.get(one.producer, ())
    return ", ".join(filter(None, (made.known.to_call(person) for person in people)))


async def _today(turn: Turn) -> Plan:
    roads = Roads.of(await turn.links.roads(), turn.now)
    steps = await in_force(turn.engine)
    return await plan(turn.engine, Occasion(turn.today, turn.catalogue, steps, roads, turn.language))


async def without_day(turn: Turn) -> Messages:
    """Products of whose certificate the last day is not known to the day: nobody is reminded of them."""
    who = await turn.who()
    found = [one for one in without_end(turn.catalogue) if who.may_act_in(commune_code(one))]
    if not found:
        text = _("Every certificate has an exact last day.")
        return [Message(text, buttons=((menu_button(),),))]
    title = ngettext(
        "{n} product without an exact last day", "{n} products without an exact last day", len(found)
    )
    lines = [
        f"• {name_of(one)}{f' – {one.producer.name}' if one.producer else ''} ({one.code})" for one in found
    ]
    text = _("Nobody is reminded of these: please complete the day of issue or the last valid day.")
    return [
        Message(
            "\n".join([text, *_first(lines)]),
            title=title.format(n=number(len(found))),
            buttons=((menu_button(),),),
        )
    ]


def commune_code(product: Product) -> str:
    """Where a product's file goes."""
    return product.commune_code or (product.producer.commune_code if product.producer else None) or ""

"""Corrections: a producer asks for another price, season, hours, …; an officer of the commune decides."""

from __future__ import annotations

import re
from typing import Any

from handlers.sentences import menu_button, name_of
from handlers.services import corrections as queue
from handlers.services.access import officers_of
from handlers.services.catalogue import Product
from handlers.services.corrections import Wish
from handlers.services.prices import far_off
from handlers.services.renewing import commune_of, products_of
from handlers.services.values import ReadError, read
from handlers.talk import action
from handlers.talk.language import _, money
from handlers.talk.message import Button, Message, Text
from handlers.talk.router import Handler
from handlers.talk.telling import tell
from handlers.talk.turn import Turn
from handlers.talk.understanding import Meaning

Messages = list[Message]
PRODUCERS = ("producer",)
DECIDES = ("officer", "editor", "approver")
VALUE, REASON = "correction-value", "correction-reason"
OPENED = re.compile(r"\s(?:thành|thanh|sang|là|la|to|into)\s|\s*[:=→]\s*|->")
"""what stands between the thing and its new value"""
LEAVING = frozenset({"cancel", "menu", "help", "back"})


def _of(field: str) -> Any:
    async def begin(turn: Turn) -> Messages:
        """Change a public value of my own: read back, asked, then an officer decides."""
        return await _begin(turn, field)

    return begin


# ------------------------------------------------------------------------------------------------ asking, by producers


async def _begin(turn: Turn, field: str) -> Messages:
    content = turn.inbound.content
    typed = content.text if isinstance(content, Text) else ""
    value = OPENED.split(typed, maxsplit=1)[1].strip() if OPENED.search(typed) else ""
    own = products_of(turn.catalogue, (await turn.who()).producers, turn.today)
    named = list(turn.meaning.products) if turn.meaning else []
    mine = [product for product in named if product in own]
    if named and not mine:
        return [Message(_theirs(named[0]), buttons=((menu_button(),),))]
    candidates = mine or own
    if queue.FIELDS[field][0] != "product":
        candidates = candidates[:1]
    if not candidates:
        return [Message(_("The producer of this chat has no product on the list."))]
    turn.standing.put("correction", {"field": field, "value": value})
    if len(candidates) > 1:
        rows = tuple((Button(name_of(one), action.build("cw", one.key)),) for one in candidates[:8])
        return [Message(_("Of which product?"), buttons=(*rows, (menu_button(),)))]
    return await _with(turn, candidates[0])


def _theirs(product: Product) -> str:
    return _(
        "“{name}” does not belong to the producer this chat is linked to, so it cannot be changed here."
    ).format(name=name_of(product))


async def chosen(turn: Turn, key: str) -> Messages:
    """The product was chosen from the list."""
    product = turn.catalogue.products_by_key.get(key)
    if product is None or not turn.standing.get("correction"):
        return [Message(_("Please begin again, for example: “change the price of … to 270k”."))]
    if product.producer is None or product.producer.code not in (await turn.who()).producers:
        return [Message(_theirs(product), buttons=((menu_button(),),))]
    return await _with(turn, product)


async def _with(turn: Turn, product: Product) -> Messages:
    asked = turn.standing.get("correction")
    turn.standing.put("correction", {**asked, "product": product.code})
    if not asked["value"]:
        turn.standing.put("step", {"name": VALUE})
        text = _("What is the new value of: {field}?").format(field=field_name(asked["field"]))
        return [Message(f"{text} {_example(asked['field'])}", buttons=((_cancel(),),))]
    return await _read_back(turn, asked["value"])


async def typed(turn: Turn, text: str) -> Messages:
    """The new value was typed."""
    return await _read_back(turn, text)


def leaves(meaning: Meaning) -> bool:
    """Only a way out is clearly something else: values are names, numbers and sentences."""
    return bool(meaning.intents) and set(meaning.intents) <= LEAVING


async def _read_back(turn: Turn, value: str) -> Messages:
    asked = turn.standing.get("correction") or {}
    product = turn.catalogue.products.get(asked.get("product", ""))
    if product is None or product.producer is None:
        turn.standing.put("step", None)
        return [Message(_("Please begin again, for example: “change the price of … to 270k”."))]
    field = asked["field"]
    try:
        values = read(field, value)
    except ReadError:
        turn.standing.put("step", {"name": VALUE})
        lead = _("I could not read that.")
        return [Message(f"{lead} {_example(field)}", buttons=((_cancel(),),))]
    key = _key(turn, field, product)
    async with turn.engine.connect() as connection:
        old = await queue.current(connection, field, key) if key else None
    if old is None:
        turn.standing.put("step", None)
        return [
            Message(_("The registry has no point of sale of this producer whose hours could be changed."))
        ]
    turn.standing.put("step", None)
    turn.standing.put("correction", {**asked, "key": key, "values": list(values), "old": list(old)})
    lines = [
        _("{what}, {field}:").format(what=_subject(product, field), field=field_name(field)),
        _("now: {value}").format(value=words(field, old)),
        _("new: {value}").format(value=words(field, values)),
    ]
    if field == "price" and far_off(old[0], values[0]):
        lines.append(
            _("⚠ That is about ten times more or less than now. Is no nought missing, and none too many?")
        )
    lines.append(_("Is that right? An officer of the commune looks at it before it becomes public."))
    return [Message("\n".join(lines), buttons=((Button(_("Yes, send it"), "cy"), _cancel()),))]


async def confirmed(turn: Turn) -> Messages:
    """Yes: it waits for an officer, who is told."""
    asked = turn.standing.get("correction") or {}
    product = turn.catalogue.products.get(asked.get("product", ""))
    who = await turn.who()
    if product is None or product.producer is None or "values" not in asked or who.person_id is None:
        return [Message(_("This was sent already, or it is too old. Please begin again."))]
    if product.producer.code not in who.producers:
        return [Message(_theirs(product), buttons=((menu_button(),),))]
    commune = commune_of(product)
    wish = Wish(asked["field"], asked["key"], product.producer.code, commune, tuple(asked["values"]))
    made = await queue.ask(turn.engine, wish, who.person_id, turn.chat, turn.now)
    turn.standing.put("correction", None)
    if made is None:
        return [Message(_("The registry does not have this any more, so nothing was sent."))]
    told = await tell(
        turn.engine,
        await officers_of(turn.engine, commune),
        f"correction:{made.id}",
        lambda: [_for_officer(turn, made)],
        turn.now,
    )
    lead = _("Sent as request number {number}. You hear from me when it is decided.").format(number=made.id)
    nobody = (
        ""
        if told
        else " " + _("No officer of the commune uses this bot yet: it waits in the province's list.")
    )
    return [Message(lead + nobody, buttons=((menu_button(),),))]


# ---------------------------------------------------------------------------------------------- deciding, by officials


async def waiting(turn: Turn) -> Messages:
    """Corrections that wait for a decision, of one's own commune."""
    who = await turn.who()
    mine = [one for one in await queue.waiting(turn.engine) if who.may_act_in(one.commune_code)]
    if not mine:
        return [Message(_("No correction waits for a decision."), buttons=((menu_button(),),))]
    return [_for_officer(turn, one) for one in mine[:5]]


def _for_officer(turn: Turn, one: Any) -> Message:
    producer = turn.catalogue.producers.get(one.producer_code)
    lines = [
        _("Request number {number}: {producer} asks to correct").format(
            number=one.id, producer=producer.name if producer else one.producer_code
        ),
        _("{what}, {field}:").format(what=_what(turn, one), field=field_name(one.field)),
        _("now: {value}").format(value=words(one.field, one.old)),
        _("new: {value}").format(value=words(one.field, one.new)),
    ]
    if one.field == "price" and far_off(one.old[0], one.new[0]):
        lines.append(_("⚠ About ten times more or less than now."))
    buttons = (
        Button(_("Approve"), action.build("ca", one.id)),
        Button(_("Refuse"), action.build("cn", one.id)),
    )
    return Message("\n".join(lines), buttons=(buttons,))


async def approve(turn: Turn, number: str) -> Messages:
    """The new value becomes public; the producer hears it."""
    one = await _mine_to_decide(turn, number)
    if one is None:
        return [Message(_("There is no such request for your commune."), buttons=((menu_button(),),))]
    who = await turn.who()
    outcome = await queue.approve(turn.engine, one, who.person_id or 0, turn.now)
    if outcome != "done":
        return [Message(_undone(outcome), buttons=((menu_button(),),))]
    await _tell_producer(turn, one, "")
    return [Message(_("Approved: the new value is public now, and the producer is told."))]


async def refuse(turn: Turn, number: str) -> Messages:
    """Ask for the reason, which the producer hears."""
    one = await _mine_to_decide(turn, number)
    if one is None:
        return [Message(_("There is no such request for your commune."), buttons=((menu_button(),),))]
    if one.state != "asked":
        return [Message(_undone("decided"), buttons=((menu_button(),),))]
    turn.standing.put("step", {"name": REASON, "number": one.id})
    return [
        Message(_("Please write the reason in one sentence; the producer reads it."), buttons=((_cancel(),),))
    ]


async def reasoned(turn: Turn, text: str) -> Messages:
    """Refuse with this reason."""
    step = turn.standing.get("step") or {}
    turn.standing.put("step", None)
    one = await _mine_to_decide(turn, str(step.get("number", "")))
    if one is None:
        return [Message(_("There is no such request for your commune."), buttons=((menu_button(),),))]
    who = await turn.who()
    outcome = await queue.refuse(turn.engine, one, who.person_id or 0, text[:300], turn.now)
    if outcome != "done":
        return [Message(_undone(outcome), buttons=((menu_button(),),))]
    await _tell_producer(turn, one, text[:300])
    return [Message(_("Refused; the producer is told the reason."))]


async def _mine_to_decide(turn: Turn, number: str) -> Any:
    one = await queue.get(turn.engine, int(number)) if number.isdecimal() and len(number) < 10 else None
    return one if one and (await turn.who()).may_act_in(one.commune_code) else None


def _undone(outcome: str) -> str:
    return {
        "decided": _("This request is decided already."),
        "changed": _(
            "The public value changed since this was asked, so nothing was changed. Please ask the producer."
        ),
        "missing": _("The registry does not have this any more."),
    }[outcome]


async def _tell_producer(turn: Turn, one: Any, reason: str) -> None:
    def write() -> Messages:
        about = _("{what}, {field}:").format(what=_what(turn, one), field=field_name(one.field))
        if reason:
            text = _(
                "Your request number {number} was not approved. {about} it stays {old}. Reason: {reason}"
            ).format(number=one.id, about=about, old=words(one.field, one.old), reason=reason)
        else:
            text = _("Your request number {number} was approved. {about} {new}, from today on.").format(
                number=one.id, about=about, new=words(one.field, one.new)
            )
        return [Message(text)]

    await tell(turn.engine, [one.asked_by], f"correction:{one.id}:decided", write, turn.now)


# --------------------------------------------------------------------------------------------------------------- words


def field_name(field: str) -> str:
    """What may be corrected, in the language spoken."""
    return {
        "price": _("price"),
        "season": _("season"),
        "description": _("description"),
        "link": _("shop address"),
        "photo": _("photo"),
        "phone": _("telephone"),
        "hours": _("opening hours"),
    }[field]


def words(field: str, values: Any) -> str:
    """A value as people read it; what is not recorded is said to be so."""
    if values[0] is None:
        return _("not recorded")
    if field == "price":
        return " – ".join(money(value) for value in values if value is not None)
    return str(values[0])


def _example(field: str) -> str:
    return {
        "price": _("For example: 270k, 270.000đ, 250-270k."),
        "season": _("For example: 7-9, or: from July to September."),
        "description": _("Two or three sentences."),
        "link": _("For example: https://example.org/shop"),
        "photo": _("The public web address of a picture: https://…"),
        "phone": _("For example: 0205 3 812 345."),
        "hours": _("For example: 8:00-17:00 every day; Monday to Friday 7:30-16:30."),
    }[field]


def _cancel() -> Button:
    return Button(_("Cancel"), action.CANCEL)


def _subject(product: Product, field: str) -> str:
    kind = queue.FIELDS[field][0]
    return name_of(product) if kind == "product" or product.producer is None else product.producer.name


def _what(turn: Turn, one: Any) -> str:
    kind, _space, key = one.subject.partition(" ")
    product = turn.catalogue.products.get(key) if kind == "product" else None
    producer = turn.catalogue.producers.get(one.producer_code)
    return name_of(product) if product else producer.name if producer else key


def _key(turn: Turn, field: str, product: Product) -> str:
    """The key of whose value it is: the product, its producer, or the point of sale that the producer runs."""
    kind = queue.FIELDS[field][0]
    assert product.producer is not None
    if kind != "showroom":
        return product.code if kind == "product" else product.producer.code
    name = product.producer.name.casefold()
    runs = [s.id for s in turn.catalogue.showrooms.values() if (s.operator or "").casefold() == name]
    return runs[0] if len(runs) == 1 else ""


INTENTS: dict[str, Handler] = {f"correct_{field}": _of(field) for field in queue.FIELDS}
"""what producers say; for those who serve one"""
ACTIONS: dict[str, Handler] = {"cw": chosen, "cy": confirmed}
DECISIONS: dict[str, Handler] = {"ca": approve, "cn": refuse}
DECIDING_INTENTS: dict[str, Handler] = {"corrections": waiting}

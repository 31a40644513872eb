"""A producer asks for another value: which thing, and which value."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

from handlers.corrections.sending import again, own_subjects, read_back, theirs
from handlers.corrections.words import VALUE, cancel_button, example, field_name, subject_words
from handlers.sentences import cut, human_button, menu_button
from handlers.services.correctable import FIELDS, Subject
from handlers.services.prices import price
from handlers.talk import action
from handlers.talk.language import _
from handlers.talk.message import Button, File, Message, Text
from handlers.talk.turn import Turn
from handlers.talk.understanding import Context, Meaning

Messages = list[Message]
LEADS_TO = re.compile(
    r"\s(?:thành|thanh|sang|là|la|to|into)(?:\s*:|(?=\s))\s*|\s*:(?!\d|//)\s*|\s*[=→]\s*|\s*->\s*",
    re.IGNORECASE,
)
"""what stands between the thing and its new value"""
WITHOUT = {"link": r"https?://\S+", "photo": r"https?://\S+", "phone": r"\+?\d[\d .-]{7,}\d"}
"""values that are found though nothing leads to them"""
LEAVING = frozenset(
    {
        "cancel",
        "menu",
        "help",
        "back",
        "corrections",
        "my_corrections",
        "correction_approve",
        "correction_refuse",
    }
)
MOST = 8
"""buttons to choose from; others are named by typing"""


def leaves(meaning: Meaning) -> bool:
    """Only a way out or another correction is clearly something else: values are names, numbers and sentences."""
    if meaning.intents == ("stop",) and not meaning.words:
        return True
    return bool(meaning.intents) and set(meaning.intents) <= LEAVING | set(INTENTS)


# ------------------------------------------------------------------------------------------------ of what, and what


def _of(field: str) -> Callable[[Turn], Awaitable[Messages]]:
    async def begin(turn: Turn) -> Messages:
        """Change a public value of my own: read back, asked, then an officer decides."""
        content = turn.inbound.content
        named, value = _parts(field, content.text if isinstance(content, Text) else "")
        turn.standing.put("correction", {"field": field, "value": value})
        return await _choose(turn, field, named)

    return begin


def _parts(field: str, text: str) -> tuple[str, str]:
    """What was named, and the new value ("" = not said yet)."""
    led = LEADS_TO.search(text)
    if led:
        return text[: led.start()], text[led.end() :].strip()
    if field == "price":
        return text, text if price(text) else ""
    found = re.search(WITHOUT[field], text) if field in WITHOUT else None
    return (text[: found.start()], found[0]) if found else (text, "")


async def _choose(turn: Turn, field: str, named: str) -> Messages:
    own = await own_subjects(turn, field)
    if not own:
        if FIELDS[field][0] == "showroom":
            text = _(
                "No shop or showroom is recorded as run by you, so there are no opening hours to change; if you have "
                "one, please tell the office and it is put on the list."
            )
            return [Message(text, buttons=((human_button(), menu_button()),))]
        return [Message(_("The producer of this chat has no product on the list."))]
    meaning = turn.published.understanding.understand(named, turn.language, Context())
    meant = _meant(own, meaning)
    if not meant and (meaning.products or meaning.producers):
        other = meaning.products[0].name_vi if meaning.products else meaning.producers[0].name
        return [Message(theirs(other), buttons=((menu_button(),),))]
    unknown = not meant and bool(meaning.words)
    candidates = meant or own
    if len(candidates) == 1 and not unknown:
        return await _with(turn, candidates[0])
    turn.standing.put("step", {"name": VALUE})
    labels = [f"{place}. {subject_words(turn, one.name)}" for place, one in enumerate(candidates[:MOST], 1)]
    lines = [_("Of which one? Press it or write its name."), *labels]
    return [Message("\n".join(lines), buttons=_rows(labels, candidates), choices=_presses(candidates))]


def _rows(labels: Sequence[str], subjects: Sequence[Subject]) -> tuple[tuple[Button, ...], ...]:
    pressed = zip(labels, _presses(subjects), strict=True)
    return (*((Button(cut(label, 40), press),) for label, press in pressed), (cancel_button(),))


def _presses(subjects: Sequence[Subject]) -> tuple[str, ...]:
    return tuple(action.build("cw", one.key) for one in subjects[:MOST])


def _meant(own: Sequence[Subject], meaning: Meaning) -> list[Subject]:
    """Those that a sentence names, or whose producer it names."""
    products = {product.code for product in meaning.products}
    producers = {producer.code for producer in meaning.producers}
    makers = {product.producer.code for product in meaning.products if product.producer}
    return [
        one
        for one in own
        if (
            one.code in products
            if products and one.kind == "product"
            else one.producer.code in producers | makers
        )
    ]


async def chosen(turn: Turn, key: str) -> Messages:
    """It was chosen from the list."""
    asked = turn.standing.get("correction")
    if not asked:
        return again()
    for one in await own_subjects(turn, asked["field"]):
        if one.key == key:
            return await _with(turn, one)
    return [Message(theirs(key), buttons=((menu_button(),),))]


async def _with(turn: Turn, subject: Subject) -> Messages:
    asked = {**(turn.standing.get("correction") or {}), "subject": subject.name}
    turn.standing.put("correction", asked)
    if asked["value"]:
        return await read_back(turn, asked["value"])
    turn.standing.put("step", {"name": VALUE})
    text = _("What is the new value of: {field}?").format(field=field_name(asked["field"]))
    return [Message(f"{text} {example(asked['field'])}", buttons=((cancel_button(),),))]


async def typed(turn: Turn, text: str) -> Messages:
    """The new value was typed, or the name of the thing where several were shown."""
    asked = turn.standing.get("correction") or {}
    turn.standing.put("step", None)
    if asked and "subject" not in asked:
        return await _choose(turn, asked["field"], text)
    return await read_back(turn, text)


def wants_photo(turn: Turn) -> bool:
    """Whether a new picture of a product was asked for in this chat."""
    asked = turn.standing.get("correction") or {}
    step = turn.standing.get("step") or {}
    return bool(step.get("name") == VALUE and asked.get("field") == "photo" and "subject" in asked)


async def sent(turn: Turn) -> Messages:
    """A picture sent in the chat: taken where the channel gives it a public address."""
    content = turn.inbound.content
    assert isinstance(content, File)
    if content.kind in ("photo", "document") and content.reference.startswith("https://"):
        return await read_back(turn, content.reference)
    text = _(
        "A picture sent here has no address that other channels could open. Please send its public web address instead."
    )
    return [Message(text, buttons=((cancel_button(),),))]


INTENTS = {f"correct_{field}": _of(field) for field in FIELDS}
"""a way to ask for each field"""

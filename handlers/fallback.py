"""When nothing fits: misses, things that are not our job, stickers and pictures, old buttons."""

from __future__ import annotations

from handlers.sentences import human_button, menu_button, name_of, product_button, short_name
from handlers.showing import record_miss
from handlers.talk import action
from handlers.talk.language import _
from handlers.talk.message import Button, File, Message, Unsupported
from handlers.talk.turn import Turn

Messages = list[Message]


def unknown(turn: Turn) -> Messages:
    """Not understood: say so, offer near names and examples; the second time in a row, a person."""
    missed = record_miss(turn)
    near = _near(turn)
    lines = [_("Sorry, I did not understand that.")]
    if near:
        lines.append(_("Did you mean one of these?"))
        lines.extend(f"{place}. {name}" for place, (name, _button) in enumerate(near, start=1))
    elif missed == 1:
        lines.append(_("Try the name of a product, “near me”, or “is … still certified”."))
    if missed > 1:
        lines.append(_("Shall a person answer you? Press “Talk to a person” or type “talk to a person”."))
    rows: list[tuple[Button, ...]] = [(button,) for _name, button in near]
    rows.append(
        (human_button(), menu_button()) if missed > 1 else (Button(_("Help"), action.HELP), menu_button())
    )
    choices = tuple(button.action or "" for _name, button in near)
    return [Message("\n".join(lines), buttons=tuple(rows), choices=choices)]


def _near(turn: Turn) -> list[tuple[str, Button]]:
    names = turn.meaning.near if turn.meaning else ()
    found = [p for name in names[:3] for p in turn.published.search.find(name, limit=1).products]
    return [
        (name_of(product), product_button(product, f"{place}. {short_name(product)}"))
        for place, product in enumerate(dict.fromkeys(found), start=1)
    ]


def out_of_scope(turn: Turn) -> Messages:
    """Not our job: one honest sentence and what we can do."""
    missed = record_miss(turn)
    text = _(
        "I cannot help with that: I only know OCOP products, showrooms and certificates of the province."
    )
    rows = ((Button(_("Find a product"), action.SEARCH), human_button() if missed > 1 else menu_button()),)
    return [Message(text, buttons=rows)]


def empty(turn: Turn) -> Messages:
    """Nothing readable came in."""
    text = _("I received an empty message. Please type what you are looking for.")
    return [Message(text, buttons=((Button(_("Help"), action.HELP), menu_button()),))]


def other(turn: Turn) -> Messages:
    """Stickers, photos, voice and the like: a kind word and a way on."""
    content = turn.inbound.content
    if isinstance(content, Unsupported) and (turn.standing.get("step") or {}).get("name") == "place":
        text = _(
            "A shared position does not reach me here. Please type the name of a commune, a former district or a sight."
        )
        return [Message(text, asks="place")]
    kind = content.kind if isinstance(content, File) else ""
    words = {
        "sticker": _("Thank you for the sticker!"),
        "photo": _("Thank you for the picture. I cannot look at pictures yet."),
        "voice": _("Thank you. I cannot listen to voice messages yet."),
        "video": _("Thank you. I cannot watch videos yet."),
        "document": _("Thank you. I cannot read files yet."),
    }
    lead = words.get(kind, _("Thank you. I cannot read that kind of message."))
    text = _("Please type the name of a product, or choose below.")
    return [Message(f"{lead} {text}", buttons=((Button(_("Find a product"), action.SEARCH), menu_button()),))]


def stale(turn: Turn) -> Messages:
    """A button that does nothing any more."""
    return [
        Message(
            _("This button is old. Here is the menu:"),
            buttons=((menu_button(), Button(_("Help"), action.HELP)),),
        )
    ]

"""The beginning and the manners: welcome, menu, help, thanks, goodbye, who we are, cancel, back and on."""

from __future__ import annotations

from handlers.sentences import human_button, menu_button, near_button, notice
from handlers.talk import action
from handlers.talk.language import _, day
from handlers.talk.message import Button, Buttons, Joined, Message
from handlers.talk.router import choice
from handlers.talk.turn import Redo, Turn

Messages = list[Message]


def joined(turn: Turn) -> Messages | Redo:
    """The chat was opened, perhaps by a deep link: ``p_KEY`` or ``KEY`` a product, ``s_KEY`` a showroom."""
    content = turn.inbound.content
    payload = content.start if isinstance(content, Joined) else ""
    return opened(turn, payload)


def opened(turn: Turn, payload: str = "") -> Messages | Redo:
    """What a deep link's payload asks for; an unknown one gets the welcome and a word about it."""
    turn.standing.put("missed", None)
    if not payload:
        return welcome(turn)
    kind, _underscore, key = payload.partition("_")
    catalogue = turn.catalogue
    if kind == action.CODE:
        return Redo(action.build(action.CODE, key))
    if kind == "s" and key in catalogue.showrooms_by_key:
        return Redo(action.showroom(key))
    if kind == "h" and key in catalogue.producers_by_key:
        return Redo(action.producer(key))
    if kind == "p" and key in catalogue.products_by_key:
        return Redo(action.product(key))
    if payload in catalogue.products_by_key:
        return Redo(action.product(payload))
    product = turn.published.search.by_code(payload)
    if product:
        return Redo(action.product(product.key))
    lead = _("The link you followed names something that is not on our list any more.")
    first = welcome(turn)[0]
    return [Message(f"{lead}\n\n{first.text}", title=first.title, buttons=first.buttons)]


def main_buttons() -> Buttons:
    """The menu's buttons."""
    return (
        (Button(_("Find a product"), action.SEARCH), Button(_("Check a certificate"), action.ASK_CODE)),
        (near_button(), Button(_("In season"), action.SEASON)),
        (Button(_("Products by group"), action.PRODUCTS), Button(_("Gifts"), action.GIFTS)),
        (Button(_("Renewal papers"), action.PAPERS), human_button()),
        (Button(_("Language"), action.LANGUAGES), Button(_("Help"), action.HELP)),
    )


def welcome(turn: Turn) -> Messages:
    """Who we are and what can be asked, in three lines."""
    text = _(
        "Ask in your own words, for example:\n"
        "• where can I buy roast duck\n"
        "• is Chi Lang custard apple still certified\n"
        "• what is good near Tam Thanh cave"
    )
    title = _("Hello! I am the assistant of the {name} programme.").format(name=turn.catalogue.info.name)
    note = notice(turn.catalogue)
    return [Message("\n\n".join(filter(None, [text, note])), title=title, buttons=main_buttons())]


def thanks(turn: Turn) -> Messages:
    """Thanks are answered."""
    return [
        Message(_("You are welcome! Ask me anything else about OCOP products."), buttons=((menu_button(),),))
    ]


def bye(turn: Turn) -> Messages:
    """A goodbye."""
    return [Message(_("Goodbye, and come again any time."), buttons=((menu_button(),),))]


async def menu(turn: Turn) -> Messages:
    """The menu, for officials with what only they have; whatever was open is closed."""
    turn.standing.put("step", None)
    turn.standing.put("missed", None)
    rows = main_buttons()
    if (await turn.who()).official:
        tasks = Button(_("Officials' tasks"), action.TASKS)
        rows = (*rows, (Button(_("Announcements"), action.ANNOUNCEMENTS), tasks))
    return [Message(_("What would you like to do? You can also just type."), title=_("Menu"), buttons=rows)]


def cancel(turn: Turn) -> Messages:
    """Stop what was begun."""
    was = turn.standing.get("step")
    turn.standing.put("step", None)
    text = _("Cancelled. Nothing was kept.") if was else _("There is nothing to cancel.")
    return [Message(text, buttons=main_buttons())]


def help_(turn: Turn) -> Messages:
    """What can be asked."""
    lines = [
        _("• A product: type its name or a part of it, with or without diacritics."),
        _("• A certificate: “is … still certified”, or the code on the package."),
        _("• A showroom: “near me”, or a commune, a former district, a sight."),
        _("• A list: “4-star products in Hữu Lũng”, “gifts under 200k”, “what is in season”."),
        _("• A producer: “when does … end”, “renewal papers”."),
        _("• “menu”, “cancel”, “back” and “speak English” work anywhere; “talk to a person” leaves a note."),
    ]
    return [Message("\n".join(lines), title=_("What I can do"), buttons=main_buttons())]


def about(turn: Turn) -> Messages:
    """Who is behind this, where the facts come from, what happens with what is typed."""
    info = turn.catalogue.info
    lines = [
        _(
            "I am a program, not a person. I answer from the registry “{name}” and give the date and "
            "source of each fact."
        ).format(name=info.name)
    ]
    if info.as_of:
        lines.append(_("The registry is as of {day}.").format(day=day(info.as_of)))
    note = notice(turn.catalogue)
    lines.extend([note] if note else [])
    lines.append(
        _("What you type is not kept after the answer; a shared position is used once and not kept.")
    )
    return [Message("\n".join(lines), buttons=((human_button(), menu_button()),))]


def search(turn: Turn) -> Messages:
    """Ask for the name of a product."""
    text = _("Type the name of a product or a part of it: “mật ong”, “na Chi Lăng”, “roast duck”.")
    return [Message(text, buttons=((Button(_("Products by group"), action.PRODUCTS), menu_button()),))]


async def back(turn: Turn) -> Messages | Redo:
    """The page before this one; at the beginning, the menu."""
    turn.standing.put("step", None)
    trail = list(turn.standing.get("trail") or [])
    if trail and not turn.standing.get("beside"):
        trail.pop()
    turn.standing.put("trail", trail[:-1] or None)
    return Redo(trail[-1]) if trail else await menu(turn)


def onward(turn: Turn) -> Messages | Redo:
    """The next page of the list last shown."""
    ahead = turn.standing.get("next")
    if ahead:
        return Redo(ahead)
    return [Message(_("That was all of it."), buttons=((menu_button(),),))]


async def previous(turn: Turn) -> Messages | Redo:
    """The page before, of the list last shown."""
    before = turn.standing.get("previous")
    return Redo(before) if before else await back(turn)


def pick(turn: Turn) -> Messages | Redo:
    """The second one, number three: what the last list offered."""
    chosen = choice(turn, turn.meaning.number if turn.meaning else None)
    if chosen:
        return Redo(chosen)
    text = _("There is no such number in the last list. Please type the name.")
    return [Message(text, buttons=((menu_button(),),))]

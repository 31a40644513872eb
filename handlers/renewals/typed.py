"""The coach in words: ``đã nộp hôm qua``, ``đang chuẩn bị``, ``cần giúp``; and officials for those who cannot write."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.renewals import coach, saying
from handlers.renewals.acting import acting, not_linked, not_yours, own_products
from handlers.renewals.words import label
from handlers.sentences import cut, menu_button, told_apart
from handlers.services.catalogue import Product
from handlers.services.past_days import read_past_day
from handlers.services.renewing import commune_of
from handlers.services.text import fold
from handlers.showing import gone
from handlers.talk import action
from handlers.talk.language import _, day
from handlers.talk.message import Button, Message, Text
from handlers.talk.turn import Turn
from handlers.talk.understanding import Meaning
from handlers.verdicts import badge

Messages = list[Message]
MOST = 8
"""products on buttons when it has to be asked which is meant"""


def _said(turn: Turn) -> str:
    content = turn.inbound.content
    return content.text if isinstance(content, Text) else ""


async def _about(turn: Turn, word: str) -> Messages:
    """Which of one's own products is meant: the one named, the one shown last, the only one; else it is asked."""
    own = await own_products(turn)
    meaning = turn.meaning
    named = meaning.products if meaning else ()
    if not own:
        return await _officials_own(turn, word) or not_linked()
    mine = [product for product in own if product in named]
    if named and not mine and meaning and meaning.exact:
        return not_yours(named[0])
    last = turn.catalogue.products.get(turn.standing.get("product") or "")
    if not mine and last in own:
        mine = [last]
    return await _one_of(turn, mine or own, word)


async def _officials_own(turn: Turn, word: str) -> Messages:
    """An official who speaks about the product shown last, without saying for whom."""
    last = turn.catalogue.products.get(turn.standing.get("product") or "")
    if last and (await turn.who()).official and await acting(turn, last):
        return await _say(turn, last, word)
    return []


async def _one_of(turn: Turn, products: Sequence[Product], word: str, *, sure: bool = True) -> Messages:
    if len(products) == 1 and sure:
        return await _say(turn, products[0], word)
    read = read_past_day(_said(turn), turn.today)
    rows, lines = [], [_("Which one?")]
    for place, product in enumerate(products[:MOST], 1):
        act = action.renewal(product.key, word)
        if word == "filed" and read.day and not read.problem:
            act = action.build("rn-filed", product.key, read.day.isoformat())
        rows.append((Button(cut(label(place, product), 40), act),))
        lines.append(f"{place}. {told_apart(product, turn.catalogue)} – {badge(product, turn.today)}")
    choices = tuple(row[0].action or "" for row in rows)
    return [Message("\n".join(lines), buttons=(*rows, (menu_button(),)), choices=choices)]


async def _say(turn: Turn, product: Product, word: str) -> Messages:
    if word != "filed":
        return await coach.about(turn, product, word)
    may = await acting(turn, product)
    if may is None:
        return not_yours(product)
    read = read_past_day(_said(turn), turn.today)
    if read.problem == "none":
        return await saying.filed(turn, may)
    turn.standing.put("step", {"name": "filed", "product": product.code})
    if read.problem == "no_such_day" or read.day is None:
        return [
            Message(
                _("There is no such day. On which day was the file handed in?"), buttons=((menu_button(),),)
            )
        ]
    return await saying.handed_in(turn, may, read.day)


async def filed_typed(turn: Turn) -> Messages:
    """Handed in, perhaps with the day."""
    return await _about(turn, "filed")


async def preparing_typed(turn: Turn) -> Messages:
    """The file is being prepared."""
    return await _about(turn, "preparing")


async def declined_typed(turn: Turn) -> Messages:
    """It will not be renewed."""
    return await _about(turn, "declined")


async def help_typed(turn: Turn) -> Messages:
    """Help is wanted with the renewal."""
    return await _about(turn, "help")


async def later_typed(turn: Turn) -> Messages:
    """Remind me later."""
    return await _about(turn, "later")


async def checklist_typed(turn: Turn) -> Messages:
    """What is still missing from the papers."""
    return await _about(turn, "list")


# ----------------------------------------------------------------------------------------------------- open questions


DAYLIKE = frozenset({"renewal_filed", "pick", "season", "out_of_scope", "yes", "no", "greet", "thanks"})
"""what a day in words may be taken for"""
UNLIKE_REASONS = frozenset(
    {
        "cancel",
        "menu",
        "back",
        "help",
        "my_certificates",
        "where_to_file",
        "human",
        "unlink",
        "calendar",
        "calendar_off",
        "language",
        "stop",
        "renewal_filed",
        "renewal_preparing",
        "renewal_later",
        "renewal_help",
    }
)
"""wishes that no reason is; others (papers, price, complaint) may well be one"""


def leaves_day(meaning: Meaning) -> bool:
    """Any other wish, or a product by its name, is clearly something else than a day."""
    return bool(set(meaning.intents) - DAYLIKE or (meaning.products and meaning.exact))


def leaves_reason(meaning: Meaning) -> bool:
    """A way out or one of these wishes is clearly something else than a reason."""
    return any(name in UNLIKE_REASONS or name.startswith("correct_") for name in meaning.intents)


async def filed_answered(turn: Turn, text: str) -> Messages:
    """The day that was asked for."""
    product = turn.catalogue.products.get((turn.standing.get("step") or {}).get("product", ""))
    may = await acting(turn, product) if product else None
    if product is None or may is None:
        turn.standing.put("step", None)
        return gone(turn)
    read = read_past_day(text, turn.today)
    if read.day is not None:
        return await saying.handed_in(turn, may, read.day)
    why = (
        _("There is no such day.") if read.problem == "no_such_day" else _("I could not read a day in that.")
    )
    ask = _("Please write it like this: “yesterday”, “{day}”.").format(day=day(turn.today))
    return [Message(f"{why} {ask}", buttons=((Button(_("Cancel"), action.CANCEL), menu_button()),))]


async def why_answered(turn: Turn, text: str) -> Messages:
    """The reason that was asked for, in the person's own words."""
    product = turn.catalogue.products.get((turn.standing.get("step") or {}).get("product", ""))
    may = await acting(turn, product) if product else None
    if may is None:
        turn.standing.put("step", None)
        return gone(turn)
    return await saying.given_up(turn, may, text)


# ---------------------------------------------------------------------------------------------------------- officials


async def on_behalf(turn: Turn) -> Messages:
    """``ghi hộ <producer or product> đã nộp ngày …``: an official writes for a producer of their commune."""
    who = await turn.who()
    products = [product for product in _named(turn) if who.may_act_in(commune_of(product))]
    if not products:
        text = _(
            "Name a producer or a product of your commune, for example: “record for … handed in yesterday”."
        )
        return [Message(text, buttons=((menu_button(),),))]
    near = bool(
        turn.meaning and turn.meaning.products and not turn.meaning.exact and not turn.meaning.producers
    )
    return await _one_of(turn, products, _word(_said(turn)), sure=not near)


def _named(turn: Turn) -> list[Product]:
    meaning = turn.meaning
    if meaning is None:
        return []
    if meaning.producers and not meaning.exact:
        return [p for one in meaning.producers for p in turn.catalogue.products_of.get(one.code, ())]
    if meaning.products:
        return list(meaning.products)
    return [p for one in meaning.producers for p in turn.catalogue.products_of.get(one.code, ())]


def _word(said: str) -> str:
    """Which state an official's words name; none = the card with its buttons."""
    folded = f" {fold(said)} "
    for word, phrases in (
        ("declined", (" khong lam lai ", " khong gia han ", " khong danh gia lai ", " not renew")),
        ("preparing", (" chuan bi ", " dang lam ", " preparing ")),
        ("filed", (" nop ", " handed in ", " filed ")),
        ("list", (" giay to ", " papers ")),
    ):
        if any(phrase in folded for phrase in phrases):
            return word
    return "show"

"""How products are shown: the card, lists with pages, and what is said when there is nothing to show.

Shared by the conversations about products; decides nothing about what was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from db import Miss
from handlers.sentences import (
    cut,
    human_button,
    menu_button,
    name_of,
    notice,
    paragraphs,
    place_of,
    price_of,
    product_button,
    season_words,
    short_name,
    source_line,
)
from handlers.services.catalogue import Product
from handlers.services.certificates import State, verdict
from handlers.services.text import clean, fold
from handlers.talk import action
from handlers.talk.language import _, day, ngettext, number, spoken
from handlers.talk.message import Button, Buttons, Message, Text
from handlers.talk.turn import Turn
from handlers.verdicts import badge_and_maker, verdict_lines

PAGE = 5
"""products on one page of a list: what fits a phone and one Zalo list"""
MISS_LENGTH = 200
"""characters of a text that was not understood"""
KEPT = 20
"""codes of a list that "another one" can still reach"""
FOLLOWED = PAGE
"""products shown together that a further question may be about"""
MAY_BE_MEANT = 2 * PAGE
"""products of the last list that are offered when a question leaves open which one is meant"""
Messages = list[Message]
Titled = tuple[str, Callable[[int], str]]
"""a list's title, and the action that shows its page from an offset"""


def subjects(turn: Turn) -> tuple[Product, ...]:
    """The products a turn is about: those named, else the one shown last."""
    meaning = turn.meaning
    if meaning and meaning.products:
        return meaning.products
    if meaning and meaning.words:
        return ()
    last = turn.catalogue.products.get(turn.standing.get("product") or "")
    return (last,) if last else ()


def asked_about(turn: Turn) -> tuple[Product, ...]:
    """The products a further question is about: those named, the one shown last, or the few last shown together."""
    named = subjects(turn)
    if named or (turn.meaning and turn.meaning.words):
        return named
    return last_listed(turn) if len(turn.standing.get("listed") or ()) <= FOLLOWED else ()


def last_listed(turn: Turn) -> tuple[Product, ...]:
    """The products last shown together that are still in the registry."""
    codes = turn.standing.get("listed") or ()
    return tuple(turn.catalogue.products[code] for code in codes if code in turn.catalogue.products)


def remember_together(turn: Turn, products: Sequence[Product]) -> None:
    """These were shown together: a further question is about all of them, if they are few."""
    turn.standing.put("product", None)
    turn.standing.put("listed", [product.code for product in products[:KEPT]])


def remember(turn: Turn, product: Product) -> None:
    """This is the product that "how much?" and "another one" are about from here on."""
    turn.standing.put("product", product.code)
    turn.standing.put("next", None)
    turn.standing.put("previous", None)
    if product.code not in (turn.standing.get("listed") or ()):
        turn.standing.put("listed", None)


# ------------------------------------------------------------------------------------------------------------ card


def card_of(turn: Turn, product: Product, corrected: str | None = None) -> Messages:
    """Everything recorded about a product, what is not recorded named as such, and the ways on."""
    remember(turn, product)
    key = ("card", product.key, spoken())
    card = turn.published.kept.get(turn.today, key, lambda: _card(turn, product))
    if not corrected:
        return [card]
    lead = _("(read as “{words}”)").format(words=corrected)
    return [replace(card, text=f"{lead}\n{card.text}")]


def _card(turn: Turn, product: Product) -> Message:
    words = product.description_vi if spoken() == "vi" else product.description_en or product.description_vi
    source = source_line(product.source_url, product.source_date)
    return Message(
        paragraphs(
            [*verdict_lines(product.certificate, turn.today), words or ""],
            [*_facts(turn, product), source or "", notice(turn.catalogue) or ""],
        ),
        title=name_of(product),
        buttons=card_buttons(turn, product),
        image=_picture(product),
    )


def _picture(product: Product) -> str | None:
    return product.image if product.image and product.image.startswith("http") else None


def _facts(turn: Turn, product: Product) -> list[str]:
    producer = product.producer.name if product.producer else None
    facts = [
        (_("Producer"), producer),
        (_("Place"), place_of(product, turn.catalogue)),
        (_("Price"), price_of(product)),
        (_("Season"), season_words(product, turn.catalogue, turn.today)),
        (_("Sold at"), _sold_at(turn, product)),
    ]
    extra = [
        (_("Code"), product.code if product.code[:1].isdigit() else None),
        (_("Standards"), ", ".join(product.standards)),
        (_("Awards"), ", ".join(award_name(award) for award in product.awards)),
        (_("Keeps"), _shelf_life(product)),
        (_("Allergens"), _allergens(product)),
    ]
    lines = [f"{label}: {value}" for label, value in (*facts, *extra) if value]
    missing = [label.lower() for label, value in facts if not value]
    if missing:
        lines.append(_("Not recorded: {facts}.").format(facts=", ".join(missing)))
    return lines


def _shelf_life(product: Product) -> str | None:
    days = product.shelf_life_days
    return ngettext("{n} day", "{n} days", days).format(n=number(days)) if days else None


def _allergens(product: Product) -> str | None:
    if product.allergens == "none":
        return _("none, as the producer declares")
    return product.allergens


def award_name(award: str) -> str:
    """An award with its year, from its code."""
    code, _colon, year = award.partition(":")
    names = {
        "rural-industrial": _("typical rural industrial product"),
        "rural-industrial-provincial": _("typical rural industrial product of the province"),
        "rural-industrial-regional": _("typical rural industrial product of the region"),
        "rural-industrial-national": _("typical rural industrial product of the country"),
        "gold-brand": _("gold brand"),
    }
    name = names.get(code, code)
    return f"{name} {year}" if year else name


def _sold_at(turn: Turn, product: Product) -> str | None:
    stock = turn.catalogue.stock.get(product.code, ())
    named = []
    for showroom_id, confirmed in stock[:3]:
        showroom = turn.catalogue.showrooms.get(showroom_id)
        if showroom is None:
            continue
        when = _("confirmed {day}").format(day=day(confirmed)) if confirmed else _("not confirmed lately")
        named.append(f"{showroom.name_vi} ({when})")
    return "; ".join(named) or None


def card_buttons(turn: Turn, product: Product) -> Buttons:
    """The next sensible steps from a product."""
    first = (
        Button(_("Where to buy"), action.where(product.key)),
        Button(_("Still certified?"), action.certificate(product.key)),
    )
    second: list[Button] = []
    if product.producer:
        second.append(Button(_("The producer"), action.producer(product.producer.key)))
    if product.online_url:
        second.append(Button(_("Online shop"), url=product.online_url))
    page = turn.links.page(f"/p/{product.key}")
    if page:
        second.append(Button(_("Page to share"), url=page))
    return tuple(row for row in (first, tuple(second), (menu_button(),)) if row)


# ----------------------------------------------------------------------------------------------------------- lists


def product_list(
    turn: Turn,
    start: int,
    products: Sequence[Product],
    titled: Titled,
    *,
    edits: bool = False,
    verb: Callable[[str], str] = action.product,
) -> Messages:
    """A page of products with their verdicts, numbered, with ways back and forth."""
    title, page = titled
    start = start if 0 <= start < len(products) else 0
    shown = products[start : start + PAGE]
    remember_together(turn, products)
    lines = [tally(turn, products)]
    rows: list[tuple[Button, ...]] = []
    for place, product in enumerate(shown, start=start + 1):
        lines.append(f"{place}. {line_of(turn, product)}")
        rows.append((Button(cut(f"{place}. {short_name(product)}", 40), verb(product.key)),))
    rows.append(_pager(turn, start, len(products), page))
    rows.append((menu_button(),))
    text = paragraphs(lines, [_("Choose by number or name."), notice(turn.catalogue) or ""])
    choices = tuple(verb(product.key) for product in products[: start + PAGE])
    return [Message(text, title=title, buttons=tuple(r for r in rows if r), choices=choices, edits=edits)]


def line_of(turn: Turn, product: Product) -> str:
    """A product in one line: name, verdict in a few words, who makes it."""

    def made() -> str:
        return name_of(product) + badge_and_maker(product, turn.today)

    return turn.published.kept.get(turn.today, ("line", product.key, spoken()), made)


def tally(turn: Turn, products: Sequence[Product]) -> str:
    """How many are in date, not certain, and expired: never counted together."""
    states = [verdict(product.certificate, turn.today) for product in products]
    current = sum(found.current for found in states)
    uncertain = sum(found.state in (State.UNKNOWN, State.UNCONFIRMED) for found in states)
    over = len(states) - current - uncertain
    parts = [
        _("in date: {n}").format(n=number(current)) if current else "",
        _("not certain: {n}").format(n=number(uncertain)) if uncertain else "",
        _("no longer in force: {n}").format(n=number(over)) if over else "",
    ]
    joined = "; ".join(part for part in parts if part)
    return joined[:1].upper() + joined[1:] + "."


def _pager(turn: Turn, start: int, total: int, page: Callable[[int], str]) -> tuple[Button, ...]:
    back = page(max(0, start - PAGE)) if start > 0 else None
    ahead = page(start + PAGE) if start + PAGE < total else None
    turn.standing.put("previous", back)
    turn.standing.put("next", ahead)
    pages = -(-total // PAGE)
    here = start // PAGE + 1
    row = []
    if back:
        row.append(Button(_("‹ Back"), back))
    if ahead:
        row.append(Button(_("More ({page}/{pages}) ›").format(page=here + 1, pages=pages), ahead))
    return tuple(row)


def found_page(
    turn: Turn, start: int, words: str, products: Sequence[Product], edits: bool = False
) -> Messages:
    """Several match: a list to choose from, with the total."""
    title = ngettext("{n} product matches “{words}”", "{n} products match “{words}”", len(products)).format(
        n=number(len(products)), words=cut(words, 60)
    )

    def page(offset: int) -> str:
        return action.found(offset, words)

    return product_list(turn, start, products, (title, page), edits=edits)


def offset_of(text: str) -> int:
    """The offset that a button carries; anything odd is the beginning."""
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def prices(turn: Turn, products: Sequence[Product]) -> Messages:
    """Products with a price on record, the cheapest first; how many more have none."""
    priced = [product for product in products if product.price_vnd is not None]
    if not priced:
        remember_together(turn, products)
        names = ", ".join(name_of(product) for product in products[:PAGE])
        text = _("No price is recorded for {names}.").format(names=names)
        rows = tuple((product_button(product),) for product in products[:PAGE])
        return [Message(text, buttons=(*rows, (menu_button(),)))]
    priced.sort(key=lambda product: product.price_vnd or 0)
    lines = [f"{place}. {name_of(p)}: {price_of(p)}" for place, p in enumerate(priced[: PAGE * 2], start=1)]
    rest = len(products) - len(priced)
    if rest:
        lines.append(
            ngettext("{n} more has no price on record.", "{n} more have no price on record.", rest).format(
                n=number(rest)
            )
        )
    rows = tuple((product_button(p, f"{i}. {short_name(p)}"),) for i, p in enumerate(priced[:PAGE], start=1))
    remember_together(turn, priced)
    choices = tuple(action.product(p.key) for p in priced[: PAGE * 2])
    return [
        Message(
            "\n".join(lines), title=_("Prices on record"), buttons=(*rows, (menu_button(),)), choices=choices
        )
    ]


# ------------------------------------------------------------------------------------------------- nothing to show


def nothing_found(turn: Turn) -> Messages:
    """None: say so, offer near names and ways on."""
    meaning = turn.meaning
    missed = record_miss(turn)
    words = cut(meaning.words, 60) if meaning else ""
    lines = [_("The registry has no product matching “{words}”.").format(words=words)]
    rows: list[tuple[Button, ...]] = []
    choices: list[str] = []
    near = [p for name in (meaning.near if meaning else ()) if (p := _named(turn, name))]
    if near:
        lines.append(_("Did you mean:"))
        for place, product in enumerate(near[:PAGE], start=1):
            lines.append(f"{place}. {name_of(product)}")
            rows.append((product_button(product, f"{place}. {short_name(product)}"),))
            choices.append(action.product(product.key))
    if any(fold(words) and fold(words) in fold(name) for name in turn.catalogue.mentions):
        lines.append(_("Such goods are sold in the province, but no OCOP recognition of them is on record."))
    lines.append(_("It may be sold without being an OCOP product; we only know the registry."))
    rows.append((Button(_("Products by group"), action.PRODUCTS), menu_button()))
    if missed > 1:
        rows.append((human_button(),))
        lines.append(_("Shall a person answer you? Press “Talk to a person” or type “talk to a person”."))
    return [Message("\n".join(lines), buttons=tuple(rows), choices=tuple(choices))]


def record_miss(turn: Turn) -> int:
    """Note what was not understood (folded, without the person), and say how many times in a row that happened."""
    missed = int(turn.standing.get("missed") or 0) + 1
    turn.standing.put("missed", missed)
    content = turn.inbound.content
    if isinstance(content, Text):
        words = fold(clean(content.text, MISS_LENGTH))[:MISS_LENGTH]
        turn.records.append(Miss(at=turn.inbound.at, language=turn.language, text=words))
    return missed


def _named(turn: Turn, name: str) -> Product | None:
    found = turn.published.search.find(name, limit=1)
    return found.products[0] if found.products else None


def not_on_the_list(turn: Turn, code: str) -> Messages:
    """An unknown code: not on the list, and nothing more is claimed."""
    text = _(
        "The code “{code}” is not on the list we have. Our list may be incomplete, so this alone does not say that "
        "something is wrong with the product. Please check the code, or type the product's name."
    ).format(code=cut(code, 40))
    note = notice(turn.catalogue)
    rows: Buttons = ((Button(_("Talk to a person"), action.HUMAN), menu_button()),)
    return [Message("\n\n".join(filter(None, [text, note])), buttons=rows)]


def gone(turn: Turn) -> Messages:
    """A button or link to a product that the registry no longer has."""
    text = _("This product is no longer in the registry. Please type its name to look again.")
    return [Message(text, buttons=((menu_button(),),))]


def which(turn: Turn, question: str = "", verb: Callable[[str], str] = action.product) -> Messages:
    """A question about "it" while nothing or too much was shown: ask which product, of those shown if any."""
    meaning = turn.meaning
    if meaning and (meaning.words or meaning.near):
        return nothing_found(turn)
    lines = [question or _("Which product do you mean? Please type its name.")]
    rows: list[tuple[Button, ...]] = []
    shown = last_listed(turn)[:MAY_BE_MEANT]
    for place, product in enumerate(shown, start=1):
        lines.append(f"{place}. {line_of(turn, product)}")
        rows.append((Button(cut(f"{place}. {short_name(product)}", 40), verb(product.key)),))
    choices = tuple(verb(product.key) for product in shown)
    return [Message("\n".join(lines), buttons=(*rows, (menu_button(),)), choices=choices)]

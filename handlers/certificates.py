"""Certificates: what a product's certificate is worth today."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.sentences import cut, name_of, notice, source_line
from handlers.services.catalogue import Product
from handlers.services.certificates import Verdict, verdict
from handlers.showing import (
    asked_about,
    card_buttons,
    not_on_the_list,
    nothing_found,
    product_list,
    remember,
    which,
)
from handlers.talk import action
from handlers.talk.language import _, day, ngettext, number, partial
from handlers.talk.message import Message
from handlers.talk.turn import Turn
from handlers.talk.understanding import Meaning
from handlers.verdicts import BASIS_WORDS, verdict_lines, who_decides, window_line

Messages = list[Message]


def status(turn: Turn) -> Messages:
    """Is it still certified? One product gives the verdict, several a list to choose from, none a question."""
    meaning = turn.meaning
    if meaning and meaning.code and not meaning.products:
        return not_on_the_list(turn, meaning.code)
    products: Sequence[Product] = asked_about(turn)
    if not products and meaning and meaning.producers:
        products = [p for who in meaning.producers for p in turn.catalogue.products_of.get(who.code, ())]
    if len(products) == 1:
        return of(turn, products[0])
    if products:
        return _several(turn, products)
    if meaning and (meaning.words or meaning.near):
        return nothing_found(turn)
    return ask_which(turn)


def _several(turn: Turn, products: Sequence[Product]) -> Messages:
    words = turn.meaning.words if turn.meaning and turn.meaning.words else ""
    title = (
        _("Which one?")
        if not words
        else ngettext(
            "{n} product matches “{words}”: which one?",
            "{n} products match “{words}”: which one?",
            len(products),
        ).format(n=number(len(products)), words=cut(words, 60))
    )

    def page(offset: int) -> str:
        return action.checked(offset, words)

    return product_list(turn, 0, products, (title, page), verb=action.certificate)


def checked(turn: Turn, offset: str = "0", words: str = "") -> Messages:
    """A further page of certificates to choose from."""
    products = turn.published.search.find(words).products
    if not products:
        return ask_which(turn)
    title = _("Which one?")
    start = int(offset) if offset.isdecimal() and len(offset) < 7 else 0

    def page(at: int) -> str:
        return action.checked(at, words)

    return product_list(turn, start, products, (title, page), edits=True, verb=action.certificate)


def certificate(turn: Turn, key: str = "") -> Messages:
    """The verdict on one product, from a button."""
    product = turn.catalogue.products_by_key.get(key) or turn.catalogue.products.get(key)
    return of(turn, product) if product else not_on_the_list(turn, key)


def of(turn: Turn, product: Product) -> Messages:
    """The verdict in one line first, then dates, decision number, whom to ask."""
    remember(turn, product)
    found = verdict(product.certificate, turn.today)
    lines = verdict_lines(product.certificate, turn.today)
    lines.append("")
    lines.extend(_dates(found, product))
    lines.extend(filter(None, [window_line(found), who_decides(found)]))
    lines.extend(filter(None, [source_line(product.source_url, product.source_date), notice(turn.catalogue)]))
    return [Message("\n".join(lines), title=name_of(product), buttons=card_buttons(turn, product))]


def _dates(found: Verdict, product: Product) -> list[str]:
    lines = []
    if found.issued_on:
        basis = BASIS_WORDS.get(product.certificate.issued_on_basis or "")
        what = _(basis) if basis else _("Issued on {day}.")
        lines.append(what.format(day=partial(found.issued_on)))
    if found.decision:
        lines.append(_("Decision: {decision}.").format(decision=found.decision))
    missing = [
        *([] if found.issued_on else [_("day of issue")]),
        *([] if found.decision else [_("decision number")]),
    ]
    if missing:
        lines.append(_("Not recorded: {facts}.").format(facts=", ".join(missing)))
    lines.extend(_late_advice(found))
    return lines


def _late_advice(found: Verdict) -> list[str]:
    """What the producer can still do when the window is over; who decides is said, not what they will decide."""
    if not found.extension_cap or not found.filing:
        return []
    if found.filing.predates_rule:
        advice = _(
            "The filing window of the new rules lay before they took effect, so it could not be kept. File with "
            "the commune at once: under article 12.3 the certificate may stay in force until the result, at most "
            "until {cap}; the provincial OCOP office decides that."
        )
        return [advice.format(cap=day(found.extension_cap))]
    advice = _(
        "The last filing day was {closes}. File with the commune at once: under article 12.3 the certificate may "
        "stay in force until the result, at most until {cap}; the provincial OCOP office decides that."
    )
    return [advice.format(closes=day(found.filing.closes), cap=day(found.extension_cap))]


# ------------------------------------------------------------------------------------------------------ asking which


def ask_which(turn: Turn) -> Messages:
    """Ask which product; the next text is taken as its name or code."""
    turn.standing.put("step", {"name": "certificate"})
    text = _(
        "Which product shall we check? Type its name, the producer's name, or the code printed on the package or "
        "certificate."
    )
    return which(turn, text, action.certificate)


def leaves_question(meaning: Meaning) -> bool:
    """Another intent than checking is clearly something else."""
    return bool(set(meaning.intents) - {"certificate"})


def named(turn: Turn, text: str) -> Messages:
    """The name or code typed as the answer to our question."""
    turn.standing.put("step", None)
    product = turn.published.search.by_code(text)
    return of(turn, product) if product else status(turn)

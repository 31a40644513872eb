"""The coach: one product's renewal, its checklist, and the buttons that answer a reminder."""

from __future__ import annotations

from handlers.renewals import saying
from handlers.renewals.acting import Acting, acting, not_linked, not_yours
from handlers.renewals.words import (
    after_the_end,
    label,
    lapsed_lines,
    late_line,
    next_line,
    paper_name,
    stand_line,
    window_words,
)
from handlers.sentences import cut, menu_button, name_of, office, told_apart
from handlers.services.catalogue import Product
from handlers.services.certificates import Verdict, verdict
from handlers.services.checklist import papers
from handlers.services.renewing import Standpoint, stand, tick
from handlers.showing import not_on_the_list, remember
from handlers.talk import action
from handlers.talk.language import _, number
from handlers.talk.message import Button, Buttons, Message
from handlers.talk.turn import Turn
from handlers.verdicts import verdict_lines

Messages = list[Message]


async def pressed(turn: Turn, key: str = "", word: str = "show") -> Messages:
    """A button of a reminder or of the coach: ``rn:<product key>:<word>``."""
    product = turn.catalogue.products_by_key.get(key)
    if product is None:
        return not_on_the_list(turn, key)
    return await about(turn, product, word)


async def about(turn: Turn, product: Product, word: str) -> Messages:
    """What a word says about a product, if who writes may say it."""
    may = await acting(turn, product)
    if may is None:
        return not_yours(product) if (await turn.who()).producers else not_linked()
    remember(turn, product)
    if word == "list":
        return await checklist(turn, may)
    say = saying.WORDS.get(word)
    return await say(turn, may) if say else await card(turn, product)


async def card(turn: Turn, product: Product) -> Messages:
    """One product: verdict, dates, what was said, what to do next and where, what happens at the end."""
    remember(turn, product)
    may = await acting(turn, product)
    if may is None:
        return not_yours(product)
    found = verdict(product.certificate, turn.today)
    said = await stand(turn.engine, product.code, may.saying.cycle)
    lapsed = found.days is not None and found.days < 0
    lines = [verdict_lines(product.certificate, turn.today)[0]]
    if lapsed and not found.current:
        lines += lapsed_lines(found, office(product, turn.catalogue), turn.today)
        lines.append(stand_line(said) or "")
    else:
        lines.append(window_words(found.filing, turn.today) if found.filing else "")
        lines.append(late_line(found) or "")
        lines.append(stand_line(said) or "")
        lines.append(next_line(product, found, said, turn.catalogue))
        lines.append(_progress(said))
        lines.append(after_the_end())
    return [
        Message(
            "\n".join(filter(None, lines)),
            title=told_apart(product, turn.catalogue),
            buttons=_ways(may, found),
        )
    ]


def _progress(said: Standpoint) -> str:
    ready = sum(paper.key in said.ticks for paper in papers())
    if said.state == "filed" or not ready:
        return ""
    return _("Papers ready: {ready} of {all}.").format(ready=number(ready), all=number(len(papers())))


def _ways(may: Acting, found: Verdict) -> Buttons:
    product = may.product

    def way(words: str, word: str) -> Button:
        return Button(words, action.renewal(product.key, word))

    rows = [(way(_("Papers to gather"), "list"), way(_("I need help"), "help"))]
    if found.last_day is not None:
        rows.append((way(_("Preparing"), "preparing"), way(_("Handed in"), "filed")))
        rows.append((way(_("Remind me later"), "later"), way(_("Not renewing"), "declined")))
    if may.for_them and product.producer:
        person = Button(_("Contact person"), action.build("ct", product.producer.key))
        return (*rows, (person, menu_button()))
    return (*rows, (Button(_("Calendar"), "cal"), menu_button()))


async def checklist(turn: Turn, may: Acting) -> Messages:
    """The papers of the file with their ticks; a button or a number ticks one or takes the tick away."""
    said = await stand(turn.engine, may.product.code, may.saying.cycle)
    lines, rows = [], []
    for place, paper in enumerate(papers(), 1):
        ready = paper.key in said.ticks
        words = paper_name(paper.key)
        lines.append(f"{place}. {'☑' if ready else '☐'} {words}")
        act = action.build("rn-tick", may.product.key, paper.key, "0" if ready else "1")
        rows.append(Button(cut(f"{'☑' if ready else '☐'} {label_of(place, words)}", 30), act))
    lines.append("")
    lines.append(
        _("Press a paper, or type its number, when it is ready. Not every product needs every paper.")
    )
    lines.append(
        _("One paper file and one electronic file, to {where}.").format(
            where=office(may.product, turn.catalogue)
        )
    )
    lines.append(_("Source: {rule}.").format(rule="QĐ 26/2026/QĐ-TTg, Đ7, Mẫu 01, Mẫu 02"))
    done = Button(_("Handed in"), action.renewal(may.product.key, "filed"))
    back = Button(label(0, may.product)[3:], action.renewal(may.product.key, "show"))
    return [
        Message(
            "\n".join(lines),
            title=_("Papers for {name}").format(name=name_of(may.product)),
            buttons=(*_pairs(rows), (done, back), (menu_button(),)),
            choices=tuple(button.action or "" for button in rows),
            edits=True,
        )
    ]


def label_of(place: int, words: str) -> str:
    """A paper on a button."""
    return f"{place}. {words}"


def _pairs(buttons: list[Button]) -> Buttons:
    return tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))


async def ticked(turn: Turn, key: str = "", item: str = "", ready: str = "1") -> Messages:
    """A paper is ready, or not any more."""
    product = turn.catalogue.products_by_key.get(key)
    if product is None or item not in {paper.key for paper in papers()}:
        return not_on_the_list(turn, key)
    may = await acting(turn, product)
    if may is None:
        return not_yours(product)
    await tick(turn.engine, may.saying, item, ready == "1")
    if may.for_them:
        await saying.told(turn, may, f"tick-{item}-{ready}")
    return await checklist(turn, may)

"""The way to the programme's aims: how many products are in date today, and what is still missing."""

from __future__ import annotations

from collections import Counter

from handlers.sentences import menu_button, notice, source_line
from handlers.services.catalogue import Target
from handlers.services.certificates import verdict
from handlers.showing import tally
from handlers.talk import action
from handlers.talk.language import _, day, ngettext, number
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn

Messages = list[Message]
IN_DATE = "valid_products"
"""the measure that this registry itself can count"""


def targets(turn: Turn) -> Messages:
    """How many products are in date, by stars, and the aims with their days; what cannot be counted here is said."""
    products = list(turn.catalogue.products.values())
    total = ngettext("{n} product in the registry.", "{n} products in the registry.", len(products))
    lines = [f"{total.format(n=number(len(products)))} {tally(turn, products)}"]
    states = [(product.certificate.stars, verdict(product.certificate, turn.today)) for product in products]
    in_date = sum(found.current for _stars, found in states)
    by_stars = Counter(stars for stars, found in states if found.current and stars)
    if by_stars:
        stars = "; ".join(
            f"{'★' * count}: {number(by_stars[count])}" for count in sorted(by_stars, reverse=True)
        )
        lines.append(_("In date by stars: {stars}.").format(stars=stars))
    lines += ["", *(_aim(target, in_date) for target in turn.catalogue.targets)]
    if not turn.catalogue.targets:
        lines[-1] = _("No aims are recorded.")
    sources = dict.fromkeys(target.source_url for target in turn.catalogue.targets)
    lines += filter(None, [*(source_line(url, None) for url in sources), notice(turn.catalogue)])
    rows = ((Button(_("Products by group"), action.PRODUCTS), menu_button()),)
    return [Message("\n".join(lines), title=_("The programme today and its aims"), buttons=rows)]


def _aim(target: Target, in_date: int) -> str:
    names = {
        IN_DATE: _("products in date"),
        "community_tourism_villages": _("community tourism villages"),
        "new_showrooms": _("new showrooms"),
        "participating_organisations": _("organisations taking part"),
    }
    name = names.get(target.measure, target.measure)
    aim = _("• Aim by {day}: {n} {what}.") if target.by else _("• Aim: {n} {what}.")
    line = aim.format(day=day(target.by) if target.by else "", n=number(target.target), what=name)
    if target.measure != IN_DATE:
        return line
    missing = max(target.target - in_date, 0)
    return line + " " + _("Now {n}, {missing} to go.").format(n=number(in_date), missing=number(missing))

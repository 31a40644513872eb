"""What a producer is told of a morning: every product once, soonest first, what to do next and where."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from handlers.sentences import cut, office, short_name, told_apart
from handlers.services.catalogue import Catalogue
from handlers.services.certificates import Verdict, verdict
from handlers.services.reminders.due import Due
from handlers.services.reminders.keeping import Words, Written
from handlers.services.reminders.planning import Digest
from handlers.services.renewing import commune_of
from handlers.talk import action
from handlers.talk.language import _, day, ngettext, number, speaking
from handlers.talk.message import Button, Buttons, Message

NAMED = 12
"""products that a digest names; more are counted"""
BUTTONS = 6
"""products with a button of their own"""


def words(catalogue: Catalogue, today: date) -> Words:
    """Writes digests of a day in each person's language."""

    def write(digest: Digest) -> Written:
        with speaking(digest.language):
            found = [item.due for item in digest.items]
            return Written([message(found, catalogue, today)], facts(found))

    return write


def message(found: Sequence[Due], catalogue: Catalogue, today: date) -> Message:
    """The digest of one producer in the language spoken."""
    producer = found[0].product.producer
    title = _("OCOP certificates of {producer}").format(producer=producer.name if producer else "")
    shown, blocks, place = found[:NAMED], [], 0
    for _same, some in groupby(shown, key=lambda one: (one.end, commune_of(one.product))):
        together = list(some)
        blocks.append("\n".join(_block(together, place, len(found), catalogue, today)))
        place += len(together)
    if len(found) > NAMED:
        more = ngettext(
            "and {n} more product: type “my certificates”.",
            "and {n} more products: type “my certificates”.",
            len(found) - NAMED,
        )
        blocks.append(more.format(n=number(len(found) - NAMED)))
    first = _("Reminder of {day}.").format(day=day(today))
    choices = tuple(action.renewal(one.product.key, "show") for one in shown) if len(found) > 1 else ()
    return Message(
        "\n\n".join([first, *blocks]), title=title, buttons=_buttons(found, shown), choices=choices
    )


def _block(together: Sequence[Due], before: int, of: int, catalogue: Catalogue, today: date) -> list[str]:
    """Products that end on the same day and are filed at the same place."""
    names = [
        (f"{place}. " if of > 1 else "") + told_apart(one.product, catalogue)
        for place, one in enumerate(together, before + 1)
    ]
    found = verdict(together[0].product.certificate, today)
    return [*names, end_line(together[0]), *next_lines(found, office(together[0].product, catalogue), today)]


def end_line(one: Due) -> str:
    """The last valid day and the true number of days."""
    if one.days == 0:
        return _("The certificate ends today, {day}.").format(day=day(one.end))
    if one.days < 0:
        line = ngettext(
            "The certificate ended on {day}, {n} day ago.",
            "The certificate ended on {day}, {n} days ago.",
            -one.days,
        )
    else:
        line = ngettext(
            "The certificate ends on {day}: {n} day left.",
            "The certificate ends on {day}: {n} days left.",
            one.days,
        )
    return line.format(day=day(one.end), n=number(abs(one.days)))


def next_lines(found: Verdict, where: str, today: date) -> list[str]:
    """What to do next, and where; after the last filing day what is still possible."""
    window = found.filing
    if found.days is not None and found.days < 0:
        lines = [
            _(
                "From now on new packaging carries no stars and no OCOP mark; you may go on making and selling."
            ),
            _("To get stars again, ask {where} how to apply.").format(where=where),
        ]
        return [*lines, *_late(found)] if window and window.predates_rule else lines
    if window is None:
        return [_("Ask {where} for the renewal.").format(where=where)]
    if window.state == "not_yet":
        line = _("Next: gather the papers. File from {opens} to {closes} at {where}.")
        return [line.format(opens=day(window.opens), closes=day(window.closes), where=where)]
    if window.state == "open":
        left = (window.closes - today).days
        if not left:
            line = _("Today is the last filing day: hand the file in at {where} today.")
            return [line.format(where=where)]
        line = ngettext(
            "Next: hand the file in at {where}. The last filing day is {closes}: {n} day left.",
            "Next: hand the file in at {where}. The last filing day is {closes}: {n} days left.",
            left,
        )
        return [line.format(where=where, closes=day(window.closes), n=number(left))]
    return [_("Next: hand the file in at {where} at once.").format(where=where), *_late(found)]


def _late(found: Verdict) -> list[str]:
    if found.filing is None or found.extension_cap is None:
        return []
    line = _(
        "The last filing day was {closes}. Under article 12.3 the certificate may stay in force until the result, at "
        "most until {cap}; the provincial OCOP office decides that."
    )
    return [line.format(closes=day(found.filing.closes), cap=day(found.extension_cap))]


def _buttons(found: Sequence[Due], shown: Sequence[Due]) -> Buttons:
    last = (Button(_("Calendar"), "cal"), Button(_("Stop reminders"), "unremind"))
    if len(found) == 1:
        key = found[0].product.key

        def way(label: str, word: str) -> Button:
            return Button(label, action.renewal(key, word))

        return (
            (way(_("Preparing"), "preparing"), way(_("Handed in"), "filed")),
            (way(_("Remind me later"), "later"), way(_("Not renewing"), "declined")),
            (way(_("I need help"), "help"), way(_("Papers to gather"), "list")),
            last,
        )
    rows = tuple(
        (Button(cut(f"{place}. {short_name(one.product)}", 40), action.renewal(one.product.key, "show")),)
        for place, one in enumerate(shown[:BUTTONS], 1)
    )
    mine = Button(_("My certificates"), action.build("mine", "0"))
    return (*rows, (mine, last[0]), (last[1],))


def facts(found: Sequence[Due]) -> dict[str, str]:
    """What a template is told: the soonest end, and every product's name."""
    first = found[0]
    producer = first.product.producer
    told = {
        "producer": producer.name if producer else "",
        "product": ", ".join(one.product.name_vi for one in found),
        "code": first.product.code,
        "until": first.end.strftime("%d/%m/%Y"),
        "days": str(first.days),
        "decision": first.product.certificate.decision or "",
    }
    return {name: value for name, value in told.items() if value}

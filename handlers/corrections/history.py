"""For officials: who changed what of a product, when, from which value to which, and why."""

from __future__ import annotations

from datetime import tzinfo

from db import Audit
from handlers.corrections.words import field_name, subject_words, value_words
from handlers.sentences import menu_button
from handlers.services import audit
from handlers.services.correctable import FIELDS, subjects_of
from handlers.services.reports import names_of
from handlers.talk.language import _, clock, day
from handlers.talk.message import Message
from handlers.talk.turn import Turn

Messages = list[Message]
SHOWN = 10
"""changes, the latest ones"""


async def changes(turn: Turn) -> Messages:
    """The history of the product that is named or was just shown, with its producer's where one may decide."""
    named = turn.meaning.products if turn.meaning else ()
    shown = turn.catalogue.products.get(turn.standing.get("product") or "")
    product = named[0] if named else shown
    if product is None:
        return [Message(_("Of which product? For example: “history of …”."), buttons=((menu_button(),),))]
    who = await turn.who()
    subjects = {f"product {product.code}"}
    if product.producer:
        for field in FIELDS:
            own = subjects_of(turn.catalogue, field, [product.producer.code], turn.today)
            subjects |= {one.name for one in own if one.kind != "product" and who.may_act_in(one.commune)}
    rows = [row for subject in sorted(subjects) for row in await audit.history(turn.engine, subject)]
    rows = [row for row in rows if row.verb.partition(": ")[2] in FIELDS]
    rows.sort(key=lambda row: (row.at, row.id or 0))
    if not rows:
        text = _("Nothing of {what} was changed or asked for here.").format(
            what=subject_words(turn, f"product {product.code}")
        )
        return [Message(text, buttons=((menu_button(),),))]
    names = await names_of(turn.engine, [row.actor for row in rows])
    zone = turn.now.tzinfo
    blocks = [_row(turn, row, names.get(row.actor, row.actor), zone) for row in rows[-SHOWN:]]
    return [Message("\n\n".join(blocks), buttons=((menu_button(),),))]


def _row(turn: Turn, row: Audit, actor: str, zone: tzinfo | None) -> str:
    verb, _colon, field = row.verb.partition(": ")
    at = row.at.astimezone(zone)
    done = {
        "asked": _("has asked for"),
        "approved": _("has approved"),
        "refused": _("has refused"),
        "withdrawn": _("has withdrawn"),
    }[verb]
    lines = [
        f"{day(at.date())} {clock(at)} · {actor} · {done}",
        f"{subject_words(turn, row.subject)}, {field_name(field)}: "
        f"{value_words(field, row.before)} → {value_words(field, row.after)}",
    ]
    if row.why:
        lines.append(_("Reason: {reason}").format(reason=row.why))
    return "\n".join(lines)

"""How a correction is said: its fields, its values, what it is about, what stands in its way."""

from __future__ import annotations

from typing import Any

from db import Correction
from handlers.sentences import showroom_name, told_apart
from handlers.services.prices import far_off
from handlers.talk import action
from handlers.talk.language import _, money
from handlers.talk.message import Button
from handlers.talk.turn import Turn

VALUE, REASON = "correction-value", "correction-reason"
"""the open questions"""


def field_name(field: str) -> str:
    """What may be corrected, in the language spoken."""
    return {
        "price": _("price"),
        "season": _("season"),
        "description": _("description"),
        "link": _("shop address"),
        "photo": _("photo"),
        "phone": _("telephone"),
        "hours": _("opening hours"),
    }[field]


def value_words(field: str, values: Any) -> str:
    """A value as people read it; what is not recorded is said to be so."""
    if not values or values[0] is None:
        return _("not recorded")
    if field == "price":
        return " – ".join(money(value) for value in values if value is not None)
    return str(values[0])


def subject_words(turn: Turn, subject: str) -> str:
    """What ``product na-dai`` is called; its code when it is gone."""
    kind, _space, code = subject.partition(" ")
    catalogue = turn.catalogue
    if kind == "product" and code in catalogue.products:
        return told_apart(catalogue.products[code], catalogue)
    if kind == "showroom" and code in catalogue.showrooms:
        return showroom_name(catalogue.showrooms[code])
    return catalogue.producers[code].name if code in catalogue.producers else code


def example(field: str) -> str:
    """How a value may be written."""
    return {
        "price": _("For example: 270k, 270.000đ, 250-270k."),
        "season": _("For example: 7-9, or: from July to September."),
        "description": _("Two or three sentences."),
        "link": _("For example: https://example.org/shop"),
        "photo": _("The public web address of a picture: https://…"),
        "phone": _("For example: 0205 3 812 345."),
        "hours": _("For example: 8:00-17:00 every day; Monday to Friday 7:30-16:30."),
    }[field]


def changed_lines(turn: Turn, field: str, subject: str, old: Any, new: Any) -> list[str]:
    """What is to be changed, old and new, each on its line."""
    return [
        _("{what}, {field}:").format(what=subject_words(turn, subject), field=field_name(field)),
        _("now: {value}").format(value=value_words(field, old)),
        _("new: {value}").format(value=value_words(field, new)),
    ]


def ten_times(field: str, old: Any, new: Any) -> bool:
    """Whether either end of a price looks like a nought too many or too few."""
    return field == "price" and any(
        far_off(before or old[0], after) for before, after in zip(old, new, strict=True) if after is not None
    )


def undone(outcome: str) -> str:
    """Why nothing was done."""
    return {
        "approved": _("This request is decided already: it was approved."),
        "refused": _("This request is decided already: it was refused."),
        "withdrawn": _("The producer withdrew this request, or asked anew."),
        "changed": _(
            "The public value changed since this was asked, so nothing was changed. Please ask the producer."
        ),
        "missing": _("The registry does not have this any more."),
    }[outcome]


def decided_words(turn: Turn, one: Correction) -> str:
    """What the producer hears of a decision."""
    about = _("{what}, {field}:").format(what=subject_words(turn, one.subject), field=field_name(one.field))
    if one.state == "approved":
        return _("Your request number {number} was approved. {about} {new}, from today on.").format(
            number=one.id, about=about, new=value_words(one.field, one.new)
        )
    return _(
        "Your request number {number} was not approved. {about} it stays {old}. Reason: {reason}"
    ).format(number=one.id, about=about, old=value_words(one.field, one.old), reason=one.reason or "–")


def cancel_button() -> Button:
    """A way out."""
    return Button(_("Cancel"), action.CANCEL)

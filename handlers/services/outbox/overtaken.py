"""Reminders that were overtaken between their writing and their sending: nobody gets what is not true any more.

Whoever does not serve the producer any more gets nothing (``unlinked``), nor does a number that was taken back; a
renewal about which somebody said anything since (``answered``), or whose certificate is another one now (``renewed``),
is not reminded of. The planner then writes anew what still stands. That reminders were muted is asked with the row
itself (:mod:`.statements`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, literal_column, or_, select
from sqlmodel import col

from db import Certificate, Delivery, Link, Reminder, Renewal, Telephone
from handlers.services import catalogue
from handlers.services.certificates import exact_end
from handlers.services.outbox.letters import PHONE
from handlers.services.outbox.posts import PassedOver, Post

TOPIC = "reminders"
UNLINKED, ANSWERED, RENEWED, NO_NUMBER = "unlinked", "answered", "renewed", "number taken back"
OVERTAKEN = (UNLINKED, ANSWERED, RENEWED, NO_NUMBER)
"""why a reminder was not sent although its road was open"""
FINAL = ("filed", "declined")
ROADS = range(2, 8)
"""numbers behind the key of a digest on its second, third … road"""


def now_known(*, many: bool) -> Select[Any]:
    """Of one letter (``id_``) or of ``many`` (``ids``): each product's link, renewal and certificate as they are now.

    A letter is found by the reminders that it carries; the copy that waits for a page has its channel behind the key,
    and its reminders may have taken other roads since.
    """
    whose = (
        col(Delivery.id).in_(bindparam("ids", expanding=True))
        if many
        else col(Delivery.id) == bindparam("id_")
    )
    copied = func.replace(col(Delivery.key), literal_column("':'").concat(col(Delivery.channel)), "")
    keys = [col(Delivery.key), copied, *(copied.concat(f"~{number}") for number in ROADS)]
    carried = or_(*(col(Reminder.delivery_key) == key for key in keys))
    found: Select[Any] = (
        select(  # type: ignore[assignment]
            col(Delivery.id),
            col(Delivery.queued_at),
            col(Reminder.cycle),
            col(Link.id),
            col(Renewal.state),
            col(Renewal.answered_at),
            col(Certificate.id),
            col(Certificate.status),
            col(Certificate.valid_until),
            col(Certificate.issued_on),
            col(Certificate.issued_on_basis),
            col(Delivery.address),
            col(Telephone.number),
        )
        .select_from(Delivery)
        .join(Reminder, and_(carried, col(Reminder.person_id) == col(Delivery.person_id)))
        .outerjoin(
            Link,
            and_(
                col(Link.person_id) == col(Reminder.person_id),
                col(Link.producer_code) == col(Reminder.producer_code),
                col(Link.ended_at).is_(None),
            ),
        )
        .outerjoin(Telephone, col(Telephone.person_id) == col(Reminder.person_id))
        .outerjoin(
            Renewal,
            and_(
                col(Renewal.product_code) == col(Reminder.product_code),
                col(Renewal.cycle) == col(Reminder.cycle),
            ),
        )
        .outerjoin(
            Certificate,
            and_(
                col(Certificate.product_code) == col(Reminder.product_code),
                col(Certificate.in_force).is_(True),
            ),
        )
        .where(whose)
    )
    return found


def asked_about(posts: Iterable[Post]) -> list[int]:
    """Ids of the letters among these that are reminders."""
    return [post.id for post in posts if post.announcement_id is None and post.content.get("topic") == TOPIC]


def overtaken(rows: Iterable[Sequence[Any]]) -> dict[int, PassedOver]:
    """What :func:`now_known` says of letters, as those that are passed over, by id."""
    found: dict[int, PassedOver] = {}
    for row in rows:
        why = _why(row)
        if why and found.get(row[0], PassedOver(0, "", "")).reason != UNLINKED:
            found[row[0]] = PassedOver(row[0], "skipped", why)
    return found


def _why(row: Sequence[Any]) -> str:
    _id, queued_at, cycle, link, state, answered_at, certificate, status = row[:8]
    address, number = row[11:]
    if link is None:
        return UNLINKED
    if address.startswith(PHONE) and address.removeprefix(PHONE) != number:
        return NO_NUMBER
    if state in FINAL or (answered_at is not None and answered_at > queued_at):
        return ANSWERED
    if certificate is None:  # the registry does not know the product any more, or never did
        return ""
    recorded = {"status": status, "valid_until": row[8], "issued_on": row[9], "issued_on_basis": row[10]}
    held = dict.fromkeys(catalogue.Certificate.__dataclass_fields__) | recorded
    end = exact_end(catalogue.Certificate(**held))
    return RENEWED if status or end is None or end.isoformat() != cycle else ""

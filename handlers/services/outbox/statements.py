"""The statements of the outbox, each built once. What :mod:`handlers.services.outbox.shelf` runs on either engine."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, bindparam, insert, literal_column, select, update
from sqlmodel import col

from db import Announcement, Chat, Delivery, Notice, QuietHours, Subscription

QUEUED: Any = literal_column("'queued'")
SENDING: Any = literal_column("'sending'")
"""written into the statement, so that the indexes of just these rows serve it"""
BULK: Any = literal_column("'bulk'")
PERSONAL: Any = literal_column("'personal'")
PULLED = ("web", "terminal")
"""channels that cannot be written to: what waits there is fetched by the page or the terminal"""

OPEN_ANNOUNCEMENTS: Any = (
    select(
        col(Announcement.id),
        col(Announcement.version),
        col(Announcement.topic),
        col(Announcement.urgent_reason),
        col(Announcement.expires_at),
    )
    .where(col(Announcement.state) == "sending")
    .order_by(col(Announcement.id))
)

_COLUMNS = (
    col(Delivery.id),
    col(Delivery.announcement_id),
    col(Delivery.address),
    col(Delivery.person_id),
    col(Delivery.language),
    col(Delivery.lane),
    col(Delivery.way),
    col(Delivery.content),
    col(Delivery.tries),
    col(Delivery.expires_at),
)
_ASIDE = (
    col(Chat.state),
    col(Subscription.wanted),
    col(QuietHours.begins),
    col(QuietHours.ends),
)


def candidates(*, announced: bool, due: bool) -> Select[Any]:
    """The next rows with what decides whether they go: the chat's state, its wish, its quiet hours.

    Either those of one announcement, after a row; or letters, personal ones first. ``due``: those whose moment has
    come, else those that wait for none. PostgreSQL leaves out what another worker holds.
    """
    whose = (
        col(Delivery.announcement_id) == bindparam("announcement_id")
        if announced
        else col(Delivery.announcement_id).is_(None)
    )
    when = col(Delivery.not_before) <= bindparam("now") if due else col(Delivery.not_before).is_(None)
    found = _beside(select(*_COLUMNS, *_ASIDE)).where(
        col(Delivery.channel) == bindparam("channel"),
        col(Delivery.lane) == BULK if announced else col(Delivery.lane).in_((BULK, PERSONAL)),
        col(Delivery.state) == QUEUED,
        whose,
        when,
    )
    if announced and not due:
        found = found.where(col(Delivery.id) > bindparam("after"))
    first = col(Delivery.announcement_id) if announced else col(Delivery.lane).desc()
    ordered = found.order_by(first, col(Delivery.not_before), col(Delivery.id))
    return ordered.limit(bindparam("most")).with_for_update(of=Delivery, skip_locked=True)


def _beside(query: Select[Any]) -> Select[Any]:
    """Outer joins on what is known of the chat; ``topic`` is bound to the announcement's."""
    return (
        query.select_from(Delivery)
        .outerjoin(
            Chat,
            and_(col(Chat.channel) == col(Delivery.channel), col(Chat.address) == col(Delivery.address)),
        )
        .outerjoin(
            Subscription,
            and_(
                col(Subscription.channel) == col(Delivery.channel),
                col(Subscription.address) == col(Delivery.address),
                col(Subscription.topic) == bindparam("topic"),
            ),
        )
        .outerjoin(
            QuietHours,
            and_(
                col(QuietHours.channel) == col(Delivery.channel),
                col(QuietHours.address) == col(Delivery.address),
            ),
        )
    )


def _one_of(*states: str) -> Any:
    """Whether the row is in one of these states, written into the statement."""
    return col(Delivery.state).in_([literal_column(f"'{state}'") for state in states])


_DELIVERY: Any = Delivery.__table__  # type: ignore[attr-defined]
_CHAT: Any = Chat.__table__  # type: ignore[attr-defined]
_MINE = and_(
    col(Delivery.id) == bindparam("id_"),
    col(Delivery.worker) == bindparam("worker_"),
    _one_of("sending", "uncertain"),
)

TAKE = (
    update(_DELIVERY)
    .where(col(Delivery.id) == bindparam("id_"))
    .values(state=SENDING, worker=bindparam("worker_"), claimed_at=bindparam("at_"))
)
TAKE_ALL = (
    update(_DELIVERY)
    .where(col(Delivery.id).in_(bindparam("ids", expanding=True)))
    .values(state=SENDING, worker=bindparam("worker_"), claimed_at=bindparam("at_"))
)
PASS_OVER = (
    update(_DELIVERY)
    .where(col(Delivery.id) == bindparam("id_"))
    .values(state=bindparam("state_"), reason=bindparam("reason_"), settled_at=bindparam("at_"))
)
PUT_OFF = (
    update(_DELIVERY)
    .where(col(Delivery.id) == bindparam("id_"))
    .values(not_before=bindparam("not_before_"), reason=bindparam("reason_"))
)
SETTLE = (
    update(_DELIVERY)
    .where(_MINE)
    .values(
        state=bindparam("state_"),
        reason=bindparam("reason_"),
        message_id=bindparam("message_id_"),
        settled_at=bindparam("at_"),
        not_before=bindparam("not_before_"),
        tries=col(Delivery.tries) + bindparam("tried_"),
    )
)
"""An outcome that is known counts also where another replica, thinking us dead, has written ``uncertain``."""
CHAT_GONE = (
    update(_CHAT)
    .where(
        col(Chat.channel) == bindparam("channel_"),
        col(Chat.address) == bindparam("address_"),
        col(Chat.state) == "active",
    )
    .values(state=literal_column("'gone'"), state_reason=bindparam("reason_"))
)
NOTICE = insert(Notice)


def received(state: str, *, tracked: bool = False) -> Any:
    """A receipt's step forward, never back; found by the platform's id of the message, or by ours (``tracked``).

    Only the platform's word makes an uncertain one certain.
    """
    before = {"delivered": ("sent",), "seen": ("sent", "delivered")}[state]
    whose = (
        and_(col(Delivery.id) == bindparam("id_"), _one_of(*before, "uncertain"))
        if tracked
        else and_(col(Delivery.message_id) == bindparam("message_id_"), _one_of(*before))
    )
    return (
        update(_DELIVERY)
        .where(col(Delivery.channel) == bindparam("channel_"), whose)
        .values(state=literal_column(f"'{state}'"))
        .returning(col(Delivery.person_id), col(Delivery.channel), col(Delivery.way), col(Delivery.content))
    )

"""What officials may do here, each told only what their roles allow; to everybody else none of it exists."""

from __future__ import annotations

from handlers.sentences import menu_button
from handlers.services.access import Who
from handlers.talk import action
from handlers.talk.language import _
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn

Messages = list[Message]
PROVINCE = ("editor", "approver")


async def tasks(turn: Turn) -> Messages:
    """The tasks of whoever writes, with the words that start them."""
    who = await turn.who()
    rows = (
        (
            Button(_("Announcements"), action.ANNOUNCEMENTS),
            Button(_("Whom to call"), action.build("rm-calls")),
        ),
        _products(who),
        (menu_button(),),
    )
    text = "\n".join([*_everyone(), *(_province() if who.is_a(*PROVINCE) else ())])
    return [Message(text, title=_("Officials' tasks"), buttons=tuple(row for row in rows if row))]


def _everyone() -> list[str]:
    return [
        _("• Who lapses: “products ending soon in …”, “expired products in …”."),
        _("• Invite a producer: “invite producer …”; you get a code for them."),
        _("• Write for a producer: “record for … handed in on 20/9”, “record for … contact person”."),
        _("• Whom no message reaches: “whom to call”."),
        _("• Proof of notice: “reminder proof …”."),
        _("• Corrections by producers: “waiting corrections”; what was changed: “history of …”."),
        _("• Announcements: “send an announcement”; a second person approves."),
        _("• The way to 2030: “targets”."),
    ]


def _province() -> list[str]:
    return [
        _("• Days of reminders: “schedule of reminders”; gaps: “missing end dates”."),
        _("• Roles: “list of roles”, “invite officer …”, “end role …”."),
    ]


def _products(who: Who) -> tuple[Button, ...]:
    """The products of an officer's own communes."""
    if not who.communes:
        return ()
    spec = "c=" + "+".join(who.communes[:4])
    return (Button(_("Products of my commune"), action.filtered(0, spec)),)

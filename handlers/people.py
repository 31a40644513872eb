"""Who somebody is: one-time codes, the producers and roles they give, a shared telephone number, and leaving again."""

from __future__ import annotations

from dataclasses import replace

from handlers.sentences import cut, human_button, menu_button, role_name
from handlers.services import consent, linking
from handlers.services.access import officers_of
from handlers.services.catalogue import Producer
from handlers.services.invitations import Redeemed, redeem
from handlers.services.tickets import opened
from handlers.talk import action
from handlers.talk.language import _, listed, ngettext, number
from handlers.talk.message import Button, Buttons, Message, Phone
from handlers.talk.telling import tell
from handlers.talk.turn import Turn
from handlers.talk.understanding import Meaning

Messages = list[Message]
CONSENT = "reminders-1"
"""version of the text that is agreed to; a changed text takes a new number"""
STEP = "consent"
LINK = "link"
AGREE, REFUSE = "agree", "refuse"
LEAVE = "unlink"


# --------------------------------------------------------------------------------------------------------------- codes


async def code(turn: Turn, text: str) -> Messages:
    """A one-time code was sent: use it, say what it opened, or why not."""
    used = await redeem(turn.engine, *turn.chat, text, turn.now)
    turn.changed_who()
    if used.state == "again" and not await _still_held(turn, used):
        used = replace(used, state="used")
    if used.state in ("good", "again"):
        turn.standing.put("step", None)
        if used.role == "producer":
            return await _ask_consent(turn, [used.producer])
        return _welcome_official(turn, used)
    if used.locked_now:
        await _tell_of_lock(turn, used)
    return [Message(_why_not(used), buttons=((human_button(), menu_button()),))]


async def _still_held(turn: Turn, used: Redeemed) -> bool:
    """Whether what a code gave this person once is theirs still: they may have left, or lost the role."""
    who = await turn.who()
    return used.producer in who.producers if used.producer else (used.role, used.commune) in who.roles


async def _tell_of_lock(turn: Turn, used: Redeemed) -> None:
    """Five codes that did not fit: the officers of the commune, where one is known, are told; else the editors."""
    producer = turn.catalogue.producers.get(used.producer)
    commune = used.commune or (producer.commune_code if producer else "") or ""
    people = await officers_of(turn.engine, commune)

    def write() -> Messages:
        text = _(
            "Somebody on {channel} sent five one-time codes that did not fit; codes of that chat are refused for 24 "
            "hours. If a producer of yours is waiting for a code, please call them."
        ).format(channel=turn.inbound.channel)
        return [Message(text)]

    await tell(turn.engine, people, f"lock:{turn.inbound.channel}:{turn.inbound.id}", write, turn.now)


def _welcome_official(turn: Turn, used: Redeemed) -> Messages:
    commune = turn.catalogue.communes.get(used.commune)
    where = f" ({commune.name_vi})" if commune else ""
    text = _("This chat now has the role: {role}{where}.").format(role=role_name(used.role), where=where)
    rows: Buttons = ((Button(_("Help"), action.HELP), menu_button()),)
    if used.role in ("editor", "approver"):
        rows = ((Button(_("All announcements"), action.ANNOUNCEMENTS),), *rows)
    return [Message(text, buttons=rows)]


def _why_not(used: Redeemed) -> str:
    return {
        "unknown": _(
            "This code does not fit. Please check it letter by letter; a new one comes from the office."
        ),
        "used": _("This code was used already; each code works once. Please ask the office for a new one."),
        "expired": _("This code has ended. Please ask the office for a new one."),
        "withdrawn": _("This code was withdrawn. Please ask the office for a new one."),
        "locked": _("Too many codes that did not fit: codes are not accepted in this chat for 24 hours."),
    }[used.state]


# -------------------------------------------------------------------------------------------------------------- consent


async def _ask_consent(turn: Turn, producers: list[str]) -> Messages:
    """Linked: say to whom, and ask whether reminders are wanted. Nothing is chosen beforehand."""
    names = listed([_name(turn, one) for one in producers])
    linked = _("This chat now belongs to {producer}.").format(producer=names)
    if "reminders" in await consent.wanted(turn.engine, *turn.chat):
        return [Message(f"{linked}\n{_reminded()}", buttons=_mine_buttons())]
    turn.standing.put("step", {"name": STEP})
    buttons = ((Button(_("Yes, remind me"), AGREE), Button(_("No, thank you"), REFUSE)), (menu_button(),))
    return [Message(f"{linked}\n\n{_agreed_to()}", buttons=buttons)]


def _agreed_to() -> str:
    """The text that is agreed to (version :data:`CONSENT`)."""
    return _(
        "Shall I remind you in this chat before your certificates end? For that I keep: this chat's address, which "
        "producer you serve, and what you tell me about your renewals. The provincial OCOP office and the officer of "
        "your commune can see it; nobody else. It is voluntary. To stop, type “unlink”, at any time; to have "
        "everything deleted, type /xoa."
    )


def _reminded() -> str:
    return _("I remind you before a certificate ends. Ask “when do my certificates end” at any time.")


def _mine_buttons() -> tuple[tuple[Button, ...], ...]:
    return ((Button(_("My certificates"), action.build("mine", "0")),), (menu_button(),))


async def agree(turn: Turn) -> Messages:
    """Yes to reminders; written down with the version of the text. Announcements are offered, not taken."""
    if not (await turn.who()).producers:
        return how(turn)
    turn.standing.put("step", None)
    await linking.want_reminders(turn.engine, turn.chat, True, (CONSENT, turn.language), turn.now)
    lines = [_("Thank you, that is noted.") + " " + _reminded()]
    rows = [*_mine_buttons()]
    if "notices" not in await consent.wanted(turn.engine, *turn.chat):
        lines.append(
            _("Official notices of the OCOP office are separate: you get them only if you want them.")
        )
        rows.insert(1, (Button(_("Official notices too"), "sub:notices"),))
    if turn.standing.get("proved") and not await consent.number_of(turn.engine, (await turn.who()).person_id):
        lines.append(
            _("When no chat reaches you, your telephone number could help; for that I need your word on it.")
        )
        rows.insert(0, (Button(_("By number too?"), "tel-ask"),))
    return [Message("\n".join(lines), buttons=tuple(rows))]


async def refuse(turn: Turn) -> Messages:
    """No to reminders: the link stays, nothing is sent."""
    turn.standing.put("step", None)
    await linking.want_reminders(turn.engine, turn.chat, False, (CONSENT, turn.language), turn.now)
    text = _(
        "All right: I send you nothing unasked. “When do my certificates end” always answers; “remind me” switches "
        "reminders on."
    )
    return [Message(text, buttons=_mine_buttons())]


def leaves_consent(meaning: Meaning) -> bool:
    """Anything but a yes or a no is something else; silence is not consent."""
    return not set(meaning.intents) & {"yes", "no", "agree_reminders"}


async def consent_answered(turn: Turn, _text: str) -> Messages:
    """Yes or no in words."""
    said = set(turn.meaning.intents) if turn.meaning else set()
    return await refuse(turn) if "no" in said else await agree(turn)


# ------------------------------------------------------------------------------------------------- linking and leaving


def how(turn: Turn) -> Messages:
    """How a chat is linked to a producer: a code of the officer's, or the telephone number on record."""
    lines = [
        _("Two ways to link this chat to your certificates:"),
        _("1. Ask the OCOP officer of your commune for a one-time code and send it here."),
        _(
            "2. Share your telephone number, if it is the one in your OCOP file. It is compared once and not kept, "
            "unless you agree to that."
        ),
    ]
    ask = Message(
        _("Does your app show a button below for sharing your number? Press it; or send the code."),
        asks="phone",
    )
    return [Message("\n".join(lines), buttons=((human_button(), menu_button()),)), ask]


async def phone(turn: Turn) -> Messages:
    """A shared number: one's own, proved by the platform, links at once; a typed one is for an officer to confirm.

    The contact card of somebody else is refused before anything is looked up.
    """
    content = turn.inbound.content
    assert isinstance(content, Phone)
    if not content.own and not content.typed:
        return _somebody_elses()
    found = await linking.with_phone(turn.engine, content.number)
    if not found:
        text = _(
            "No producer has this number on record, and I have not kept it. Please ask the officer of your commune for "
            "a one-time code."
        )
        return [Message(text, buttons=((human_button(), menu_button()),))]
    if not content.own:
        return await _for_an_officer(turn, found)
    await linking.link_by_phone(turn.engine, turn.chat, found, content.number, turn.now)
    turn.changed_who()
    turn.standing.put("proved", linking.fingerprint(content.number))
    return await _ask_consent(turn, found)


def _somebody_elses() -> Messages:
    text = _(
        "That is the contact card of somebody else, so I did not look it up and have not kept it. Please share your "
        "own number with the button, or send the one-time code from the officer of your commune."
    )
    return [
        Message(text, buttons=((human_button(), menu_button()),)),
        Message(_("This button shares your own number:"), asks="phone"),
    ]


async def _for_an_officer(turn: Turn, producers: list[str]) -> Messages:
    """A number that nobody proved: an officer confirms by sending a code to the number on record."""
    inbound, first = turn.inbound, producers[0]
    names = listed([_name(turn, one) for one in producers])
    made = opened(
        turn.chat, inbound.id, inbound.at, kind="help", text=f"link: {', '.join(producers)}", product=None
    )
    turn.records.append(made)
    producer = turn.catalogue.producers.get(first)
    people = await officers_of(turn.engine, (producer.commune_code if producer else "") or "")

    def write() -> Messages:
        text = _(
            "A chat on {channel} wants to be linked to {producer} and gave the number on record, which proves nothing. "
            "Please call that number; if it is them, give them a code: “invite producer {code}” (request {number})."
        ).format(channel=inbound.channel, producer=names, code=first, number=made.number)
        return [Message(text)]

    await tell(turn.engine, people, f"link:{made.number}", write, turn.now)
    text = _(
        "Thank you. The number was typed in, so the officer of the commune confirms first that it is you, and then "
        "gives you a code. Your request has the number {number}."
    ).format(number=made.number)
    return [Message(text, buttons=((human_button(), menu_button()),))]


async def leave(turn: Turn) -> Messages:
    """Unlinking is one message: every producer of this person, each named."""
    who = await turn.who()
    turn.standing.put("step", None)
    if who.person_id is None or not who.producers:
        return [Message(_("This chat is linked to no producer."), buttons=((menu_button(),),))]
    ended = await linking.unlink_all(turn.engine, turn.chat, who, (CONSENT, turn.language), turn.now)
    turn.changed_who()
    text = ngettext(
        "Unlinked from {producers}. No more reminders come here. To come back, ask your commune's officer for a code.",
        "Unlinked from {n} producers: {producers}. No more reminders come here. To come back, ask your commune's "
        "officer for a code.",
        len(ended),
    ).format(n=number(len(ended)), producers=listed([_name(turn, one) for one in ended]))
    return [Message(text, buttons=((Button(_("Delete what is kept"), "forget"), menu_button()),))]


def _name(turn: Turn, code: str) -> str:
    producer: Producer | None = turn.catalogue.producers.get(code)
    return cut(producer.name, 80) if producer else code

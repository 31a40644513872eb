"""Writing an announcement: its texts, picture, link button, topic, urgency."""

from __future__ import annotations

from urllib.parse import urlsplit

from db import TOPICS, Announcement
from handlers.announcements import words
from handlers.announcements.cards import Messages, ask, by, card, doer, missing, the_one, to
from handlers.announcements.rendering import LARGEST_PICTURE, LONGEST
from handlers.sentences import menu_button, topic_name
from handlers.services import announcements as kept
from handlers.services.audience import Audience
from handlers.services.outbox import PULLED
from handlers.services.text import clean, key
from handlers.talk import action
from handlers.talk.language import _, number, speaking
from handlers.talk.message import Button, File, Message, Text
from handlers.talk.plain import public_address
from handlers.talk.turn import Turn

LONGEST_LABEL = 20
"""characters of the link button's label, so that every channel shows it whole"""
LEAD_WORDS = 7
"""words of a request that may stand before the text: “gửi thông báo cho mọi người:”"""


async def announce(turn: Turn, _typed: str = "") -> Messages:
    """Begin an announcement: with the text that stands behind the request, else ask for it."""
    content = turn.inbound.content
    text = _behind_the_request(turn, clean(content.text, LONGEST * 2)) if isinstance(content, Text) else ""
    if not text:
        turn.standing.put("step", {"name": "announcement", "part": "new"})
        asked = _(
            "Please write the announcement in Vietnamese, in one message; line breaks stay. "
            "Nothing is sent before somebody else has approved it."
        )
        return [Message(asked, buttons=((Button(_("Cancel"), action.CANCEL), menu_button()),))]
    if await the_one(turn, text):
        return await card(turn, text)
    return await begun(turn, text)


def _behind_the_request(turn: Turn, text: str) -> str:
    """What is left without the words that ask for an announcement."""
    if text.startswith("/"):
        return text.partition(" ")[2].strip()
    phrases = turn.published.understanding.lexicon.phrases
    parts = text.split()
    for count in range(min(LEAD_WORDS, len(parts)), 0, -1):
        said = phrases.get(key(" ".join(parts[:count])), ())
        if any("intent:announce" in phrase.labels for phrase in said):
            rest = text.split(maxsplit=count)
            return rest[count].strip(" :-–") if len(rest) > count else ""
    return ""


async def begun(turn: Turn, text: str) -> Messages:
    """A new draft with this Vietnamese text."""
    if len(text) > LONGEST:
        return _too_long(turn, text)
    who = await turn.who()
    audience = Audience("producers", communes=who.communes) if who.communes else None
    made = await kept.draft(turn.engine, by(turn, who.person_id), turn.now, {"vi": text}, audience)
    lead = _(
        "Kept as a draft. Choose for whom it is and look at the preview; then somebody else approves it."
    )
    return await card(turn, str(made), lead)


def _too_long(turn: Turn, text: str) -> Messages:
    turn.standing.put("step", turn.standing.get("step"))
    said = _("That is {count} characters; an announcement has {most} at most. Please shorten it.")
    return [Message(said.format(count=number(len(text)), most=number(LONGEST)), buttons=((menu_button(),),))]


# ------------------------------------------------------------------------------------------- what asks for something


async def ask_text(turn: Turn, chosen: str) -> Messages:
    """Ask for the Vietnamese text anew."""
    found = await the_one(turn, chosen)
    text = _("Please write the new Vietnamese text in one message. An approval given before is void then.")
    return ask(turn, found, "text", text) if found else missing()


async def ask_english(turn: Turn, chosen: str) -> Messages:
    """Ask for the English text."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    text = _("Please write the English text in one message; “none” takes it away.")
    return ask(turn, found, "en", text)


async def ask_picture(turn: Turn, chosen: str) -> Messages:
    """Ask for a picture."""
    found = await the_one(turn, chosen)
    text = _(
        "Please send the picture here, or its public web address (https://…): JPEG or PNG, 10 MB at most; Zalo "
        "shows pictures up to 1 MB. “none” takes it away."
    )
    if turn.inbound.channel in PULLED:  # nothing but words can be sent there
        text = _(
            "Please send the public web address of the picture (https://…): JPEG or PNG, 10 MB at most; Zalo shows "
            "pictures up to 1 MB. “none” takes it away."
        )
    return ask(turn, found, "image", text) if found else missing()


async def ask_link(turn: Turn, chosen: str) -> Messages:
    """Ask for the link button."""
    found = await the_one(turn, chosen)
    text = _(
        "Please write the button's label and its address in one message, for example: Register https://example.org. "
        "“none” takes it away."
    )
    return ask(turn, found, "link", text) if found else missing()


async def ask_topic(turn: Turn, chosen: str, topic: str = "") -> Messages:
    """Choose the topic: people get what they agreed to."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    if topic in TOPICS:
        return await changed(turn, found, topic=topic)
    rows = tuple((to("an-topic", topic_name(each), found, each),) for each in TOPICS)
    return ask(
        turn, found, "topic", _("What is it about? Only people who agreed to the topic get it."), *rows
    )


async def ask_urgent(turn: Turn, chosen: str, off: str = "") -> Messages:
    """Make it urgent, which needs a reason, or not urgent."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    if off:
        return await changed(turn, found, urgent_reason=None)
    text = _(
        "An urgent announcement is also sent at night and in people's quiet hours; everything else stays as it is. "
        "Please write the reason; the approver and the history show it."
    )
    rows = ((to("an-urgent", _("Not urgent"), found, "no"),),) if found.urgent_reason else ()
    return ask(turn, found, "urgent", text, *rows)


# ------------------------------------------------------------------------------------------------ what was then typed


async def take_text(turn: Turn, found: Announcement, text: str, language: str = "vi") -> Messages:
    """The text of one language."""
    texts = dict(found.texts)
    if language != "vi" and _is_none(text):
        texts.pop(language, None)
    elif len(text) > LONGEST:
        return _too_long(turn, text)
    else:
        texts[language] = text
    return await changed(turn, found, texts=texts)


async def take_english(turn: Turn, found: Announcement, text: str) -> Messages:
    """The English text."""
    return await take_text(turn, found, text, "en")


async def take_picture(turn: Turn, found: Announcement, text: str) -> Messages:
    """The address of a picture: looked at before it is kept."""
    if _is_none(text):
        return await changed(turn, found, image=None)
    address = public_address(text)
    picture = await turn.links.picture(address) if address else None
    if picture is None:
        said = _("There is no picture at this address that everybody can open. Please send another one.")
        return ask(turn, found, "image", said)
    if picture.size > LARGEST_PICTURE:
        return ask(turn, found, "image", words.too_large(picture.size))
    return await changed(turn, found, image=address)


async def photo(turn: Turn, found: Announcement) -> Messages:
    """A picture sent in the chat: its bytes are kept, and every channel brings them as it can."""
    content = turn.inbound.content
    assert isinstance(content, File)
    received = None
    if content.kind in ("photo", "document"):
        received = await turn.links.received(turn.inbound.channel, content.reference)
    if received is None:
        said = _("I could not fetch this picture. Please send it once more, or its public web address.")
        return ask(turn, found, "image", said)
    if received.size > LARGEST_PICTURE:
        return ask(turn, found, "image", words.too_large(received.size))
    if not received.name:
        return ask(
            turn, found, "image", _("That is no picture of the kinds JPEG and PNG. Please send another one.")
        )
    return await changed(turn, found, image=received.name)


async def take_link(turn: Turn, found: Announcement, text: str) -> Messages:
    """Label and address of the link button."""
    if _is_none(text):
        return await changed(turn, found, link_label=None, link_url=None)
    label, _space, address = text.strip().rpartition(" ")
    address = public_address(address)
    if not address or not urlsplit(address).hostname:
        said = _("I found no web address in it. For example: Register https://example.org")
        return ask(turn, found, "link", said)
    label = " ".join(label.split()).strip(" :-–")
    if len(label) > LONGEST_LABEL:
        said = _("The label may have {most} characters.").format(most=LONGEST_LABEL)
        return ask(turn, found, "link", said)
    with speaking("vi"):
        standard = _("Details")
    return await changed(turn, found, link_label=label or standard, link_url=address)


async def take_urgent(turn: Turn, found: Announcement, text: str) -> Messages:
    """The reason why it is urgent."""
    reason = " ".join(text.split())
    if len(reason) < 10:
        return ask(turn, found, "urgent", _("Please write the reason in a whole sentence."))
    return await changed(turn, found, urgent_reason=reason[:300])


async def take_topic(turn: Turn, found: Announcement, text: str) -> Messages:
    """A topic that was typed."""
    wanted = key(text)
    chosen = next((each for each in TOPICS if key(topic_name(each)) == wanted), "")
    return await ask_topic(turn, str(found.id), chosen)


def _is_none(text: str) -> bool:
    return key(text) in ("khong", "khong co", "bo", "xoa", "none", "no", key(_("none")))


async def changed(turn: Turn, found: Announcement, **values: object) -> Messages:
    """Change it, and show it; who had approved it must do so again."""
    step = await kept.edit(turn.engine, found.id or 0, await doer(turn), turn.now, **values)
    lead = _("Changed.") if step == "done" else words.not_done(step)
    if step == "done" and found.state not in ("draft",):
        lead = _("Changed. The approval is void: it must be approved again.")
    return await card(turn, str(found.id), lead)

"""Settings of a chat: its language."""

from __future__ import annotations

from handlers.sentences import menu_button
from handlers.talk import action
from handlers.talk.language import _, languages, listed, own_name, speak, supported
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn

Messages = list[Message]


def language(turn: Turn, wanted: str = "") -> Messages:
    """Speak the language that was asked for, or ask which; one we do not speak is said to be missing."""
    wish = wanted or (turn.meaning.wants_language if turn.meaning else None) or ""
    if not wish:
        return _choose(_("Which language shall I speak?"))
    code = supported(wish.strip().lower())
    if code is None and turn.meaning is None and wanted:
        meaning = turn.published.understanding.understand(wanted, turn.language)
        code = supported(meaning.wants_language)
    if code is None:
        ours = listed([own_name(each) for each in languages()])
        return _choose(_("I do not speak that language yet. I speak {languages}.").format(languages=ours))
    turn.standing.language = code
    turn.standing.changed = True
    turn.language = code
    speak(code)
    return [Message(_("From now on I speak English."), buttons=((menu_button(),),))]


def erase(turn: Turn) -> Messages:
    """Delete what is kept of this chat: asked once more before it happens."""
    text = _(
        "Of this chat we keep its address, its language, where the conversation stands, the notes you left for the "
        "office, and, if you are linked, which producer you serve and what you agreed to. Shall all of that be deleted?"
    )
    return [Message(text, buttons=((Button(_("Yes, delete it"), action.ERASE), menu_button()),))]


def erased(turn: Turn) -> Messages:
    """Delete it at once."""
    turn.erase = True
    return [Message(_("Deleted. If you write again, we begin anew."))]


def _choose(text: str) -> Messages:
    rows = tuple((Button(own_name(code), action.language(code)),) for code in languages())
    return [Message(text, buttons=(*rows, (menu_button(),)))]

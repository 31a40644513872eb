"""For whom: chosen by buttons, or said in words (“chủ thể ở Chi Lăng có giấy chứng nhận hết hạn trong 90 ngày”)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from db import GROUPS, Announcement
from handlers.announcements import words
from handlers.announcements.aiming import aim_of, measured
from handlers.announcements.cards import Messages, ask, doer, missing, the_one, to
from handlers.sentences import group_name
from handlers.services import announcements as kept
from handlers.services.audience import MOST_DAYS, Audience
from handlers.services.text import fold
from handlers.talk.language import _, languages, own_name
from handlers.talk.message import Button
from handlers.talk.turn import Turn

ENDING = (30, 60, 90, 180)
"""days offered as buttons; any other number can be typed"""
SOON = 180
"""days that "soon" means: the filing window opens then (ocop-rules.md)"""
_PRODUCERS = re.compile(r"\b(chu the|nha san xuat|hop tac xa|htx|co so san xuat|producers?|cooperatives?)\b")
_TOURISTS = re.compile(r"\b(du khach|khach du lich|khach tham quan|tourists?|visitors?|travell?ers?)\b")
_EVERYONE = re.compile(r"\b(moi nguoi|tat ca|toan bo|ai cung|everyone|everybody|all)\b")
_ENDED_SINCE = re.compile(
    r"\b(?:het han|ended|expired)\b.{0,20}?\b(\d{1,4}) (?:ngay|days?) (?:qua|vua qua|gan day|nay|ago)\b"
    r"|\b(?:ended|expired) (?:in|within) the last (\d{1,4}) days?\b"
)
_ENDING = re.compile(
    r"\b(?:het han|het hieu luc|ends?|ending|expires?|expiring)\b.{0,20}?\b(\d{1,4}) (?:ngay|days?)\b"
)
_ENDING_SOON = re.compile(r"\b(sap|gan|chuan bi) het (han|hieu luc)\b|\b(expiring|ending) soon\b")
_ENDED = re.compile(r"\b(da|bi|qua) (het )?han\b|\bhet (han|hieu luc)\b|\b(expired|ended|lapsed)\b")
_VALID = re.compile(r"\bcon (han|hieu luc)\b|\b(valid|in date)\b")
_CHANNELS = {
    "telegram": re.compile(r"\btelegram\b"),
    "zalo-oa": re.compile(r"\bzalo(?! bot)\b"),
    "zalo-bot": re.compile(r"\bzalo bot\b"),
    "web": re.compile(r"\b(trang web|web|website)\b"),
}
_OF_PRODUCT = re.compile(r"\b(san pham|lien quan|product|linked to)\b")


async def audience(turn: Turn, chosen: str, part: str = "", value: str = "") -> Messages:
    """Choose for whom: a part of the choice was pressed, or show it all."""
    found = await the_one(turn, chosen)
    if found is None:
        return missing()
    before = Audience.from_json(found.audience)
    after = _pressed(before, part, value)
    if after is not None and after != before:
        return await _keep(turn, found, after)
    if part == "groups":
        rows = [(to("an-to", group_name(group), found, "group", group),) for group in GROUPS]
        return ask(turn, found, "audience", _("Producers of which group?"), *rows)
    if part == "states":
        return ask(turn, found, "audience", _("With which certificate?"), *_state_rows(found))
    if part == "roads":
        roads = await turn.links.roads()
        rows = [(to("an-to", words.channel_name(road.name), found, "channel", road.name),) for road in roads]
        rows += [(to("an-to", own_name(code), found, "language", code),) for code in languages()]
        return ask(turn, found, "audience", _("On which channel, or in which language?"), *rows)
    return await _shown(turn, found)


def _pressed(before: Audience, part: str, value: str) -> Audience | None:
    """The audience after a press; None when nothing was chosen."""
    if part == "who" and value in ("everyone", "producers", "tourists"):
        return before.of(value)  # type: ignore[arg-type]
    if part == "commune" and value:
        return replace(before.of("producers"), communes=(value,))
    several = {"group": "groups", "channel": "channels", "language": "languages"}.get(part)
    if several and value:
        held: tuple[str, ...] = getattr(before, several)
        chosen = tuple(one for one in held if one != value) if value in held else (*held, value)
        changed: dict[str, Any] = {several: chosen}
        return replace(before.of("producers") if part == "group" else before, **changed)
    if part in ("ending", "expired", "valid"):
        days = min(int(value), MOST_DAYS) if value.isdecimal() else 0
        certificate: dict[str, Any] = {"state": part, "days": days}
        return replace(before.of("producers"), **certificate)
    return None


def _state_rows(found: Announcement) -> list[tuple[Button, ...]]:
    rows: list[tuple[Button, ...]] = [
        (to("an-to", _("Ends within {days} days").format(days=days), found, "ending", days),)
        for days in ENDING
    ]
    return [
        *rows,
        (to("an-to", _("Has ended"), found, "expired", "all"),),
        (to("an-to", _("In date"), found, "valid", "all"),),
    ]


async def take_words(turn: Turn, found: Announcement, text: str) -> Messages:
    """An audience said in words; it replaces what was chosen before."""
    said = audience_said(turn, text)
    if said is not None:
        return await _keep(turn, found, said, _narrower(turn, found, text))
    why = _(
        "I could not read for whom that is. For example: “producers in Chi Lăng whose certificate ends within 90 "
        "days”, “visitors who read English”, “everyone on Zalo”."
    )
    return ask(turn, found, "audience", why)


def _narrower(turn: Turn, found: Announcement, text: str) -> tuple[Button, ...]:
    """Where a name is a commune's and a former district's, the district is taken; the commune alone is offered."""
    places = turn.published.understanding.understand(text, turn.language).places
    wide = {code for place in places if len(place.commune_codes) > 1 for code in place.commune_codes}
    alone = [place for place in places if len(place.commune_codes) == 1 and place.commune_codes[0] in wide]
    return tuple(
        to("an-to", _("Only {commune}").format(commune=place.name), found, "commune", place.commune_codes[0])
        for place in alone[:2]
    )


def audience_said(turn: Turn, text: str) -> Audience | None:
    """What a sentence says of an audience; None when it says nothing of one."""
    plain = " ".join(fold(text).split())
    meaning = turn.published.understanding.understand(text, turn.language)
    communes = tuple(dict.fromkeys(code for place in meaning.places for code in place.commune_codes))
    state, days = _state_said(plain)
    product = meaning.products[0] if meaning.products and _OF_PRODUCT.search(plain) else None
    spoken = meaning.wants_language
    said = Audience(
        "tourists" if _TOURISTS.search(plain) else "producers" if _PRODUCERS.search(plain) else "everyone",
        languages=(spoken,) if spoken in languages() else (),
        channels=tuple(name for name, pattern in _CHANNELS.items() if pattern.search(plain)),
        communes=communes,
        groups=(meaning.group,) if meaning.group in GROUPS else (),
        state=state,  # type: ignore[arg-type]
        days=days,
        product=product.code if product else "",
    )
    if said == Audience() and not _EVERYONE.search(plain):
        return None
    if said.who == "tourists" and said.narrows_producers:
        return None
    return replace(said, who="producers") if said.narrows_producers else said


def _state_said(plain: str) -> tuple[str, int]:
    since = _ENDED_SINCE.search(plain)
    if since:
        return "expired", min(int(since[1] or since[2]), MOST_DAYS)
    ending = _ENDING.search(plain)
    if ending:
        return "ending", min(int(ending[1]), MOST_DAYS)
    if _ENDING_SOON.search(plain):
        return "ending", SOON
    if _ENDED.search(plain):
        return "expired", 0
    return ("valid", 0) if _VALID.search(plain) else ("", 0)


async def _keep(
    turn: Turn, found: Announcement, chosen: Audience, narrower: tuple[Button, ...] = ()
) -> Messages:
    own = (await turn.who()).communes
    if own:
        fitting = _of_commune(chosen, own)
        if fitting is None:
            return await _shown(turn, found, words.not_yours(own, turn.catalogue))
        chosen, narrower = fitting, ()
    step = await kept.edit(turn.engine, found.id or 0, await doer(turn), turn.now, audience=chosen.as_json())
    if step != "done":
        return await _shown(turn, found, words.not_done(step))
    again = await kept.found(turn.engine, found.id or 0)
    assert again is not None
    return await _shown(turn, again, narrower=narrower)


def _of_commune(chosen: Audience, own: tuple[str, ...]) -> Audience | None:
    """What a commune's officer means, within their commune; None when it goes beyond."""
    if not chosen.of_producers:
        return None
    communes = tuple(code for code in chosen.communes if code in own) if chosen.communes else own
    return replace(chosen, who="producers", communes=communes) if communes else None


async def _shown(
    turn: Turn, found: Announcement, lead: str = "", narrower: tuple[Button, ...] = ()
) -> Messages:
    """The audience in words and in numbers, with what can be chosen."""
    chosen = Audience.from_json(found.audience)
    reached = await measured(turn.engine, await aim_of(turn, found), turn.now)
    lines = [
        lead,
        _("For: {audience}.").format(audience=words.audience_words(chosen, turn.catalogue)),
        _("Today it would be sent to {reached} of {everybody}.").format(
            reached=words.chats(reached.sent), everybody=words.chats(reached.everybody)
        ),
        _(
            "You can also write it, for example: “producers in Chi Lăng whose certificate ends within 90 days”."
        ),
    ]
    whom = (
        to("an-to", _("Everyone"), found, "who", "everyone"),
        to("an-to", _("Producers"), found, "who", "producers"),
        to("an-to", _("Visitors"), found, "who", "tourists"),
    )
    rows = (
        *((narrower,) if narrower else ()),
        *(() if (await turn.who()).communes else (whom,)),
        (
            to("an-to", _("Product group"), found, "groups"),
            to("an-to", _("Certificate"), found, "states"),
            to("an-to", _("Channel, language"), found, "roads"),
        ),
        (to("an-look", _("Preview"), found),),
    )
    return ask(turn, found, "audience", "\n".join(filter(None, lines)), *rows)

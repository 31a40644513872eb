"""Showrooms: one with its hours and goods, all of them, which are open now, a pin to go there."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.selling import BY_HAND, directions_button, venue_of
from handlers.sentences import (
    cut,
    menu_button,
    name_of,
    notice,
    opening_words,
    showroom_name,
    source_line,
    words_of_hours,
)
from handlers.services.catalogue import Showroom
from handlers.services.hours import Opening, opening
from handlers.talk import action
from handlers.talk.language import _, day
from handlers.talk.message import Button, Message
from handlers.talk.turn import Redo, Turn

Messages = list[Message]


def showroom(turn: Turn, key: str = "") -> Messages:
    """A showroom: where, when open, phone, what it sells, the way there."""
    found = turn.catalogue.showrooms_by_key.get(key)
    if found is None:
        text = _("This showroom is no longer on the list.")
        return [Message(text, buttons=((Button(_("All showrooms"), action.ALL_SHOWROOMS), menu_button()),))]
    turn.standing.put("showroom", found.id)
    facts = [
        (_("Address"), found.address or found.address_old),
        (_("Open"), opening_words(found, turn.now)),
        (_("Hours as the source says"), found.opening_hours_text),
        (_("Market days"), found.market_days),
        (_("Phone"), found.phone),
        (_("Goods"), found.products_text),
        (_("Last seen working"), found.status),
    ]
    lines = [f"{label}: {value}" for label, value in facts if value]
    if not found.phone:
        lines.append(_("No phone number is recorded."))
    lines.extend(_stocked(turn, found))
    lines.extend(filter(None, [source_line(found.source_url, found.source_date), notice(turn.catalogue)]))
    way = directions_button(found)
    rows = [
        (*([way, Button(_("Map pin"), action.pin(found.key))] if way else []),),
        (*([Button(_("Copy phone number"), copy=found.phone)] if found.phone else []),),
        (Button(_("All showrooms"), action.ALL_SHOWROOMS), menu_button()),
    ]
    return [Message("\n".join(lines), title=showroom_name(found), buttons=tuple(row for row in rows if row))]


def _stocked(turn: Turn, found: Showroom) -> list[str]:
    lines = []
    for code, sold in turn.catalogue.stock.items():
        for showroom_id, confirmed in sold:
            product = turn.catalogue.products.get(code)
            if showroom_id == found.id and product:
                when = (
                    _("confirmed {day}").format(day=day(confirmed))
                    if confirmed
                    else _("not confirmed lately")
                )
                lines.append(f"• {name_of(product)} ({when})")
    return lines[:8]


def pin(turn: Turn, key: str = "") -> Messages:
    """The showroom as a map pin."""
    found = turn.catalogue.showrooms_by_key.get(key)
    card = venue_of(found) if found else None
    if found is None or card is None:
        return showroom(turn, key)
    way = directions_button(found)
    return [Message(title=found.name_vi, text=card.address, venue=card, buttons=((way,),) if way else ())]


def all_showrooms(turn: Turn) -> Messages:
    """Every point of sale on record, with whether it is open now."""
    everywhere = [(one, opening(one, turn.now)) for one in turn.catalogue.showrooms.values()]
    return _listing(turn, everywhere, _("Showrooms and markets"))


def open_now(turn: Turn) -> Messages | Redo:
    """Open now: the showroom last shown or named, else all, those surely open first."""
    named = [p for p in (turn.meaning.places if turn.meaning else ()) if p.kind == "showroom"]
    for match in named:
        found = next((s for s in turn.catalogue.showrooms.values() if s.name_vi == match.name), None)
        if found:
            return showroom(turn, found.key)
    if turn.meaning and turn.meaning.places:
        return Redo(action.NEAR)
    last = turn.catalogue.showrooms.get(turn.standing.get("showroom") or "")
    if last and (turn.meaning is None or turn.meaning.about_one):
        return showroom(turn, last.key)
    order = {"open": 0, "unknown": 1}
    walkable = [s for s in turn.catalogue.showrooms.values() if s.kind not in BY_HAND]
    ranked = [(one, opening(one, turn.now)) for one in walkable]
    ranked.sort(key=lambda pair: order.get(pair[1].state, 2))
    known = ranked[0][1].state if ranked else "unknown"
    title = _("Open now") if known == "open" else _("None is surely open now, as far as hours are recorded")
    return _listing(turn, ranked, title)


def _listing(turn: Turn, showrooms: Sequence[tuple[Showroom, Opening]], title: str) -> Messages:
    lines = [
        f"{i}. {showroom_name(s)} – {words_of_hours(s, hours, turn.now)}"
        for i, (s, hours) in enumerate(showrooms, start=1)
    ]
    choices = tuple(action.showroom(s.key) for s, _hours in showrooms)
    rows = [
        (Button(cut(f"{i}. {s.name_vi}", 40), action.showroom(s.key)),)
        for i, (s, _hours) in enumerate(showrooms[:8], start=1)
    ]
    lines.append(_("Choose by number or name."))
    note = notice(turn.catalogue)
    lines.extend([note] if note else [])
    near_row = (Button(_("Near me"), action.NEAR), menu_button())
    return [Message("\n".join(lines), title=title, buttons=(*rows, near_row), choices=choices)]


def way_there(turn: Turn) -> Messages | Redo:
    """How far, how to get there: the showroom last shown, else the nearest from a place."""
    last = turn.catalogue.showrooms.get(turn.standing.get("showroom") or "")
    if turn.meaning and turn.meaning.places:
        return Redo(action.NEAR)
    return pin(turn, last.key) if last else Redo(action.NEAR)

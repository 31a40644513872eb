"""Showrooms: the nearest to a position or a typed place, open or not, which of them sells a product, a pin to go there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from handlers.sentences import (
    badge,
    cut,
    how_far,
    menu_button,
    name_of,
    notice,
    opening_words,
    showroom_name,
    source_line,
)
from handlers.services.catalogue import Product, Showroom
from handlers.services.certificates import State, verdict
from handlers.services.hours import opening
from handlers.services.nearest import FAR_KM, Nearby, directions_url, nearest, plausible
from handlers.services.places import PlaceMatch
from handlers.services.text import fold, words
from handlers.showing import card_buttons, remember, subjects
from handlers.talk import action
from handlers.talk.language import _, day, distance, number
from handlers.talk.message import Button, Buttons, Message, Place, Venue
from handlers.talk.turn import Turn
from handlers.talk.understanding import Meaning

SHOWN = 3
"""showrooms in one answer"""
WANTED = 6
"""products named in one answer about showrooms"""
Messages = list[Message]
BY_HAND = ("online", "fair_ground")
"""kinds of showroom that nobody walks into on any day"""


# --------------------------------------------------------------------------------------------------- asking for a place


def near(turn: Turn) -> Messages:
    """What is near: from the place in the sentence, else ask where the person is."""
    meaning = turn.meaning
    if meaning and meaning.places:
        return from_matches(turn, meaning.places, _asked(turn))
    return ask_place(turn, _asked(turn))


def _asked(turn: Turn) -> tuple[Product, ...]:
    """The products this is about: those named, else (a press) those of the open question."""
    if turn.meaning:
        return turn.meaning.products
    step = turn.standing.get("step") or {}
    return _products(turn, step.get("products", ()))


def ask_place(turn: Turn, products: Sequence[Product] = (), lead: str = "") -> Messages:
    """Ask for a position or a typed place; what it is for is kept, the position will not be."""
    turn.standing.put("step", {"name": "place", "products": [product.code for product in products[:10]]})
    question = _(
        "Where are you? Share your position, or type a commune, a former district or a sight (for example: Tam Thanh, "
        "huyện Chi Lăng, Mẫu Sơn). A position is used once for this answer and not kept."
    )
    return [Message("\n\n".join(filter(None, [lead, question])), asks="place")]


def leaves_place(meaning: Meaning) -> bool:
    """While we ask for a place, a text with an intent or a product and no place is clearly something else."""
    if meaning.places and not set(meaning.intents) - {"near", "nearest", "buy", "good_here"}:
        return False
    return bool(meaning.intents or meaning.products or meaning.code or meaning.wants_language)


def place_typed(turn: Turn, text: str) -> Messages:
    """A place typed as the answer to our question."""
    step = turn.standing.get("step") or {}
    products = _products(turn, step.get("products", ()))
    matches = turn.published.places.find(text)
    if not matches:
        lead = _("We do not know a place called “{words}” in the province.").format(words=cut(text, 60))
        return ask_place(turn, products, lead)
    turn.standing.put("step", None)
    return from_matches(turn, matches, products)


def from_matches(turn: Turn, matches: Sequence[PlaceMatch], products: Sequence[Product]) -> Messages:
    """From a place that was named; when the name means several places, ask which."""
    located = [match for match in matches if match.latitude is not None and match.longitude is not None]
    if not located:
        names = ", ".join(dict.fromkeys(match.name for match in matches))
        return ask_place(turn, products, _("The point of {place} is not recorded.").format(place=names))
    distinct = list(
        {(round(m.latitude or 0, 2), round(m.longitude or 0, 2)): m for m in reversed(located)}.values()
    )[::-1]
    best = [match for match in distinct if match.exact] or distinct
    if len(best) > 1 and best[0].kind not in {"attraction", "showroom"}:
        return _which_place(turn, best, products)
    return _around(turn, best[0], products)


def _which_place(turn: Turn, matches: Sequence[PlaceMatch], products: Sequence[Product]) -> Messages:
    turn.standing.put("step", {"name": "place", "products": [product.code for product in products[:10]]})
    lines = [_("That name means several places. Which one?")]
    choices = []
    rows: list[tuple[Button, ...]] = []
    for place, match in enumerate(matches[:6], start=1):
        label = _place_words(match)
        point = action.at(match.latitude or 0, match.longitude or 0, match.precision == "exact")
        lines.append(f"{place}. {label}")
        rows.append((Button(cut(f"{place}. {label}", 60), point),))
        choices.append(point)
    return [Message("\n".join(lines), buttons=(*rows, (menu_button(),)), choices=tuple(choices))]


def _place_words(match: PlaceMatch) -> str:
    if match.former and match.now_called:
        return _("{then}, now {now}").format(then=match.name, now=match.now_called.name_vi)
    return match.name


def _around(turn: Turn, match: PlaceMatch, products: Sequence[Product]) -> Messages:
    lead = ""
    if match.former and match.now_called:
        lead = _("{then} is now {now}.").format(then=match.name, now=match.now_called.name_vi)
    title = _("Nearest to {place}").format(place=match.name)
    point = (match.latitude or 0.0, match.longitude or 0.0)
    return nearest_to(turn, point, products, titled=(title, lead), rough=match.precision != "exact")


# ---------------------------------------------------------------------------------------------------- a position, once


def here(turn: Turn) -> Messages:
    """A shared position: used for this answer and forgotten."""
    content = turn.inbound.content
    assert isinstance(content, Place)
    step = turn.standing.get("step") or {}
    products = _products(turn, step.get("products", ()))
    if not plausible(content.latitude, content.longitude):
        lead = _("This position cannot be right (latitude {lat}, longitude {lon}).")
        return ask_place(turn, products, lead.format(lat=content.latitude, lon=content.longitude))
    turn.standing.put("step", None)
    title = _("Nearest to you")
    return nearest_to(turn, (content.latitude, content.longitude), products, titled=(title, ""))


def at_point(turn: Turn, latitude: str = "", longitude: str = "", precise: str = "0") -> Messages:
    """A place chosen from a list of places with the same name."""
    step = turn.standing.get("step") or {}
    products = _products(turn, step.get("products", ()))
    turn.standing.put("step", None)
    try:
        point = (float(latitude), float(longitude))
    except ValueError:
        return ask_place(turn, products)
    title = _("Nearest to the place you chose")
    return nearest_to(turn, point, products, titled=(title, ""), rough=precise != "1")


def _products(turn: Turn, codes: Iterable[str]) -> tuple[Product, ...]:
    return tuple(turn.catalogue.products[code] for code in codes if code in turn.catalogue.products)


def nearest_to(
    turn: Turn,
    point: tuple[float, float],
    products: Sequence[Product] = (),
    *,
    titled: tuple[str, str] = ("", ""),
    rough: bool = False,
) -> Messages:
    """The nearest showrooms to a point, ascending, those that sell the product first if one is asked for."""
    title, lead = titled
    walkable = [s for s in turn.catalogue.showrooms.values() if s.kind not in BY_HAND]
    ranked = nearest(walkable, *point)
    if not ranked:
        return [Message(_("No showroom with a known position is recorded."), buttons=((menu_button(),),))]
    sellers = sellers_of(turn, products)
    named = [nearby for nearby in ranked if nearby.showroom.id in sellers]
    others = [] if any(sellers.values()) else [nearby for nearby in ranked if nearby not in named]
    lines = [lead] if lead else []
    lines.extend(_wanted(turn, products))
    if products:
        lines.append(_stock_words(turn, products, sellers))
    shown: list[Nearby] = []
    for nearby in named[:SHOWN]:
        shown.append(nearby)
        lines.append(f"{len(shown)}. {_line(turn, nearby, rough)}")
    if products and others:
        lines.append(_("Other showrooms near there:") if named else _("Showrooms in general:"))
    for nearby in others[: SHOWN if not named else SHOWN - 1]:
        shown.append(nearby)
        lines.append(f"{len(shown)}. {_line(turn, nearby, rough)}")
    lines.extend(_distance_words(shown, rough))
    note = notice(turn.catalogue)
    lines.extend([note] if note else [])
    first = shown[0].showroom
    turn.standing.put("showroom", first.id)
    choices = tuple(action.showroom(nearby.showroom.key) for nearby in shown)
    buttons = _near_buttons(turn, [nearby.showroom for nearby in shown])
    return [Message("\n".join(lines), title=title, buttons=buttons, venue=venue_of(first), choices=choices)]


def _wanted(turn: Turn, products: Sequence[Product]) -> list[str]:
    """The products asked for, those in force first, those that are not named as such."""
    in_force, over = in_and_over(turn, products)
    lines = [f"• {name_of(product)}{_stars_and_maker(turn, product)}" for product in in_force[:WANTED]]
    if len(in_force) > WANTED:
        lines.append(_("… and {n} more.").format(n=number(len(in_force) - WANTED)))
    if over:
        names = ", ".join(product.name_vi for product in over[:WANTED])
        lines.append(_("No longer within its certified term: {names}.").format(names=names))
    return lines


def _distance_words(shown: Sequence[Nearby], rough: bool) -> list[str]:
    lines = []
    if min(nearby.km for nearby in shown) > FAR_KM:
        far = _("The nearest one is far from there: about {distance}.")
        lines.append(far.format(distance=distance(min(nearby.km for nearby in shown))))
    if rough or any(nearby.approximate for nearby in shown):
        lines.append(_("Distances are as the crow flies; “about” = the point of the commune, not of the door."))
    else:
        lines.append(_("Distances are as the crow flies."))
    return lines


def _line(turn: Turn, nearby: Nearby, rough: bool) -> str:
    far = how_far(nearby, rough)
    parts = [showroom_name(nearby.showroom), far, opening_words(nearby.showroom, turn.now)]
    return " – ".join(parts)


def _near_buttons(turn: Turn, showrooms: Sequence[Showroom]) -> Buttons:
    rows: list[tuple[Button, ...]] = []
    way = directions_button(showrooms[0])
    if way:
        rows.append((way,))
    for place, showroom in enumerate(showrooms, start=1):
        rows.append((Button(cut(f"{place}. {showroom.name_vi}", 40), action.showroom(showroom.key)),))
    rows.append((Button(_("All showrooms"), action.ALL_SHOWROOMS), menu_button()))
    return tuple(rows)


def directions_button(showroom: Showroom) -> Button | None:
    """Open the way there in a map."""
    if showroom.latitude is None or showroom.longitude is None:
        return None
    return Button(_("Directions"), url=directions_url(showroom.latitude, showroom.longitude))


def venue_of(showroom: Showroom) -> Venue | None:
    """The showroom as a map card, where its point is known."""
    if showroom.latitude is None or showroom.longitude is None:
        return None
    address = showroom.address or showroom.address_old or _("address not recorded")
    url = directions_url(showroom.latitude, showroom.longitude)
    return Venue(showroom.name_vi, address, showroom.latitude, showroom.longitude, url)


# --------------------------------------------------------------------------------------------------------- where to buy


def buy(turn: Turn) -> Messages:
    """Where to buy: the products asked for, near the place asked for."""
    products = subjects(turn)
    meaning = turn.meaning
    places = meaning.places if meaning else ()
    if places:
        return from_matches(turn, places, products)
    if not products:
        if meaning and meaning.words:
            lead = _("The registry has no product matching “{words}”.").format(words=cut(meaning.words, 60))
            return ask_place(turn, (), lead)
        return ask_place(turn)
    return where_sold(turn, products)


def where(turn: Turn, key: str = "") -> Messages:
    """Where one product is sold, from its card."""
    product = turn.catalogue.products_by_key.get(key)
    if product is None:
        return [Message(_("This product is no longer in the registry."), buttons=((menu_button(),),))]
    return where_sold(turn, (product,))


def where_sold(turn: Turn, products: Sequence[Product]) -> Messages:
    """Which products, which showrooms, on what ground we say so; then ask where the person is."""
    in_force, _over = in_and_over(turn, products)
    lines = _wanted(turn, products)
    if len(products) == 1:
        remember(turn, products[0])
        lines = [f"{name_of(products[0])}{_stars_and_maker(turn, products[0])}"]
    sellers = sellers_of(turn, products)
    lines.append(_stock_words(turn, products, sellers))
    shown = [turn.catalogue.showrooms[i] for i in list(sellers)[:SHOWN]]
    lines.extend(
        f"– {showroom_name(s)}, {s.address or s.address_old or ''} ({opening_words(s, turn.now)})"
        for s in shown
    )
    lines.extend(_makers(products))
    note = notice(turn.catalogue)
    lines.extend([note] if note else [])
    turn.standing.put("step", {"name": "place", "products": [product.code for product in products[:10]]})
    lines.append(
        _("Share your position or type a place, and we show the nearest one. A position is not kept.")
    )
    near_row = (Button(_("Near me"), action.NEAR),)
    buttons = (near_row, *card_buttons(turn, products[0])) if len(products) == 1 else _which_buttons(in_force)
    return [Message("\n".join(lines), title=_("Where to buy"), buttons=buttons, asks="place")]


def _which_buttons(products: Sequence[Product]) -> Buttons:
    rows = [(Button(cut(product.name_vi, 40), action.product(product.key)),) for product in products[:5]]
    return (*rows, (Button(_("Near me"), action.NEAR), Button(_("All showrooms"), action.ALL_SHOWROOMS)), (menu_button(),))


def in_and_over(turn: Turn, products: Sequence[Product]) -> tuple[list[Product], list[Product]]:
    """Products whose certificate may be in force, and those whose certificate is surely not."""
    ended = {State.EXPIRED, State.REVOKED, State.SUPERSEDED, State.STOPPED}
    over = [p for p in products if verdict(p.certificate, turn.today).state in ended]
    return [p for p in products if p not in over], over


def _stars_and_maker(turn: Turn, product: Product) -> str:
    maker = (
        f" – {product.producer.name}" if product.producer else f" – {product.place}" if product.place else ""
    )
    return f" – {badge(product, turn.today)}{maker}"


def _makers(products: Sequence[Product]) -> list[str]:
    lines = []
    for product in products[:3]:
        if product.producer and product.producer.phone:
            lines.append(
                _("From the producer: {name}, {phone}").format(
                    name=product.producer.name, phone=product.producer.phone
                )
            )
        if product.online_url:
            lines.append(_("Online: {url}").format(url=product.online_url))
    return list(dict.fromkeys(lines))


def sellers_of(turn: Turn, products: Sequence[Product]) -> dict[str, bool]:
    """Showrooms that sell one of the products: id → confirmed by the stock list, or named only by kind of goods."""
    found: dict[str, bool] = {}
    for product in products:
        for showroom_id, _confirmed in turn.catalogue.stock.get(product.code, ()):
            found[showroom_id] = True
    for showroom in turn.catalogue.showrooms.values():
        if showroom.id not in found and any(_named_in(product, showroom) for product in products):
            found[showroom.id] = False
    return dict(sorted(found.items(), key=lambda item: not item[1]))


def _named_in(product: Product, showroom: Showroom) -> bool:
    """The showroom's own words name this kind of goods (the first two words of the product's name)."""
    kind = [fold(word) for word in words(product.name_vi)[:2]]
    said = [fold(word) for word in words(showroom.products_text or "")]
    width = len(kind)
    return bool(kind) and any(said[i : i + width] == kind for i in range(len(said) - width + 1))


def _stock_words(turn: Turn, products: Sequence[Product], sellers: dict[str, bool]) -> str:
    if any(sellers.values()):
        days = [
            confirmed
            for product in products
            for showroom_id, confirmed in turn.catalogue.stock.get(product.code, ())
            if showroom_id in sellers and confirmed
        ]
        if days:
            return _("Sold there, as last confirmed on {day}:").format(day=day(max(days)))
        return _("Sold there, as the showrooms said:")
    if sellers:
        return _(
            "No showroom has confirmed that it sells this; these name such goods (please ask before you go):"
        )
    return _("No showroom has confirmed that it sells this, and none names such goods.")


# ------------------------------------------------------------------------------------------------------ one, and all


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
    return _listing(turn, list(turn.catalogue.showrooms.values()), _("Showrooms and markets"))


def open_now(turn: Turn) -> Messages:
    """Open now: the showroom last shown or named, else all, those surely open first."""
    named = [p for p in (turn.meaning.places if turn.meaning else ()) if p.kind == "showroom"]
    for match in named:
        found = next((s for s in turn.catalogue.showrooms.values() if s.name_vi == match.name), None)
        if found:
            return showroom(turn, found.key)
    if turn.meaning and turn.meaning.places:
        return near(turn)
    last = turn.catalogue.showrooms.get(turn.standing.get("showroom") or "")
    if last and not (turn.meaning and turn.meaning.words):
        return showroom(turn, last.key)
    order = {"open": 0, "unknown": 1}
    all_of_them = [s for s in turn.catalogue.showrooms.values() if s.kind not in BY_HAND]
    all_of_them.sort(key=lambda s: order.get(opening(s, turn.now).state, 2))
    return _listing(turn, all_of_them, _("Open now"))


def _listing(turn: Turn, showrooms: Sequence[Showroom], title: str) -> Messages:
    lines = [
        f"{i}. {showroom_name(s)} – {opening_words(s, turn.now)}" for i, s in enumerate(showrooms, start=1)
    ]
    choices = tuple(action.showroom(s.key) for s in showrooms)
    rows = [
        (Button(cut(f"{i}. {s.name_vi}", 40), action.showroom(s.key)),)
        for i, s in enumerate(showrooms[:8], start=1)
    ]
    lines.append(_("Choose by number or name."))
    note = notice(turn.catalogue)
    lines.extend([note] if note else [])
    near_row = (Button(_("Near me"), action.NEAR), menu_button())
    return [Message("\n".join(lines), title=title, buttons=(*rows, near_row), choices=choices)]


def way_there(turn: Turn) -> Messages:
    """How far, how to get there: the showroom last shown, else the nearest from a place."""
    last = turn.catalogue.showrooms.get(turn.standing.get("showroom") or "")
    if turn.meaning and turn.meaning.places:
        return near(turn)
    return pin(turn, last.key) if last else ask_place(turn, _asked(turn))

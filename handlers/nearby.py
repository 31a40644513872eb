"""Nearby: where to buy, and what is nearest to a shared position or a typed place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from handlers.selling import (
    BY_HAND,
    SHOWN,
    directions_button,
    in_and_over,
    makers,
    sellers_of,
    stock_words,
    venue_of,
    wanted,
)
from handlers.sentences import (
    cut,
    how_far,
    menu_button,
    name_of,
    notice,
    opening_words,
    paragraphs,
    showroom_name,
)
from handlers.services.catalogue import Product, Showroom
from handlers.services.nearest import FAR_KM, Nearby, nearest, plausible
from handlers.services.places import PlaceMatch
from handlers.showing import asked_about, card_buttons, record_miss, remember, remember_together
from handlers.talk import action
from handlers.talk.language import _, distance
from handlers.talk.message import Button, Buttons, Message, Place
from handlers.talk.turn import Turn
from handlers.talk.understanding import Meaning
from handlers.verdicts import badge_and_maker

Messages = list[Message]


def near(turn: Turn) -> Messages:
    """What is near: from the place in the sentence, else ask where the person is."""
    meaning = turn.meaning
    if meaning and meaning.places:
        return from_matches(turn, meaning.places, _asked(turn))
    return ask_place(turn, _asked(turn))


def _asked(turn: Turn) -> tuple[Product, ...]:
    """The products this is about: those named or just shown, else (a press) those of the open question."""
    if turn.meaning:
        return asked_about(turn)
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
    goods = meaning.products or (meaning.words and not (meaning.guessed or meaning.places))
    return bool(meaning.intents or goods or meaning.code or meaning.wants_language)


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
    ours = named[:SHOWN]
    near_them = others[: SHOWN if not named else SHOWN - 1]
    shown = [*ours, *near_them]
    rows = [f"{place}. {_line(turn, one, rough)}" for place, one in enumerate(shown, start=1)]
    general = _("Other showrooms near there:") if named else _("Showrooms in general:")
    text = paragraphs(
        [lead, *wanted(turn, *in_and_over(turn, products))],
        [stock_words(turn, products, sellers) if products else "", *rows[: len(ours)]],
        [general if products and near_them else "", *rows[len(ours) :]],
        [*_distance_words(shown, rough), notice(turn.catalogue) or ""],
    )
    first = shown[0].showroom
    turn.standing.put("showroom", first.id)
    if products:
        remember_together(turn, products)
    choices = tuple(action.showroom(one.showroom.key) for one in shown)
    buttons = _near_buttons([one.showroom for one in shown])
    return [Message(text, title=title, buttons=buttons, venue=venue_of(first), choices=choices)]


def _distance_words(shown: Sequence[Nearby], rough: bool) -> list[str]:
    lines = []
    if min(nearby.km for nearby in shown) > FAR_KM:
        far = _("The nearest one is far from there: about {distance}.")
        lines.append(far.format(distance=distance(min(nearby.km for nearby in shown))))
    if rough or any(nearby.approximate for nearby in shown):
        lines.append(
            _("Distances are as the crow flies; “about” = the point of the commune, not of the door.")
        )
    else:
        lines.append(_("Distances are as the crow flies."))
    return lines


def _line(turn: Turn, nearby: Nearby, rough: bool) -> str:
    far = how_far(nearby, rough)
    parts = [showroom_name(nearby.showroom), far, opening_words(nearby.showroom, turn.now)]
    return " – ".join(parts)


def _near_buttons(showrooms: Sequence[Showroom]) -> Buttons:
    rows: list[tuple[Button, ...]] = []
    way = directions_button(showrooms[0])
    if way:
        rows.append((way,))
    for place, showroom in enumerate(showrooms, start=1):
        rows.append((Button(cut(f"{place}. {showroom.name_vi}", 40), action.showroom(showroom.key)),))
    rows.append((Button(_("All showrooms"), action.ALL_SHOWROOMS), menu_button()))
    return tuple(rows)


# --------------------------------------------------------------------------------------------------------- where to buy


def buy(turn: Turn) -> Messages:
    """Where to buy: the products asked for, near the place asked for."""
    products = asked_about(turn)
    meaning = turn.meaning
    places = meaning.places if meaning else ()
    if places:
        return from_matches(turn, places, products)
    if not products:
        if meaning and meaning.words:
            record_miss(turn)
            lead = _("The registry has no product matching “{words}”.").format(words=cut(meaning.words, 60))
            sold = _("It may be sold without being an OCOP product; we only know the registry.")
            return ask_place(turn, (), f"{lead}\n{sold}")
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
    in_force, over = in_and_over(turn, products)
    if len(products) == 1:
        remember(turn, products[0])
        what = [name_of(products[0]) + badge_and_maker(products[0], turn.today)]
    else:
        remember_together(turn, products)
        what = wanted(turn, in_force, over)
    sellers = sellers_of(turn, products)
    shown = [turn.catalogue.showrooms[one] for one in list(sellers)[:SHOWN]]
    text = paragraphs(
        what,
        [stock_words(turn, products, sellers), *(_address_line(turn, one) for one in shown)],
        makers(products),
        [_("Share your position or type a place, and we show the nearest one. A position is not kept.")],
        [notice(turn.catalogue) or ""],
    )
    turn.standing.put("step", {"name": "place", "products": [product.code for product in products[:10]]})
    near_row = (Button(_("Near me"), action.NEAR),)
    buttons = (near_row, *card_buttons(turn, products[0])) if len(products) == 1 else _which_buttons(in_force)
    return [Message(text, title=_("Where to buy"), buttons=buttons, asks="place")]


def _address_line(turn: Turn, showroom: Showroom) -> str:
    address = showroom.address or showroom.address_old or _("address not recorded")
    return f"– {showroom_name(showroom)}, {address} ({opening_words(showroom, turn.now)})"


def _which_buttons(products: Sequence[Product]) -> Buttons:
    rows = [(Button(cut(product.name_vi, 40), action.product(product.key)),) for product in products[:5]]
    return (
        *rows,
        (Button(_("Near me"), action.NEAR), Button(_("All showrooms"), action.ALL_SHOWROOMS)),
        (menu_button(),),
    )

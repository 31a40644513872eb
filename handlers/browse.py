"""Browsing: by group, stars, place and state; gifts under a budget; what is in season and what is good somewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from handlers.sentences import (
    group_name,
    menu_button,
    near_button,
    notice,
)
from handlers.services.catalogue import Product
from handlers.services.certificates import State, verdict
from handlers.services.places import PlaceMatch
from handlers.services.text import fold
from handlers.showing import (
    PAGE,
    card_of,
    found_page,
    nothing_found,
    offset_of,
    prices,
    product_list,
    remember_together,
)
from handlers.talk import action
from handlers.talk.language import _, money, ngettext, number
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn

Messages = list[Message]


def groups(turn: Turn) -> Messages:
    """Products by group: how many of each, and how many in date."""
    rows: list[tuple[Button, ...]] = []
    lines = []
    for code in dict.fromkeys(product.group for product in turn.catalogue.products.values()):
        members = [product for product in turn.catalogue.products.values() if product.group == code]
        current = sum(verdict(product.certificate, turn.today).current for product in members)
        lines.append(
            _("{group}: {n} products, {current} surely in date").format(
                group=group_name(code), n=number(len(members)), current=number(current)
            )
        )
        rows.append((Button(group_name(code), action.filtered(0, f"g={code}")),))
    rows.append(
        (
            Button(_("4 and 5 stars"), action.filtered(0, "s=4")),
            Button(_("In date"), action.filtered(0, "v=valid")),
        )
    )
    rows.append((menu_button(),))
    note = notice(turn.catalogue)
    text = "\n".join([*lines, *([note] if note else [])])
    return [Message(text, title=_("Products by group"), buttons=tuple(rows))]


def by_wish(turn: Turn) -> Messages:
    """A list by group, stars, place or state, as the sentence wished; without a wish, the groups."""
    meaning = turn.meaning
    if meaning is None or not (
        meaning.group or meaning.stars or meaning.places or meaning.state or meaning.words
    ):
        return groups(turn)
    if meaning.products and not (meaning.group or meaning.stars or meaning.places or meaning.state):
        return found_page(turn, 0, meaning.words, meaning.products)
    if meaning.words and not meaning.products and not (meaning.group or meaning.stars or meaning.places):
        return nothing_found(turn)
    return filtered_page(turn, "0", _spec(turn))


def _spec(turn: Turn) -> str:
    """The wish as ``g=food,s=4,v=valid,c=06463+06505,q=words``; commune codes are joined with ``+``."""
    meaning = turn.meaning
    if meaning is None:
        return ""
    parts = []
    if meaning.group:
        parts.append(f"g={meaning.group}")
    if meaning.stars:
        parts.append(f"s={meaning.stars}")
    if meaning.state:
        parts.append(f"v={meaning.state}")
    codes = list(dict.fromkeys(code for place in meaning.places for code in place.commune_codes))
    if codes:
        turn.standing.put("communes", codes)
        parts.append("c=" + ("+".join(codes) if len(codes) <= 4 else "*"))
    words = fold(meaning.words)
    if words and meaning.products and len(",".join([*parts, words]).encode()) < 50:
        parts.append(f"q={words}")
    return ",".join(parts)


def filtered_page(turn: Turn, offset: str = "0", spec: str = "") -> Messages:
    """A page of a filtered list; nothing found says so and offers the groups."""
    wish = dict(part.split("=", 1) for part in spec.split(",") if "=" in part)
    communes = wish.get("c", "")
    codes = turn.standing.get("communes") or [] if communes == "*" else [c for c in communes.split("+") if c]
    pool: Sequence[Product] = tuple(turn.catalogue.products.values())
    if wish.get("q"):
        pool = turn.published.search.find(wish["q"]).products
    chosen = [product for product in pool if _fits(turn, product, wish, codes)]
    title = _wish_words(turn, wish, codes)
    if not chosen:
        remember_together(turn, ())
        text = _("No product on record: {wish}.").format(wish=title)
        return [Message(text, buttons=((Button(_("Products by group"), action.PRODUCTS), menu_button()),))]
    if len(chosen) == 1:
        return card_of(turn, chosen[0])

    def page(at: int) -> str:
        return action.filtered(at, spec)

    headed = _("{wish}: {n}").format(wish=title, n=number(len(chosen)))
    shown = product_list(turn, offset_of(offset), chosen, (headed, page), edits=turn.meaning is None)
    lapsed = _lapsed(turn, pool, wish, codes)
    if not lapsed:
        return shown
    names = ", ".join(product.name_vi for product in lapsed[:PAGE])
    line = _("No longer within its certified term: {names}.").format(names=names)
    return [replace(shown[0], text=f"{shown[0].text}\n{line}")]


def _lapsed(turn: Turn, pool: Sequence[Product], wish: dict[str, str], codes: Sequence[str]) -> list[Product]:
    """Products that held the stars asked for and have expired: named, never counted."""
    if not wish.get("s") or wish.get("v"):
        return []
    others = {name: value for name, value in wish.items() if name != "s"} | {"v": "expired"}
    return [p for p in pool if p.certificate.stars == int(wish["s"]) and _fits(turn, p, others, codes)]


def _fits(turn: Turn, product: Product, wish: dict[str, str], codes: Sequence[str]) -> bool:
    found = verdict(product.certificate, turn.today)
    if wish.get("g") and product.group != wish["g"]:
        return False
    if wish.get("s", "").isdecimal():
        stars = found.stars or (found.recorded_stars if found.state is State.UNKNOWN else None)
        if stars != int(wish["s"]) and not (wish["s"] == "4" and turn.meaning is None and stars == 5):
            return False
    if codes and product.commune_code not in codes and not _in_old_place(turn, product, codes):
        return False
    state = wish.get("v")
    if state == "valid":
        return found.current
    if state == "expired":
        return found.state is State.EXPIRED
    return found.state is State.EXPIRING if state == "expiring" else True


def _in_old_place(turn: Turn, product: Product, codes: Sequence[str]) -> bool:
    """A product without a commune, whose district as recorded lies wholly in the communes asked for."""
    if product.commune_code or not product.place:
        return False
    return any(
        set(match.commune_codes) <= set(codes)
        for match in turn.published.places.find(product.place)
        if match.commune_codes
    )


def _wish_words(turn: Turn, wish: dict[str, str], codes: Sequence[str]) -> str:
    meaning = turn.meaning
    parts = []
    if wish.get("q"):
        parts.append(f"“{meaning.words if meaning and meaning.words else wish['q']}”")
    if wish.get("g"):
        parts.append(group_name(wish["g"]))
    if wish.get("s", "").isdecimal():
        stars = int(wish["s"])
        parts.append(ngettext("{n} star", "{n} stars", stars).format(n=stars))
    states = {"valid": _("in date"), "expired": _("expired"), "expiring": _("expiring soon")}
    if wish.get("v") in states:
        parts.append(states[wish["v"]])
    names = [place_names(meaning.places)] if meaning and meaning.places else []
    names = names or [
        turn.catalogue.communes[code].name_vi for code in codes[:3] if code in turn.catalogue.communes
    ]
    if names:
        parts.append(", ".join(dict.fromkeys(names)))
    return ", ".join(parts) or _("All products")


def gifts(turn: Turn) -> Messages:
    """Gifts, under a budget if one was named: in date or at least not expired, with a price on record."""
    budget = turn.meaning.budget if turn.meaning else None
    pool = [p for p in turn.catalogue.products.values() if p.group != "tourism-services"]
    if turn.meaning and turn.meaning.products:
        pool = list(turn.meaning.products)
    alive = [p for p in pool if verdict(p.certificate, turn.today).state is not State.EXPIRED]
    priced = [p for p in alive if p.price_vnd is not None and (budget is None or p.price_vnd <= budget)]
    if not priced:
        current = [p for p in alive if verdict(p.certificate, turn.today).current]
        text = (
            _(
                "No product in date has a price on record up to {money}. These are in date; please ask for the price:"
            )
            if budget
            else _("These products are in date; please ask for the price:")
        ).format(money=money(budget or 0))
        if not current:
            return [Message(_("No gift can be named from the registry today."), buttons=((menu_button(),),))]

        def page(at: int) -> str:
            return action.filtered(at, "v=valid")

        return product_list(turn, 0, current, (text, page))
    priced.sort(key=lambda p: (not verdict(p.certificate, turn.today).current, p.price_vnd or 0))
    return prices(turn, priced)


# ---------------------------------------------------------------------------------------------- seasons and places


def good_here(turn: Turn) -> Messages:
    """What is good in a place: its products with verdicts, specialities of the sights there."""
    meaning = turn.meaning
    places = meaning.places if meaning else ()
    if not places:
        return groups(turn)
    codes = {code for place in places for code in place.commune_codes}
    lines = _renamed(places)
    for sight in turn.catalogue.attractions.values():
        if sight.nearby_specialities and any(place.name == sight.name_vi for place in places):
            named = ", ".join(sight.nearby_specialities)
            lines.append(_("Known for, as travel guides say: {goods}.").format(goods=named))
    products = [p for p in turn.catalogue.products.values() if _fits(turn, p, {}, list(codes))]
    name = place_names(places)
    if not products:
        lines.append(_("No OCOP product of {place} is on record.").format(place=name))
        rows = ((near_button(), Button(_("Products by group"), action.PRODUCTS), menu_button()),)
        return [Message("\n".join(lines), buttons=rows)]
    title = _("OCOP products of {place}: {n}").format(place=name, n=number(len(products)))
    spec = "c=" + ("+".join(sorted(codes)) if len(codes) <= 4 else "*")
    turn.standing.put("communes", sorted(codes))

    def page(at: int) -> str:
        return action.filtered(at, spec)

    order = sorted(products, key=lambda p: not verdict(p.certificate, turn.today).current)
    shown = product_list(turn, 0, order, (title, page))[0]
    return [replace(shown, text="\n".join([*lines, shown.text]))]


def place_names(places: Sequence[PlaceMatch]) -> str:
    """The names of places, today's first; at most two."""
    ordered = sorted(places, key=lambda place: place.former)
    return ", ".join(list(dict.fromkeys(place.name for place in ordered))[:2])


def _renamed(places: Sequence[PlaceMatch]) -> list[str]:
    """What a former name is called now."""
    today = {place.name for place in places if not place.former}
    return [
        _("{then} is now {now}.").format(then=place.name, now=place.now_called.name_vi)
        for place in places
        if place.former and place.now_called and place.name not in today
    ][:2]

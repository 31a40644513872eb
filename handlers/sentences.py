"""Sentences that several conversations share: names, verdicts, places, prices, sources, the ways on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import urlsplit

from handlers.services.catalogue import Catalogue, Product, Showroom
from handlers.services.hours import Opening, opening
from handlers.services.nearest import Nearby
from handlers.services.renewing import commune_of
from handlers.services.seasons import in_season, season_of
from handlers.services.text import key
from handlers.talk import action
from handlers.talk.language import (
    _,
    clock,
    day,
    distance,
    money,
    recorded,
    spoken,
)
from handlers.talk.message import Button

# ----------------------------------------------------------------------------------------------------------- names


def name_of(product: Product) -> str:
    """The name a seller can read; in other languages the translation follows in brackets."""
    return _both(product.name_vi, product.name_en)


def told_apart(product: Product, catalogue: Catalogue) -> str:
    """The name; with the code behind it where its producer has another product of the same name."""
    maker = product.producer.code if product.producer else ""
    twins = [one for one in catalogue.products_of.get(maker, ()) if key(one.name_vi) == key(product.name_vi)]
    return f"{name_of(product)} ({product.code})" if len(twins) > 1 else name_of(product)


def short_name(product: Product) -> str:
    """The name alone, in the reader's language where there is one."""
    return product.name_en if spoken() != "vi" and product.name_en else product.name_vi


def showroom_name(showroom: Showroom) -> str:
    """A showroom's name; in other languages the translation follows in brackets."""
    return _both(showroom.name_vi, showroom.name_en)


def _both(vietnamese: str, translated: str | None) -> str:
    if spoken() == "vi" or not translated:
        return vietnamese
    if "(" in vietnamese + translated:
        return f"{vietnamese} / {translated}"
    return f"{vietnamese} ({translated})"


def group_name(group: str) -> str:
    """One of the six groups of Annex I of Decision 26/2026/QĐ-TTg."""
    names = {
        "food": _("Food"),
        "beverages": _("Beverages"),
        "medicinal-herbs": _("Medicinal herbs and products of them"),
        "handicrafts": _("Handicrafts"),
        "ornamentals": _("Ornamental plants and animals"),
        "tourism-services": _("Tourism services"),
    }
    return names.get(group, group)


def role_name(role: str) -> str:
    """A role in the language spoken."""
    return {
        "officer": _("commune officer"),
        "editor": _("editor"),
        "approver": _("approver"),
        "producer": _("producer"),
    }[role]


def topic_name(topic: str) -> str:
    """A topic of announcements in the language spoken; reminders are one of their own."""
    return {
        "news": _("news of the programme"),
        "fairs": _("fairs and events"),
        "market": _("market demand"),
        "notices": _("official notices"),
        "reminders": _("reminders of one's own certificates"),
    }[topic]


# ----------------------------------------------------------------------------------------------- facts of a product


def place_of(product: Product, catalogue: Catalogue) -> str | None:
    """Today's commune, with the place as the source names it."""
    commune = catalogue.communes.get(product.commune_code or "")
    if commune and product.place and commune.name_vi.lower() not in product.place.lower():
        return _("{now} (before July 2025: {then})").format(now=commune.name_vi, then=product.place)
    if commune:
        return commune.name_vi
    return product.place


def office(product: Product, catalogue: Catalogue) -> str:
    """Whose People's Committee takes a product's file."""
    commune = catalogue.communes.get(commune_of(product))
    if commune is None:
        return _("the People's Committee of your commune or ward")
    name = commune.name_vi[:1].lower() + commune.name_vi[1:]
    return _("the People's Committee of {commune}").format(commune=name)


def price_of(product: Product) -> str | None:
    """The price with its unit and its date, or None when none is recorded."""
    if product.price_vnd is None:
        return None
    amount = money(product.price_vnd)
    if product.price_max_vnd and product.price_max_vnd != product.price_vnd:
        amount = f"{amount} – {money(product.price_max_vnd)}"
    if product.price_unit:
        amount = f"{amount}/{product.price_unit}"
    if product.priced_on:
        return _("{price} (recorded {day})").format(price=amount, day=recorded(product.priced_on))
    return _("{price} (day not recorded)").format(price=amount)


def source_line(url: str | None, on: str | None) -> str | None:
    """``Source: baolangson.vn, 05/03/2021``, or None when there is none."""
    if not url:
        return None
    host = urlsplit(url.split(";")[0].strip()).hostname or url
    if on:
        when = recorded(on.split(";")[0].strip())
        return _("Source: {host}, {day}").format(host=host.removeprefix("www."), day=when)
    return _("Source: {host} (no date)").format(host=host.removeprefix("www."))


def notice(catalogue: Catalogue) -> str | None:
    """What must be said while the registry is not the official one."""
    if catalogue.info.official:
        return None
    words = catalogue.info.notice_vi if spoken() == "vi" else catalogue.info.notice_en
    return f"ℹ️ {words}" if words else None


# ---------------------------------------------------------------------------------------------- places and distance


def how_far(nearby: Nearby, rough: bool = False) -> str:
    """A distance as honest as the coordinates at both ends: exact, or "about" with the commune's point."""
    if nearby.approximate or rough:
        return _("about {distance}").format(distance=distance(max(nearby.km, 1)))
    return distance(nearby.km)


# ------------------------------------------------------------------------------------------------- buttons, ways on


def menu_button() -> Button:
    """Back to the menu."""
    return Button(_("Menu"), action.MENU)


def near_button() -> Button:
    """Find what is near."""
    return Button(_("Near me"), action.NEAR)


def human_button() -> Button:
    """Talk to a person."""
    return Button(_("Talk to a person"), action.HUMAN)


def product_button(product: Product, label: str | None = None) -> Button:
    """Show this product."""
    return Button(cut(label or short_name(product), 40), action.product(product.key))


def paragraphs(*blocks: Sequence[str]) -> str:
    """Blocks of lines with an empty line between them; empty blocks and lines leave no trace."""
    return "\n\n".join("\n".join(filter(None, block)) for block in blocks if any(block))


def cut(label: str, longest: int) -> str:
    """A label cut at a word, with an ellipsis."""
    if len(label) <= longest:
        return label
    head = label[: longest - 1].rsplit(" ", 1)[0] or label[: longest - 1]
    return head.rstrip(" ,–(") + "…"


# ------------------------------------------------------------------------------------------------- hours and seasons


def opening_words(showroom: Showroom, now: datetime) -> str:
    """Open now until, closed and opens at, or that the hours are not recorded."""
    return words_of_hours(showroom, opening(showroom, now), now)


def words_of_hours(showroom: Showroom, found: Opening, now: datetime) -> str:
    """:func:`opening_words` where it is known already how the showroom is open at ``now``."""
    if found.state == "closed_temporarily":
        if showroom.closed_until:
            return _("closed for the time being, until {day}").format(day=day(showroom.closed_until))
        return _("closed for the time being")
    if found.state == "open":
        return (
            _("open now, until {time}").format(time=_moment(found.until, now))
            if found.until
            else _("open now")
        )
    if found.state == "closed":
        if found.opens_at:
            return _("closed now, opens {time}").format(time=_moment(found.opens_at, now))
        return _("closed now")
    return _("opening hours not recorded")


def _moment(moment: datetime, now: datetime) -> str:
    """A time today, or a time with its day."""
    if moment.date() == now.date():
        return clock(moment)
    if moment.hour == 0 and moment.minute == 0 and (moment - now).days < 1:
        return _("midnight")
    return _("{time} on {day}").format(time=clock(moment), day=day(moment.date()))


def season_words(product: Product, catalogue: Catalogue, on: date) -> str | None:
    """When a product is in season, and whether that is now; None when nothing is recorded."""
    facts = season_of(product, catalogue)
    if not facts:
        return None
    fact = facts[0]
    if fact.start_month is None:
        return None
    lunar = fact.calendar == "lunar"
    if fact.end_month is None:
        span = (_("from lunar month {a}") if lunar else _("from month {a}")).format(a=fact.start_month)
    elif fact.end_month == fact.start_month:
        span = (_("lunar month {a}") if lunar else _("month {a}")).format(a=fact.start_month)
    else:
        words = _("lunar months {a} to {b}") if lunar else _("months {a} to {b}")
        span = words.format(a=fact.start_month, b=fact.end_month)
    known = in_season(fact, on)
    now = {"yes": _("in season now"), "no": _("not in season now")}.get(known)
    return f"{span} ({now})" if now else span


# ----------------------------------------------------------------------------------------------- for the operators


def channel_down(channel: str, why: str) -> str:
    """A channel does not work: what an operator is told on another one."""
    words = _(
        "The channel {channel} does not work: {why}. Other channels go on. `python -m bot doctor` says more."
    )
    return words.format(channel=channel, why=why.rstrip("."))


def channel_back(channel: str) -> str:
    """A channel works again."""
    return _("The channel {channel} works again.").format(channel=channel)

"""Sentences that several conversations share: names, verdicts, places, prices, sources, the ways on."""

from __future__ import annotations

from datetime import date, datetime
from urllib.parse import urlsplit

from handlers.services.catalogue import Catalogue, Certificate, Product, Showroom
from handlers.services.certificates import State, Verdict, WhyUnknown, verdict
from handlers.services.hours import opening
from handlers.services.nearest import Nearby
from handlers.services.seasons import in_season, season_of
from handlers.talk import action
from handlers.talk.language import (
    N_,
    _,
    clock,
    day,
    distance,
    money,
    ngettext,
    number,
    partial,
    recorded,
    spoken,
)
from handlers.talk.message import Button

STAR = "★"


# ----------------------------------------------------------------------------------------------------------- names


def name_of(product: Product) -> str:
    """The name a seller can read; in other languages the translation follows in brackets."""
    if spoken() != "vi" and product.name_en:
        return f"{product.name_vi} ({product.name_en})"
    return product.name_vi


def short_name(product: Product) -> str:
    """The name alone, in the reader's language where there is one."""
    return product.name_en if spoken() != "vi" and product.name_en else product.name_vi


def showroom_name(showroom: Showroom) -> str:
    """A showroom's name; in other languages the translation follows in brackets."""
    if spoken() != "vi" and showroom.name_en:
        return f"{showroom.name_vi} ({showroom.name_en})"
    return showroom.name_vi


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


# -------------------------------------------------------------------------------------------------------- verdicts


def stars_words(stars: int) -> str:
    """``★★★★ (4 stars)``."""
    return STAR * stars + " " + ngettext("({n} star)", "({n} stars)", stars).format(n=stars)


def badge(product: Product, on: date) -> str:
    """The verdict in a few words, for lists."""
    found = verdict(product.certificate, on)
    stars = STAR * found.stars + " " if found.stars else ""
    return stars + _short(found)


def _short(found: Verdict) -> str:
    about = found.approximate and found.last_day is not None
    until = partial(found.last_day) if found.last_day else ""
    match found.state:
        case State.VALID | State.EXPIRING | State.IN_RENEWAL:
            return (_("in date, until about {day}") if about else _("in date, until {day}")).format(day=until)
        case State.VALID_EXTENDED:
            return _("extended while the renewal is examined")
        case State.EXPIRED:
            return (_("expired, about {day}") if about else _("expired on {day}")).format(day=until)
        case State.REVOKED:
            return _("certificate revoked")
        case State.SUPERSEDED:
            return _("replaced by a newer certificate")
        case State.STOPPED:
            return _("no longer produced")
        case State.UNCONFIRMED:
            return _("result not confirmed, no stars shown")
        case _:
            return _("term not recorded") if found.last_day is None else _("term not certain")


def verdict_lines(certificate: Certificate, on: date) -> list[str]:
    """What a certificate is worth on a day: the verdict in one line first, then what follows from it."""
    found = verdict(certificate, on)
    match found.state:
        case State.VALID | State.EXPIRING | State.IN_RENEWAL:
            return _valid_lines(found)
        case State.VALID_EXTENDED:
            return _extended_lines(found)
        case State.EXPIRED:
            return _expired_lines(found)
        case State.UNKNOWN:
            return _unknown_lines(found)
        case _:
            return _ended_lines(found)


def _held(found: Verdict) -> str:
    return stars_words(found.stars) if found.stars else ""


def _valid_lines(found: Verdict) -> list[str]:
    until = partial(found.last_day) if found.last_day else ""
    if found.approximate:
        line = _("✅ {stars}: in date, until about {day} (the exact day is not recorded).")
    elif found.days is not None:
        line = ngettext(
            "✅ {stars}: in date, until {day} ({n} day left).",
            "✅ {stars}: in date, until {day} ({n} days left).",
            found.days,
        )
    else:
        line = _("✅ {stars}: in date, until {day}.")
    lines = [line.format(stars=_held(found) or "OCOP", day=until, n=number(found.days or 0))]
    if found.state is State.EXPIRING:
        lines.append(_("The certificate is in its last six months."))
    if found.state is State.IN_RENEWAL:
        lines.append(_dossier(found))
    return lines


def _dossier(found: Verdict) -> str:
    if found.dossier_on:
        return _("A renewal dossier was filed ({day}).").format(day=partial(found.dossier_on))
    return _("A renewal dossier was filed.")


def _extended_lines(found: Verdict) -> list[str]:
    held = _held(found) or "OCOP"
    if found.extended_until is None:
        return [_("✅ {stars}: still in force while the renewal is examined.").format(stars=held), _dossier(found)]
    line = _("✅ {stars}: still in force while the renewal is examined, at the latest until {day}.")
    return [line.format(stars=held, day=day(found.extended_until)), _dossier(found)]


def _expired_lines(found: Verdict) -> list[str]:
    until = partial(found.last_day) if found.last_day else ""
    if found.approximate:
        line = _("⛔ Expired, about {day} (the exact day is not recorded).").format(day=until)
    elif found.days is not None:
        since = -found.days
        line = ngettext(
            "⛔ Expired: the last valid day was {day} ({n} day ago).",
            "⛔ Expired: the last valid day was {day} ({n} days ago).",
            since,
        ).format(day=until, n=number(since))
    else:
        line = _("⛔ Expired: the last valid day was {day}.").format(day=until)
    lines = [line]
    if found.recorded_stars:
        held = ngettext("It held {n} star until then.", "It held {n} stars until then.", found.recorded_stars)
        lines.append(held.format(n=found.recorded_stars))
    renewal = _dossier(found) if found.dossier else _("No renewal is recorded.")
    lines.append(renewal + " " + _("Expired does not mean fake: the product may still be made and sold."))
    return lines


def _unknown_lines(found: Verdict) -> list[str]:
    if found.why_unknown is WhyUnknown.NOT_YET_ISSUED and found.issued_on:
        line = _("❔ The certificate on record is issued only on {day}.").format(day=partial(found.issued_on))
    elif found.last_day is not None:
        line = _("❔ Not certain today: the certificate ends about {day}, and the exact day is not recorded.")
        line = line.format(day=partial(found.last_day))
    elif found.recorded_stars:
        line = _(
            "❔ Recorded with {stars}, but the day of issue is not recorded, so we cannot say whether it is in date."
        )
        line = line.format(stars=stars_words(found.recorded_stars))
    else:
        line = _(
            "❔ No stars and no date are recorded for this product, so we cannot say whether it is certified."
        )
    return [line]


def _ended_lines(found: Verdict) -> list[str]:
    on = " " + _("({day})").format(day=partial(found.status_on)) if found.status_on else ""
    words = {
        State.REVOKED: _("⛔ The certificate was revoked{on}. It is not in force."),
        State.SUPERSEDED: _("This certificate was replaced by a newer one{on}."),
        State.STOPPED: _("⛔ The producer no longer makes this product{on}."),
        State.UNCONFIRMED: _(
            "❔ It was put before a council{on}; the result is not seen yet, so no stars are shown."
        ),
    }
    return [words[found.state].format(on=on)]


def window_line(found: Verdict) -> str | None:
    """When the renewal dossier may be filed, or None when that is not known or over with the certificate."""
    if not found.filing or found.filing.predates_rule or found.filing.state == "closed":
        return None
    line = _("Renewal dossiers are taken from {opens} to {closes}, at the commune People's Committee.")
    return line.format(opens=day(found.filing.opens), closes=day(found.filing.closes))


def who_decides(found: Verdict) -> str:
    """Whom to ask, now that districts are gone."""
    if found.decided_by == "ministry":
        return _(
            "Who decides: the Ministry of Agriculture and Environment (5 stars); dossiers go to the commune."
        )
    return _(
        "Who decides: the provincial People's Committee; ask the provincial OCOP office or your commune."
    )


# ----------------------------------------------------------------------------------------------- facts of a product


def place_of(product: Product, catalogue: Catalogue) -> str | None:
    """Today's commune, with the place as the source names it."""
    commune = catalogue.communes.get(product.commune_code or "")
    if commune and product.place and commune.name_vi.lower() not in product.place.lower():
        return _("{now} (before July 2025: {then})").format(now=commune.name_vi, then=product.place)
    if commune:
        return commune.name_vi
    return product.place


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


def cut(label: str, longest: int) -> str:
    """A label cut at a word, with an ellipsis."""
    if len(label) <= longest:
        return label
    head = label[: longest - 1].rsplit(" ", 1)[0] or label[: longest - 1]
    return head.rstrip(" ,–(") + "…"


# ------------------------------------------------------------------------------------------------- hours and seasons

BASIS_WORDS = {
    "ceremony": N_("Handed over on {day} (the decision is some weeks older; its day is not recorded)."),
    "assessment": N_("Scored by the council: {day} (the day of the decision is not recorded)."),
    "report": N_("According to the press: {day} (the day of the decision is not recorded)."),
}
"""What a day of issue is that is not the legal one (FORMAT.md, ``issued_on_basis``)."""


def opening_words(showroom: Showroom, now: datetime) -> str:
    """Open now until, closed and opens at, or that the hours are not recorded."""
    found = opening(showroom, now)
    if found.state == "closed_temporarily":
        until = _(" until {day}").format(day=day(showroom.closed_until)) if showroom.closed_until else ""
        return _("closed for the time being{until}").format(until=until)
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

"""Verdicts in words: what a certificate is worth on a day, its filing window, whom to ask."""

from __future__ import annotations

from datetime import date

from handlers.services.catalogue import Certificate, Product
from handlers.services.certificates import State, Verdict, WhyUnknown, verdict
from handlers.talk.language import N_, _, day, ngettext, number, partial

STAR = "★"
BASIS_WORDS = {
    "ceremony": N_("Handed over on {day} (the decision is some weeks older; its day is not recorded)."),
    "assessment": N_("Scored by the council: {day} (the day of the decision is not recorded)."),
    "report": N_("According to the press: {day} (the day of the decision is not recorded)."),
}
"""What a day of issue is that is not the legal one (FORMAT.md, ``issued_on_basis``)."""


def stars_words(stars: int) -> str:
    """``★★★★ (4 stars)``."""
    return STAR * stars + " " + ngettext("({n} star)", "({n} stars)", stars).format(n=stars)


def badge(product: Product, on: date) -> str:
    """The verdict in a few words, for lists."""
    found = verdict(product.certificate, on)
    stars = STAR * found.stars + " " if found.stars else ""
    return stars + _short(found)


def badge_and_maker(product: Product, on: date) -> str:
    """The verdict in a few words and who makes it (else where it is from), as the end of a line."""
    maker = product.producer.name if product.producer else product.place
    return f" – {badge(product, on)}" + (f" – {maker}" if maker else "")


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
        return [
            _("✅ {stars}: still in force while the renewal is examined.").format(stars=held),
            _dossier(found),
        ]
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
    words = {
        State.REVOKED: _("⛔ The certificate was revoked. It is not in force."),
        State.SUPERSEDED: _("This certificate was replaced by a newer one."),
        State.STOPPED: _("⛔ The producer no longer makes this product."),
        State.UNCONFIRMED: _(
            "❔ It was put before a council; the result is not seen yet, so no stars are shown."
        ),
    }
    since = _("Since {day}.").format(day=partial(found.status_on)) if found.status_on else ""
    return [words[found.state], *([since] if since else [])]


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

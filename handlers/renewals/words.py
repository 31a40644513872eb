"""Words for renewals: papers, states, reasons, what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from handlers.sentences import office, short_name
from handlers.services.catalogue import Catalogue, Product
from handlers.services.certificates import FilingWindow, Verdict
from handlers.services.checklist import next_round
from handlers.services.renewing import Standpoint
from handlers.talk.language import N_, _, day, ngettext, number, partial

PAPERS: Mapping[str, str] = {
    "form01": N_("Form 01 (registration), “re-evaluation” ticked"),
    "form02": N_("Form 02 (self-assessment), brought up to date"),
    "registration": N_("business registration"),
    "safety": N_("food-safety or eligibility certificate, still in date"),
    "material": N_("where the raw material comes from, contracts"),
    "environment": N_("environment papers"),
    "workers": N_("list of insured local workers"),
    "accounts": N_("two years' accounts, or the cooperative's grading"),
    "brand": N_("trademark or geographical indication"),
    "sales": N_("sales contracts, promotion, website"),
    "label": N_("packaging and label, barcode, tracing stamp, product story"),
    "quality": N_("quality declaration and fresh test results"),
    "systems": N_("quality-system certificate, prizes"),
}
REASONS: Mapping[str, str] = {
    "stopped": N_("no longer made"),
    "papers": N_("the papers are too much"),
    "money": N_("tests and packaging cost too much"),
    "benefit": N_("it brings nothing"),
    "name": N_("renewed under another name or producer"),
}


def paper_name(key: str) -> str:
    """A paper of the checklist."""
    return _(PAPERS[key]) if key in PAPERS else key


def reason_words(reason: str) -> str:
    """Why it is not renewed: one of ours, or the person's own words."""
    return _(REASONS[reason]) if reason in REASONS else reason


def end_line(found: Verdict) -> str:
    """The last valid day and how many days are left."""
    if found.last_day is None:
        return _("The last valid day is not recorded; please ask the provincial OCOP office.")
    until = partial(found.last_day)
    if found.days is None:
        return _("Last valid day: about {day} (the exact day is not recorded).").format(day=until)
    if found.days < 0:
        since = ngettext(
            "Last valid day: {day}, {n} day ago.", "Last valid day: {day}, {n} days ago.", -found.days
        )
        return since.format(day=until, n=number(-found.days))
    left = ngettext(
        "Last valid day: {day}, {n} day left.", "Last valid day: {day}, {n} days left.", found.days
    )
    return left.format(day=until, n=number(found.days))


def window_words(window: FilingWindow, today: date) -> str:
    """The two dates of the filing window, and where today stands to them."""
    dates = _("File from {opens} to {closes}").format(opens=day(window.opens), closes=day(window.closes))
    if window.state == "not_yet":
        days = (window.opens - today).days
        more = ngettext("opens in {n} day", "opens in {n} days", days).format(n=number(days))
    elif window.state == "open":
        days = (window.closes - today).days
        more = ngettext("open now, {n} day left", "open now, {n} days left", days).format(n=number(days))
        more = more if days else _("open now, today is the last day")
    else:
        more = _("over")
    return f"{dates} ({more})."


def stand_line(stand: Standpoint) -> str | None:
    """What was said last, and by whom."""
    if stand.state == "filed" and stand.filed_on:
        line = _("Noted: the file was handed in on {day}.").format(day=day(stand.filed_on))
    elif stand.state == "declined":
        line = _("Noted: it will not be renewed ({reason}).").format(reason=reason_words(stand.reason or ""))
    elif stand.snoozed_until:
        line = _("Noted: the next reminder comes after {day}.").format(day=day(stand.snoozed_until))
    elif stand.state == "preparing":
        line = _("Noted: the file is being prepared.")
    else:
        return None
    by = _("(recorded by the commune officer)") if stand.by_officer else ""
    return f"{line} {by}".strip()


def next_line(product: Product, found: Verdict, stand: Standpoint, catalogue: Catalogue) -> str:
    """What to do next, and where."""
    where = office(product, catalogue)
    if found.dossier or stand.state == "filed":
        return _(
            "Now: the commune checks within 15 working days; the province answers within 45 days of a complete file. "
            "Keep the receipt."
        )
    if stand.state == "declined":
        return _("You can change your mind until the last filing day: say “preparing”.")
    if found.days is not None and found.days < 0:
        return _("Now: ask {where} how to apply anew.").format(where=where)
    window = found.filing
    if window is None:
        return _("Now: ask {where} for the exact day of the certificate.").format(where=where)
    if window.state == "not_yet":
        return _(
            "Now: gather the papers; hand them in at {where} (there is no district level any more)."
        ).format(where=where)
    if window.state == "open":
        return _("Now: hand the file in at {where} (there is no district level any more).").format(
            where=where
        )
    return _("Now: hand the file in at {where} at once.").format(where=where)


def after_the_end() -> str:
    """What happens when the certificate ends and nothing was done."""
    return _(
        "After the last valid day without renewal the certificate has no force: stars and the OCOP mark may no longer "
        "be printed. The product may still be made and sold."
    )


def late_line(found: Verdict) -> str | None:
    """How far article 12.3 could carry the certificate, where it can."""
    if found.extension_cap is None or found.filing is None:
        return None
    return _(
        "The last filing day was {closes}. Under article 12.3 the certificate may stay in force until the result, at "
        "most until {cap}; the provincial OCOP office decides that."
    ).format(closes=day(found.filing.closes), cap=day(found.extension_cap))


def lapsed_lines(found: Verdict, where: str, today: date) -> list[str]:
    """A certificate that ended: what may not be printed any more, and how to come back."""
    ahead = next_round(today)
    lines = [
        _("What changes: new packaging and labels carry no stars and no OCOP mark for this product."),
        _("What does not: you may go on making and selling it."),
        _(
            "To get stars again: Form 01 and Form 02 as for a first file, at {where}. The next round takes what the "
            "commune proposes before {proposed}; the province meets before {held} (Decision 26/2026, article 5)."
        ).format(where=where, proposed=day(ahead.proposed), held=day(ahead.held)),
    ]
    late = late_line(found) if found.filing and found.filing.predates_rule else None
    return [lines[0], lines[1], *([late] if late else []), lines[2]]


def label(place: int, product: Product) -> str:
    """A product on a numbered button."""
    return f"{place}. {short_name(product)}"

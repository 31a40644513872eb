"""Renewals: the rules in force in plain words; which papers, where, between which days."""

from __future__ import annotations

from handlers.sentences import menu_button
from handlers.services.rules import national
from handlers.talk import action
from handlers.talk.language import _
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn

Messages = list[Message]


def papers(turn: Turn) -> Messages:
    """What to file for a renewal, where and when: the law in force, in plain words."""
    rules = national().at(turn.today)
    lines = [
        _("• Form 01 (registration), with “re-evaluation” ticked."),
        _("• Form 02 (self-assessment), updated: raw material, technology, packaging, label, quality declaration, test "
          "reports, markets, output, revenue."),
        _("• Fresh copies of every legal paper that has an end date."),
        _("One paper file and one electronic file, to the commune People's Committee (there is no district level since "
          "1 July 2025)."),
    ]  # fmt: skip
    opens, closes = rules.window_opens_days, rules.window_closes_days
    if opens and closes:
        when = _("File between {opens} and {closes} days before the certificate ends.")
        lines.append(when.format(opens=opens, closes=closes))
    lines.append(_("Source: {rule}.").format(rule=_law(turn, "window_opens_days")))
    buttons = ((Button(_("When does it end?"), action.ASK_CODE), menu_button()),)
    return [Message("\n".join(lines), title=_("Renewing a certificate"), buttons=buttons)]


def first_time(turn: Turn) -> Messages:
    """How a new product gets its stars: what to file, with whom, and what follows."""
    lines = [
        _("1. Write Form 01 (registration) and Form 02 (self-assessment with its evidence: business registration, food "
          "safety, origin of the material, quality declaration, tests, label)."),
        _("2. Hand in one paper file and one electronic file at the People's Committee of your commune or ward; it "
          "adds its assessment within 15 working days."),
        _("3. The province scores at least twice a year: before 30 June what the commune proposes before 30 April, "
          "before 30 December what it proposes before 30 October. It decides on 3 and 4 stars, the Ministry on 5."),
        _("Who may take part: cooperatives and cooperative groups, small and medium enterprises, farms, and households "
          "with business registration."),
        _("Source: {rule}.").format(rule=_law(turn, "decided_by")),
    ]  # fmt: skip
    buttons = ((Button(_("Talk to a person"), action.HUMAN), menu_button()),)
    return [Message("\n".join(lines), title=_("How a new product gets OCOP stars"), buttons=buttons)]


def where_to_file(turn: Turn) -> Messages:
    """Where to file: the commune, since districts ended on 1 July 2025."""
    text = _(
        "File with the People's Committee of your commune or ward. Districts ended on 1 July 2025: nothing is filed "
        "there any more. The province decides on 3 and 4 stars, the Ministry of Agriculture and Environment on 5."
    )
    rule = _("Source: {rule}.").format(rule=_law(turn, "decided_by"))
    return [
        Message(f"{text}\n{rule}", buttons=((Button(_("Renewal papers"), action.PAPERS), menu_button()),))
    ]


def _law(turn: Turn, rule: str) -> str:
    """The text that a rule in force on the day comes from."""
    rules = national()
    starts = max(since for name, since in rules.sources if name == rule and since <= turn.today)
    return rules.sources[rule, starts].rpartition("; since ")[2].partition(":")[0]

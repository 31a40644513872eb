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

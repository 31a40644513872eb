"""Seasons: when something is in season, and what is in season today."""

from __future__ import annotations

from handlers.sentences import menu_button, name_of, notice, product_button, season_words
from handlers.services.catalogue import Season
from handlers.services.seasons import in_season
from handlers.showing import PAGE, card_buttons, nothing_found, remember, remember_together, subjects
from handlers.talk import action
from handlers.talk.language import _, day, spoken
from handlers.talk.message import Button, Message
from handlers.talk.turn import Turn

Messages = list[Message]


def season(turn: Turn) -> Messages:
    """When is it in season: the product or fruit named, else what is in season now."""
    meaning = turn.meaning
    products = subjects(turn)
    if not products:
        return nothing_found(turn) if meaning and meaning.words else seasonal(turn)
    lines = []
    for product in products[:PAGE]:
        known = season_words(product, turn.catalogue, turn.today)
        lines.append(
            _("{name}: {season}.").format(name=name_of(product), season=known)
            if known
            else _("{name}: the season is not recorded.").format(name=name_of(product))
        )
    if len(products) == 1:
        remember(turn, products[0])
        return [Message("\n".join(lines), buttons=card_buttons(turn, products[0]))]
    remember_together(turn, products)
    rows = tuple((product_button(product),) for product in products[:PAGE])
    return [Message("\n".join(lines), buttons=(*rows, (menu_button(),)))]


def seasonal(turn: Turn) -> Messages:
    """What is in season today, with where and until when, from the registry."""
    now = [fact for fact in turn.catalogue.seasons if in_season(fact, turn.today) == "yes"]
    lines = [_season_line(fact) for fact in now] or [_("Nothing on record is in season this month.")]
    later = [fact for fact in turn.catalogue.seasons if in_season(fact, turn.today) == "unknown"]
    if later:
        names = ", ".join(dict.fromkeys(_item(fact) for fact in later))
        lines.append(_("Season not recorded: {names}.").format(names=names))
    note = notice(turn.catalogue)
    lines.extend([note] if note else [])
    title = _("In season today, {day}").format(day=day(turn.today))
    rows = ((Button(_("Products by group"), action.PRODUCTS), menu_button()),)
    return [Message("\n".join(lines), title=title, buttons=rows)]


def _item(fact: Season) -> str:
    if spoken() != "vi" and fact.item_en:
        return f"{fact.item_vi} ({fact.item_en})"
    return fact.item_vi


def _season_line(fact: Season) -> str:
    parts = [f"• {_item(fact)}", fact.area_vi or ""]
    if fact.end_month:
        words = _("until lunar month {month}") if fact.calendar == "lunar" else _("until month {month}")
        parts.append(words.format(month=fact.end_month))
    return " – ".join(part for part in parts if part)

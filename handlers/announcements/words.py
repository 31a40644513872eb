"""Words for announcements: topics, states, audiences, hours, reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from babel.dates import get_day_names

from handlers.sentences import cut, group_name, short_name
from handlers.services.announcements import Step
from handlers.services.audience import Audience
from handlers.services.catalogue import Catalogue
from handlers.services.moments import Problem
from handlers.talk.language import N_, _, clock, day, listed, ngettext, number, own_name, spoken

STATES = {
    "draft": N_("draft"),
    "submitted": N_("waiting for approval"),
    "approved": N_("approved, no hour set"),
    "scheduled": N_("approved, waiting for its hour"),
    "sending": N_("being sent"),
    "paused": N_("paused"),
    "late": N_("its hour has passed"),
    "finished": N_("sent"),
    "cancelled": N_("cancelled"),
}
CHANNELS = {
    "telegram": "Telegram",
    "zalo-oa": "Zalo OA",
    "zalo-bot": "Zalo Bot",
    "web": N_("our own page"),
    "terminal": N_("the terminal"),
}
REASONS = {
    "left": N_("blocked us or left"),
    "channel_off": N_("their channel is switched off"),
    "no_consent": N_("have not agreed to this topic"),
    "opted_out": N_("switched this topic off"),
    "window": N_("wrote to us more than 7 days ago, so Zalo refuses"),
    "budget": N_("would cost money, and no budget is set"),
}


def state_name(state: str) -> str:
    """A state in the language spoken."""
    return _(STATES[state])


def channel_name(channel: str) -> str:
    """What people call a channel."""
    return _(CHANNELS[channel]) if channel in CHANNELS else channel


def reason_name(reason: str) -> str:
    """Why chats get nothing."""
    return _(REASONS[reason]) if reason in REASONS else reason


def when(at: datetime) -> str:
    """A moment as it is read back: hour, weekday and full date."""
    names = get_day_names("wide", locale=spoken())
    weekday = names[at.weekday()]
    return _("{clock} on {weekday}, {day}").format(clock=clock(at), weekday=weekday, day=day(at.date()))


def chats(count: int) -> str:
    """So many chats."""
    return ngettext("{count} chat", "{count} chats", count).format(count=number(count))


def audience_words(audience: Audience, catalogue: Catalogue) -> str:
    """Whom an audience means, as one phrase."""
    who = {
        "everyone": _("everyone who agreed"),
        "producers": _("producers"),
        "tourists": _("visitors"),
    }["producers" if audience.of_producers else audience.who]
    parts = [who, *_of_producers(audience, catalogue)]
    if audience.languages:
        names = listed([own_name(code) for code in audience.languages], "or")
        parts.append(_("who read {languages}").format(languages=names))
    if audience.channels:
        names = listed([channel_name(name) for name in audience.channels], "or")
        parts.append(_("on {channels}").format(channels=names))
    return ", ".join(parts)


def not_yours(communes: Sequence[str], catalogue: Catalogue) -> str:
    """Why a commune's officer cannot write to these people."""
    return _(
        "As an officer you write to the producers of {communes} only; you can narrow it by product group, certificate, "
        "channel or language. To reach others, please ask the province's office."
    ).format(communes=listed(commune_names(communes, catalogue)))


def commune_names(communes: Sequence[str], catalogue: Catalogue) -> list[str]:
    """What communes are called."""
    return [catalogue.communes[code].name_vi if code in catalogue.communes else code for code in communes]


def _of_producers(audience: Audience, catalogue: Catalogue) -> list[str]:
    parts = []
    if audience.communes:
        names = commune_names(audience.communes, catalogue)
        shown = names if len(names) < 6 else [*names[:4], _("{count} more").format(count=len(names) - 4)]
        parts.append(_("in {communes}").format(communes=listed(shown)))
    if audience.groups:
        parts.append(_("of {groups}").format(groups=listed([group_name(each) for each in audience.groups])))
    if audience.state:
        parts.append(_certificate(audience))
    if audience.product:
        product = catalogue.products.get(audience.product)
        name = short_name(product) if product else audience.product
        parts.append(_("of the product {product}").format(product=cut(name, 60)))
    return parts


def _certificate(audience: Audience) -> str:
    if audience.state == "valid":
        return _("with a certificate in date")
    if audience.state == "ending":
        return _("whose certificate ends within {days} days").format(days=audience.days)
    if audience.days:
        return _("whose certificate ended within the last {days} days").format(days=audience.days)
    return _("whose certificate has ended")


def not_a_moment(problem: Problem) -> str:
    """Why an hour could not be taken, and how to write one."""
    why = {
        "not_understood": _("I could not read when that is."),
        "no_hour": _("At what hour? Please write the day and the hour."),
        "no_such_day": _("There is no such day."),
        "no_such_hour": _("There is no such hour."),
        "other_weekday": _("That date is another day of the week."),
        "past": _("That is in the past."),
        "now": _("That is in the past."),
        "too_far": _("That is more than a year ahead; please check the year."),
    }[problem or "not_understood"]
    example = _("For example: “tomorrow 8:00”, “Friday 8 pm”, “25/12 at 7:30”.")
    return f"{why} {example}"


def not_done(step: Step) -> str:
    """Why a step was not taken."""
    return {
        "missing": _("There is no such announcement."),
        "own": _("You wrote or changed this announcement: somebody else must approve it."),
        "changed": _("It was changed since this was shown. Please look at it again."),
        "not_now": _("That is not possible any more: it is in another state by now."),
    }[step if step != "done" else "not_now"]


def too_large(size: int) -> str:
    """Why a picture of so many bytes is not taken."""
    said = _("The picture has {size} MB; at most 10 MB can be sent. Please make it smaller.")
    return said.format(size=number(round(size / 1024 / 1024)))


def duration(seconds: float) -> str:
    """How long sending takes, roughly."""
    if seconds < 60:
        return _("less than a minute")
    minutes = round(seconds / 60)
    if minutes < 90:
        return ngettext("about {count} minute", "about {count} minutes", minutes).format(count=minutes)
    hours = round(minutes / 60)
    return ngettext("about {count} hour", "about {count} hours", hours).format(count=hours)

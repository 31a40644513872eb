"""What the command line says of reminders: a day's plan, what was written, and why a product is or is not due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from handlers.reminders.jobs import awake, occasion, run
from handlers.reminders.proving import step_name
from handlers.reminders.scheduling import when
from handlers.sentences import name_of
from handlers.services.catalogue import Product
from handlers.services.certificates import exact_end
from handlers.services.reminders.due import Due, WhyNot, due, said, without_end
from handlers.services.reminders.known import CALL, NOBODY, OFFICERS, PASSED, Known, Told
from handlers.services.reminders.planning import Digest, Occasion, Plan, plan
from handlers.services.reminders.silence import calls, silent
from handlers.talk.language import _, clock, day, ngettext, number
from handlers.talk.turn import Desk


class NoSuchProductError(ValueError):
    """The registry has no product of this code."""


async def planned(desk: Desk, on: date | None) -> list[str]:
    """The plan of a day, without writing anything: who, what, by which road, why not."""
    here = await occasion(desk, on)
    made = await plan(desk.engine, here)
    told = [one for one in made.digests if one.path]
    to_call = [one for one in made.digests if not one.path]
    title = _("Plan for {day}, {time}:").format(day=day(here.day), time=clock(here.roads.now))
    lines = [title + " " + _counted(made), ""]
    lines += [line for one in told for line in _digest_lines(one)]
    if to_call:
        lines += [_("An officer calls:"), *(line for one in to_call for line in _digest_lines(one))]
    handed = Counter(one.level for one in silent(made))
    waiting = len(calls(made)) + sum(len(one.items) for one in to_call)
    lines += [
        "",
        _("No answer: {commune} to the commune, {province} to the province; to call: {calls}.").format(
            commune=handed["commune"], province=handed["province"], calls=number(waiting)
        ),
        _("Without an exact last day, nobody is reminded: {n}.").format(
            n=number(len(without_end(here.catalogue)))
        ),
    ]
    return lines


def _counted(made: Plan) -> str:
    digests = sum(one.path is not None for one in made.digests)
    return ngettext("{n} digest", "{n} digests", digests).format(n=number(digests))


def _digest_lines(one: Digest) -> Iterator[str]:
    who = _("nobody linked") if one.reader.person_id == NOBODY else _person(one.reader.person_id)
    road = (
        f"{one.path.channel} {_('(template)') if one.path.way == 'template' else ''}".strip()
        if one.path
        else ""
    )
    yield f"{one.producer}: {who}" + (f" → {road}" if road else "")
    for item in one.items:
        yield f"    {item.due.product.code}  {name_of(item.due.product)}: {_step_line(item.due)}"
    if one.skipped:
        yield "    " + _("not by: {roads}").format(roads=_skipped(one))


def _person(number_: int) -> str:
    return _("person {n}").format(n=number_)


def _step_line(one: Due) -> str:
    return _("{step}, ends on {day}, {n} days").format(
        step=step_name(one.step.name), day=day(one.end), n=number(one.days)
    )


def _skipped(one: Digest) -> str:
    why = {
        "off": _("switched off"),
        "no chat": _("no chat"),
        "silent": _("silent for too long"),
        "no budget": _("no budget"),
        "no consent": _("no number with consent"),
        "refused": _("refused before"),
        "nobody linked": _("nobody linked"),
    }
    return ", ".join(f"{road} ({why.get(reason, reason)})" for road, reason in one.skipped)


async def done(desk: Desk) -> list[str]:
    """Run today's morning; running it again writes nothing again."""
    if not awake(desk.now()):
        return [
            _("It is night (22:00 to 07:00): nothing is written to people now. Reminders go out from 08:00.")
        ]
    written, officials = await run(desk)
    return [
        _(
            "Written: {digests} digests with {products} products, {calls} to call, {officials} digests for officials. "
            "The running program sends them."
        ).format(
            digests=number(written.digests),
            products=number(written.reminders - written.calls),
            calls=number(written.calls),
            officials=number(officials),
        )
    ]


# ----------------------------------------------------------------------------------------------------------------- why


async def explained(desk: Desk, code: str, on: date | None) -> list[str]:
    """Why a product is or is not due on a day, step by step. Raises :class:`NoSuchProductError`."""
    here = await occasion(desk, on)
    product = here.catalogue.products.get(code) or here.catalogue.products_by_key.get(code)
    if product is None:
        raise NoSuchProductError(_("No product has the code {code}.").format(code=code))
    lines = [f"{name_of(product)} ({product.code}), {day(here.day)}", *_dates(product, here)]
    found = due(product, here.day, here.steps)
    if isinstance(found, WhyNot):
        return [*lines, _("Not due: {why}.").format(why=_why(found))]
    lines.append(_("Due by the registry: {step}.").format(step=_step_line(found)))
    made = await plan(desk.engine, here, [found.producer])
    word = said(found, made.known.renewals.get(found.key), here.day)
    if word:
        return [*lines, _("Not due: {why}.").format(why=_why(word))]
    return [*lines, *_people(found, made), *_handed(found, made)]


def _dates(product: Product, here: Occasion) -> Iterator[str]:
    end = exact_end(product.certificate)
    if end is None:
        yield _("Last valid day: not known to the day.")
        return
    left = (end - here.day).days
    yield _("Last valid day: {day}, {n} days.").format(day=day(end), n=number(left))
    for step in here.steps.every:
        come = step.days_before is not None and left <= step.days_before
        yield f"  {'✓' if come else '·'} {step_name(step.name)}: {when(step.days_before)}"


def _why(reason: WhyNot) -> str:
    return {
        WhyNot.NO_EXACT_END: _("its last day is not known to the day"),
        WhyNot.NOT_YET: _("no step has come yet"),
        WhyNot.LONG_OVER: _("the end is too long ago"),
        WhyNot.STATE: _("its certificate was revoked, replaced or stopped, or is not confirmed"),
        WhyNot.DOSSIER: _("the registry records a renewal file"),
        WhyNot.FILED: _("the producer handed the file in"),
        WhyNot.DECLINED: _("the producer does not renew"),
        WhyNot.SNOOZED: _("the producer asked to be reminded later"),
        WhyNot.NO_PRODUCER: _("no producer is recorded"),
    }[reason]


def _people(found: Due, made: Plan) -> Iterator[str]:
    """Each person: what they were told of this step, or what they are told now."""
    now = {
        one.reader.person_id: one for one in made.digests if found.key in {item.due.key for item in one.items}
    }
    people = made.known.links.get(found.producer, [])
    if not people:
        yield _("Nobody is linked to {producer}.").format(producer=found.producer)
    for person in [*people, NOBODY]:
        told = next(
            (
                one
                for one in made.known.told.get(found.key, ())
                if one.person_id == person and one.step == found.step.name
            ),
            None,
        )
        who = _("nobody linked") if person == NOBODY else _person(person)
        if person in now:
            yield f"{who}: " + (_("is told now") if now[person].path else _("is to be called now"))
            yield from (f"  {line}" for line in _digest_lines(now[person]))
        elif told:
            yield f"{who}: " + _told_line(told)
        elif person != NOBODY:
            yield f"{who}: " + _not_told(person, made.known)


def _told_line(told: Told) -> str:
    on = day(date.fromisoformat(told.day))
    if told.key == PASSED:
        return _("overtaken by a later step on {day}").format(day=on)
    if told.key == CALL:
        return _("to be called, since {day}").format(day=on)
    if told.key.startswith(OFFICERS):
        return _("an officer was asked to call, since {day}").format(day=on)
    return _("told on {day} by {road} ({state})").format(day=on, road=told.channel, state=told.state or "?")


def _not_told(person: int, known: Known) -> str:
    if known.readers[person].unwilling:
        return _("wants no reminders")
    return _("today's digest is out already; told tomorrow")


def _handed(found: Due, made: Plan) -> Iterator[str]:
    raised = made.known.escalated.get(found.key, set())
    for level, words in (
        ("commune", _("the commune was told that nobody answers")),
        ("province", _("the province was told that nobody answers")),
    ):
        if level in raised:
            yield words[:1].upper() + words[1:] + "."

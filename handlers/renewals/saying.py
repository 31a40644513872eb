"""What is said about a renewal: preparing, handed in, not renewing, help wanted, later. Each answers the reminders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta

from handlers.renewals.acting import Acting, acting, not_yours
from handlers.renewals.words import REASONS, next_line, reason_words
from handlers.sentences import cut, menu_button, name_of, office, told_apart
from handlers.services.access import linked_people, officers_of
from handlers.services.catalogue import Product
from handlers.services.certificates import exact_end, verdict
from handlers.services.dates import PartialDate
from handlers.services.renewing import Standpoint, commune_of, say
from handlers.services.tickets import opened
from handlers.showing import not_on_the_list
from handlers.talk import action
from handlers.talk.language import _, day, ngettext, number
from handlers.talk.message import Button, Message
from handlers.talk.telling import tell
from handlers.talk.turn import Turn

Messages = list[Message]
LATER = (7, 14, 30)
"""days after which a reminder comes again"""
LONGEST_REASON = 300


def _ways(product: Product) -> tuple[tuple[Button, ...], ...]:
    more = Button(_("Papers to gather"), action.renewal(product.key, "list"))
    mine = Button(_("My certificates"), action.build("mine", "0"))
    return ((more, mine), (menu_button(),))


async def _may(turn: Turn, key: str) -> Acting | Messages:
    product = turn.catalogue.products_by_key.get(key)
    if product is None:
        return not_on_the_list(turn, key)
    return await acting(turn, product) or not_yours(product)


async def _done(turn: Turn, may: Acting, words: str, changed: bool) -> Messages:
    """Say what was written down; a producer for whom an official wrote is told."""
    turn.standing.put("step", None)
    lines = [words]
    if may.for_them:
        lines.append(_("Written down for the producer, marked as recorded by an official."))
        reached = await told(turn, may, turn.inbound.id) if changed else 0
        lines.append(
            _("The producer is told.") if reached else _("The producer has no linked chat and is not told.")
        )
    return [
        Message("\n".join(lines), title=told_apart(may.product, turn.catalogue), buttons=_ways(may.product))
    ]


async def told(turn: Turn, may: Acting, what: str) -> int:
    """Tell the people who serve the producer that an official wrote something down; how many can be reached."""
    code = may.saying.acts_for
    people = (await linked_people(turn.engine, [code])).get(code, [])

    def write() -> Messages:
        text = _(
            "An official of the commune wrote something down for you about “{name}”. Ask “when do my certificates end” "
            "to see it; if it is wrong, press “I need help”."
        ).format(name=name_of(may.product))
        help_ = Button(_("I need help"), action.renewal(may.product.key, "help"))
        show = Button(_("Show it"), action.renewal(may.product.key, "show"))
        return [Message(text, buttons=((show, help_),))]

    return await tell(turn.engine, people, f"for:{turn.inbound.channel}:{what}", write, turn.now)


# ------------------------------------------------------------------------------------------------------- what is said


async def preparing(turn: Turn, may: Acting) -> Messages:
    """The file is being prepared."""
    changed = await say(turn.engine, may.saying, state="preparing")
    found = verdict(may.product.certificate, turn.today)
    lines = [_("Good: noted that you are preparing the file.")]
    lines.append(next_line(may.product, found, Standpoint("preparing"), turn.catalogue))
    return await _done(turn, may, "\n".join(lines), changed)


async def filed(turn: Turn, may: Acting) -> Messages:
    """Handed in: ask on which day."""
    turn.standing.put("step", {"name": "filed", "product": may.product.code})
    today = turn.today

    def on(words: str, when: date) -> Button:
        return Button(words, action.build("rn-filed", may.product.key, when.isoformat()))

    text = _(
        "On which day was the file of “{name}” handed in at the commune? For example: “yesterday”, “3/12”."
    )
    rows = ((on(_("Today"), today), on(_("Yesterday"), today - timedelta(days=1))), (menu_button(),))
    return [Message(text.format(name=name_of(may.product)), buttons=rows)]


async def filed_on(turn: Turn, key: str = "", iso: str = "") -> Messages:
    """Handed in on a day, from a button."""
    may = await _may(turn, key)
    if not isinstance(may, Acting):
        return may
    try:
        when = date.fromisoformat(iso)
    except ValueError:
        return await filed(turn, may)
    return await handed_in(turn, may, when)


async def handed_in(turn: Turn, may: Acting, when: date) -> Messages:
    """Handed in on a day; one outside the window is said to be so, and still written down."""
    before = _before_it_was_issued(may.product, when)
    if before:
        turn.standing.put("step", {"name": "filed", "product": may.product.code})
        return [Message(before, buttons=((menu_button(),),))]
    if when > turn.today:
        text = _("{day} has not come yet. On which day was the file handed in?").format(day=day(when))
        return [Message(text, buttons=((menu_button(),),))]
    changed = await say(turn.engine, may.saying, state="filed", filed_on=when.isoformat())
    found = verdict(may.product.certificate, turn.today)
    lines = [_("Noted: the file was handed in on {day}. No more reminders for it.").format(day=day(when))]
    if found.filing and not found.filing.opens <= when <= found.filing.closes:
        lines.append(
            _(
                "That day lies outside the filing window ({opens} to {closes}); the provincial OCOP office decides "
                "what follows."
            ).format(opens=day(found.filing.opens), closes=day(found.filing.closes))
        )
    lines.append(next_line(may.product, found, Standpoint("filed", when), turn.catalogue))
    return await _done(turn, may, "\n".join(lines), changed)


def _before_it_was_issued(product: Product, when: date) -> str:
    """That day cannot be: the certificate that is to be renewed was not there yet; "" = it can."""
    issued = product.certificate.issued_on
    first = PartialDate.parse(issued).first if issued else None
    if first is None or when >= first:
        return ""
    text = _(
        "On {day} this certificate was not issued yet ({issued}), so that was no renewal. On which day was the file "
        "handed in?"
    )
    return text.format(day=day(when), issued=day(first))


async def declined(turn: Turn, may: Acting) -> Messages:
    """Not renewing: ask why; the office learns from it."""
    turn.standing.put("step", {"name": "declined", "product": may.product.code})
    key = may.product.key
    rows = [(Button(cut(_(words), 40), action.build("rn-why", key, why)),) for why, words in REASONS.items()]
    text = _(
        "Why will “{name}” not be renewed? Choose, or write it in your own words. The OCOP office reads it."
    )
    return [Message(text.format(name=name_of(may.product)), buttons=(*rows, (menu_button(),)))]


async def because(turn: Turn, key: str = "", reason: str = "") -> Messages:
    """Not renewing, for one of our reasons."""
    may = await _may(turn, key)
    if not isinstance(may, Acting):
        return may
    return await given_up(turn, may, reason) if reason in REASONS else await declined(turn, may)


async def given_up(turn: Turn, may: Acting, reason: str) -> Messages:
    """Not renewing, for a reason."""
    kept = " ".join(reason.split())[:LONGEST_REASON]
    changed = await say(turn.engine, may.saying, state="declined", reason=kept)
    text = _("Noted: it will not be renewed ({reason}). No more reminders for it. You can change your mind: say "
             "“preparing”.").format(reason=cut(reason_words(kept), 120))  # fmt: skip
    return await _done(turn, may, text, changed)


async def help_(turn: Turn, may: Acting) -> Messages:
    """Help wanted: a ticket, and the officers of the commune are told."""
    inbound = turn.inbound
    name = name_of(may.product)
    made = opened(
        turn.chat,
        inbound.id,
        inbound.at,
        kind="help",
        text=f"{name} ({may.product.producer.name if may.product.producer else ''})",
        product=may.product.code,
    )
    turn.records.append(made)
    await say(turn.engine, may.saying)
    people = await officers_of(turn.engine, commune_of(may.product))
    producer = may.product.producer
    phone = producer.phone if producer else None

    def write() -> Messages:
        text = _("{producer} asks for help with the renewal of “{name}” (number {number}).").format(
            producer=producer.name if producer else "", name=name_of(may.product), number=made.number
        )
        reach = _("Phone: {phone}").format(phone=phone) if phone else ""
        button = Button(_("Show it"), action.renewal(may.product.key, "show"))
        return [Message("\n".join(filter(None, [text, reach])), buttons=((button,),))]

    reached = await tell(turn.engine, people, f"help:{made.number}", write, turn.now)
    text = _("Your request for help has the number {number}.").format(number=made.number)
    if reached:
        text += " " + _("The commune's officer is told and will answer you.")
    else:
        text += " " + _("It waits for the OCOP office; how soon they answer is not known.")
    turn.standing.put("step", None)
    return [Message(text, title=name, buttons=_ways(may.product))]


async def later(turn: Turn, may: Acting) -> Messages:
    """Remind me later: ask when; of a certificate without an exact last day nobody is reminded, and that is said."""
    if exact_end(may.product.certificate) is None:
        text = _(
            "The last valid day of “{name}” is not recorded to the day, so I cannot remind you of it. Please ask "
            "{where} for the exact day of issue."
        ).format(name=name_of(may.product), where=office(may.product, turn.catalogue))
        return [Message(text, buttons=_ways(may.product))]
    rows = []
    for days in LATER:
        words = ngettext("in {n} day", "in {n} days", days).format(n=number(days))
        rows.append(Button(words, action.build("rn-later", may.product.key, days)))
    found = verdict(may.product.certificate, turn.today)
    text = _("When shall I remind you of “{name}” again?").format(name=name_of(may.product))
    if found.filing and found.filing.state == "open":
        text += "\n" + _("The last filing day is {day}.").format(day=day(found.filing.closes))
    return [Message(text, buttons=(tuple(rows), (menu_button(),)))]


async def put_off(turn: Turn, key: str = "", days: str = "7") -> Messages:
    """Remind me in so many days."""
    may = await _may(turn, key)
    if not isinstance(may, Acting):
        return may
    if not days.isdecimal() or int(days) not in LATER:
        return await later(turn, may)
    until = turn.today + timedelta(days=int(days))
    changed = await say(turn.engine, may.saying, snoozed_until=until.isoformat())
    text = _("All right: I remind you again after {day}.").format(day=day(until))
    found = verdict(may.product.certificate, turn.today)
    if found.filing and found.filing.state != "closed" and until > found.filing.closes:
        text += "\n" + _("Careful: the last filing day, {day}, lies before that.").format(
            day=day(found.filing.closes)
        )
    return await _done(turn, may, text, changed)


WORDS: Mapping[str, Callable[[Turn, Acting], Awaitable[Messages]]] = {
    "preparing": preparing,
    "filed": filed,
    "declined": declined,
    "help": help_,
    "later": later,
}
"""the words of a reminder's buttons"""

"""The table of contents: everything the bot understands, on one screen.

Order of trial: press → command → number or label just offered → open step → intent → look-up → fallback.
"""

from __future__ import annotations

from handlers import (
    announcements,
    browse,
    certificates,
    contacts,
    corrections,
    details,
    fallback,
    inviting,
    nearby,
    numbers,
    officials,
    people,
    producers,
    products,
    progress,
    reminders,
    renewals,
    seasons,
    settings,
    showrooms,
    start,
    subscriptions,
    tickets,
)
from handlers.showing import asked_about, not_on_the_list
from handlers.talk import action
from handlers.talk.language import N_
from handlers.talk.message import File, Joined, Message, Phone, Place, Unsupported
from handlers.talk.router import Command, OpenStep, Routes, merge, only
from handlers.talk.turn import Redo, Turn


def look_up(turn: Turn) -> list[Message] | Redo:
    """Something was named without saying what is wanted: who shows it?"""
    meaning = turn.meaning
    if meaning is None:
        return fallback.unknown(turn)
    if meaning.code and not meaning.products:
        return not_on_the_list(turn, meaning.code)
    if meaning.group or meaning.stars or meaning.state:
        return browse.by_wish(turn)
    if meaning.products:
        return browse.by_wish(turn) if meaning.places else products.named(turn)
    if meaning.producers:
        return producers.producers_named(turn, meaning.producers)
    if meaning.places:
        return browse.good_here(turn)
    return products.named(turn)


async def mine(turn: Turn) -> list[Message]:
    """When does mine expire: my own products; the public verdict of what was named by somebody not linked."""
    meaning = turn.meaning
    if meaning and (meaning.products or meaning.producers or meaning.code):
        told = certificates.status(turn)
        return told if (await turn.who()).producers else merge([told, renewals.how_to_link()])
    return await renewals.mine_or_how(turn)


async def helped(turn: Turn) -> list[Message]:
    """What can be asked here; officials are told their tasks as well."""
    told = start.help_(turn)
    return merge([told, await officials.tasks(turn)]) if (await turn.who()).official else told


async def on_behalf(turn: Turn) -> list[Message]:
    """An official writes for a producer: a contact person, or something about a renewal."""
    return await (contacts.asked(turn) if contacts.wants_contact(turn) else renewals.on_behalf(turn))


async def contact(turn: Turn) -> list[Message]:
    """How to reach a producer; for an official who writes for one, their contact person."""
    if contacts.wants_contact(turn) and (await turn.who()).is_a(*reminders.SEES):
        return await contacts.asked(turn)
    return producers.contact(turn)


async def certified(turn: Turn) -> list[Message]:
    """Is it still certified? With nothing named, a producer means their own."""
    meaning = turn.meaning
    named = meaning and (meaning.products or meaning.producers or meaning.code or meaning.words)
    if named:
        return certificates.status(turn)
    shown = asked_about(turn)
    served = (await turn.who()).producers
    if served and all(product.producer and product.producer.code in served for product in shown):
        return await renewals.mine_or_how(turn)
    return certificates.status(turn)


def wished(turn: Turn) -> list[Message]:
    """A list was asked for: of a producer, of a place, or by group, stars and state."""
    meaning = turn.meaning
    if meaning and meaning.producers and not (meaning.group or meaning.stars):
        return producers.producers_named(turn, meaning.producers)
    return browse.by_wish(turn)


async def received(turn: Turn) -> list[Message]:
    """A picture or a file: for an announcement or a correction that asked for one, else a kind word."""
    if announcements.wants_picture(turn) and (await turn.who()).is_a(*announcements.WRITES):
        return await announcements.photo(turn)
    if corrections.wants_photo(turn) and (await turn.who()).is_a(*corrections.PRODUCERS):
        return await corrections.sent(turn)
    return fallback.other(turn)


async def cancelled(turn: Turn) -> list[Message]:
    """Cancel what was begun; officials also name an announcement."""
    if announcements.named(turn) and (await turn.who()).is_a(*announcements.WRITES):
        return await announcements.stopped_typed(turn)
    return start.cancel(turn)


async def stopped(turn: Turn) -> list[Message]:
    """No more announcements; officials who name one pause or cancel it."""
    if announcements.named(turn) and (await turn.who()).is_a(*announcements.WRITES):
        return await announcements.stopped_typed(turn)
    return await subscriptions.stop(turn)


COMMANDS = (
    Command("start", start.opened),
    Command("menu", start.menu, N_("Menu: everything I can do")),
    Command("tim", start.search, N_("Find a product")),
    Command("kiemtra", certificates.ask_which, N_("Check a certificate")),
    Command("gan", nearby.near, N_("Showrooms near me")),
    Command("mua", seasons.seasonal, N_("What is in season")),
    Command("hoso", renewals.papers, N_("Renewal papers for producers")),
    Command("lang", settings.language, N_("Language: Tiếng Việt, English")),
    Command("tin", subscriptions.topics, N_("Announcements: what you get")),
    Command("dung", subscriptions.stop),
    Command("stop", subscriptions.stop),
    Command("thongbao", only(announcements.ACTIONS["an-new"], *announcements.WRITES)),
    Command("help", helped, N_("What I can do")),
    Command("sdt", numbers.kept),
    Command("xoa", settings.erase, N_("Delete what is kept of this chat")),
    Command("human", tickets.human, N_("Talk to a person")),
    Command("cancel", start.cancel, N_("Cancel what was begun")),
)

ROUTES = Routes(
    commands={command.name: command for command in COMMANDS},
    actions={
        "p": products.card,
        "q": products.found,
        "v": certificates.certificate,
        "c": certificates.checked,
        "w": nearby.where,
        "s": showrooms.showroom,
        "m": showrooms.pin,
        "at": nearby.at_point,
        "h": producers.producer,
        "l": browse.filtered_page,
        action.MENU: start.menu,
        action.HELP: helped,
        action.SEARCH: start.search,
        action.CANCEL: start.cancel,
        action.NEAR: nearby.near,
        action.ALL_SHOWROOMS: showrooms.all_showrooms,
        action.ASK_CODE: certificates.ask_which,
        action.PRODUCTS: browse.groups,
        action.GIFTS: browse.gifts,
        action.SEASON: seasons.seasonal,
        action.PAPERS: renewals.papers,
        action.LANGUAGES: settings.language,
        action.ERASE: settings.erased,
        action.HUMAN: tickets.human,
        action.COMPLAIN: tickets.complain,
        action.CODE: people.code,
        people.LINK: people.how,
        people.AGREE: people.agree,
        people.REFUSE: people.refuse,
        people.LEAVE: people.leave,
        **numbers.ACTIONS,
        action.TASKS: only(officials.tasks, *reminders.SEES),
        "forget": settings.erase,
        **renewals.ACTIONS,
        "inv": only(inviting.invite_this, "officer", "editor", "approver"),
        **{verb: only(entry, *reminders.SEES) for verb, entry in contacts.ACTIONS.items()},
        "role-end": only(inviting.role_ended, *inviting.PROVINCE),
        "subs": subscriptions.topics,
        "sub": subscriptions.subscribe,
        "unsub": subscriptions.unsubscribe,
        "unremind": subscriptions.stop_reminders,
        "quiet": subscriptions.quiet,
        "quiet-off": subscriptions.no_quiet,
        **{verb: only(entry, *corrections.PRODUCERS) for verb, entry in corrections.ACTIONS.items()},
        **{verb: only(entry, *corrections.DECIDES) for verb, entry in corrections.DECISIONS.items()},
        **{verb: only(entry, *reminders.SEES) for verb, entry in reminders.ACTIONS.items()},
        **{verb: only(entry, *reminders.CHANGES) for verb, entry in reminders.CHANGING_ACTIONS.items()},
        **{verb: only(entry, *announcements.WRITES) for verb, entry in announcements.ACTIONS.items()},
        **{verb: only(entry, *announcements.DECIDES) for verb, entry in announcements.DECISIONS.items()},
    },
    steps={
        "place": OpenStep(nearby.place_typed, nearby.leaves_place),
        "certificate": OpenStep(certificates.named, certificates.leaves_question),
        "ticket": OpenStep(tickets.written, tickets.leaves_ticket),
        people.STEP: OpenStep(people.consent_answered, people.leaves_consent),
        numbers.STEP: OpenStep(numbers.answered, numbers.leaves),
        **renewals.STEPS,
        "quiet": OpenStep(subscriptions.quiet_typed, subscriptions.leaves_quiet),
        corrections.VALUE: OpenStep(only(corrections.typed, *corrections.PRODUCERS), corrections.leaves),
        corrections.REASON: OpenStep(only(corrections.reasoned, *corrections.DECIDES), corrections.leaves),
        contacts.STEP: OpenStep(only(contacts.typed, *reminders.SEES), contacts.leaves),
        reminders.STEP: OpenStep(only(reminders.days_typed, *reminders.CHANGES), reminders.leaves),
        announcements.STEP: OpenStep(
            only(announcements.written, *announcements.WRITES), announcements.leaves
        ),
        announcements.CHOICE: OpenStep(
            only(announcements.written, *announcements.WRITES), announcements.leaves_choice
        ),
    },
    intents={
        "cancel": cancelled,
        "menu": start.menu,
        "help": helped,
        "back": start.back,
        "next": start.onward,
        "previous": start.previous,
        "pick": start.pick,
        "language": settings.language,
        "certificate": certified,
        "my_certificates": mine,
        "papers": renewals.papers,
        "where_to_file": renewals.where_to_file,
        **renewals.INTENTS,
        "on_behalf": only(on_behalf, *reminders.SEES),
        **{name: only(entry, *corrections.PRODUCERS) for name, entry in corrections.INTENTS.items()},
        **{name: only(entry, *corrections.DECIDES) for name, entry in corrections.DECIDING_INTENTS.items()},
        **{name: only(entry, *reminders.SEES) for name, entry in reminders.INTENTS.items()},
        **{name: only(entry, *reminders.CHANGES) for name, entry in reminders.CHANGING_INTENTS.items()},
        "invite_producer": only(inviting.invite_producer, "officer", "editor", "approver"),
        "invite_official": only(inviting.invite_official, *inviting.PROVINCE),
        "roles": only(inviting.roles, *inviting.PROVINCE),
        "end_role": only(inviting.end_role, *inviting.PROVINCE),
        "link": people.how,
        "unlink": people.leave,
        "agree_reminders": people.agree,
        "buy": nearby.buy,
        "nearest": nearby.near,
        "open_now": showrooms.open_now,
        "how_far": showrooms.way_there,
        "directions": showrooms.way_there,
        "price": products.price,
        "cheaper": products.cheaper,
        "season": seasons.season,
        "good_here": browse.good_here,
        "gifts": browse.gifts,
        "list": wished,
        "producer": producers.producer,
        "contact": contact,
        "shelf_life": details.shelf_life,
        "allergens": details.allergens,
        "delivery": details.delivery,
        "targets": progress.targets,
        "not_that": products.another,
        "another": products.another,
        "human": tickets.human,
        "complain": tickets.complain,
        "stop": stopped,
        "subscribe": subscriptions.topics,
        "quiet_hours": subscriptions.quiet,
        **{name: only(entry, *announcements.WRITES) for name, entry in announcements.INTENTS.items()},
        **{
            name: only(entry, *announcements.DECIDES)
            for name, entry in announcements.DECIDING_INTENTS.items()
        },
        "greet": start.welcome,
        "thanks": start.thanks,
        "bye": start.bye,
        "about_bot": start.about,
        "out_of_scope": fallback.out_of_scope,
    },
    contents={
        Place: nearby.here,
        Joined: start.joined,
        File: received,
        Phone: people.phone,
        Unsupported: fallback.other,
    },
    code=people.code,
    look_up=look_up,
    stale=fallback.stale,
    unknown=fallback.unknown,
    empty=fallback.empty,
    mornings=(reminders.morning,),
    minutes=(announcements.due, reminders.minute),
)

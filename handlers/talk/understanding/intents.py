"""Labels of a cut sentence → intents, in the order of the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from handlers.talk.understanding.labels import Labels
from handlers.talk.understanding.lexicon import Lexicon
from handlers.talk.understanding.meaning import Meaning

POLITE = frozenset(
    ("greet", "thanks", "bye", "yes", "no", "help", "menu", "cancel", "back", "next", "previous")
)
"""said beside a question they need no answer of their own"""
ALONE = "out_of_scope"
TOURISM = "tourism-services"
"""group whose products are places: one goes there, nobody buys them"""
OF_GOODS = frozenset(("price", "contact", "certificate"))
"""weak intents that stay beside words nobody knows: these may be goods"""
STRANGE = 2
DOUBTED = frozenset(("list", "season", "good_here", "producer", "price", "buy", "nearest"))
"""beside two words nobody knows, where nothing of ours is named, these were hardly asked of us"""
TOPICS = frozenset(("shelf_life", "allergens", "delivery"))
ABOUT_PLACES = POLITE | {"good_here", "nearest", "directions", "how_far", "open_now", "list", "season"}
"""asked about a place outside the province they are not ours to answer"""


def combined(lexicon: Lexicon, labels: Labels, meaning: Meaning) -> list[str]:
    """The intents of the sentence, in its order, without those that another one stands for."""
    found = _said(lexicon, labels)
    _ask_where(found, labels, meaning)
    if meaning.products:
        _about_goods(found, labels, meaning)
    if meaning.products or meaning.producers:
        found.pop("about_bot", None)
    if meaning.producers and not meaning.products and "good_here" in found:
        found["list"] = found.pop("good_here")
    commanded = any(ALONE in lexicon.over.get(intent, ()) for intent in found)
    if not commanded and _refused(found, labels, meaning):
        return [ALONE]
    _take_weak(found, labels, meaning)
    if not commanded and _of_elsewhere(found, labels, meaning):
        return [ALONE]
    if not meaning.products:
        _without_goods(found, labels, meaning)
    _stand_for(found, lexicon)
    if labels.strange >= STRANGE and _names_nothing(meaning, labels):
        for intent in DOUBTED & found.keys():
            del found[intent]
    if found.keys() - POLITE or meaning.products or meaning.places or meaning.producers:
        for intent in POLITE & found.keys():
            del found[intent]
    return sorted(found, key=found.__getitem__)


def _said(lexicon: Lexicon, labels: Labels) -> dict[str, int]:
    """Intents of phrases, and of cues that make one together."""
    found = dict(labels.intents)
    for cue in {name for name, _ in labels.cues}:
        for intent, cues in lexicon.combinations.get(cue, ()):
            at = _in_order(cues, labels.cues)
            if at is not None:
                found.setdefault(intent, at)
    return found


def _stand_for(found: dict[str, int], lexicon: Lexicon) -> None:
    """Leave out the intents that another one stands for."""
    for intent in list(found):
        for other in lexicon.over.get(intent, ()):
            if intent in found:
                found.pop(other, None)


def _about_goods(found: dict[str, int], labels: Labels, meaning: Meaning) -> None:
    """What the same words ask where goods are named; goods that are places are gone to, not bought."""
    if all(product.group == TOURISM for product in meaning.products):
        if "buy" not in labels.intents and "buy" in found:
            found["directions"] = found.pop("buy")
    elif not meaning.places and "directions" in found:
        at = found.pop("directions")
        found.setdefault("buy", at)
    if "buy" in found and "nearest" not in labels.intents and not labels.has("near"):
        found.pop("nearest", None)
    if "my_certificates" in found and "my_certificates" not in labels.intents:
        at = found.pop("my_certificates")
        found.setdefault("certificate", at)


def _refused(found: dict[str, int], labels: Labels, meaning: Meaning) -> bool:
    """Whether something is asked that is not our business."""
    on_the_road = meaning.places and found.keys() & {"directions", "how_far"}
    if ALONE in found or (labels.soft and not (meaning.products or meaning.topic or on_the_road)):
        return True
    return bool(labels.has("recipe") and meaning.products and not found.keys() - POLITE)


def _take_weak(found: dict[str, int], labels: Labels, meaning: Meaning) -> None:
    """Where nothing else is asked: a word of trade asks to buy, and weak intents count."""
    traded = next((at for cue, at in labels.cues if cue == "cue:trade"), None)
    bare = not (meaning.words or meaning.places or labels.weak)
    if traded is not None and not found.keys() - POLITE and (meaning.products or bare):
        found["buy"] = traded
    if not found or (meaning.products and not found.keys() - POLITE):
        sure = meaning.products or not meaning.words
        found |= {name: at for name, at in labels.weak.items() if sure or name in OF_GOODS}


def _of_elsewhere(found: dict[str, int], labels: Labels, meaning: Meaning) -> bool:
    """Whether the sentence asks for places or specialities outside the province."""
    if not labels.elsewhere or meaning.places or found.keys() - ABOUT_PLACES:
        return False
    if meaning.products:
        return "nearest" in found or labels.has("shop")
    return bool(found.keys() - POLITE) or labels.has("shop")


def _names_nothing(meaning: Meaning, labels: Labels) -> bool:
    """Whether the sentence names no goods, place, producer, group or stars."""
    named = meaning.products or meaning.places or meaning.producers or meaning.code or meaning.missing
    return not (named or {"group", "stars", "state"} & labels.others.keys())


def _without_goods(found: dict[str, int], labels: Labels, meaning: Meaning) -> None:
    """What the same words ask where no product is named."""
    if "nearest" in found or "open_now" in found:
        found.pop("buy", None)
    if labels.other_shop and not meaning.places:
        for intent in ("nearest", "buy", "open_now"):
            found.pop(intent, None)
    if "buy" in found and meaning.words and "buy" not in labels.intents and not labels.has("trade"):
        del found["buy"]
    if "producer" not in labels.intents and meaning.words and not meaning.places:
        found.pop("producer", None)
    if "season" not in labels.intents and not (labels.has("when") or labels.has("month")):
        found.pop("season", None)
    if "producer" in found and ("list" in found or meaning.places):
        found["list"] = found.pop("producer")
    if "certificate" in found and labels.has("mine"):
        found["my_certificates"] = found.pop("certificate")


def _in_order(cues: Sequence[str], said: Sequence[tuple[str, int]]) -> int | None:
    """Where the first cue stands if all were said in this order."""
    start, at, position = None, 0, -1
    for cue in cues:
        while at < len(said) and not (said[at][0] == cue and said[at][1] > position):
            at += 1
        if at == len(said):
            return None
        position = said[at][1]
        start = position if start is None else start
    return start


def _ask_where(found: dict[str, int], labels: Labels, meaning: Meaning) -> None:
    """A bare "where": to buy a product, the way to a place, where to file, by what else is said."""
    where = next((at for cue, at in labels.cues if cue == "cue:where"), None)
    if (
        where is None
        or labels.denied
        or found.keys()
        & {
            "buy",
            "producer",
            "where_to_file",
            "nearest",
            "directions",
            "how_far",
            "contact",
        }
    ):
        return
    if meaning.products or not (meaning.places or meaning.producers):
        if not (found.keys() - POLITE) or meaning.products:
            found["buy"] = where
    elif meaning.producers:
        found["producer"] = where
    else:
        found["directions"] = where


def settled(meaning: Meaning, intents: list[str], labels: Labels) -> Meaning:
    """The meaning with its intents, and those that follow from what else was said."""
    if intents == [ALONE]:
        return Meaning((ALONE,), language=meaning.language, spans=meaning.spans, places=meaning.places)
    if meaning.wants_language and "language" not in intents:
        intents = ["language"]
    if meaning.code and not meaning.products and "certificate" not in intents:
        intents = [*(intent for intent in intents if intent != "list"), "certificate"]
    state = _wished_state(meaning, intents, labels)
    if state:
        intents = [intent for intent in intents if intent not in ("certificate", "season")]
    if intents == ["list"] and labels.has("shop") and not meaning.products:
        intents = ["nearest"]
    intents = _listing(meaning, intents, state)
    intents = intents or _implied(meaning, labels)
    about_one = "open_now" in intents and not labels.which
    return replace(meaning, intents=tuple(intents), state=state, about_one=about_one)


def answered(meaning: Meaning, intents: Sequence[str], labels: Labels, ruled: Sequence[str]) -> Meaning:
    """The meaning with intents that are decided, in the order the phrases say them (``ruled``)."""
    if ALONE in intents:
        return Meaning((ALONE,), language=meaning.language, spans=meaning.spans, places=meaning.places)
    listed = "list" in intents or not intents
    state = _wished_state(meaning, [*intents], labels) if listed else None
    places = {intent: at for at, intent in enumerate(ruled)}
    ordered = sorted(intents, key=lambda intent: places.get(intent, len(places)))
    return replace(
        meaning,
        intents=tuple(ordered),
        state=state,
        topic=next((intent for intent in intents if intent in TOPICS), None),
        about_one="open_now" in intents and not labels.which,
    )


def _wished_state(meaning: Meaning, intents: list[str], labels: Labels) -> str | None:
    """The state that a list is asked for; beside one product it is a question about its certificate."""
    many = len(meaning.products) > 1 and "list" in labels.intents
    if (meaning.products and not many) or meaning.code or {"my_certificates", "complain"} & {*intents}:
        return None
    lists = (
        labels.has("which")
        or "list" in labels.intents.keys() | labels.weak.keys()
        or meaning.stars
        or meaning.group
    )
    return labels.others.get("state") if lists or meaning.places else None


def _listing(meaning: Meaning, intents: list[str], state: str | None) -> list[str]:
    """Group, stars or a state make a list, unless something else is asked."""
    chosen = bool(meaning.group or meaning.stars or state)
    if chosen:
        intents = list(dict.fromkeys("list" if intent == "good_here" else intent for intent in intents))
    if (chosen and not meaning.products and not intents) or (state and "list" not in intents):
        return [*intents, "list"]
    if (
        not meaning.products
        and intents == ["good_here" if meaning.producers else "producer"]
        and (chosen or meaning.producers)
    ):
        return ["list"]
    if meaning.products and intents == ["list"] and not chosen:
        return []
    return intents


def _implied(meaning: Meaning, labels: Labels) -> list[str]:
    """What a sentence without a plain intent asks by the things it names."""
    if meaning.stars and len(meaning.products) == 1:
        return ["certificate"]
    if meaning.products and labels.has("trade"):
        return ["buy"]
    if labels.has("maker") and meaning.places and not meaning.producers:
        return ["list"]
    if labels.has("shop") and (meaning.products or not (labels.other_shop or meaning.words)):
        return ["nearest"]
    if meaning.budget and not meaning.products:
        return ["gifts"]
    if meaning.number and "number" in labels.others:
        return ["pick"]
    return []

"""Which intents a sentence has, from what was learned and what the phrases say.

What was learned decides; the phrases are among the features it looks at. The phrases alone decide where they leave no
doubt: a short text that is one of them, a code, a number, a line an official added after the weights were learned.
Unsure sentences that name nothing of ours were not understood: no answer is better than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence

from handlers.services.text import Sentence
from handlers.talk.understanding.features import GOODS_NAMED, NOTHING_OURS
from handlers.talk.understanding.labels import Labels
from handlers.talk.understanding.learned import Learned
from handlers.talk.understanding.meaning import Meaning, Span
from handlers.talk.understanding.segments import Item

NOTHING_ASKED = "look_up"
REFUSED = "out_of_scope"
ORDERS = frozenset(
    ("link", "unlink", "agree_reminders", "subscribe", "quiet_hours", "calendar", "calendar_off", "my_corrections",
     "renewal_filed", "renewal_preparing", "renewal_declined", "renewal_help", "renewal_later", "renewal_checklist",
     "correct_price", "correct_season", "correct_description", "correct_link", "correct_photo", "correct_phone",
     "correct_hours")
)  # fmt: skip
"""what producers order or report, in words of their own too"""
ALONE = ORDERS | frozenset(
    ("out_of_scope", "look_up", "greet", "thanks", "bye", "yes", "no", "help", "human", "not_that", "another",
     "cancel", "stop", "complain", "pick", "about_bot", "menu", "back", "next", "previous", "language")
)  # fmt: skip
"""intents that stand for a whole sentence: no second one beside them"""
NEAR_OR_BUY = frozenset(("buy", "nearest"))
"""one wish, unless goods and a place are named: either answer names where to buy and asks where somebody is"""
CLAUSE, IN_WHOLE = 0.8, 0.002
"""chance that a second intent needs in its clause, and in the whole sentence"""
AGREED = 0.1
"""chance that a second intent needs where the phrases say it too"""
SURE = 0.9
"""chance from which a question is believed in a long text that has the words of an order somewhere"""
UNSURE, ENDING = 0.25, 0.4
"""below, a sentence that names nothing of ours was not understood; what ends something must be likelier"""
REFUSING = 2.0
"""how much heavier a refusal weighs than its chance: a wrong answer is worse than none"""
SURELY_NOT_OURS = 0.5
"""chance that a refusal needs beside goods of ours"""
TOGETHER = 3
SHORT = 4
"""words of a text that may be one phrase and nothing else"""
CLAUSES = re.compile(
    r"[,;?+&\n]|\.\s|\s(?:va|vs|voi|and|với|và|mà|ma|rồi|roi|luôn|luon|with)\s", re.IGNORECASE
)
"""what may stand between two questions"""
FOLLOWING = 8
"""words of a text that may go on about the product just shown"""
TOLD = 5
"""features named in an explanation"""

Chances = Mapping[str, float]


def clear(cut: Sentence, ruled: Meaning, labels: Labels, learned: Learned) -> bool:
    """Whether the phrases leave no doubt: a code, a number, or a short text that is a phrase and nothing else."""
    if ruled.code or ruled.number:
        return True
    if ruled.wants_language and ruled.intents == ("language",) and len(cut.folded) <= SHORT:
        return True
    said = [intent for intent in ruled.intents if intent in labels.intents]
    named = ruled.products or ruled.places or ruled.producers or ruled.words
    return (
        len(cut.folded) <= SHORT and len(said) == 1 == len(ruled.intents) and not named and not labels.strange
    )


def ordered(ruled: Meaning, learned: Learned) -> bool:
    """Whether the phrases say only what officials (of which nothing was learned) and producers order."""
    return bool(ruled.intents) and not {*ruled.intents} & {*learned.intents} - ORDERS


def plainly(cut: Sentence, items: Sequence[Item]) -> bool:
    """Whether such an order is a short text, or begins with its phrase."""
    return len(cut.folded) <= FOLLOWING or any(phrase.first for item in items[:1] for phrase in item.phrases)


def follows(meaning: Meaning, ruled: Meaning, cut: Sentence, *, answers: bool) -> bool:
    """Whether a short text that is refused by itself goes on about the product just shown, as the phrases have
    it, or ``answers`` a question.
    """
    if meaning.intents not in ((), (REFUSED,)) or len(cut.folded) > FOLLOWING or ruled.intents == (REFUSED,):
        return False
    return bool(ruled.intents) or (answers and meaning.intents == (REFUSED,))


def own_phrases(items: Sequence[Item], own: frozenset[str]) -> bool:
    """Whether a phrase is said that was added after the weights were learned."""
    return bool(own) and any(
        f"{label} {' '.join(phrase.typed)}" in own
        for item in items
        for phrase in item.phrases
        for label in phrase.labels
    )


def decided(
    chances: Chances, ruled: Meaning, seen: Collection[str], clauses: Callable[[], Sequence[Chances]]
) -> tuple[str, ...] | None:
    """The intents of a sentence with the features ``seen``, the likeliest first; none where something is only named;
    None where it was not understood.
    """
    first = _first(chances, ruled, goods=not GOODS_NAMED.isdisjoint(seen))
    if first == NOTHING_ASKED:
        return ()
    unsure = ENDING if first in ("cancel", "stop") else UNSURE
    if NOTHING_OURS in seen and first != REFUSED and chances[first] < unsure:
        return None
    if first in ALONE:
        return (first,)
    if {*ruled.intents} >= NEAR_OR_BUY and first in NEAR_OR_BUY and ruled.products and ruled.places:
        return ("buy", "nearest")
    found = clauses()
    others = (next(iter(clause.items())) for clause in found)
    beside = [i for i, chance in others if chance >= CLAUSE and i not in ALONE and chances[i] >= IN_WHOLE]
    if found and first in ruled.intents and len(ruled.intents) <= TOGETHER and not ALONE & {*ruled.intents}:
        beside += [intent for intent in ruled.intents if chances.get(intent, 0.0) >= AGREED]
    if first in NEAR_OR_BUY:
        beside = [intent for intent in beside if intent not in NEAR_OR_BUY]
    return tuple(dict.fromkeys((first, *beside)))[:TOGETHER]


def _first(chances: Chances, ruled: Meaning, *, goods: bool) -> str:
    """The likeliest intent; a refusal weighs more, unless the phrases say the likeliest too; beside goods it must be
    likely by itself, and what seems only to be named is looked up.
    """
    likeliest = next(iter(chances))
    if likeliest == NOTHING_ASKED or likeliest in ruled.intents:
        return likeliest
    allowed = ruled.intents == (REFUSED,) or not goods or chances[REFUSED] >= SURELY_NOT_OURS
    weighed = {
        intent: chance * REFUSING if intent == REFUSED else chance
        for intent, chance in chances.items()
        if intent != REFUSED or allowed
    }
    return max(weighed, key=weighed.__getitem__)


def parts(text: str) -> list[str]:
    """The clauses of a text of several, each of two words or more."""
    found = [part.strip() for part in CLAUSES.split(text)]
    kept = [part for part in found if len(part.split()) > 1]
    return kept if len(kept) > 1 else []


def spoken_for(learned: Learned, features: Sequence[str], chances: Chances, length: int) -> Span:
    """Why: the likeliest intent, its chance and the features that spoke most for it, over the whole text."""
    intent, chance = next(iter(chances.items()))
    words = ", ".join(feature for feature, _ in learned.speaking(features, intent)[:TOLD])
    return Span(0, length, "learned", f"{intent} {chance:.0%}: {words}")

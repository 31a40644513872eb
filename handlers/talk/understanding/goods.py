"""Which intents are asked about goods, and whether words taken for goods are some, by what is asked."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.talk.understanding.asking import Reading
from handlers.talk.understanding.intents import TOPICS
from handlers.talk.understanding.meaning import Meaning

ABOUT_GOODS = frozenset(
    ("buy", "certificate", "price", "season", "producer", "cheaper", "contact", "complain", "open_now",
     "nearest", "how_far", "directions", "another", "not_that")
)  # fmt: skip
"""intents that may be asked about goods"""
ASK_GOODS = (
    ABOUT_GOODS - {"nearest", "open_now", "how_far", "directions", "complain"}
    | TOPICS
    | {"list", "my_certificates"}
)
"""intents for which a word that says other things as well is taken for goods"""
HARDLY_NAMED = frozenset(
    ("delivery", "cheaper", "my_certificates", "papers", "where_to_file", "targets", "contact")
)
"""asked with many words nobody knows: they are no goods"""
PRODUCT_ASKS = frozenset(("buy", "certificate", "price", "season", "producer", "cheaper"))
"""intents that want a product: when none was found, known words may have been typos"""


def names_no_goods(named: Meaning, intents: Sequence[str], reading: Reading) -> bool:
    """Whether the words taken for goods are none, by what is asked."""
    if named.nameless or (named.guessed and {*intents} <= HARDLY_NAMED and intents):
        return True
    if (named.in_passing or named.guessed) and intents and not ASK_GOODS & {*intents}:
        return True
    return {*intents} == {"allergens"} and not named.products and reading.within

"""``python -m tests.understanding.teach``: learn the intents from the labelled sentences and write the weights.

A softmax regression (scikit-learn, group ``teach`` of pyproject.toml) over the features of
``handlers/talk/understanding/features.py``. The same sentences give the same file. Every sentence is learned twice,
with and without what the phrases say of it, so that the words count by themselves too; older sentences, on which the
phrases were written, only without. Never learned: held-out rows.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from handlers.services.text import key, sentence
from handlers.talk.understanding import Understanding
from handlers.talk.understanding.learned import (
    BUCKETS,
    FILE,
    STRENGTH,
    ZERO,
    Learned,
    bucket,
    packed,
    wide,
    worth,
)
from handlers.talk.understanding.lexicon import said_at_all
from tests.understanding import labelled, registry, scoring

FREEDOM = 2.0
"""scikit-learn's C: how far weights may grow"""
OLDER, PHRASE, REFUSED_PHRASE = 0.3, 0.1, 0.05
"""how much an older sentence, a phrase, and a phrase that is not ours count beside a sentence of the corpus"""
ORDINARY = 4
"""sentences that have a word nobody will take for the name of goods"""
RULES = ("r:", "p:")
TOPICS = frozenset(("contact", "buy", "papers"))
"""older labels of what has intents of its own by now"""
NEWER = ("bao lau", "may ngay", "may thang", "bao quan", "de duoc", "keep", "last", "shelf", "han su dung", "di ung",
         "thanh phan", "gluten", "allerg", "ingredient", "chat bao quan", "ship", "giao", "gui", "van chuyen",
         "deliver", "dang ky", "tham gia", "moi")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lesson:
    """Features, the intents that are right with them, and how much it counts."""

    features: tuple[str, ...]
    intents: tuple[str, ...]
    weight: float


def taught() -> str:
    """A hash of all sentences that are learned from, with their intents."""
    told = [[row.text, row.told] for row in labelled.rows(held=False)]
    told += [list(pair) for pair in (*labelled.grouped(), *_older())]
    return f"{zlib.crc32(json.dumps(told, ensure_ascii=False).encode()):08x}"


def lessons(understanding: Understanding) -> list[Lesson]:
    """Everything that is learned from."""
    found = []
    pairs = [(row.text, row.told) for row in labelled.rows(held=False)] + list(labelled.grouped())
    for text, told in dict.fromkeys(pairs):
        features, intents = understanding.features(text), _intents(told)
        found.append(Lesson(tuple(features), intents, 0.5))
        found.append(Lesson(_without_rules(features), intents, 0.5))
    for text, told in _older():
        found.append(Lesson(_without_rules(understanding.features(text)), _intents(told), OLDER))
    for text, told in _phrases(understanding):
        features = [
            f for f in _without_rules(understanding.features(text)) if "^" not in f[:4] and "$" not in f
        ]
        weight = REFUSED_PHRASE if "out_of_scope" in told else PHRASE
        found.append(Lesson(tuple(features), _intents(told), weight))
    return found


def learn(lessons: list[Lesson], phrases: list[str]) -> Learned:
    """The weights."""
    import numpy
    from sklearn.linear_model import LogisticRegression

    each = [(lesson, intent) for lesson in lessons for intent in lesson.intents]
    model = LogisticRegression(C=FREEDOM, max_iter=400, tol=1e-4)
    model.fit(
        matrix([lesson.features for lesson, _ in each]),
        [intent for _, intent in each],
        sample_weight=[lesson.weight / len(lesson.intents) for lesson, _ in each],
    )
    step = float(numpy.abs(model.coef_).max()) / (ZERO - 1)
    step = float(f"{step:.6g}")
    rows = numpy.clip(numpy.rint(model.coef_.T / step), 1 - ZERO, ZERO - 1) + ZERO
    start = tuple(round(float(value), 4) for value in model.intercept_)
    hashes = tuple(sorted(zlib.crc32(phrase.encode()) for phrase in phrases))
    rows = wide(rows.astype("uint8").tobytes())
    return Learned(tuple(map(str, model.classes_)), start, step, rows, taught(), hashes, ordinary())


def ordinary() -> frozenset[str]:
    """The folded words of at least :data:`ORDINARY` sentences."""
    texts = [row.text for row in labelled.rows(held=False)] + [text for text, _ in labelled.grouped()]
    count = Counter(word for text in dict.fromkeys(texts) for word in {*sentence(text).folded})
    return frozenset(word for word, times in count.items() if times >= ORDINARY)


def matrix(sentences: list[tuple[str, ...]]):  # type: ignore[no-untyped-def]
    """Sentences as rows of weighted buckets, every row as long as the others."""
    import scipy.sparse
    from sklearn.preprocessing import normalize

    cells = [(row, bucket(f), worth(f)) for row, features in enumerate(sentences) for f in features]
    rows, columns, values = zip(*cells, strict=True)
    whole = scipy.sparse.csr_matrix(
        ([float(value) for value in values], (rows, columns)), shape=(len(sentences), BUCKETS)
    )
    return normalize(whole) * STRENGTH


def _without_rules(features: list[str]) -> tuple[str, ...]:
    return tuple(feature for feature in features if feature[:2] not in RULES)


def _known() -> frozenset[str]:
    """What is learned at all: the intents of the corpus. What officials order is left to the phrases."""
    return frozenset(one for row in labelled.rows(held=False) for one in _intents(row.told))


def _intents(told: str) -> tuple[str, ...]:
    return tuple(one or "look_up" for way in told.split("|") for one in way.split("+"))


def _older() -> Iterator[tuple[str, str]]:
    """Sentences that the phrases were written with; whatever is said of topics got newer names."""
    pairs = [(text, expected) for _, text, expected in scoring.looked_at()]
    pairs += [(row.text, row.expected) for row in scoring.fresh() if not row.after]
    pairs += [(text, told) for _, text, told in scoring.sentences() if not scoring.held_back(text)]
    held, known = {key(row.text) for row in labelled.rows(held=True)}, _known()
    for text, expected in pairs:
        told = _told(expected)
        if told is None or key(text) in held or not {*_intents(told)} <= known:
            continue
        if TOPICS & {*_intents(told)} and any(word in key(text) for word in NEWER):
            continue
        yield text, told


def _told(expected: str) -> str | None:
    if expected == "none":
        return "out_of_scope"
    parts = expected.split(" ")
    said = next((part[8:] for part in parts if part.startswith("intents=")), None)
    goods = any(part.startswith(("products=", "top=", "has=")) for part in parts)
    return said if said is not None else "look_up" if goods else None


def _phrases(understanding: Understanding) -> Iterator[tuple[str, str]]:
    known = _known()
    for phrase in (one for found in understanding.lexicon.phrases.values() for one in found):
        labels = [label.partition(":")[::2] for label in phrase.labels]
        told = [name for kind, name in labels if kind == "topic"]
        told = told or [name for kind, name in labels if kind in ("intent", "soft", "weak")]
        text = " ".join(phrase.typed)
        if told and {*told} <= known and not ("contact" in told and any(one in key(text) for one in NEWER)):
            yield text, "|".join(dict.fromkeys(told))


def main() -> None:
    """Learn and write."""
    understanding = registry.untaught()
    learned = learn(lessons(understanding), said_at_all(understanding.lexicon))
    FILE.write_bytes(packed(learned))
    print(
        f"{FILE.name}: {len(learned.intents)} intents, {FILE.stat().st_size:,} bytes, sentences {learned.taught}"
    )


if __name__ == "__main__":
    main()

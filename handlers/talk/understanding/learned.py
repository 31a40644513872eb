"""What was learned from sentences with known intents: weights of features, added up (a softmax regression).

The file holds, for each of :data:`BUCKETS` hashes of a feature, a weight of one byte for every intent. A row is read as
one large number with a lane of two bytes for each intent, so that one addition of such numbers adds the weights of all
intents at once: a sentence costs its features, not features times intents. ``python -m tests.understanding.teach``
writes the file; that needs scikit-learn, this module nothing.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("learned.bin")
BUCKETS = 1 << 15
ZERO = 128
"""the byte that stands for no weight"""
WORTH: Mapping[str, int] = {"w": 10, "c": 5, "m": 7, "k": 6, "r": 6, "p": 5}
"""how much a kind of feature (its first letter) counts, in tenths; others :data:`OTHER`"""
OTHER = 7
STRENGTH = 10.0
"""length of the vector of every sentence, be it short or long"""
MOST_FEATURES = 250
"""of one kind; more would run over a lane"""


def bucket(feature: str) -> int:
    """The row of a feature."""
    return zlib.crc32(feature.encode()) % BUCKETS


def worth(feature: str) -> int:
    """How much a feature counts, in tenths."""
    return WORTH.get(feature[0], OTHER) if feature[1] == ":" else OTHER


@dataclass(frozen=True, slots=True)
class Learned:
    """Weights, read once."""

    intents: tuple[str, ...]
    start: tuple[float, ...]
    """weight of each intent before a word is read"""
    step: float
    """what one step of a byte is worth"""
    rows: bytes
    """a lane of two bytes for each intent, row after row"""
    taught: str
    """hash of the sentences it was learned from"""
    phrases: tuple[int, ...]
    """hashes of the phrases known then"""
    ordinary: frozenset[str] = frozenset()
    """folded words of many of those sentences: by themselves nobody's goods are called so"""

    def chances(self, features: Sequence[str]) -> dict[str, float]:
        """The probability of every intent, the likeliest first; ``look_up``: things are named, nothing is asked."""
        by_worth: dict[int, list[int]] = {}
        for feature in features:
            by_worth.setdefault(worth(feature), []).append(bucket(feature))
        totals, count, square = [0] * len(self.intents), 0, 0
        for weight, places in by_worth.items():
            kept = places[:MOST_FEATURES]
            totals = [total + weight * lane for total, lane in zip(totals, self._sum(kept), strict=True)]
            count += weight * len(kept)
            square += weight * weight * len(kept)
        factor = self.step * STRENGTH / math.sqrt(square) if square else 0.0
        return _softmax(
            self.intents,
            [
                begin + factor * (total - ZERO * count)
                for begin, total in zip(self.start, totals, strict=True)
            ],
        )

    def speaking(self, features: Sequence[str], intent: str) -> list[tuple[str, float]]:
        """The features that spoke for an intent, the loudest first: by how much more than for intents on average."""
        at, width = self.intents.index(intent), 2 * len(self.intents)
        told = []
        for feature in features:
            first = bucket(feature) * width
            row = self.rows[first : first + width : 2]
            told.append((feature, worth(feature) * self.step * (row[at] - sum(row) / len(row))))
        return sorted((one for one in told if one[1] > 0), key=lambda one: -one[1])

    def unknown(self, phrases: Iterable[str]) -> frozenset[str]:
        """The phrases that were not there when this was learned: an official's own, which decide at once."""
        known = frozenset(self.phrases)
        return frozenset(phrase for phrase in phrases if zlib.crc32(phrase.encode()) not in known)

    def _sum(self, places: Sequence[int]) -> tuple[int, ...]:
        rows, width, whole = self.rows, 2 * len(self.intents), 0
        for place in places:
            whole += int.from_bytes(rows[place * width : place * width + width], "little")
        return struct.unpack(f"<{len(self.intents)}H", whole.to_bytes(width, "little"))


def _softmax(names: Sequence[str], totals: Sequence[float]) -> dict[str, float]:
    most = max(totals)
    powers = [math.exp(total - most) for total in totals]
    whole = sum(powers)
    ranked = sorted(zip(names, powers, strict=True), key=lambda pair: (-pair[1], pair[0]))
    return {name: power / whole for name, power in ranked}


def packed(learned: Learned) -> bytes:
    """The file: a line of JSON, then one byte for each bucket and intent, compressed."""
    told = {name: getattr(learned, name) for name in ("intents", "start", "step", "taught", "phrases")}
    told["ordinary"] = " ".join(sorted(learned.ordinary))
    return json.dumps(told, ensure_ascii=False).encode() + b"\n" + zlib.compress(learned.rows[::2], 9)


@lru_cache(maxsize=1)
def load(path: Path = FILE) -> Learned:
    """Read the weights. Raises OSError, ValueError or zlib.error for a file that is none."""
    head, _, body = path.read_bytes().partition(b"\n")
    told = json.loads(head)
    intents, narrow = tuple(told["intents"]), zlib.decompress(body)
    if len(narrow) != BUCKETS * len(intents):
        raise ValueError(f"{path.name}: {len(narrow)} weights, not {BUCKETS} times {len(intents)}")
    start, phrases = tuple(told["start"]), tuple(told["phrases"])
    ordinary = frozenset(told["ordinary"].split())
    return Learned(intents, start, told["step"], wide(narrow), told["taught"], phrases, ordinary)


def wide(weights: bytes) -> bytes:
    """One byte a weight → two, so that sums fit."""
    lanes = bytearray(2 * len(weights))
    lanes[::2] = weights
    return bytes(lanes)

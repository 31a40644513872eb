"""Seeded noise on real names: what fingers, keyboards and dialects do to them.

``rows(catalogue, seed)`` gives (kind, text, expected) like the lines of ``sentences.tsv``.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterator

from handlers.services.catalogue import Catalogue
from handlers.services.keystrokes import NEIGHBOURS
from handlers.services.text import fold, key

Row = tuple[str, str, str]

TONES = {
    "\u0300": ("f", "2"),
    "\u0301": ("s", "1"),
    "\u0309": ("r", "3"),
    "\u0303": ("x", "4"),
    "\u0323": ("j", "5"),
}
QUALITY = {"\u0302": ("", "6"), "\u031b": ("w", "7"), "\u0306": ("w", "8")}
SWAPS = (
    ("s", "x"),
    ("x", "s"),
    ("ch", "tr"),
    ("tr", "ch"),
    ("l", "n"),
    ("n", "l"),
    ("d", "gi"),
    ("d", "r"),
    ("r", "d"),
    ("gi", "d"),
)
QUESTIONS = (
    ("{} bán ở đâu vậy ạ", "buy"),
    ("cho mình hỏi {} giá bao nhiêu", "price"),
    ("{} còn hạn chứng nhận không", "certificate"),
    ("ad ơi {} do ai sản xuất thế", "producer"),
    ("cho em hỏi mùa nào có {}", "season"),
    ("mình muốn mua {} thì mua ở chỗ nào", "buy"),
    ("{} mấy sao vậy bạn", "certificate"),
    ("gần đây có chỗ nào bán {} không", "nearest+buy|buy+nearest|nearest|buy"),
    ("cho xin thông tin về {} với", ""),
    ("hôm trước ăn thử {} thấy ngon ghê", ""),
)
TEEN = (
    ("{} bn z", "price"),
    ("{} ở đâu bán z mn", "buy"),
    ("{} còn hạn k", "certificate"),
    ("có bán {} hok ad", "buy"),
    ("sp {} mấy sao z", "certificate"),
    ("mún mua {} dc k", "buy"),
)
ENGLISH = (
    ("where can I buy {}", "buy"),
    ("how much is {}?", "price"),
    ("is {} still certified?", "certificate"),
    ("who makes {}", "producer"),
    ("tell me about {}", ""),
    ("{}", ""),
)


def telex(name: str) -> str:
    """The keys of a name in Telex, left raw."""
    return "".join(_keys(word, 0) for word in re.split(r"(\s+)", name))


def vni(name: str) -> str:
    """The keys of a name in VNI, left raw."""
    return "".join(_keys(word, 1) for word in re.split(r"(\s+)", name))


def _keys(word: str, way: int) -> str:
    out, tone = [], ""
    for letter in unicodedata.normalize("NFC", word):
        plain = unicodedata.normalize("NFD", letter)
        base = plain[0]
        if base in "đĐ":
            out.append("dd" if way == 0 else "d9")
            continue
        keys = base
        for mark in plain[1:]:
            if mark in TONES:
                tone = TONES[mark][way]
            elif mark in QUALITY:
                keys += QUALITY[mark][way] or base.lower()
        out.append(keys)
    return "".join(out) + tone


def _drop(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word))
    return word[:at] + word[at + 1 :]


def _double(word: str, dice: random.Random) -> str:
    at = dice.randrange(len(word))
    return word[:at] + word[at] + word[at:]


def _swap(word: str, dice: random.Random) -> str:
    at = dice.randrange(len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _beside(word: str, dice: random.Random) -> str:
    spots = [i for i, letter in enumerate(word) if fold(letter) in NEIGHBOURS]
    if not spots:
        return word
    at = dice.choice(spots)
    return word[:at] + dice.choice(sorted(NEIGHBOURS[fold(word[at])])) + word[at + 1 :]


def _tone(word: str, dice: random.Random) -> str:
    plain = unicodedata.normalize("NFD", word)
    bare = "".join(c for c in plain if c not in TONES)
    spots = [i for i, c in enumerate(bare) if c.lower() in "aeiouy"]
    if not spots:
        return word
    at = spots[len(spots) // 2]
    return unicodedata.normalize("NFC", bare[: at + 1] + dice.choice(sorted(TONES)) + bare[at + 1 :])


def _alike(word: str, dice: random.Random) -> str:
    fits = [(a, b) for a, b in SWAPS if word.lower().startswith(a) and len(word) > len(a) + 1]
    if word.lower().startswith("đ"):
        fits.append(("đ", "d"))
    if not fits:
        return word.replace("y", "i") if "y" in word[1:] else word.replace("i", "y", 1)
    old, new = dice.choice(fits)
    return new + word[len(old) :]


EDITS: tuple[Callable[[str, random.Random], str], ...] = (_drop, _double, _swap, _beside, _tone, _alike)


def mistyped(name: str, dice: random.Random, edits: int) -> str:
    """The name with so many edits in different words of three letters or more."""
    parts = name.split(" ")
    long = [i for i, word in enumerate(parts) if len(word) >= 3 and word.isalpha()]
    for at in dice.sample(long, min(edits, len(long))):
        for _ in range(8):
            changed = dice.choice(EDITS)(parts[at], dice)
            if changed != parts[at]:
                parts[at] = changed
                break
    return " ".join(parts)


def rows(catalogue: Catalogue, seed: int = 2026) -> Iterator[Row]:
    """Every product's name under every kind of noise."""
    dice = random.Random(seed)
    names = {p.code: re.sub(r"\s*\([^()]*\)", "", p.name_vi) for p in catalogue.products.values()}
    folded = {code: set(key(name).split()) for code, name in names.items()}
    for i, product in enumerate(catalogue.products.values()):
        name = names[product.code]
        alone = sum(folded[product.code] <= other for other in folded.values()) == 1
        want = f"{'top' if alone else 'has'}={product.code}"
        yield "exact", product.name_vi, f"top={product.code}"
        yield "nodiac", fold(name), want
        yield "nodiac", unicodedata.normalize("NFD", name), want
        yield "nodiac", name.upper(), want
        if alone:
            yield from _noisy(name, product.code, i, dice)
        elif product.name_en and i % 2:
            yield "english", re.sub(r"\s*\([^()]*\)", "", product.name_en), f"has={product.code}"
        if product.name_en and alone:
            english = re.sub(r"\s*\([^()]*\)", "", product.name_en)
            frame, intent = ENGLISH[i % len(ENGLISH)]
            yield (
                "english",
                frame.format(english),
                f"top={product.code}" + (f" intents={intent}" if intent else ""),
            )


def _noisy(name: str, code: str, i: int, dice: random.Random) -> Iterator[Row]:
    want = f"top={code}"
    bare = fold(name)
    yield "typo1", mistyped(name, dice, 1), want
    yield "typo1", mistyped(bare, dice, 1), want
    if len(bare.split()) > 2:
        yield "typo2", mistyped(name if i % 2 else bare, dice, 2), want
    yield "telex", (telex if i % 2 else vni)(name.lower()), want
    frame, intent = TEEN[i % len(TEEN)]
    yield "teencode", frame.format(bare if i % 2 else name), f"{want} intents={intent}"
    for frame, intent in (QUESTIONS[i % len(QUESTIONS)], QUESTIONS[(i * 7 + 3) % len(QUESTIONS)]):
        text = frame.format(name.lower())
        yield (
            "wrapped",
            fold(text) if dice.random() < 0.5 else text,
            want + (f" intents={intent}" if intent else ""),
        )

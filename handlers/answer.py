"""The door in: one inbound in, messages out.

Who calls has stored the arrival and given the standing; what a turn changes and wants remembered goes back with the
answer and is saved in one transaction with it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from handlers.routes import ROUTES
from handlers.services.standing import Standing
from handlers.talk.language import DEFAULT, _, speak, speaking, supported
from handlers.talk.message import Inbound, Left, Message, Press, Receipt
from handlers.talk.router import Chosen, Guarded, Job, Router, allowed, merge, remember_choices
from handlers.talk.turn import Desk, Links, Published, Redo, Turn

WITHDRAWN = frozenset({"user_withdraw"})
"""reasons of leaving that ask for erasure (Zalo: within 24 h)"""
REDOS = 3
"""redirections within one turn, at most"""
TRAIL = 6
"""pages that "back" can go back to"""
ON_THE_TRAIL = frozenset({"p", "v", "w", "s", "h", "l", "q", "c", "list", "shops", "season", "menu"})


@dataclass(slots=True)
class Reply:
    """What a turn gives: messages, rows to save."""

    messages: list[Message] = field(default_factory=list)
    records: list[SQLModel] = field(default_factory=list)
    erase: bool = False
    """everything kept of this chat is to go"""


class Answering:
    """Answers inbounds from what is published at that moment."""

    def __init__(
        self,
        published: Callable[[], Published],
        now: Callable[[], datetime],
        links: Links,
        engine: AsyncEngine,
        default_language: str = DEFAULT,
    ) -> None:
        self._published = published
        self._now = now
        self._links = links
        self._engine = engine
        self._default = default_language
        self._router = Router(ROUTES)

    async def answer(self, inbound: Inbound, standing: Standing) -> Reply:
        """Answer one inbound. Never silent: only a receipt and a leaving get no message."""
        if isinstance(inbound.content, Left):
            standing.status, standing.status_reason, standing.changed = "gone", inbound.content.reason, True
            return Reply(erase=inbound.content.reason in WITHDRAWN)
        if isinstance(inbound.content, Receipt):
            return Reply()
        if standing.status != "active":
            standing.status, standing.status_reason, standing.changed = "active", None, True
        turn = self._turn(inbound, standing)
        speak(turn.language)
        messages = await self._run(turn)
        remember_choices(turn, messages)
        if standing.guessed != turn.language:
            standing.guessed, standing.changed = turn.language, True
        return Reply(messages, turn.records, turn.erase)

    @property
    def desk(self) -> Desk:
        """What the jobs of the clock are given."""
        return Desk(self._engine, self._published, self._now, self._links, self._default)

    async def mornings(self) -> None:
        """The jobs of the morning, each by itself."""
        await self._jobs(ROUTES.mornings)

    async def minutes(self) -> None:
        """The jobs of the minute, each by itself."""
        await self._jobs(ROUTES.minutes)

    async def _jobs(self, jobs: tuple[Job, ...]) -> None:
        """Run them all; what one raises is raised when every one had its turn."""
        results = [await _tried(job, self.desk) for job in jobs]
        failed = [error for error in results if error]
        if failed:
            raise ExceptionGroup("jobs of the clock failed", failed)

    def apology(self, standing: Standing) -> Reply:
        """What a person gets when a fault of ours kept us from answering: a sentence, never a stack trace."""
        with speaking(standing.language or standing.guessed or self._default):
            text = _("Sorry, something went wrong on our side. Please try again, or type “menu”.")
        return Reply([Message(text)])

    def _turn(self, inbound: Inbound, standing: Standing) -> Turn:
        published = self._published()
        hint = supported(inbound.language)
        language = standing.language or standing.guessed or hint or self._default
        if inbound.channel == "web" and hint and not standing.language:
            language = hint
        return Turn(inbound, standing, published, self._now(), language, self._links, self._engine)

    async def _run(self, turn: Turn) -> list[Message]:
        parts = []
        missed = turn.standing.get("missed")
        before = turn.standing.get("trail")
        for chosen in await self._chosen(turn):
            parts.append(await self._call(turn, chosen))
        if turn.standing.get("missed") == missed:
            turn.standing.put("missed", None)
        content = turn.inbound.content
        if isinstance(content, Press):
            self._step_on(turn, content.action)
        beside = turn.standing.get("trail") == before
        turn.standing.put("beside", True if beside and before else None)
        return merge(parts)

    async def _chosen(self, turn: Turn) -> list[Chosen]:
        """What answers; who somebody is, is asked only when something for some only was said or pressed."""
        chosen = self._router.choose(turn)
        if any(isinstance(entry, Guarded) for entry, _arguments in chosen):
            return self._router.choose(turn, await turn.who())
        return chosen

    async def _call(self, turn: Turn, chosen: Chosen) -> list[Message]:
        for _redo in range(REDOS):
            handler, arguments = chosen
            if isinstance(handler, Guarded):
                handler = allowed(handler, await turn.who()) or self._router.routes.stale
            assert not isinstance(handler, Guarded)
            least, most = _arguments(handler)
            if len(arguments) < least:
                handler, arguments = self._router.routes.stale, ()
            result = handler(turn, *arguments[:most])
            if inspect.isawaitable(result):
                result = await result
            if not isinstance(result, Redo):
                return result
            self._step_on(turn, result.action)
            chosen = self._router.pressed(result.action)
        return self._router.routes.stale(turn)  # type: ignore[return-value]

    @staticmethod
    def _step_on(turn: Turn, action: str) -> None:
        if action.partition(":")[0] not in ON_THE_TRAIL:
            return
        trail = [*(turn.standing.get("trail") or [])]
        if not trail or trail[-1] != action:
            turn.standing.put("trail", [*trail, action][-TRAIL:])


async def _tried(job: Job, desk: Desk) -> Exception | None:
    try:
        with speaking(desk.language):
            await job(desk)
    except Exception as error:  # noqa: BLE001 - given back, and raised by who asked
        return error
    return None


@lru_cache(maxsize=256)
def _arguments(handler: Callable[..., object]) -> tuple[int, int]:
    """How many arguments a handler needs and takes beside the turn; an old button may carry more, or fewer."""
    taken = list(inspect.signature(handler).parameters.values())[1:]
    return sum(one.default is one.empty for one in taken), len(taken)

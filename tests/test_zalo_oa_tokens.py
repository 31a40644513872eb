"""The grant of the Official Account: one hand at a time, committed before use, lost only when it must be.

Run as a program, this file is one worker: it reads refused tokens from its standard input, one a line, and
prints the token it would go on with.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

import db
from bot.channels.zalo_oa.client import CallError, Client, Pair, ZaloError
from bot.channels.zalo_oa.consent import Consent, challenge, new_verifier
from bot.channels.zalo_oa.grants import Grants
from bot.channels.zalo_oa.tokens import NeedsConsentError, NotYetError, Tokens
from bot.channels.zalo_oa.vault import Vault
from tests.fakes.zalo_oa import APP_ID, APP_SECRET, FakeZaloOA

TOKENS = "/v4/oa/access_token"
FIRST = "first-refresh-token"
ANSWER_SECONDS = 0.5


@dataclass
class Clock:
    """A clock that is moved by hand."""

    at: datetime = datetime(2026, 12, 3, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Worker:
    """One program's tokens, and what it told the operator."""

    tokens: Tokens
    grants: Grants
    client: Client
    clock: Clock
    alarms: list[str] = field(default_factory=list)

    async def state(self) -> str:
        found = await self.grants.load()
        return found.state if found else "none"


@pytest.fixture
async def fake() -> AsyncIterator[FakeZaloOA]:
    async with FakeZaloOA() as server:
        yield server


@asynccontextmanager
async def worker(
    engine: AsyncEngine,
    fake: FakeZaloOA,
    *,
    first: str = FIRST,
    clock: Callable[[], datetime] | None = None,
    secret: str = APP_SECRET,
    hold_seconds: float = 30.0,
) -> AsyncIterator[Worker]:
    client = Client(
        {"openapi": fake.url, "oauth": fake.url, "zbs": fake.url}, secret, answer_seconds=ANSWER_SECONDS
    )
    await client.open()
    grants = Grants(engine, APP_ID, Vault(secret))
    moved = clock or Clock()
    alarms: list[str] = []
    tokens = Tokens(
        grants, client, APP_ID, first=first, now=moved, alarm=alarms.append, hold_seconds=hold_seconds
    )
    try:
        yield Worker(tokens, grants, client, moved, alarms)  # type: ignore[arg-type]
    finally:
        await client.close()


# ---------------------------------------------------------------------------------------------- ordinary days


async def test_the_first_token_comes_from_the_settings(engine: AsyncEngine, fake: FakeZaloOA) -> None:
    async with worker(engine, fake) as one:
        assert await one.tokens.access() == fake.access
        assert await one.tokens.access() == fake.access
        assert fake.refreshes == [(FIRST, True)]
        assert one.tokens.days_left == 90
        stored = await one.grants.load()
        assert stored is not None
        assert (stored.access, stored.refresh) == (fake.access, fake.refresh)
        assert (stored.state, stored.generation, stored.tries) == ("good", 1, 0)
        assert stored.expires_at == one.clock.at + timedelta(hours=25)


async def test_tokens_are_unreadable_at_rest(sqlite_engine: AsyncEngine, fake: FakeZaloOA) -> None:
    async with worker(sqlite_engine, fake) as one:
        await one.tokens.access()
    async with sqlite_engine.connect() as connection:
        row = (await connection.execute(text("SELECT * FROM zalo_grant"))).one()
    whole = " ".join(str(value) for value in row)
    assert fake.access not in whole
    assert fake.refresh not in whole
    assert FIRST not in whole


async def test_a_repr_shows_no_token(sqlite_engine: AsyncEngine, fake: FakeZaloOA) -> None:
    async with worker(sqlite_engine, fake) as one:
        access = await one.tokens.access()
        assert access not in repr(await one.grants.load())
        assert "x" * 30 not in repr(Pair("x" * 30, "x" * 30, 1)) + repr(one.client)


async def test_a_restart_uses_what_the_database_has(engine: AsyncEngine, fake: FakeZaloOA) -> None:
    async with worker(engine, fake) as one:
        access = await one.tokens.access()
    async with worker(engine, fake) as again:
        assert await again.tokens.access() == access
    assert len(fake.refreshes) == 1


async def test_half_a_day_later_it_is_exchanged(sqlite_engine: AsyncEngine, fake: FakeZaloOA) -> None:
    async with worker(sqlite_engine, fake) as one:
        first = await one.tokens.access()
        one.clock.at += timedelta(hours=11, minutes=59)
        await one.tokens.look()
        assert await one.tokens.access() == first
        one.clock.at += timedelta(minutes=1)
        await one.tokens.look()
        assert await one.tokens.access() == fake.access != first


async def test_with_little_time_left_the_call_itself_exchanges(
    sqlite_engine: AsyncEngine, fake: FakeZaloOA
) -> None:
    async with worker(sqlite_engine, fake) as one:
        first = await one.tokens.access()
        one.clock.at += timedelta(hours=24, minutes=46)
        assert await one.tokens.access() == fake.access != first


@pytest.mark.parametrize("seconds", ["90000", 90000, "60"])
async def test_seconds_may_be_text(sqlite_engine: AsyncEngine, fake: FakeZaloOA, seconds: str | int) -> None:
    fake.expires_in = seconds
    async with worker(sqlite_engine, fake) as one:
        assert await one.tokens.access() == await one.tokens.access()
        assert len(fake.refreshes) == 1


async def test_many_refused_calls_exchange_once(sqlite_engine: AsyncEngine, fake: FakeZaloOA) -> None:
    async with worker(sqlite_engine, fake) as one:
        stale = await one.tokens.access()
        fresh = await asyncio.gather(*(one.tokens.renew(stale) for _ in range(30)))
        assert set(fresh) == {fake.access}
        assert len(fake.refreshes) == 2


async def test_a_token_that_another_replica_exchanged_is_taken_over(
    engine: AsyncEngine, fake: FakeZaloOA
) -> None:
    async with worker(engine, fake) as one, worker(engine, fake) as two:
        stale = await one.tokens.access()
        assert await two.tokens.access() == stale
        fresh = await one.tokens.renew(stale)
        assert await two.tokens.renew(stale) == fresh
        assert len(fake.refreshes) == 2


async def test_the_new_pair_is_committed_before_it_is_used(
    sqlite_engine: AsyncEngine, fake: FakeZaloOA, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that fails twice keeps the token back; nothing is lost."""
    async with worker(sqlite_engine, fake) as one:
        waits: list[float] = []

        async def slept(seconds: float) -> None:
            waits.append(seconds)

        failures = iter([OperationalError("x", {}, OSError()), OperationalError("x", {}, OSError()), None])
        real = one.grants.replace

        async def replace(*arguments: object) -> bool:
            if error := next(failures):
                raise error
            return await real(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(one.grants, "replace", replace)
        monkeypatch.setattr(one.tokens, "_sleep", slept)
        assert await one.tokens.access() == fake.access
        assert waits == [1.0, 1.0]


# --------------------------------------------------------------------------------------------------- refusals


async def test_a_refusal_without_a_number_is_no_success(sqlite_engine: AsyncEngine, fake: FakeZaloOA) -> None:
    async with worker(sqlite_engine, fake, first="spent-long-ago") as one:
        with pytest.raises(NeedsConsentError):
            await one.tokens.access()
        assert await one.state() == "needs_consent"
        for _ in range(3):
            with pytest.raises(NeedsConsentError):
                await one.tokens.access()
        assert fake.refreshes == [("spent-long-ago", False)], "a refused token is not tried again"
        assert len(one.alarms) == 1
        assert "consent" in one.alarms[0]
        assert "Invalid refresh token" in one.tokens.lost
        assert "spent-long-ago" not in one.tokens.lost + one.alarms[0]


async def test_a_refused_token_leaves_the_good_pair_as_it_is(
    sqlite_engine: AsyncEngine, fake: FakeZaloOA
) -> None:
    async with worker(sqlite_engine, fake) as one:
        access = await one.tokens.access()
        fake.refresh = "somebody else has exchanged it"
        with pytest.raises(NeedsConsentError):
            await one.tokens.renew(access)
        stored = await one.grants.load()
        assert stored is not None
        assert stored.access == access
        assert stored.refresh


async def test_without_any_token_consent_is_needed(sqlite_engine: AsyncEngine, fake: FakeZaloOA) -> None:
    async with worker(sqlite_engine, fake, first="") as one:
        with pytest.raises(NeedsConsentError, match="zalo login"):
            await one.tokens.access()
        assert one.tokens.lost
        assert len(one.alarms) == 1
        assert not fake.calls


async def test_a_new_token_in_the_settings_is_taken_when_the_old_grant_is_lost(
    engine: AsyncEngine, fake: FakeZaloOA
) -> None:
    async with worker(engine, fake, first="spent") as one:
        with pytest.raises(NeedsConsentError):
            await one.tokens.access()
    async with worker(engine, fake, first=FIRST) as two:
        assert await two.tokens.access() == fake.access
        assert not two.tokens.lost
    fake.refresh = "gone"
    async with worker(engine, fake, first=FIRST) as three:
        access = await three.tokens.access()
        for _ in range(2):
            with pytest.raises(NeedsConsentError):
                await three.tokens.renew(access)
    assert [good for _, good in fake.refreshes] == [False, True, False]


async def test_another_app_secret_opens_nothing(sqlite_engine: AsyncEngine, fake: FakeZaloOA) -> None:
    async with worker(sqlite_engine, fake) as one:
        await one.tokens.access()
    async with worker(sqlite_engine, fake, first="", secret="another") as two:
        with pytest.raises(NeedsConsentError, match="another app secret"):
            await two.tokens.access()


async def test_too_fast_is_no_refusal(engine: AsyncEngine, fake: FakeZaloOA) -> None:
    fake.fail("-32", path=TOKENS)
    async with worker(engine, fake) as one:
        with pytest.raises(NotYetError) as caught:
            await one.tokens.access()
        assert caught.value.seconds == 2.0
        with pytest.raises(NotYetError):
            await one.tokens.access()
        assert len(fake.called(TOKENS)) == 1, "the pause is kept"
        one.clock.at += timedelta(seconds=2)
        assert await one.tokens.access() == fake.access


@pytest.mark.parametrize("kind", ["html-502", "html-503", "html-200"])
async def test_an_outage_is_waited_for_however_long_it_takes(
    sqlite_engine: AsyncEngine, fake: FakeZaloOA, kind: str
) -> None:
    fake.fail(kind, path=TOKENS, times=5)
    async with worker(sqlite_engine, fake) as one:
        for _ in range(5):
            with pytest.raises(NotYetError):
                await one.tokens.access()
            assert await one.state() == "good"
            one.clock.at += timedelta(minutes=2)
        assert await one.tokens.access() == fake.access
        assert not one.alarms


async def test_an_outage_does_not_hurt_while_the_old_token_lives(
    sqlite_engine: AsyncEngine, fake: FakeZaloOA
) -> None:
    async with worker(sqlite_engine, fake) as one:
        access = await one.tokens.access()
        fake.fail("html-502", path=TOKENS, times=9)
        one.clock.at += timedelta(hours=24, minutes=50)
        assert await one.tokens.access() == access


# ------------------------------------------------------------------------------------------ unknown outcomes


async def test_a_lost_answer_is_tried_once_more_and_then_consent_is_needed(
    engine: AsyncEngine, fake: FakeZaloOA
) -> None:
    fake.fail("drop-after", path=TOKENS)
    async with worker(engine, fake) as one:
        with pytest.raises(NotYetError):
            await one.tokens.access()
        assert await one.state() == "unknown"
        one.clock.at += timedelta(seconds=1)
        with pytest.raises(NeedsConsentError, match="interrupted"):
            await one.tokens.access()
        assert fake.refreshes == [(FIRST, True), (FIRST, False)]
        assert len(one.alarms) == 1


async def test_an_exchange_that_never_reached_zalo_succeeds_the_second_time(
    sqlite_engine: AsyncEngine, fake: FakeZaloOA
) -> None:
    fake.fail("hang", path=TOKENS, seconds=ANSWER_SECONDS * 2)
    async with worker(sqlite_engine, fake) as one:
        with pytest.raises(NotYetError):
            await one.tokens.access()
        one.clock.at += timedelta(seconds=1)
        assert await one.tokens.access() == fake.access
        assert await one.state() == "good"


@pytest.mark.parametrize("kind", ["drop-before", "garbage", "html-504"])
async def test_twice_unknown_is_the_end(sqlite_engine: AsyncEngine, fake: FakeZaloOA, kind: str) -> None:
    fake.fail(kind, path=TOKENS, times=2)
    async with worker(sqlite_engine, fake) as one:
        with pytest.raises(NotYetError):
            await one.tokens.access()
        one.clock.at += timedelta(seconds=1)
        with pytest.raises(NeedsConsentError):
            await one.tokens.access()
        assert len(fake.called(TOKENS)) == 2


async def test_while_the_old_token_lives_the_second_try_waits_a_minute(
    sqlite_engine: AsyncEngine, fake: FakeZaloOA
) -> None:
    async with worker(sqlite_engine, fake) as one:
        access = await one.tokens.access()
        one.clock.at += timedelta(hours=12)
        fake.fail("drop-before", path=TOKENS)
        with pytest.raises(NotYetError) as caught:
            await one.tokens.look()
        assert caught.value.seconds == 60.0
        assert await one.tokens.access() == access
        one.clock.at += timedelta(seconds=60)
        await one.tokens.look()
        assert await one.tokens.access() == fake.access != access


async def test_a_stop_lets_the_exchange_end(sqlite_engine: AsyncEngine, fake: FakeZaloOA) -> None:
    fake.fail("slow", path=TOKENS, seconds=0.2)
    async with worker(sqlite_engine, fake) as one:
        asked = asyncio.create_task(one.tokens.access())
        while not fake.called(TOKENS):
            await asyncio.sleep(0.01)
        asked.cancel()
        await one.tokens.finish()
        stored = await one.grants.load()
        assert stored is not None
        assert (stored.state, stored.access) == ("good", fake.access)


# ---------------------------------------------------------------------------------------------- people's part


def test_the_challenge_is_the_official_one() -> None:
    verifier = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    assert challenge(verifier) == "fR4ifSAEy-7Mu6g7FHZulPKrtjqdAnUCwRFAJt2JFsA"
    assert new_verifier() != new_verifier()
    assert len(new_verifier()) == 43
    assert new_verifier().isalnum()


def test_the_link_and_what_comes_back() -> None:
    asked = Consent("123", "https://oauth.zaloapp.com/", "https://ocop.example.vn/zalo")
    assert asked.link.startswith(
        "https://oauth.zaloapp.com/v4/oa/permission?app_id=123&redirect_uri=https%3A"
    )
    assert f"code_challenge={challenge(asked.verifier)}" in asked.link
    assert asked.verifier not in asked.link + repr(asked)
    back = f"https://ocop.example.vn/zalo?code=abc-1&oa_id=9&state={asked.state}"
    assert asked.code_of(f" {back}\n") == "abc-1"
    assert asked.code_of("https://ocop.example.vn/zalo?code=abc-1&oa_id=9") == "abc-1", (
        "no state was sent back"
    )
    assert asked.code_of("abc-1") == "abc-1"
    for wrong in ("", "https://ocop.example.vn/zalo?oa_id=9", back.replace("state=", "state=x")):
        with pytest.raises(ValueError):
            asked.code_of(wrong)


async def test_a_code_is_exchanged_for_the_grant(engine: AsyncEngine, fake: FakeZaloOA) -> None:
    fake.consent("the-code", "v" * 43)
    async with worker(engine, fake, first="") as one:
        with pytest.raises(NeedsConsentError):
            await one.tokens.access()
        with pytest.raises(ZaloError):
            await one.tokens.login("another-code", "v" * 43)
        await one.tokens.login("the-code", "v" * 43)
        assert await one.tokens.access() == fake.access
        assert not one.tokens.lost


async def test_a_pasted_token_heals_a_running_program(sqlite_engine: AsyncEngine, fake: FakeZaloOA) -> None:
    async with (
        worker(sqlite_engine, fake, first="spent") as running,
        worker(sqlite_engine, fake, first="") as shell,
    ):
        with pytest.raises(NeedsConsentError):
            await running.tokens.access()
        await shell.tokens.paste(FIRST)
        await running.tokens.look()
        assert await running.tokens.access() == fake.access
        with pytest.raises(CallError):
            await shell.tokens.paste(FIRST)
        assert await running.tokens.access() == fake.access


# ---------------------------------------------------------------------------------------------- many programs


async def started(url: str, fake: FakeZaloOA, hold_seconds: float = 30.0) -> asyncio.subprocess.Process:
    """Another program with the same database and the same account."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.test_zalo_oa_tokens",
        url,
        fake.url,
        str(hold_seconds),
        cwd=Path(__file__).parent.parent,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def goes_on_with(program: asyncio.subprocess.Process, refused: str) -> str:
    """What a program says when its token was refused."""
    assert program.stdin
    assert program.stdout
    program.stdin.write(f"{refused}\n".encode())
    return (await asyncio.wait_for(program.stdout.readline(), 20)).decode().strip()


def address_of(engine: AsyncEngine) -> str:
    return make_url(engine.url).render_as_string(hide_password=False)


async def test_two_programs_lose_no_token_in_ten_rounds(engine: AsyncEngine, fake: FakeZaloOA) -> None:
    programs = [await started(address_of(engine), fake) for _ in range(2)]
    token = ""
    for number in range(10):
        fake.fail("slow-after", path=TOKENS, seconds=0.05)
        said = await asyncio.gather(*(goes_on_with(program, token) for program in programs))
        assert set(said) == {fake.access}, f"round {number}"
        token = said[0]
    for program in programs:
        program.stdin.close()  # type: ignore[union-attr]
        assert await program.wait() == 0
    assert [good for _, good in fake.refreshes] == [True] * 10


@pytest.mark.parametrize("reached", [True, False], ids=["after Zalo exchanged", "before Zalo exchanged"])
async def test_killed_between_exchange_and_commit(
    sqlite_engine: AsyncEngine, fake: FakeZaloOA, reached: bool
) -> None:
    """Killed, the grant is unknown and held; when that has ended, the token is tried once more."""
    fake.fail("slow-after" if reached else "hang", path=TOKENS, seconds=30)
    program = await started(address_of(sqlite_engine), fake, hold_seconds=1.5)
    asked = asyncio.create_task(goes_on_with(program, ""))
    while len(fake.refreshes) < reached or not fake.called(TOKENS):
        await asyncio.sleep(0.01)
    program.kill()
    await program.wait()
    assert await asked == ""
    async with worker(sqlite_engine, fake, clock=lambda: datetime.now(UTC)) as next_one:
        assert await next_one.state() == "unknown"
        if reached:
            with pytest.raises(NeedsConsentError, match="interrupted"):
                await next_one.tokens.access()
            assert fake.refreshes == [(FIRST, True), (FIRST, False)]
            assert len(next_one.alarms) == 1
        else:
            assert await next_one.tokens.access() == fake.access
            assert fake.refreshes == [(FIRST, True)]


async def work(url: str, fake_url: str, hold_seconds: float) -> None:
    """One worker: for every refused token on its standard input, the one it goes on with."""
    engine = db.async_engine(url)
    client = Client({"openapi": fake_url, "oauth": fake_url, "zbs": fake_url}, APP_SECRET, answer_seconds=60)
    await client.open()
    tokens = Tokens(
        Grants(engine, APP_ID, Vault(APP_SECRET)),
        client,
        APP_ID,
        first=FIRST,
        now=lambda: datetime.now(UTC),
        alarm=lambda sentence: None,
        hold_seconds=hold_seconds,
    )
    while line := await asyncio.to_thread(sys.stdin.readline):
        refused = line.strip()
        print(await (tokens.renew(refused) if refused else tokens.access()), flush=True)
    await client.close()
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], float(sys.argv[3])))

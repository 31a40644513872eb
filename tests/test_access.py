"""Codes, invitations, roles and links: what opens, what does not, and what is taken away at once."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from handlers.services import audit
from handlers.services.access import end_role, roles_held, unlink, who
from handlers.services.codes import SYMBOLS, code_in, hashed, new_code
from handlers.services.invitations import WRONG_MOST, invite, redeem

NOW = datetime(2026, 12, 3, 3, tzinfo=UTC)
CHAT = ("web", "somebody")


@given(st.integers(0, 2**32))
def test_a_code_is_found_however_it_is_typed(seed: int) -> None:
    code = new_code(random.Random(seed).choice)
    plain = code.replace("-", "")
    for typed in (
        code,
        code.lower(),
        plain,
        f"{plain[:4]} {plain[4:8]} {plain[8:]}",
        f"mã của tôi là {code.lower()} ạ.",
    ):
        assert code_in(typed) == (plain, True), typed


@given(st.integers(0, 2**32), st.integers(0, 9), st.integers(1, 29))
def test_one_wrong_symbol_is_noticed(seed: int, place: int, step: int) -> None:
    plain = new_code(random.Random(seed).choice).replace("-", "")
    other = SYMBOLS[(SYMBOLS.index(plain[place]) + step) % 30]
    if abs(SYMBOLS.index(other) - SYMBOLS.index(plain[place])) == 29:
        return  # the one pair that the check symbol cannot tell apart
    found = code_in(plain[:place] + other + plain[place + 1 :])
    assert found is None or not found[1]


@pytest.mark.parametrize(
    "text",
    ["0912345678", "vịt quay ở đâu", "giá 200k ngon không", "gan xa huong trung", "20-06445-001-2024", ""],
)
def test_what_is_no_code(text: str) -> None:
    found = code_in(text)
    assert found is None or not found[1]


async def test_a_code_works_once_and_is_kept_as_a_hash_only(engine: AsyncEngine) -> None:
    code = await invite(engine, "editor", name="Chị Hoa", by=audit.CONSOLE, now=NOW)
    used = await redeem(engine, *CHAT, f"em gửi mã {code.lower()}", NOW)
    assert (used.state, used.role) == ("good", "editor")
    found = await who(engine, *CHAT)
    assert found.is_a("editor")
    assert found.name == "Chị Hoa"
    assert not found.is_a("approver", "producer")
    assert (await redeem(engine, *CHAT, code, NOW)).state == "again", "a repeated delivery says the same"
    assert (await redeem(engine, "web", "another", code, NOW)).state == "used"
    assert not (await who(engine, "web", "another")).official
    assert code.replace("-", "") not in hashed(code)


async def test_an_invitation_ends(engine: AsyncEngine) -> None:
    code = await invite(engine, "approver", hours=72, by=audit.CONSOLE, now=NOW)
    late = NOW + timedelta(hours=72)
    assert (await redeem(engine, *CHAT, code, late)).state == "expired"
    assert not (await who(engine, *CHAT)).official


async def test_five_wrong_codes_lock_the_chat_for_a_day_and_no_other(engine: AsyncEngine) -> None:
    right = await invite(engine, "officer", commune="06445", by=audit.CONSOLE, now=NOW)
    rng = random.Random(7)
    states = [(await redeem(engine, *CHAT, new_code(rng.choice), NOW)) for _try in range(WRONG_MOST)]
    assert [one.state for one in states] == ["unknown"] * WRONG_MOST
    assert [one.locked_now for one in states] == [False] * (WRONG_MOST - 1) + [True]
    assert (await redeem(engine, *CHAT, right, NOW)).state == "locked"
    assert (await redeem(engine, "web", "another", right, NOW)).state == "good"
    assert (await who(engine, "web", "another")).may_act_in("06445")
    assert not (await who(engine, "web", "another")).may_act_in("06616")


async def test_two_people_at_once_one_wins(engine: AsyncEngine) -> None:
    code = await invite(engine, "producer", producer="p1", by=audit.CONSOLE, now=NOW)
    tries = await asyncio.gather(*(redeem(engine, "web", f"chat{n}", code, NOW) for n in range(4)))
    assert sorted(one.state for one in tries) == ["good", "used", "used", "used"]


async def test_a_role_is_taken_away_at_once_and_everything_is_written_down(engine: AsyncEngine) -> None:
    code = await invite(engine, "editor", by=audit.CONSOLE, now=NOW)
    used = await redeem(engine, *CHAT, code, NOW)
    held = await roles_held(engine)
    assert [(one.role, one.person_id) for one in held] == [("editor", used.person_id)]
    assert await end_role(engine, held[0].id, "person 9", NOW)
    assert not await end_role(engine, held[0].id, "person 9", NOW)
    assert not (await who(engine, *CHAT)).official
    verbs = [row.verb for row in await audit.history(engine, f"person {used.person_id}")]
    assert verbs == ["role given", "role ended"]


async def test_a_link_ends_and_can_begin_again(engine: AsyncEngine) -> None:
    for _time in range(2):
        code = await invite(engine, "producer", producer="p1", by=audit.CONSOLE, now=NOW)
        used = await redeem(engine, *CHAT, code, NOW)
        assert (await who(engine, *CHAT)).producers == ("p1",)
        assert used.person_id
        async with engine.begin() as connection:
            assert await unlink(connection, used.person_id, ["p1"], f"person {used.person_id}", NOW) == 1
        assert (await who(engine, *CHAT)).producers == ()

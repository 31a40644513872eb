"""The table of an announcement's deliveries: behind its secret only, streamed, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.pages import add_pages
from handlers.services.outbox import Line
from tests.fakes.desk import FakeDesk

NOW = datetime(2026, 12, 4, 1, tzinfo=UTC)
SECRET = "s3cret-of-this_announcement"


class ReportingDesk(FakeDesk):
    async def report(self, secret: str) -> int | None:
        return 12 if secret == SECRET else None

    async def report_lines(self, announcement: int) -> AsyncIterator[Line]:
        for number in range(1_203):
            yield Line("telegram", f"=cmd{number}" if number == 1 else str(number), "vi", "sent", "", 1, NOW)
        yield Line("web", "w", "en", "skipped", "no_consent", 0, None)


async def test_the_table() -> None:
    app = web.Application()
    add_pages(app, ReportingDesk())
    async with TestClient(TestServer(app)) as client:
        for wrong in ("guess", SECRET[:-1]):
            assert (await client.get(f"/reports/{wrong}.csv")).status == 404
        answer = await client.get(f"/reports/{SECRET}.csv")
        text = (await answer.read()).decode("utf-8-sig")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="announcement-12.csv"'
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 1_204
    assert rows[1]["address"] == "'=cmd1", "a spreadsheet calculates nothing"
    assert rows[0]["settled_at"] == "2026-12-04T01:00:00+00:00"
    assert (rows[-1]["state"], rows[-1]["reason"], rows[-1]["settled_at"]) == ("skipped", "no_consent", "")

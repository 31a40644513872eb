"""What the program loads is what its lock installs: the test tools must not hide a missing dependency."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
OPTIONAL = {"click", "setuptools"}
"""taken when it is there (httpx's command line), and not missed when it is not"""
LOADED = """
import asyncio, sys
import bot.__main__, bot.app, bot.doctor, bot.channels.telegram, bot.channels.zalo_oa, bot.channels.zalo_bot
import db, asyncpg, aiosqlite, uvloop, alembic.command
import handlers.services.importing, handlers.services.exporting, openpyxl, python_calamine
from datetime import datetime, UTC
from handlers.services.hours import is_holiday
is_holiday(datetime.now(UTC).date())

async def try_the_database():
    engine = db.async_engine("sqlite+aiosqlite://")
    await db.migrate(engine)
    await engine.dispose()

asyncio.run(try_the_database())
print("\\n".join({name.partition(".")[0] for name in sys.modules}))
"""


def test_everything_loaded_is_in_the_lock() -> None:
    run = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True)
    by_module = importlib.metadata.packages_distributions()
    loaded = {
        re.sub(r"[-_.]+", "-", name).lower()
        for module in run.stdout.split()
        if module not in sys.stdlib_module_names
        for name in by_module.get(module, ())
    }
    locked = set(
        re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    )
    assert {"greenlet", "sqlalchemy", "aiohttp"} <= loaded
    assert loaded - locked <= OPTIONAL, loaded - locked

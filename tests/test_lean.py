"""What a server does not need is not loaded: memory and the time of a start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAVY = (
    "rich",
    "cryptography",
    "holidays",
    "opening_hours",
    "openpyxl",
    "python_calamine",
    "alembic",
    "asyncpg",
)
LOOK = f"""
from bot.__main__ import settings_or_exit
settings = settings_or_exit()
import bot.app
assert bot.app.telegram_of(settings)
import sys
print([name for name in {HEAVY!r} if name in sys.modules])
import cryptography, rich
"""


def test_a_start_loads_nothing_that_only_other_verbs_need(tmp_path: Path) -> None:
    environment = {"TELEGRAM_TOKEN": "123456789:" + "a" * 35, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout.strip() == "[]"

"""``python -m bench [--quick] [--only NAME …]``: run the measures in turn and print one table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from bench import measures, registry, sending
from bench.bots import ROOT, cores
from bench.fake_api import FakeApi
from bench.measures import Bench, Row
from bench.zalo import FakeAccount

NAMES = (
    "throughput",
    "slow_api",
    "latency",
    "flood",
    "killed",
    "sending",
    "paced",
    "scale",
    "starting",
    "search",
    "reminding",
    "understanding",
)
LONG = ("faults",)
"""what takes many minutes: only when asked for"""


def main() -> int:
    """Measure, print, and say by the exit code whether everything asked was met."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter runs: less than two minutes")
    parser.add_argument("--only", nargs="+", choices=(*NAMES, *LONG), default=NAMES)
    parser.add_argument("--search", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.search:
        return _search_alone(*options.search)
    began = time.perf_counter()
    ours, others = cores()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, others)
    print(f"Python {platform.python_version()}; bot on core {ours}, driver and fake APIs on {others}")
    with tempfile.TemporaryDirectory(prefix="bench-") as room:
        rows = uvloop.run(_measure(Path(room), options.quick, set(options.only)))
    print(_table(rows))
    print(
        f"{time.perf_counter() - began:.0f} s; differences under 15 % mean nothing, ratios within one run do"
    )
    return 1 if any(row.passed is False for row in rows) else 0


async def _measure(room: Path, quick: bool, only: set[str]) -> list[Row]:
    small, large = room / "500", room / "20000"
    texts = registry.make(small, 500)
    large_texts = registry.make(large, 20_000)
    api, account = FakeApi(), FakeAccount()
    await api.start()
    await account.start()
    bench = Bench(api, account, small, texts, room, quick)
    rows: list[Row] = []
    for name in ("throughput", "slow_api", "latency", "flood", "killed"):
        if name in only:
            rows += await _told(name, getattr(measures, name)(bench))
    for name, measure in (
        ("sending", sending.throughput),
        ("paced", sending.paced),
        ("scale", sending.scale),
    ):
        if name in only:
            rows += await _told(name, measure(bench))
    if "faults" in only:
        print(await sending.trouble(bench.fresh("faults")))
    if "starting" in only:
        rows += await _told("starting", measures.starting(bench, registry.SAMPLE, large))
    await api.stop()
    await account.stop()
    if "search" in only:
        for folder, asked, limit in ((small, texts, "2"), (large, large_texts, "10")):
            rows += _in_own_process(folder, asked, limit)
    if "reminding" in only:
        rows += _reminding(large, room)
    if "understanding" in only:
        _understanding(quick)
    return rows


async def _told(name: str, measure):  # type: ignore[no-untyped-def]
    print(f"… {name}", file=sys.stderr, flush=True)
    try:
        return await measure
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return [Row(name, "not measured", "see above", passed=False)]


def _in_own_process(folder: Path, texts: list[str], limit: str) -> list[Row]:
    """A catalogue of 20,000 products belongs into no process that measures something else."""
    asked = folder.with_suffix(".texts.json")
    asked.write_text(json.dumps(texts))
    command = [sys.executable, "-m", "bench", "--search", str(folder), str(asked), limit]
    print(f"… search {folder.name}", file=sys.stderr, flush=True)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        print(done.stderr[-2_000:], file=sys.stderr)
        return [Row(f"search alone, {folder.name} products", "not measured", "see above", passed=False)]
    return [Row(**json.loads(line)) for line in done.stdout.splitlines()]


def _reminding(folder: Path, room: Path) -> list[Row]:
    """Mornings of reminders; memory is counted, so that nothing else may be in the process."""
    command = [sys.executable, "-m", "bench.reminding", str(folder), str(room)]
    print("… reminding", file=sys.stderr, flush=True)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        print(done.stderr[-2_000:], file=sys.stderr)
        return [Row("reminders", "not measured", "see above", passed=False)]
    return [Row(**json.loads(line)) for line in done.stdout.splitlines()]


def _search_alone(folder: str, asked: str, limit: str) -> int:
    from bench import searching

    texts = json.loads(Path(asked).read_text())
    with tempfile.TemporaryDirectory(prefix="bench-") as room:
        for row in searching.rows(Path(folder), Path(room), texts, int(Path(folder).name), float(limit)):
            print(json.dumps(row.__dict__))
    return 0


def _understanding(quick: bool) -> None:
    """The accuracy table has a page of its own."""
    if (ROOT / "bench" / "understanding.py").exists():
        command = [sys.executable, "-m", "bench.understanding", *(["--quick"] if quick else [])]
        subprocess.run(command, cwd=ROOT, timeout=120, check=False)


def _table(rows: list[Row]) -> str:
    marks = {True: "pass", False: "FAIL", None: ""}
    lines = [("measure", "figure", "wanted", "")] + [
        (r.name, r.figure, r.wanted, marks[r.passed]) for r in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    text = [
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join([text[0], "-+-".join("-" * width for width in widths), *text[1:]])


if __name__ == "__main__":
    raise SystemExit(main())

"""No secret reaches a log, at any level, by any way in; what people wrote stays out at INFO."""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from bot.logs import PHONE, configure, redact

TELEGRAM = "8123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
ZALO_BOT = "4404545454545454545:qkgqDmsTvTxhoIZJyAwQsGFYLbcVmHRpXnKeUdWzSftPNAOC"
ZALO_OA = "wq2S0" + "aB3_x9-Kq" * 12
SECRETS = [TELEGRAM, ZALO_BOT, ZALO_OA, "hunter2-of-the-office"]
PHONES = [
    "0912345678",
    "0912 345 678",
    "0912.345.678",
    "+84912345678",
    "+84 912 345 678",
    "84912345678",
    "+84 (0)912 345 678",
    "(+84) 98-765-4321",
    "0205 3812 345",
    "02053812345",
    "0084 912 345 678",
    "+8613912345678",
]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook
    logging.captureWarnings(False)  # a program that ran in this process before may have left it on
    yield
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.fixture(params=["text", "json"])
def shape(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _written(level: str, shape: str, say: Callable[[structlog.stdlib.BoundLogger], None]) -> str:
    out = io.StringIO()
    configure(level, shape, secrets=["hunter2-of-the-office"], stream=out)
    say(structlog.get_logger("bot.trial"))
    return out.getvalue()


def _every_way_in(log: structlog.stdlib.BoundLogger, secret: str) -> None:
    plain = logging.getLogger("somebody.else")
    log.info(f"in the event {secret}")
    log.debug("as a value", value=secret, deep={"a": [secret, {"b": secret}], secret: 1})
    log.info("as an object", thing=ValueError(secret), raw=secret.encode())
    plain.debug("as an argument %s", secret)
    plain.warning("as an extra", extra={"thing": secret})
    plain.error("in an address https://api.telegram.org/bot%s/sendMessage?x=%s", secret, secret)
    try:
        try:
            raise RuntimeError(f"inner {secret}")
        except RuntimeError as inner:
            raise ValueError(f"outer {secret}") from inner
    except ValueError:
        log.exception("with a stack")
        plain.exception("with a stack")
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    warnings.warn(f"a library warns of {secret}", stacklevel=1)


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_survives_even_at_debug(secret: str, shape: str) -> None:
    written = _written("DEBUG", shape, lambda log: _every_way_in(log, secret))
    assert written.count("with a stack") == 2
    assert "unexpected end" in written
    assert "a library warns" in written
    assert secret not in written
    assert secret[-12:] not in written


@pytest.mark.parametrize("phone", PHONES)
def test_no_telephone_number_survives_even_at_debug(phone: str, shape: str) -> None:
    written = _written("DEBUG", shape, lambda log: _every_way_in(log, phone))
    assert PHONE in written
    assert phone not in written
    assert phone[-6:] not in written


def test_numbers_are_blotted_as_values_too(shape: str) -> None:
    written = _written("DEBUG", shape, lambda log: log.info("x", n=84912345678, phone_number="13912345678"))
    assert "912345678" not in written
    assert "139123" not in written


@pytest.mark.parametrize(
    "harmless",
    [
        "2026-12-03T10:00:00.123456+07:00",
        "answered in 0.234567891234 s",
        "update 812345678 of chat -1001234567890",
        "certificate 25-LS-NO-03-2022 until 2025-12-25",
        "21.8460,106.7570",
        "on 08-12-2026 10:30",
        "TELEGRAM_WEBHOOK_SECRET is set but TELEGRAM_TOKEN is not.",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "postgresql+asyncpg://localhost:5432/ocop",
        "thời hạn 36 tháng; 1.250.000 đồng; 08:00-17:30",
    ],
)
def test_what_is_no_secret_stays_readable(harmless: str) -> None:
    assert redact(harmless) == harmless


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("GET /oa?access_token=short1&x=2", "short1"),
        ('{"refresh_token": "abc.def"}', "abc.def"),
        ("X-Telegram-Bot-Api-Secret-Token: s3cr3t_1", "s3cr3t_1"),
        ("Authorization: Bearer q.w.e", "q.w.e"),
        ("postgresql+asyncpg://bot:p4ss@db/ocop", "p4ss"),
        (f"https://host/bot{TELEGRAM.replace(':', '%3A')}/getMe", TELEGRAM[-10:]),
    ],
)
def test_secrets_known_by_their_place(line: str, secret: str) -> None:
    assert secret not in redact(line)


WROTE = "vịt quay nào ngon ạ"


def _what_a_person_wrote(log: structlog.stdlib.BoundLogger) -> None:
    log.info("answered", text=WROTE, inbound={"text": WROTE}, latitude=21.846, turn={"words": WROTE})
    try:
        raise IntegrityError("INSERT INTO inbox", {"body": WROTE}, Exception("UNIQUE constraint failed"))
    except IntegrityError:
        log.exception("not stored")


def test_what_people_write_is_hidden_at_info_and_shown_at_debug(shape: str) -> None:
    at_info = _written("INFO", shape, _what_a_person_wrote)
    assert "UNIQUE constraint failed" in at_info
    assert WROTE not in at_info
    assert "21.846" not in at_info
    assert WROTE in _written("DEBUG", shape, _what_a_person_wrote)


def test_the_http_client_is_silent_below_warning(shape: str) -> None:
    def ask(_: structlog.stdlib.BoundLogger) -> None:
        logging.getLogger("httpx").info("HTTP Request: POST https://x/bot1:2/sendMessage")
        logging.getLogger("httpcore.connection").debug("connect_tcp.started")
        logging.getLogger("aiohttp.access").debug("GET /")

    assert _written("INFO", shape, ask) == ""
    assert "HTTP Request" not in _written("DEBUG", shape, ask)


def test_json_is_one_object_a_line_in_utc() -> None:
    written = _written("DEBUG", "json", lambda log: _every_way_in(log, TELEGRAM))
    lines = [json.loads(line) for line in written.splitlines()]
    assert len(lines) == 10
    assert all(line["timestamp"].endswith("Z") and line["level"] and line["event"] for line in lines)


def test_levels_hold_and_unknown_ones_are_refused() -> None:
    assert _written("WARNING", "text", lambda log: log.info("quiet")) == ""
    for level, shape in (("LOUD", "text"), ("INFO", "xml")):
        with pytest.raises(ValueError, match="unknown log level or format"):
            configure(level, shape)


@given(st.text(max_size=200))
def test_redaction_never_raises_and_is_stable(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_an_endless_value_is_cut(shape: str) -> None:
    for letter in ("7", "a", "A1b", "bot1:"):
        written = _written("DEBUG", shape, lambda log, letter=letter: log.info("x", value=letter * 400_000))
        assert len(written) < 21_000

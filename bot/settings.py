"""The environment, read once. Names and defaults are those of the operating contract; ``.env`` is read as well."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A setting is wrong or missing: one sentence that names the variable. Printed without a stack trace."""


class Settings(BaseSettings):
    """Every variable, with its default. Empty means off or "not set"."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=False, extra="ignore", frozen=True)

    database_url: str = "sqlite+aiosqlite:///var/bot.db"
    auto_migrate: bool = True
    data_dir: str = "data/lang-son"
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str = ""
    bot_timezone: str = "Asia/Ho_Chi_Minh"
    bot_language: str = "vi"
    bot_now: str = ""
    telegram_token: SecretStr = SecretStr("")
    telegram_api_url: str = "https://api.telegram.org"
    telegram_webhook_secret: SecretStr = SecretStr("")
    sends_per_second_telegram: float = Field(default=25, gt=0, le=30)
    log_level: str = "INFO"
    log_format: str = "text"

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite+aiosqlite://", "postgresql+asyncpg://")):
            raise ValueError("must start with sqlite+aiosqlite:// or postgresql+asyncpg://")
        return value

    @field_validator("public_url")
    @classmethod
    def _https(cls, value: str) -> str:
        if value and not re.match(r"https?://[^/\s]+", value):
            raise ValueError("must be a full address such as https://ocop.example.vn")
        return value.rstrip("/")

    @field_validator("telegram_api_url")
    @classmethod
    def _api(cls, value: str) -> str:
        if not re.match(r"https?://[^/\s]+", value):
            raise ValueError("must be a full address such as https://api.telegram.org")
        return value.rstrip("/")

    @field_validator("bot_timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is not a time zone such as Asia/Ho_Chi_Minh") from error
        return value

    @field_validator("bot_now")
    @classmethod
    def _aware(cls, value: str) -> str:
        if value and datetime.fromisoformat(value).tzinfo is None:
            raise ValueError("needs an offset, as in 2026-12-03T10:00+07:00")
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _secret_alphabet(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("may have 1 to 256 characters of A-Z, a-z, 0-9, _ and -")
        return value

    @field_validator("telegram_token")
    @classmethod
    def _token_shape(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not re.fullmatch(r"\d+:[\w-]+", value.get_secret_value()):
            raise ValueError("does not look like a bot token (digits, a colon, letters)")
        return value

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
            raise ValueError("must be DEBUG, INFO, WARNING, ERROR or CRITICAL")
        return value.upper()

    @field_validator("log_format")
    @classmethod
    def _format(cls, value: str) -> str:
        if value not in {"text", "json"}:
            raise ValueError("must be text or json")
        return value

    @model_validator(mode="after")
    def _groups(self) -> Settings:
        if self.telegram_webhook_secret.get_secret_value() and not self.telegram_token.get_secret_value():
            raise ValueError("TELEGRAM_WEBHOOK_SECRET is set but TELEGRAM_TOKEN is not")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone people live in."""
        return ZoneInfo(self.bot_timezone)

    @property
    def data_path(self) -> Path | None:
        """The folder loaded when the registry is empty, or None."""
        return Path(self.data_dir) if self.data_dir else None

    @property
    def telegram_secret(self) -> str:
        """The webhook secret: the one set, else derived from the token."""
        own = self.telegram_webhook_secret.get_secret_value()
        token = self.telegram_token.get_secret_value()
        return own or hmac.new(token.encode(), b"webhook", hashlib.sha256).hexdigest()


def read_settings() -> Settings:
    """Read the environment.

    Raises :class:`SettingsError` with one sentence that names the variable, never with a secret's value.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name}: {reason}." if name else f"{reason}.") from None

"""The environment, read once. Names and defaults are those of the operating contract; so is ``.env``."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ZALO_OA_NEEDS = ("zalo_oa_app_id", "zalo_oa_app_secret", "zalo_oa_secret_key")
"""What the Official Account cannot do without."""
ZALO_OA_WANTS = ("zalo_oa_refresh_token", "zalo_oa_code_verifier", "zalo_zbs_template_renewal")
"""What means nothing without the Official Account."""
RENEWAL_FACTS = ("producer", "product", "code", "until", "days", "decision")
"""What a template for renewal reminders may be told."""


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
    bot_operators: str = ""
    telegram_token: SecretStr = SecretStr("")
    telegram_api_url: str = "https://api.telegram.org"
    telegram_webhook_secret: SecretStr = SecretStr("")
    sends_per_second_telegram: float = Field(default=25, gt=0, le=30)
    zalo_oa_app_id: str = ""
    zalo_oa_app_secret: SecretStr = SecretStr("")
    zalo_oa_secret_key: SecretStr = SecretStr("")
    zalo_oa_refresh_token: SecretStr = SecretStr("")
    zalo_oa_api_url: str = "https://openapi.zalo.me"
    zalo_oauth_url: str = "https://oauth.zaloapp.com"
    zalo_zbs_api_url: str = "https://business.openapi.zalo.me"
    zalo_oa_id: str = ""
    zalo_oa_code_verifier: SecretStr = SecretStr("")
    zalo_oa_use_proof: bool = False
    zalo_oa_buttons: bool = True
    zalo_oa_paid_budget: int = Field(default=0, ge=0)
    zalo_oa_verifier: str = ""
    zalo_zbs_template_renewal: str = ""
    zalo_zbs_fields_renewal: str = "name=producer,product=product,code=code,date=until"
    sends_per_second_zalo_oa: float = Field(default=10, gt=0, le=60)
    zalo_bot_token: SecretStr = SecretStr("")
    zalo_bot_secret: SecretStr = SecretStr("")
    zalo_bot_api_url: str = "https://bot-api.zaloplatforms.com"
    sends_per_second_zalo_bot: float = Field(default=1, gt=0, le=30)
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

    @field_validator(
        "telegram_api_url", "zalo_oa_api_url", "zalo_oauth_url", "zalo_zbs_api_url", "zalo_bot_api_url"
    )
    @classmethod
    def _api(cls, value: str) -> str:
        if not re.match(r"https?://[^/\s]+", value):
            raise ValueError("must be a full address such as https://api.telegram.org")
        return value.rstrip("/")

    @field_validator("zalo_oa_app_id", "zalo_oa_id", "zalo_zbs_template_renewal")
    @classmethod
    def _zalo_id(cls, value: str) -> str:
        if value and not re.fullmatch(r"[\w-]{1,64}", value):
            raise ValueError("must be an id as Zalo shows it, without spaces")
        return value

    @field_validator("zalo_oa_code_verifier")
    @classmethod
    def _verifier_shape(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"([A-Za-z0-9._~-]{43,128})?", value.get_secret_value()):
            raise ValueError("must have 43 to 128 letters and digits")
        return value

    @field_validator("zalo_oa_verifier")
    @classmethod
    def _domain_code(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,128}", value):
            raise ValueError("must be the code alone, without zalo_verifier and .html")
        return value

    @field_validator("zalo_zbs_fields_renewal")
    @classmethod
    def _fields(cls, value: str) -> str:
        parts = [part.strip() for part in value.split(",")]
        if not all(re.fullmatch(rf"\w+=(?:{'|'.join(RENEWAL_FACTS)})", part) for part in parts):
            raise ValueError(f"must be like name=producer,date=until (of {', '.join(RENEWAL_FACTS)})")
        return ",".join(parts)

    @field_validator("zalo_bot_token")
    @classmethod
    def _zalo_bot_token_shape(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not re.fullmatch(r"\d+:\S+", value.get_secret_value()):
            raise ValueError("does not look like a bot token (digits, a colon, letters)")
        return value

    @field_validator("zalo_bot_secret")
    @classmethod
    def _zalo_bot_secret_shape(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not re.fullmatch(r"[\x21-\x7e]{8,256}", value.get_secret_value()):
            raise ValueError("may have 8 to 256 visible characters")
        return value

    @field_validator("bot_timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is not a time zone such as Asia/Ho_Chi_Minh") from error
        return value

    @field_validator("bot_operators")
    @classmethod
    def _operators_shape(cls, value: str) -> str:
        for one in filter(None, (part.strip() for part in value.split(","))):
            if not re.fullmatch(r"(telegram|zalo-oa|zalo-bot):\S+", one):
                raise ValueError("is a list such as telegram:12345,zalo-bot:abc")
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
        if self.zalo_bot_secret.get_secret_value() and not self.zalo_bot_token.get_secret_value():
            raise ValueError("ZALO_BOT_SECRET is set but ZALO_BOT_TOKEN is not")
        needed = [name for name in ZALO_OA_NEEDS if not _plain(getattr(self, name))]
        wanting = [name for name in (*ZALO_OA_NEEDS, *ZALO_OA_WANTS) if _plain(getattr(self, name))]
        if needed and wanting:
            raise ValueError(f"{wanting[0].upper()} is set but {needed[0].upper()} is not")
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
    def operators(self) -> list[tuple[str, str]]:
        """Who is told of trouble: (channel, address)."""
        parts = [one.strip().partition(":") for one in self.bot_operators.split(",") if one.strip()]
        return [(channel, address) for channel, _colon, address in parts]

    @property
    def secrets(self) -> list[str]:
        """Every value that must never be shown: tokens, keys, the database's password."""
        fields = [value for value in self.__dict__.values() if isinstance(value, SecretStr)]
        hidden = [value.get_secret_value() for value in fields]
        password = urlsplit(self.database_url).password
        return [value for value in (*hidden, self.telegram_secret, password or "") if len(value) > 3]

    @property
    def telegram_secret(self) -> str:
        """The webhook secret: the one set, else derived from the token."""
        own = self.telegram_webhook_secret.get_secret_value()
        token = self.telegram_token.get_secret_value()
        return own or hmac.new(token.encode(), b"webhook", hashlib.sha256).hexdigest()

    @property
    def zalo_oa(self) -> bool:
        """Whether the Official Account is switched on."""
        return bool(self.zalo_oa_app_id)

    @property
    def zalo_oa_keys(self) -> tuple[str, ...]:
        """The keys that may sign webhooks: several, with commas between, while it is not known which does."""
        keys = self.zalo_oa_secret_key.get_secret_value().split(",")
        return tuple(key.strip() for key in keys if key.strip())

    @property
    def zalo_bot_webhook_secret(self) -> str:
        """The Bot Platform's webhook secret: the one set, else derived from the token."""
        own = self.zalo_bot_secret.get_secret_value()
        token = self.zalo_bot_token.get_secret_value()
        return own or hmac.new(token.encode(), b"zalo-bot-webhook", hashlib.sha256).hexdigest()

    @property
    def renewal_fields(self) -> dict[str, str]:
        """Parameters of the template for renewal reminders, and the fact that goes into each."""
        pairs = (part.partition("=") for part in self.zalo_zbs_fields_renewal.split(","))
        return {name: fact for name, _, fact in pairs}


def _plain(value: str | SecretStr) -> str:
    """The value itself, secret or not."""
    return value.get_secret_value() if isinstance(value, SecretStr) else value


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

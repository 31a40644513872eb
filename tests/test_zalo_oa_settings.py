"""The settings of Zalo: a half-set group stops the start with one sentence that names the variable, and no
secret."""

from __future__ import annotations

import pytest

from bot.channels.zalo_oa import Account
from bot.settings import Settings, SettingsError, read_settings

WHOLE = {
    "ZALO_OA_APP_ID": "1234567890123456789",
    "ZALO_OA_APP_SECRET": "s3cret-of-the-app",
    "ZALO_OA_SECRET_KEY": "s3cret-of-webhooks",
}
BOT = "910000000000000001:s3cret-of-the-bot"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory) -> pytest.MonkeyPatch:
    monkeypatch.chdir(str(tmp_path))
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def read(environment: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        environment.setenv(name, value)
    return read_settings()


def test_everything_is_off_by_default(environment: pytest.MonkeyPatch) -> None:
    settings = read(environment)
    assert not settings.zalo_oa
    assert Account.of(settings) is None


def test_the_whole_group(environment: pytest.MonkeyPatch) -> None:
    account = Account.of(
        read(
            environment,
            **WHOLE,
            ZALO_OA_REFRESH_TOKEN="s3cret-token",
            ZALO_OA_API_URL="http://127.0.0.1:9/",
            ZALO_OA_USE_PROOF="1",
            ZALO_OA_BUTTONS="0",
            ZALO_OA_PAID_BUDGET="5500",
            ZALO_ZBS_TEMPLATE_RENEWAL="512345",
            ZALO_ZBS_FIELDS_RENEWAL="ten=producer, ngay=until",
        )
    )
    assert account is not None
    assert account.hosts["openapi"] == "http://127.0.0.1:9"
    assert account.hosts["zbs"] == "https://business.openapi.zalo.me"
    assert (account.use_proof, account.buttons, account.budget) == (True, False, 5500)
    assert (account.renewal, account.renewal_fields) == ("512345", {"ten": "producer", "ngay": "until"})
    assert "s3cret" not in repr(account)


def test_several_keys_while_it_is_not_known_which_signs(environment: pytest.MonkeyPatch) -> None:
    assert read(environment, **WHOLE | {"ZALO_OA_SECRET_KEY": "one, two,"}).zalo_oa_keys == ("one", "two")


HALF: list[tuple[dict[str, str], str]] = [
    ({"ZALO_OA_APP_ID": "1"}, "ZALO_OA_APP_ID is set but ZALO_OA_APP_SECRET is not."),
    ({"ZALO_OA_APP_SECRET": "s3cret"}, "ZALO_OA_APP_SECRET is set but ZALO_OA_APP_ID is not."),
    ({"ZALO_OA_SECRET_KEY": "s3cret"}, "ZALO_OA_SECRET_KEY is set but ZALO_OA_APP_ID is not."),
    (
        {"ZALO_OA_APP_ID": "1", "ZALO_OA_APP_SECRET": "s3cret"},
        "ZALO_OA_APP_ID is set but ZALO_OA_SECRET_KEY is not.",
    ),
    ({"ZALO_OA_REFRESH_TOKEN": "s3cret"}, "ZALO_OA_REFRESH_TOKEN is set but ZALO_OA_APP_ID is not."),
    ({"ZALO_ZBS_TEMPLATE_RENEWAL": "1"}, "ZALO_ZBS_TEMPLATE_RENEWAL is set but ZALO_OA_APP_ID is not."),
    ({"ZALO_BOT_SECRET": "s3cret-of-8"}, "ZALO_BOT_SECRET is set but ZALO_BOT_TOKEN is not."),
]
WRONG: list[tuple[dict[str, str], str]] = [
    ({"ZALO_OA_APP_ID": "12 34"}, "ZALO_OA_APP_ID: "),
    ({"ZALO_OA_API_URL": "openapi.zalo.me"}, "ZALO_OA_API_URL: "),
    ({"ZALO_OAUTH_URL": ""}, "ZALO_OAUTH_URL: "),
    ({"ZALO_OA_CODE_VERIFIER": "s3cret"}, "ZALO_OA_CODE_VERIFIER: "),
    ({"ZALO_OA_VERIFIER": "zalo_verifierX.html"}, "ZALO_OA_VERIFIER: "),
    ({"ZALO_OA_PAID_BUDGET": "-1"}, "ZALO_OA_PAID_BUDGET: "),
    ({"ZALO_OA_BUTTONS": "perhaps"}, "ZALO_OA_BUTTONS: "),
    ({"ZALO_ZBS_FIELDS_RENEWAL": "name=price"}, "ZALO_ZBS_FIELDS_RENEWAL: "),
    ({"ZALO_BOT_TOKEN": "s3cret"}, "ZALO_BOT_TOKEN: "),
    ({"ZALO_BOT_TOKEN": BOT, "ZALO_BOT_SECRET": "s3cret"}, "ZALO_BOT_SECRET: "),
    ({"SENDS_PER_SECOND_ZALO_OA": "0"}, "SENDS_PER_SECOND_ZALO_OA: "),
]


@pytest.mark.parametrize(("variables", "sentence"), HALF + WRONG)
def test_what_is_wrong_is_named(
    environment: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read(environment, **variables)
    said = str(caught.value)
    assert said.startswith(sentence)
    assert said.endswith(".")
    assert "\n" not in said
    assert "s3cret" not in said


def test_the_bots_secret_is_derived_from_its_token(environment: pytest.MonkeyPatch) -> None:
    derived = read(environment, ZALO_BOT_TOKEN=BOT).zalo_bot_webhook_secret
    assert len(derived) == 64
    assert "s3cret" not in derived
    assert read(environment, ZALO_BOT_SECRET="own-secret").zalo_bot_webhook_secret == "own-secret"

"""What an operator sets of one Official Account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.channels.zalo_oa.client import Host
from bot.settings import Settings

LIVE: dict[Host, str] = {
    "openapi": "https://openapi.zalo.me",
    "oauth": "https://oauth.zaloapp.com",
    "zbs": "https://business.openapi.zalo.me",
}


@dataclass(frozen=True, slots=True)
class Account:
    """One app and its Official Account. ``keys`` may sign webhooks, ``first`` is the refresh token to begin
    with; ``budget`` is what messages outside the free window may cost, in dong a day."""

    app_id: str
    app_secret: str = field(repr=False)
    keys: tuple[str, ...] = field(repr=False)
    first: str = field(default="", repr=False)
    verifier: str = field(default="", repr=False)
    hosts: Mapping[Host, str] = field(default_factory=lambda: dict(LIVE))
    use_proof: bool = False
    buttons: bool = True
    budget: int = 0
    renewal: str = ""
    renewal_fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> Account | None:
        """The account of the settings; None while ``ZALO_OA_APP_ID`` is empty."""
        if not settings.zalo_oa:
            return None
        return cls(
            app_id=settings.zalo_oa_app_id,
            app_secret=settings.zalo_oa_app_secret.get_secret_value(),
            keys=settings.zalo_oa_keys,
            first=settings.zalo_oa_refresh_token.get_secret_value(),
            verifier=settings.zalo_oa_code_verifier.get_secret_value(),
            hosts={
                "openapi": settings.zalo_oa_api_url,
                "oauth": settings.zalo_oauth_url,
                "zbs": settings.zalo_zbs_api_url,
            },
            use_proof=settings.zalo_oa_use_proof,
            buttons=settings.zalo_oa_buttons,
            budget=settings.zalo_oa_paid_budget,
            renewal=settings.zalo_zbs_template_renewal,
            renewal_fields=settings.renewal_fields,
        )

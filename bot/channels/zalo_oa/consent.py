"""Consent of the account's admin: the link, and what comes back (PKCE, contract §2.1)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import string
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

VERIFIER_LENGTH = 43
_LETTERS = string.ascii_letters + string.digits


def new_verifier() -> str:
    """A verifier: 43 letters and digits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(VERIFIER_LENGTH))


def challenge(verifier: str) -> str:
    """What the link carries of the verifier: base64url of its SHA-256, without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Consent:
    """One asking for consent. ``verifier`` is the console's fixed one, or made for this time."""

    app_id: str
    oauth_url: str
    redirect_uri: str
    verifier: str = field(default_factory=new_verifier, repr=False)
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def link(self) -> str:
        """Where the account's admin must go."""
        asked = {
            "app_id": self.app_id,
            "redirect_uri": self.redirect_uri,
            "code_challenge": challenge(self.verifier),
            "state": self.state,
        }
        return f"{self.oauth_url.rstrip('/')}/v4/oa/permission?{urlencode(asked)}"

    def code_of(self, pasted: str) -> str:
        """The code in the address that the browser was sent to, or the code alone.

        Raises ValueError when there is none, or when the address answers another asking.
        """
        pasted = pasted.strip()
        if "?" not in pasted and "=" not in pasted:
            if not pasted:
                raise ValueError("there is no code")
            return pasted
        query = parse_qs(urlsplit(pasted).query or pasted)
        if query.get("state", [self.state])[0] != self.state:
            raise ValueError("this address answers another asking for consent; use the newest link")
        code = query.get("code", [""])[0]
        if not code:
            raise ValueError(query.get("error_description", ["there is no code in this address"])[0])
        return code

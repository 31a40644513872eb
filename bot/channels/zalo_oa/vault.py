"""Encrypts tokens before they reach the database (docs/decisions/zalo-oa.md)."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Vault:
    """Seals and opens texts with a key derived from the app's secret, which is in no database."""

    def __init__(self, app_secret: str) -> None:
        derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"zalo-oa-grant").derive(app_secret.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))
        self._secret = app_secret.encode()

    def seal(self, plain: str) -> str:
        """The text encrypted; an empty one stays empty."""
        return self._fernet.encrypt(plain.encode()).decode() if plain else ""

    def open(self, sealed: str) -> str:
        """The text; empty when it was sealed with another secret."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode() if sealed else ""
        except InvalidToken:
            return ""

    def fingerprint(self, plain: str) -> str:
        """What tells two tokens apart and gives neither away."""
        return hmac.new(self._secret, plain.encode(), hashlib.sha256).hexdigest()[:32]

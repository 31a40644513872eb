"""Where a chat stands: what is remembered of a conversation between two turns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Standing:
    """Where a chat stands. Loaded before the turn, saved after it when ``changed``.

    ``language`` is what the person chose, ``guessed`` what we last answered in. ``state`` is JSON: ``step`` (the open
    question), ``product`` (last shown), ``listed`` (codes last listed), ``choices`` (label and action of the buttons
    last given), ``missed`` (misses in a row), ``proved`` (fingerprint of a number that the platform proved).
    """

    channel: str
    address: str
    language: str | None = None
    guessed: str | None = None
    state: dict[str, Any] = field(default_factory=dict)
    new: bool = False
    changed: bool = False
    status: str = "active"
    status_reason: str | None = None

    def get(self, name: str) -> Any:
        """A remembered thing, or None."""
        return self.state.get(name)

    def put(self, name: str, value: Any) -> None:
        """Remember a thing; None forgets it."""
        if self.state.get(name) == value:
            return
        self.changed = True
        if value is None:
            self.state.pop(name, None)
        else:
            self.state[name] = value

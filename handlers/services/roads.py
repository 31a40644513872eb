"""What is known beforehand of the channels that work: what each can show, its pace, its window and its price.

``bot`` puts these facts together from each channel's limits and hands them in; nothing here names a platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Level = Literal["full", "partial", "none"]


@dataclass(frozen=True, slots=True)
class Road:
    """One channel as a way to people. Lengths are UTF-16 code units; 0 = not at all.

    ``free_for`` and ``open_for`` are counted from the person's last message: within the first a message costs nothing,
    within the second ``price`` dong, later it is impossible; None = always free. ``budget`` is what paid messages may
    still cost today (dong), ``remaining`` how many messages the platform still takes this month; None = no such limit.
    """

    name: str
    text: int
    caption: int
    """characters beside a picture; longer texts follow it in a message of their own"""
    buttons: int
    image: Level
    edit: Level
    image_bytes: int | None = None
    per_second: float = 1.0
    free_for: timedelta | None = None
    open_for: timedelta | None = None
    price: int = 0
    budget: int | None = None
    remaining: int | None = None
    upload_bytes: int = 0
    """of a file of ours that is brought there; 0 = an address is all that can be given"""
    shows_ours: bool = True
    """whether a picture without a public address of its own can be shown"""
    templates: bool = False
    """approved templates reach people whom a message does not"""
    link: str = ""
    """opens a chat with us and carries nothing with it; empty = not known"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture on the web: its media type (``image/jpeg``) and its length in bytes."""

    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class Received:
    """A picture that a person sent: our name for it ("" = too large, or no picture) and its length in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Table:
    """A file of ours for a channel to bring to a person: its name in the folder, and its length in bytes."""

    name: str
    size: int

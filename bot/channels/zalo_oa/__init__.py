"""Zalo Official Account as a channel: the main door.

``signature`` checks and ``inbound`` reads events; ``outbound`` writes calls, ``sender`` makes them and
``outcomes`` says how they went; ``contacts`` knows the windows, ``templates`` the way beyond them. ``tokens``
over ``grants``, ``vault`` and ``consent`` keeps the one grant. Start reading at ``channel``.
"""

from bot.channels.zalo_oa.account import Account
from bot.channels.zalo_oa.channel import ZaloOAChannel
from bot.channels.zalo_oa.client import CallError
from bot.channels.zalo_oa.consent import Consent
from bot.channels.zalo_oa.contacts import Reach
from bot.channels.zalo_oa.templates import Template

__all__ = ["Account", "CallError", "Consent", "Reach", "Template", "ZaloOAChannel"]

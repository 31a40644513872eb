"""Zalo Bot Platform as a channel: a bot of plain texts for small groups and for development.

``inbound`` reads updates, ``outbound`` (with ``cutting``) writes calls, ``client`` makes them, ``sender``
and ``outcomes`` say how they went, ``polling`` asks for updates, ``quota`` counts what the free plan
allows. Start reading at ``channel``.
"""

from bot.channels.zalo_bot.channel import ZaloBotChannel
from bot.channels.zalo_bot.client import CallError
from bot.channels.zalo_bot.quota import MESSAGES_A_MONTH, PEOPLE, Ledger, TallyLedger

__all__ = ["MESSAGES_A_MONTH", "PEOPLE", "CallError", "Ledger", "TallyLedger", "ZaloBotChannel"]

"""Telegram as a channel; python-telegram-bot lives in this folder and nowhere else.

``inbound`` reads updates; ``outbound`` (with ``markup`` and ``keyboard``) writes calls; ``client`` and
``transport`` make them; ``sender`` and ``outcomes`` say how they went; ``joining`` introduces us and
publishes the ``menu`` of commands; ``polling`` asks for updates; ``redact`` keeps the token secret. Start
reading at ``channel``.
"""

from telegram.error import TelegramError

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.redact import RedactTokens

__all__ = ["RedactTokens", "TelegramChannel", "TelegramError"]

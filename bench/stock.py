"""A stock bot: python-telegram-bot as its documentation shows it, with the same look-up.

``python -m bench.stock PORT API_URL REGISTRY_FOLDER DATABASE [concurrent]``

One update at a time is the library's default; ``concurrent`` is its documented ``concurrent_updates(True)``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from bench.driver import SECRET
from bench.lookup import Lookup


def main(port: int, api: str, folder: str, database: str, *, concurrent: bool = False) -> None:
    """Serve until killed."""
    lookup = Lookup(Path(folder), Path(database))

    async def answer(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message
        assert update.effective_user
        sender = update.effective_user
        text, buttons = lookup.answer(
            sender.id, sender.first_name, sender.language_code or "", update.message.text or ""
        )
        rows = [[InlineKeyboardButton(label, callback_data=callback)] for label, callback in buttons]
        await update.message.reply_text(text, parse_mode="HTML", reply_markup=InlineKeyboardMarkup(rows))

    builder = Application.builder().token("123456:bench").base_url(f"{api}/bot")
    application = builder.concurrent_updates(concurrent).build()
    application.add_handler(MessageHandler(filters.TEXT, answer))
    application.run_webhook(
        listen="127.0.0.1",
        port=port,
        url_path="webhooks/telegram",
        webhook_url=f"http://127.0.0.1:{port}/webhooks/telegram",
        secret_token=SECRET,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:5], concurrent=sys.argv[5:] == ["concurrent"])

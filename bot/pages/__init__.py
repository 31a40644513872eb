"""What a browser sees: chat, catalogue, product and verdict, showroom map, health and metrics."""

from bot.pages.desk import Desk
from bot.pages.routes import add_pages

__all__ = ["Desk", "add_pages"]

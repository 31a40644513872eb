"""What a browser sees: chat, catalogue, product and verdict, showroom map, health and metrics."""

from bot.pages.desk import Desk

__all__ = ["Desk"]

"""From a typed sentence to its meaning: deterministic, offline, explainable by the spans that led to it."""

from handlers.talk.understanding.meaning import Context, Meaning, Span
from handlers.talk.understanding.reader import Understanding, search_of

__all__ = ["Context", "Meaning", "Span", "Understanding", "search_of"]

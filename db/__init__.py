"""The memory: every table, the engine and the session.

Registry tables mirror the exchange format of ``data/FORMAT.md`` column for column, so that an export gives
back what an import took. An empty string never stands for "not recorded": that is NULL. Dates of certificates
may be partial (``2022`` or ``2022-12``) and are therefore kept as text; days on which we ourselves did
something are aware timestamps in UTC.

One code path serves SQLite (embedded default: WAL, foreign keys, busy timeout) and PostgreSQL.
"""

from db.base import NAMING, Instant, metadata
from db.engine import (
    BUSY_TIMEOUT_MS,
    MIGRATIONS,
    SchemaError,
    async_engine,
    current_revision,
    head_revision,
    migrate,
    session,
)
from db.people import INBOX_STATES, Arrival, Chat, Miss, Person, Step, Ticket
from db.places import (
    PRECISIONS,
    SHOWROOM_KINDS,
    Attraction,
    Event,
    Mention,
    Season,
    Showroom,
    Statistic,
    Stock,
    Target,
)
from db.quick import LockedError, Prepared, Quick
from db.registry import (
    BASES,
    GROUPS,
    PRODUCER_KINDS,
    STATUSES,
    Certificate,
    Commune,
    CommuneMerge,
    Producer,
    Product,
    Registry,
)
from db.zalo import GRANT_STATES, ZaloContact, ZaloGrant, ZaloSpending

__all__ = [
    "BASES",
    "BUSY_TIMEOUT_MS",
    "GRANT_STATES",
    "GROUPS",
    "INBOX_STATES",
    "MIGRATIONS",
    "NAMING",
    "PRECISIONS",
    "PRODUCER_KINDS",
    "SHOWROOM_KINDS",
    "STATUSES",
    "Arrival",
    "Attraction",
    "Certificate",
    "Chat",
    "Commune",
    "CommuneMerge",
    "Event",
    "Instant",
    "LockedError",
    "Mention",
    "Miss",
    "Person",
    "Prepared",
    "Producer",
    "Product",
    "Quick",
    "Registry",
    "SchemaError",
    "Season",
    "Showroom",
    "Statistic",
    "Step",
    "Stock",
    "Target",
    "Ticket",
    "ZaloContact",
    "ZaloGrant",
    "ZaloSpending",
    "async_engine",
    "current_revision",
    "head_revision",
    "metadata",
    "migrate",
    "session",
]

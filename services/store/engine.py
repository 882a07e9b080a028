"""How the services reach PostgreSQL: one plain ``postgresql://`` URL in, engines and connections out.

Invariants: psycopg 3 is the only driver; every session has a statement timeout, a lock timeout and the time
zone UTC; a peer that vanished is noticed by both sides within about 20 s (TCP keepalives), so that a dead
writer does not keep its locks.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg
import sqlalchemy as sa

_KEEPALIVES: Final = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 3}


def create_engine(
    database_url: str,
    *,
    application: str = "tieout",
    pool_size: int = 5,
    max_overflow: int = 5,
    statement_timeout_s: int = 30,
    connect_timeout_s: int = 5,
) -> sa.Engine:
    """An engine for ``postgresql://…``; connects on first use. Raises sqlalchemy.exc.ArgumentError else.

    ``application`` is what ``pg_stat_activity`` shows. A connection that broke while it was pooled is
    replaced before it is handed out.
    """
    return sa.create_engine(
        sa.make_url(database_url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_pre_ping=True,
        pool_timeout=10,
        connect_args=_arguments(application, statement_timeout_s, connect_timeout_s),
    )


def connect(
    database_url: str,
    *,
    application: str,
    statement_timeout_s: int = 30,
    connect_timeout_s: int = 5,
) -> psycopg.Connection[tuple[Any, ...]]:
    """One dedicated psycopg connection (autocommit off), for COPY and session locks. Blocks while connecting.

    Raises psycopg.OperationalError when the server cannot be reached.
    """
    url = sa.make_url(database_url).set(drivername="postgresql")
    return psycopg.connect(
        url.render_as_string(hide_password=False),
        **_arguments(application, statement_timeout_s, connect_timeout_s),
    )


def _arguments(application: str, statement_timeout_s: int, connect_timeout_s: int) -> dict[str, Any]:
    options = {
        "TimeZone": "UTC",
        "statement_timeout": f"{statement_timeout_s}s",
        "lock_timeout": f"{statement_timeout_s}s",
        "idle_in_transaction_session_timeout": "120s",
        # the server's side of the keepalives: frees the locks of a client whose machine is gone
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "3",
        "tcp_keepalives_count": "3",
    }
    return {
        "application_name": application,
        "connect_timeout": connect_timeout_s,
        "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        **_KEEPALIVES,
    }

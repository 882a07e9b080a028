"""Who may act: users with a role and a token of which only the SHA-256 is kept.

Where there is no user at all, the one person at this machine is ``local`` and may do everything that one person
may: a laptop needs no set-up. The first `tieout users add` ends that.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.identity import same_person
from services.store.tables import users
from services.work.errors import UnknownUserError, UserRefusedError

LOCAL: Final = "local"
#: rises from reading only to everything; a role may do what those before it may
ROLES: Final = ("viewer", "clerk", "approver", "controller")
_USER_ID: Final = re.compile(r"[\w.@+-]{1,100}")


@dataclass(frozen=True, slots=True)
class User:
    """``role`` is one of ``ROLES``."""

    user_id: str
    name: str
    role: str
    active: bool = True

    def at_least(self, role: str) -> bool:
        return ROLES.index(self.role) >= ROLES.index(role)


def hash_of(token: str) -> str:
    """A token is 256 random bits, so that one fast hash suffices."""
    return hashlib.sha256(token.encode()).hexdigest()


def add_user(connection: sa.Connection, user_id: str, name: str, role: str, now: dt.datetime) -> str:
    """Add a user, or give a known one this name and role and a new token. Returns the token, shown only once.

    Raises ``UserRefusedError``: two users who look alike would be two persons to some and one to others.
    """
    if not _USER_ID.fullmatch(user_id) or user_id != unicodedata.normalize("NFKC", user_id):
        raise UserRefusedError(
            f"{user_id!r} is no user id: letters, digits and any of . _ @ + - are, up to 100."
        )
    for known in list_users(connection):
        if known.user_id != user_id and same_person(known.user_id, user_id):
            raise UserRefusedError(f"{user_id!r} reads like {known.user_id!r}, who is a user already.")
    token = secrets.token_urlsafe(32)
    row = {
        "user_id": user_id,
        "name": name,
        "role": role,
        "token_sha256": hash_of(token),
        "active": True,
        "created_at": now,
    }
    added = insert(users).values(row)
    again = {name: added.excluded[name] for name in ("name", "role", "token_sha256", "active")}
    connection.execute(added.on_conflict_do_update(index_elements=[users.c.user_id], set_=again))
    return token


def disable_user(connection: sa.Connection, user_id: str) -> None:
    """End what a user may do; their history stays. Raises ``UnknownUserError``."""
    done = connection.execute(
        sa.update(users).where(users.c.user_id == user_id).values(active=False, token_sha256=None)
    )
    if not done.rowcount:
        raise UnknownUserError(user_id)


def list_users(connection: sa.Connection) -> list[User]:
    """All, by id."""
    columns = users.c.user_id, users.c.name, users.c.role, users.c.active
    return [User(*row) for row in connection.execute(sa.select(*columns).order_by(users.c.user_id))]


def user_named(connection: sa.Connection, user_id: str | None) -> User:
    """The active user of this id; without users and without a name, ``local``. Raises ``UnknownUserError``."""
    return _the_one(connection, users.c.user_id == user_id, user_id or "", anonymous=user_id in (None, LOCAL))


def user_of_token(connection: sa.Connection, token: str | None) -> User:
    """The active user whose token this is; without users, ``local`` needs none. Raises ``UnknownUserError``."""
    return _the_one(connection, users.c.token_sha256 == hash_of(token or ""), "", anonymous=token is None)


def _the_one(
    connection: sa.Connection, condition: sa.ColumnElement[bool], user_id: str, *, anonymous: bool
) -> User:
    columns = users.c.user_id, users.c.name, users.c.role
    row = connection.execute(sa.select(*columns).where(condition, users.c.active)).one_or_none()
    if row is not None:
        return User(*row)
    if anonymous and not connection.execute(sa.select(sa.exists(sa.select(users.c.user_id)))).scalar_one():
        return User(LOCAL, LOCAL, ROLES[-1])
    raise UnknownUserError(user_id)

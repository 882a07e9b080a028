"""The policy of work, as data: ``policy.toml`` beside this module, or a file of one's own in the same shape."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Literal

import msgspec

from domain.money import minor_in_one
from domain.work.cases import DuePolicy
from services.work.users import ROLES

Role = Literal["viewer", "clerk", "approver", "controller"]


class PolicyUnreadableError(Exception):
    """The policy file is absent or has another shape; the message says where."""


class Attachments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``bytes_max``: of one attachment; it must fit a record of Kafka."""

    bytes_max: int


class Adjustments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``expire_days``: after this a proposal can no longer be approved."""

    expire_days: int


class RuleRoles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The least role that may propose a rule set or its retirement, and the least that may decide on it."""

    propose: Role = "approver"
    approve: Role = "controller"


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whole units of the currency, by role; -1 is without limit."""

    viewer: int
    clerk: int
    approver: int
    controller: int

    def covers(self, role: str, amount_minor: int, currency: str) -> bool:
        """Whether the role's limit reaches this amount."""
        limit: int = {name: getattr(self, name) for name in ROLES}[role]
        if limit == 0:
            return False  # none at all, nor what moves no money: a corrected reference or date
        return limit < 0 or abs(amount_minor) <= limit * minor_in_one(currency)


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See ``policy.toml``, which says what each value means."""

    due: DuePolicy
    attachments: Attachments
    propose: Limits
    approve: Limits
    adjustments: Adjustments
    rules: RuleRoles = RuleRoles()


def read_policy(path: Path | None = None) -> Policy:
    """The policy in the file, or the one that comes with Tieout. Raises ``PolicyUnreadableError``."""
    try:
        data = (
            resources.files(__package__).joinpath("policy.toml").read_bytes()
            if path is None
            else path.read_bytes()
        )
        return msgspec.toml.decode(data, type=Policy)
    except (OSError, msgspec.DecodeError) as error:
        raise PolicyUnreadableError(
            f"The work policy {path or 'policy.toml'} cannot be read: {error}"
        ) from error

"""The HTTP interface: reads, statements and events for programs, and the live page for people, in one
process.

Every read is under ``/api/v1``; errors are RFC 9457 problems with stable codes (``problems.py``); money is
integer minor units. Reads ask nobody who they are: it listens on loopback unless told otherwise and belongs
behind a proxy that does. What changes something asks for the token of a user, once there is one.
"""

from services.api.app import create_app
from services.api.ports import (
    ApiDependencies,
    Correction,
    FileAnswer,
    FileUpload,
    Publication,
    RefusedEvent,
    RejectedRow,
    StatementDocument,
    StatementRequest,
)
from services.web.hub import Lag

__all__ = [
    "ApiDependencies",
    "Correction",
    "FileAnswer",
    "FileUpload",
    "Lag",
    "Publication",
    "RefusedEvent",
    "RejectedRow",
    "StatementDocument",
    "StatementRequest",
    "create_app",
]

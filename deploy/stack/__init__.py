"""The embedded stack: a real Kafka, PostgreSQL and Valkey on this machine with one call and no Docker.

For laptops, tests and small shops.  `EmbeddedStack(home).start()` returns the three urls;
`running_urls(home)` finds a stack that somebody else has started.
"""

from .errors import StackError
from .stack import SERVICES, EmbeddedStack, ServiceStatus, StackUrls, running_urls

__all__ = ["SERVICES", "EmbeddedStack", "ServiceStatus", "StackError", "StackUrls", "running_urls"]

"""The registry of schemas that a setting asks for."""

from __future__ import annotations

from schemas.registry import FingerprintRegistry, SchemaRegistry


def registry_for(url: str, auth: tuple[str, str] | None = None) -> SchemaRegistry:
    """Return the registry that a setting asks for: the one at ``url``, or ids from fingerprints if empty."""
    if not url:
        return FingerprintRegistry()
    from schemas.confluent import ConfluentRegistry  # an HTTP client, which a worker starts faster without

    return ConfluentRegistry(url, auth)

"""``/healthz``, ``/readyz``, ``/metrics``: for supervisors, load balancers and Prometheus."""

from __future__ import annotations

import logging
from typing import Final

import msgspec
import sqlalchemy as sa
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from services.api.ports import ApiDependencies
from services.store.errors import LiveStoreError

_log: Final = logging.getLogger(__name__)


def operations_router(deps: ApiDependencies) -> APIRouter:
    """What operates the process; not under ``/api`` because it is no contract with customers' programs."""
    router = APIRouter(tags=["operations"])

    @router.get("/healthz", summary="Alive", response_class=Response)
    async def healthz() -> Response:
        """200 as long as the process answers. On the event loop on purpose: a blocked loop fails it."""
        return _answer([])

    @router.get("/readyz", summary="Ready", response_class=Response)
    def readyz() -> Response:
        """200 when PostgreSQL and Redis answer, else 503 with what does not."""
        problems: list[str] = []
        try:
            with deps.engine.connect() as connection:
                connection.execute(sa.text("SELECT 1 FROM balances LIMIT 1"))
        except SQLAlchemyError as error:
            _log.warning("not ready: PostgreSQL", exc_info=error)
            problems.append("PostgreSQL cannot be read")
        try:
            deps.live.latest_change_id()
        except LiveStoreError as error:
            _log.warning("not ready: Redis", exc_info=error)
            problems.append("Redis cannot be read")
        return _answer(problems)

    @router.get("/metrics", summary="Prometheus metrics", response_class=Response)
    def metrics() -> Response:
        """In the text format of Prometheus."""
        return Response(generate_latest(deps.registry), media_type=CONTENT_TYPE_LATEST)

    return router


def _answer(problems: list[str]) -> Response:
    status = "problems" if problems else "ok"
    return Response(
        msgspec.json.encode({"status": status, "problems": problems}),
        503 if problems else 200,
        {"Cache-Control": "no-store"},
        "application/json",
    )

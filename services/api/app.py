"""The application: routers, handlers, the live page's tasks. Built from what it is given; nothing is
global.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from services.api.adjustments import adjustment_router
from services.api.cases import case_router
from services.api.dead_letters import dead_letter_router
from services.api.files import file_router
from services.api.operations import operations_router
from services.api.ports import ApiDependencies
from services.api.problems import install_problem_handlers
from services.api.reads import read_router
from services.api.requests import RequestMiddleware
from services.api.rules import rule_router
from services.api.statements import statement_router
from services.api.writes import write_router
from services.web.figures import FigureReader
from services.web.hub import LiveHub
from services.web.routes import PageDependencies, page_router, static_files

_log: Final = logging.getLogger(__name__)

_TAGS: Final = [
    {"name": "accounts", "description": "Balances, entries, open items, ageing. Every read takes a date."},
    {"name": "reconciliation", "description": "Matches, and what two views of an account disagree about."},
    {"name": "statements", "description": "Statements of account as documents."},
    {"name": "events", "description": "The one way in: canonical events, published to their topics."},
    {"name": "files", "description": "Statements, customers and products as files; templates."},
    {"name": "work", "description": "Cases, adjustments, refused records, rule sets: what people do."},
    {"name": "operations", "description": "Health and metrics."},
]
_DESCRIPTION: Final = (
    "Money is integer minor units (`…_minor`) beside an ISO 4217 currency. Dates are business dates. "
    "Errors are `application/problem+json` (RFC 9457) with a stable `code`."
)


def create_app(deps: ApiDependencies) -> FastAPI:
    """The ASGI application. Connects to nothing before it is served."""
    hub = LiveHub(deps.live)
    figures = FigureReader(deps.engine, hub, deps.lag, deps.clock, deps.zone)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(hub.run(), name="hub"),
            asyncio.create_task(figures.run(), name="figures"),
        ]
        for task in tasks:
            task.add_done_callback(_ended)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(
        title="Tieout",
        version=deps.version,
        summary="Real-time reconciliation of customer accounts.",
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        docs_url=None,  # their pages load scripts from another host
        redoc_url=None,
        lifespan=lifespan,
    )
    install_problem_handlers(app)
    app.include_router(read_router(deps))
    app.include_router(statement_router(deps))
    app.include_router(write_router(deps))
    app.include_router(file_router(deps))
    app.include_router(case_router(deps))
    app.include_router(adjustment_router(deps))
    app.include_router(dead_letter_router(deps))
    app.include_router(rule_router(deps))
    app.include_router(operations_router(deps))
    app.include_router(
        page_router(
            PageDependencies(
                engine=deps.engine,
                live=deps.live,
                hub=hub,
                figures=figures,
                today=deps.today,
                company_name=deps.company_name,
                language=deps.language,
                version=deps.version,
            )
        )
    )
    app.mount("/static", static_files(), name="static")
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(deps.allowed_hosts), www_redirect=False)
    app.add_middleware(RequestMiddleware)
    return app


def _ended(task: asyncio.Task[None]) -> None:
    """A task of the page that ends by itself is a defect; the page says so by standing still, the log by
    this.
    """
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("a task of the live page ended", extra={"task": task.get_name()}, exc_info=error)

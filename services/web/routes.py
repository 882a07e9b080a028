"""``/`` and what the page asks for: its snapshot, its table, its stream of changes, its files."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Final

import msgspec
import sqlalchemy as sa
from babel.core import negotiate_locale
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from sse_starlette import EventSourceResponse, ServerSentEvent

from domain.money import minor_units
from services.language import LANGUAGES, Language
from services.queries.discrepancies import OPEN_STATES
from services.queries.overview import AccountOrder, list_accounts, list_open_discrepancies
from services.web.figures import FigureReader
from services.web.hub import LiveHub, Signal
from services.web.texts import browser_texts, texts
from services.web.wire import browser_json
from services.store.live import LiveReader, parse_change_id

_HERE: Final = Path(str(resources.files(__package__)))
_NO_STORE: Final = {"Cache-Control": "no-store"}
#: rows of a table that the page shows; it says how many there are
ROWS_MAX: Final = 100
_HEARTBEAT_S: Final = 10
_RETRY_MS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDependencies:
    """What the page stands on."""

    engine: sa.Engine
    live: LiveReader
    hub: LiveHub
    figures: FigureReader
    today: Callable[[], dt.date]
    company_name: str
    language: Language
    version: str


def choose_language(asked: str | None, accept_language: str | None, default: Language) -> Language:
    """``?lang=`` first, then what the browser prefers, then the company's."""
    for language in LANGUAGES:
        if asked == language:
            return language
    preferred = [part.partition(";")[0].strip().replace("-", "_") for part in (accept_language or "").split(",")]
    found = negotiate_locale([one.partition("_")[0] for one in preferred if one], list(LANGUAGES))
    return "zh" if found == "zh" else "en" if found == "en" else default


def page_router(deps: PageDependencies) -> APIRouter:
    """The page; none of it is in the API's contract."""
    router = APIRouter(include_in_schema=False)
    templates = Jinja2Templates(directory=_HERE / "templates")

    @router.get("/")
    def page(
        request: Request,
        lang: Annotated[str | None, Query()] = None,
        accept_language: Annotated[str | None, Header()] = None,
    ) -> Response:
        language = choose_language(lang, accept_language, deps.language)
        return templates.TemplateResponse(
            request,
            "live.html",
            {
                "language": language,
                "t": texts(language),
                "browser_texts": browser_texts(language),
                "company": deps.company_name,
                "version": deps.version,
            },
            headers={**_NO_STORE, "Vary": "Accept-Language"},
        )

    @router.get("/live/snapshot")
    async def snapshot() -> Response:
        """Everything the page shows at first, and the change id to follow on from."""
        # The id before the figures: what changes in between is told again, and newer versions win.
        return await _in_thread(lambda: _snapshot(deps))

    @router.get("/live/accounts")
    def accounts(
        search: Annotated[str, Query(max_length=100)] = "",
        order: AccountOrder = AccountOrder.BALANCE,
        descending: bool = True,
        limit: Annotated[int, Query(ge=1, le=1000)] = ROWS_MAX,
    ) -> Response:
        with deps.engine.connect() as connection:
            found = list_accounts(
                connection, deps.today(), search=search, order=order, descending=descending, limit=limit
            )
        return _json(browser_json(found))

    @router.get("/live")
    async def live(
        after: Annotated[str, Query()],
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Server-sent events: ``changes``, ``figures``, ``outage``, ``recovered``, ``reload``."""
        start = last_event_id or after
        parse_change_id(start)

        async def events() -> AsyncIterator[ServerSentEvent]:
            async for item in deps.hub.follow(start):
                if isinstance(item, Signal):
                    yield ServerSentEvent(item.data, event=item.event)
                else:
                    yield ServerSentEvent(item.json(), event="changes", id=item.id, retry=_RETRY_MS)

        return EventSourceResponse(events(), ping=_HEARTBEAT_S, headers={"Cache-Control": "no-store"})

    return router

"""``/`` and what the page asks for: its snapshot, its table, its stream of changes, its files. And ``/work``."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final

import anyio.to_thread
import sqlalchemy as sa
from babel.core import negotiate_locale
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from sse_starlette import EventSourceResponse, ServerSentEvent

from domain.parties import Role
from services.language import LANGUAGES, Language
from services.queries.comparisons import iterate_comparisons, list_recent_comparisons
from services.queries.filters import AccountFilter
from services.queries.overview import AccountOrder, list_accounts, list_open_discrepancies
from services.store.live import LiveReader
from services.web.figures import FigureReader
from services.web.hub import LiveHub, Signal
from services.web.texts import browser_texts, texts
from services.web.wire import browser_json
from services.web.work_texts import work_browser_texts, work_texts

_HERE: Final = Path(str(resources.files(__package__)))
_NO_STORE: Final = {"Cache-Control": "no-store"}
#: rows of a table that the page shows; it says how many there are
ROWS_MAX: Final = 100
#: statements that the page lists
COMPARISONS_MAX: Final = 30
_HEARTBEAT_S: Final = 10
_RETRY_MS: Final = 1_000
_CHANGE_ID: Final = r"^\d{1,19}-\d{1,19}$"


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
    preferred = [
        part.partition(";")[0].strip().replace("-", "_") for part in (accept_language or "").split(",")
    ]
    found = negotiate_locale([one.partition("_")[0] for one in preferred if one], list(LANGUAGES))
    return "zh" if found == "zh" else "en" if found == "en" else default


def page_router(deps: PageDependencies) -> APIRouter:
    """The page; none of it is in the API's contract."""
    router = APIRouter(include_in_schema=False)
    templates = Jinja2Templates(directory=_HERE / "templates")
    templates.env.policies["json.dumps_kwargs"] = {
        "sort_keys": False
    }  # choices are shown in the order of their names

    def rendered(
        request: Request, name: str, language: Language, words: Mapping[str, str], browser: Mapping[str, Any]
    ) -> Response:
        context = {
            "language": language,
            "t": words,
            "browser_texts": browser,
            "company": deps.company_name,
            "version": deps.version,
        }
        headers = {**_NO_STORE, "Vary": "Accept-Language"}
        return templates.TemplateResponse(request, name, context, headers=headers)

    @router.get("/")
    def page(
        request: Request,
        lang: Annotated[str | None, Query()] = None,
        accept_language: Annotated[str | None, Header()] = None,
    ) -> Response:
        language = choose_language(lang, accept_language, deps.language)
        return rendered(request, "live.html", language, texts(language), browser_texts(language))

    @router.get("/work")
    def work(
        request: Request,
        lang: Annotated[str | None, Query()] = None,
        accept_language: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Cases and adjustments. All that it shows and does goes by ``/api/v1``, with the token of its user."""
        language = choose_language(lang, accept_language, deps.language)
        words, browser = work_texts(language), work_browser_texts(language)
        return rendered(request, "work.html", language, words, browser)

    @router.get("/live/snapshot")
    async def snapshot() -> Response:
        """Everything the page shows at first, and the change id to follow on from."""
        recent = deps.hub.recent  # belongs to the event loop
        return _json(await anyio.to_thread.run_sync(_snapshot, deps, recent))

    @router.get("/live/accounts")
    def accounts(
        search: Annotated[str, Query(max_length=100)] = "",
        order: AccountOrder = AccountOrder.BALANCE,
        descending: bool = True,
        limit: Annotated[int, Query(ge=1, le=1000)] = ROWS_MAX,
        role: Role | None = None,
    ) -> Response:
        with deps.engine.connect() as connection:
            found = list_accounts(
                connection,
                deps.today(),
                search=search,
                order=order,
                descending=descending,
                limit=limit,
                role=role,
            )
        return _json(browser_json(found))

    @router.get("/live/discrepancies")
    def discrepancies() -> Response:
        with deps.engine.connect() as connection:
            return _json(browser_json(list_open_discrepancies(connection, limit=ROWS_MAX)))

    @router.get("/live/comparisons")
    def comparisons() -> Response:
        with deps.engine.connect() as connection:
            return _json(browser_json(list_recent_comparisons(connection, limit=COMPARISONS_MAX)))

    @router.get("/live/comparison")
    def comparison(customer: str, currency: str, statement: str) -> Response:
        """What does not simply agree: the steps of the bridge and the lines that nothing is to be done about."""
        with deps.engine.connect() as connection:
            found = iterate_comparisons(connection, AccountFilter(customer, currency), statement_id=statement)
            lines = [line for one in found for line in one.lines if line.outcome != "MATCHED"]
        return _json(browser_json({"total": len(lines), "lines": lines[:ROWS_MAX]}))

    @router.get("/live")
    async def live(
        after: Annotated[str, Query(pattern=_CHANGE_ID)],
        last_event_id: Annotated[str | None, Header(pattern=_CHANGE_ID)] = None,
    ) -> Response:
        """Server-sent events: ``changes``, ``figures``, ``outage``, ``recovered``, ``reload``."""
        start = last_event_id or after

        async def events() -> AsyncIterator[ServerSentEvent]:
            async for item in deps.hub.follow(start):
                if isinstance(item, Signal):
                    yield ServerSentEvent(item.data, event=item.event)
                else:
                    yield ServerSentEvent(item.json(), event="changes", id=item.id, retry=_RETRY_MS)

        return EventSourceResponse(events(), ping=_HEARTBEAT_S, headers={"Cache-Control": "no-store"})

    return router


def static_files() -> StaticFiles:
    """The page's script and style, for mounting at ``/static``."""
    return StaticFiles(directory=_HERE / "static")


def _snapshot(deps: PageDependencies, recent: list[dict[str, Any]]) -> str:
    # The id before the figures: what changes in between is told again, and the newer version wins.
    change_id = deps.live.latest_change_id()
    with deps.engine.connect() as connection:
        found = list_open_discrepancies(connection, limit=ROWS_MAX)
    return browser_json(
        {"change_id": change_id, "figures": deps.figures.read(), "discrepancies": found, "feed": recent}
    )


def _json(text: str) -> Response:
    return Response(text, media_type="application/json", headers=_NO_STORE)

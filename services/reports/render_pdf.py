"""PDF by typst, with the fonts of a package, so that Chinese works where no font is installed.

Invariants: the same document gives the same bytes (the creation date is the date of issue, system fonts are
not looked at); data reaches the template as one JSON text and is never evaluated.
"""

from __future__ import annotations

import datetime as dt
import functools
import importlib.resources
import threading
from pathlib import Path
from typing import Any

import msgspec
import typst

from services.reports.document import StatementDocument
from services.reports.errors import UnknownTemplateError
from services.reports.present import view_of

TEMPLATES = (Path(__file__).parent / "templates").resolve()
_FONT_PACKAGE = "cvttf_NotoSansCJK_Regular"
DEFAULT_TEMPLATE = "balance_forward"


class PdfRenderer:
    """One compiled template. Reading fonts and template takes ~0.1 s once; a document then ~10 ms.

    Safe to share between threads: the compiler holds the inputs of one document at a time, so it is locked.
    """

    def __init__(self, template: Path) -> None:
        root = TEMPLATES if template.is_relative_to(TEMPLATES) else template.parent
        self._lock = threading.Lock()
        self._compiler = typst.Compiler(
            str(template), root=str(root), font_paths=_fonts(), ignore_system_fonts=True
        )

    def render(self, view: dict[str, Any], at: dt.datetime) -> bytes:
        """The PDF of a view, created at ``at`` (aware). Blocks for the time of layout."""
        data = msgspec.json.encode(view).decode()
        with self._lock:
            pdf = self._compiler.compile(
                format="pdf",
                # Tags make the file five times as large; the HTML form serves screen readers.
                pdf_tags=False,
                sys_inputs={"document": data},
                timestamp=at.astimezone(dt.UTC).replace(microsecond=0),
            )
        if not isinstance(pdf, bytes):
            raise TypeError(f"typst gave {type(pdf).__name__} instead of one PDF")
        return pdf


@functools.cache
def _fonts() -> typst.Fonts:
    folder = importlib.resources.files(_FONT_PACKAGE)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])


@functools.cache
def renderer(path: Path) -> PdfRenderer:
    """The renderer of a template, made once. ``path`` is resolved."""
    return PdfRenderer(path)


def templates() -> tuple[str, ...]:
    """Names of the templates that come with the service, sorted."""
    return tuple(sorted(path.stem for path in TEMPLATES.glob("*.typ")))


def render_pdf(document: StatementDocument, template: str | Path = DEFAULT_TEMPLATE) -> bytes:
    """The PDF of a document by a template of ours (its name) or of the user (a path to a ``.typ`` file).

    Raises ``UnknownTemplateError``.
    """
    path = template if isinstance(template, Path) else TEMPLATES / f"{template}.typ"
    if (isinstance(template, str) and template not in templates()) or not path.is_file():
        raise UnknownTemplateError(str(template))
    return renderer(path.resolve()).render(view_of(document), document.issued_at)

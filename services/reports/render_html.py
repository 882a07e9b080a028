"""HTML that stands alone (no script, nothing loaded from elsewhere) and prints well.

Autoescape is always on, and the page's own policy forbids scripts as a second line of defence.
"""

from __future__ import annotations

import functools
from pathlib import Path

import jinja2

from services.reports.document import StatementDocument
from services.reports.present import view_of

_TEMPLATES = Path(__file__).parent / "templates"


@functools.cache
def template(name: str) -> jinja2.Template:
    """A template of this room by its name; everything put into it is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def render_html(document: StatementDocument) -> bytes:
    """One UTF-8 page."""
    return template("statement.html.j2").render(doc=view_of(document)).encode()

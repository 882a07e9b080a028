"""The API's work: every path can be described, and what acts says how it may fail."""

from __future__ import annotations

from typing import Any

import pytest

from services.api.app import create_app
from services.api.ports import ApiDependencies


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    fields: dict[str, Any] = dict.fromkeys(ApiDependencies.__dataclass_fields__)  # nothing is asked of them
    return create_app(ApiDependencies(**fields | {"version": "1", "allowed_hosts": ("*",)})).openapi()


def test_every_path_that_changes_something_wants_a_token(description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if method != "get":
                named = {parameter["name"].lower() for parameter in operation.get("parameters", ())}
                assert "authorization" in named, (method, path)
                assert "401" in operation["responses"], (method, path)


def test_actions_say_how_they_may_fail(description: dict[str, Any]) -> None:
    operation = description["paths"]["/api/v1/cases/{case_id}/actions"]["post"]
    assert {"200", "401", "403", "404", "409", "415", "422", "503"} <= operation["responses"].keys()
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/CaseDetail"}

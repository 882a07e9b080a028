"""Policy and attachments: data that governs work, files that are taken."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from services.work.attachments import described
from services.work.errors import AttachmentRefusedError
from services.work.policy import PolicyUnreadableError, read_policy


def test_the_policy_that_comes_along_can_be_read() -> None:
    policy = read_policy()
    assert policy.approve.covers("controller", 10**15, "EUR")
    assert policy.approve.covers("approver", 1_000_000, "EUR")
    assert not policy.approve.covers("approver", -1_000_001, "EUR")
    assert policy.approve.covers("approver", 10_000, "JPY")
    assert not policy.approve.covers("approver", 10_001, "JPY")
    assert not policy.approve.covers("clerk", 1, "EUR")
    assert not policy.approve.covers("clerk", 0, "EUR"), (
        "no limit, no approval: not of what moves nothing either"
    )
    assert not policy.propose.covers("viewer", 0, "EUR")
    assert policy.propose.covers("clerk", 0, "EUR")


def test_a_policy_of_another_shape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    with pytest.raises(PolicyUnreadableError, match=r"mine\.toml"):
        read_policy(path)
    path.write_text("[due]\nsurprise = 1\n")
    with pytest.raises(PolicyUnreadableError, match="missing"):
        read_policy(path)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7 ...", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"PK\x03\x04", "application/zip"),
        ("备注,1\n".encode(), "text/plain"),
    ],
)
def test_the_type_is_told_from_the_bytes(content: bytes, media_type: str) -> None:
    assert described("a/b\\c.exe", content, 100) == {
        "name": "c.exe",
        "media_type": media_type,
        "size": str(len(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def test_a_name_cannot_steer_what_shows_it() -> None:
    assert described('../x\x1b[2J"\n.txt', b"a", 10)["name"] == "x[2J.txt"


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00", b"a\0b", b"12345678901"])
def test_what_is_not_taken(content: bytes) -> None:
    with pytest.raises(AttachmentRefusedError):
        described("x", content, 10)

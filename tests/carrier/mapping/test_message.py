from __future__ import annotations

import pytest
from google.protobuf.message import Message

from adapter.carrier.mapping.message import MESSAGE_LIMIT, MessageField, message_field
from adapter.diagnostics.table import read
from tests.carrier.dispatching import dispatch

VOID = dispatch().method("dispatch.Orders/Void")
FIELDS = pytest.mark.parametrize("path", ["redirect", "result.detail", "result.detail.value"])


def _field(path: str) -> MessageField:
    found = message_field(read(f'message = "{path}"'.encode()), VOID.reply_type)
    assert found is not None
    return found


def _reply() -> Message:
    return VOID.reply_class()


@FIELDS
def test_words_are_read_as_they_were_written(path: str) -> None:
    reply = _reply()

    _field(path).write(reply, "the parcel is on the van")

    assert _field(path).read(reply) == "the parcel is on the van"


@FIELDS
def test_no_words_are_an_empty_text(path: str) -> None:
    assert _field(path).read(_reply()) == ""


def test_words_are_cut_to_their_limit() -> None:
    reply = _reply()

    _field("redirect").write(reply, "x" * (MESSAGE_LIMIT + 1))

    assert len(_field("redirect").read(reply)) == MESSAGE_LIMIT


def test_no_message_is_no_fault() -> None:
    section = read(b"")

    assert message_field(section, VOID.reply_type) is None
    assert section.findings.found == []


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere", 'dispatch.Verdict has no field "nowhere"'),
        ("code", '"code" is int32, not a string'),
        ("result", '"result" is dispatch.Verdict.Result, not a string'),
    ],
)
def test_what_is_no_text_is_refused(path: str, message: str) -> None:
    section = read(f'message = "{path}"'.encode())

    assert message_field(section, VOID.reply_type) is None
    assert [finding.message for finding in section.findings.found] == [f"{message}."]

from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.explain.causes import Cause
from adapter.explain.remains import encrypted, meant_for, what_remains
from adapter.wechat.errors import Refused
from adapter.wechat.redact import Secret
from tests.explain.capturing import APP_ID, OTHER_KEY, OURS, sent

WRONG = Refused("signature_wrong")


def test_whom_a_body_is_meant_for_is_read_with_either_key() -> None:
    account = replace(
        OURS,
        app_id="wx9",
        encoding_aes_key=Secret(OTHER_KEY),
        previous_encoding_aes_key=OURS.encoding_aes_key,
    )

    assert meant_for(account, sent().body) == APP_ID


@pytest.mark.parametrize("body", [b"", b"<xml><Encrypt>abcd</Encrypt></xml>", b"<xml></xml>"])
def test_what_cannot_be_read_is_meant_for_nobody(body: bytes) -> None:
    assert meant_for(OURS, body) == ""


def test_only_a_text_is_an_encrypt() -> None:
    assert encrypted(b'{"Encrypt": 1}') is None
    assert encrypted(b'{"Encrypt": "ab"}') == "ab"


@pytest.mark.parametrize(
    ("query", "body", "cause"),
    [
        (b"", b"<xml/>", Cause.QUERY_LOST),
        (b"a=1", b"", Cause.BODY_LOST),
        (b"a=1", b"<xml><a>1</a></xml>", Cause.FORMAT),
        (b"a=1", b"<xml><Encrypt>abc", Cause.BODY_TRUNCATED),
        (b"a=1", b"<xml>" + b" " * 70_000 + b"</xml>", Cause.FORMAT),
        (b"a=1", b"<xml><Encrypt>" + b"A" * 64 + b"</Encrypt></xml>", Cause.TOKEN_AND_KEY),
        (b"a=%zz", sent().body, Cause.TOKEN),
    ],
)
def test_what_no_try_undoes_has_a_cause_all_the_same(
    query: bytes, body: bytes, cause: Cause
) -> None:
    (found,) = what_remains(OURS, query, body, WRONG)

    assert found.cause is cause


@pytest.mark.parametrize(
    ("query", "about"),
    [(b"a=1", "signature and msg_signature"), (b"signature=1", "msg_signature")],
)
def test_what_looks_like_another_mode_may_lack_a_parameter(query: bytes, about: str) -> None:
    (found,) = what_remains(OURS, query, sent().body, Refused("wrong_mode", "plaintext_push"))

    assert (found.cause, found.about) == (Cause.PARAMETER_LOST, about)


def test_an_empty_body_in_the_wrong_mode_was_lost() -> None:
    refusal = Refused("wrong_mode", "plaintext_push")

    (found,) = what_remains(OURS, b"signature=1", b"", refusal)

    assert found.cause is Cause.BODY_LOST

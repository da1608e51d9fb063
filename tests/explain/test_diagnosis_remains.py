from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.explain.causes import Found, RefusalCause
from adapter.explain.diagnosis import encrypted, meant_for, what_remains
from adapter.wechat.envelope import Mode
from adapter.wechat.errors import Refused
from adapter.wechat.secret import Secret
from tests.explain.capturing import APP_ID, OTHER_KEY, OURS, THEIRS, sent

WRONG = Refused("signature_wrong")

UNSIGNED = (Found(cause=RefusalCause.TOKEN), Found(cause=RefusalCause.QUERY_CHANGED))


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
        (b"", b"<xml/>", RefusalCause.QUERY_LOST),
        (b"a=1", b"", RefusalCause.BODY_LOST),
        (b"a=1", b"<xml><a>1</a></xml>", RefusalCause.FORMAT),
        (b"a=1", b"<xml><Encrypt>abc", RefusalCause.BODY_TRUNCATED),
        (b"a=1", b"<xml><a>1</a><a>2</a></xml>", RefusalCause.FORMAT),
        (b"a=1", b"<xml><Encrypt>" + b"A" * 64 + b"</Encrypt></xml>", RefusalCause.TOKEN_AND_KEY),
    ],
)
def test_what_no_try_undoes_has_a_cause_all_the_same(
    query: bytes, body: bytes, cause: RefusalCause
) -> None:
    (found,) = what_remains(OURS, query, body, WRONG)

    assert found.cause is cause


def test_a_body_that_fits_under_a_query_that_does_not_has_two_causes() -> None:
    assert what_remains(OURS, b"a=%zz", sent().body, WRONG) == UNSIGNED


@pytest.mark.parametrize(
    ("query", "about"),
    [(b"a=1", "signature and msg_signature"), (b"signature=1", "msg_signature")],
)
def test_what_looks_like_another_mode_may_lack_a_parameter(query: bytes, about: str) -> None:
    (found,) = what_remains(OURS, query, sent().body, Refused("wrong_mode", "plaintext_push"))

    assert (found.cause, found.about) == (RefusalCause.PARAMETER_LOST, about)


def test_an_empty_body_in_the_wrong_mode_was_lost() -> None:
    refusal = Refused("wrong_mode", "plaintext_push")

    (found,) = what_remains(OURS, b"signature=1", b"", refusal)

    assert found.cause is RefusalCause.BODY_LOST


@pytest.mark.parametrize(
    ("refusal", "cause", "about"),
    [
        (Refused("signature_missing", "nonce"), RefusalCause.PARAMETER_LOST, "nonce"),
        (
            Refused("signature_grammar", "timestamp"),
            RefusalCause.PARAMETER_FORM,
            "timestamp is not ten digits",
        ),
        (Refused("signature_grammar", "another"), RefusalCause.PARAMETER_FORM, "another"),
    ],
)
def test_a_query_that_was_refused_for_its_form_is_told_so(
    refusal: Refused, cause: RefusalCause, about: str
) -> None:
    assert what_remains(OURS, b"a=1", b"x", refusal) == (Found(cause=cause, about=about),)


def test_another_mode_is_told_beside_another_token_where_none_signs() -> None:
    refusal = Refused("wrong_mode", "plaintext_push")
    plain = sent(mode=Mode.PLAINTEXT)

    ours = what_remains(OURS, plain.query, plain.body, refusal)
    theirs = what_remains(THEIRS, plain.query, plain.body, refusal)

    assert [found.cause for found in ours] == [RefusalCause.MODE]
    assert [found.cause for found in theirs] == [
        RefusalCause.MODE,
        RefusalCause.TOKEN,
        RefusalCause.QUERY_CHANGED,
    ]


def test_where_nothing_is_encrypted_only_the_token_can_be_another() -> None:
    plain = replace(OURS, mode=Mode.PLAINTEXT)

    for account, query in ((plain, b"a=1"), (OURS, b"echostr=1")):
        assert what_remains(account, query, b"", WRONG) == UNSIGNED


def test_an_encrypt_that_is_no_whole_number_of_blocks_was_cut() -> None:
    (found,) = what_remains(OURS, b"a=1", b"<xml><Encrypt>QUJD</Encrypt></xml>", WRONG)

    assert found.cause is RefusalCause.BODY_TRUNCATED
    assert found.about.startswith("Encrypt has 4 characters")


def test_a_body_beside_another_pushs_query_is_told_so() -> None:
    (found,) = what_remains(OURS, sent().query, sent(random16=b"x" * 16).body, WRONG)

    assert found.cause is RefusalCause.BODY_OF_ANOTHER_PUSH


def test_what_is_encrypted_for_another_with_our_key_is_not_a_strangers() -> None:
    body = sent(replace(OURS, app_id="wx9")).body

    assert what_remains(OURS, b"a=1", body, WRONG) == UNSIGNED


def test_an_app_id_that_is_none_is_not_told() -> None:
    assert meant_for(OURS, sent(replace(OURS, app_id="wx\x1b[2J")).body) == ""
    assert meant_for(OURS, b"neither") == ""


def test_a_query_with_its_msg_signature_lacks_nothing() -> None:
    refusal = Refused("wrong_mode", "encrypted_push")

    found = what_remains(replace(OURS, mode=Mode.PLAINTEXT), sent().query, sent().body, refusal)

    assert [one.cause for one in found] == [RefusalCause.MODE]

from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.explain.causes import RefusalCause
from adapter.explain.hypotheses import others
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from tests.explain.capturing import BOTH, CANARY, KEY, OURS, TOKEN


def test_every_other_program_is_tried_whole_and_by_its_secrets() -> None:
    found = [other.found for other in others("wechat", BOTH)]

    assert [it.cause for it in found if it.about == "mini_programs.b"] == [
        RefusalCause.OTHER_PROGRAM,
        RefusalCause.TOKEN_ELSEWHERE,
        RefusalCause.KEY_ELSEWHERE,
    ]


def test_the_development_secrets_are_tried_in_both_kinds_of_mode() -> None:
    modes = [
        other.account.mode
        for other in others("wechat", BOTH)
        if other.found.cause is RefusalCause.DEVELOPMENT
    ]

    assert modes == [Mode.SECURE, Mode.PLAINTEXT]


def test_without_a_key_no_encrypted_mode_is_tried() -> None:
    bare = replace(OURS, mode=Mode.PLAINTEXT, encoding_aes_key=None)

    assert RefusalCause.MODE not in {other.found.cause for other in others("a", {"a": bare})}


def test_secrets_that_may_be_exchanged_are_tried_so() -> None:
    exchanged = replace(OURS, token=Secret(KEY), encoding_aes_key=Secret("t" * 43))

    tried = [
        other.account
        for other in others("a", {"a": exchanged})
        if other.found.cause is RefusalCause.TOKEN_IS_THE_KEY
    ]

    assert (tried[1].token, tried[1].encoding_aes_key) == (Secret("t" * 43), Secret(KEY))


def test_no_secret_prints() -> None:
    assert CANARY not in repr(list(others("wechat", BOTH)))


def test_a_token_is_tried_without_the_blanks_around_it() -> None:
    blank = replace(OURS, token=Secret(f" {TOKEN}\n"))

    (other,) = (
        it for it in others("a", {"a": blank}) if it.found.cause is RefusalCause.TOKEN_BLANKS
    )

    assert other.account.token == Secret(TOKEN)


@pytest.mark.parametrize(
    ("mode", "tried"),
    [
        (Mode.PLAINTEXT, Mode.SECURE),
        (Mode.SECURE, Mode.PLAINTEXT),
        (Mode.COMPATIBLE, Mode.PLAINTEXT),
    ],
)
def test_the_other_kind_of_mode_is_tried_first(mode: Mode, tried: Mode) -> None:
    first = next(others("a", {"a": replace(OURS, mode=mode)}))

    assert (first.found.cause, first.account.mode) == (RefusalCause.MODE, tried)

from __future__ import annotations

import copy
import pickle
from dataclasses import asdict, dataclass

import pytest

from adapter.cancellation.model import Concealed
from adapter.wechat.secret import Secret

CANARY = "canary-7f3a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    password: Secret


@pytest.mark.parametrize(
    "printed",
    [
        repr(Secret(CANARY)),
        str(Secret(CANARY)),
        f"{Secret(CANARY)}",
        f"{Secret(CANARY)!r}",
        f"{Secret(CANARY):.3}",
        f"{Secret(CANARY):>40}",
        format(Secret(CANARY), "s"),
        "{}".format(Secret(CANARY)),  # noqa: UP032 - one of the ways to print
        "%s" % Secret(CANARY),  # noqa: UP031 - another one
        repr([Secret(CANARY)]),
        repr({"password": Secret(CANARY)}),
        repr(Holder(password=Secret(CANARY))),
        repr(asdict(Holder(password=Secret(CANARY)))),
        repr(copy.deepcopy(Secret(CANARY))),
    ],
)
def test_a_secret_prints_as_stars(printed: str) -> None:
    assert "***" in printed
    assert "can" not in printed


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError) as refusal:
        pickle.dumps(Secret(CANARY), protocol)

    assert CANARY not in str(refusal.value)


def test_a_secret_has_no_dictionary_to_print() -> None:
    assert not hasattr(Secret(CANARY), "__dict__")


def test_a_secret_reveals_what_it_was_given() -> None:
    concealed: Concealed = Secret(CANARY)

    assert concealed.reveal() == CANARY


def test_secrets_are_equal_by_their_text() -> None:
    assert Secret("密码") == Secret("密码")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert Secret("\udcff") == Secret("\udcff")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_only_an_empty_secret_is_false() -> None:
    assert Secret("x")
    assert not Secret("")


def test_a_copy_is_the_secret_itself() -> None:
    secret = Secret(CANARY)

    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret

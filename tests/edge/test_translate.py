from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.cancellation.model import Answer, Basis, Outcome, Unsent
from adapter.edge import translate
from adapter.edge.translate import (
    ANSWERS,
    CARRIER_WORDS_LIMIT,
    NOT_HANDLED,
    NOT_PROCESSED,
    REFUSED,
    TEXTS,
    UNSENT,
    Locale,
    ResultCode,
)
from adapter.wechat.cancel_waybill import CancelWaybill
from adapter.wechat.secret import Secret

PUSH = CancelWaybill(
    to_user_name="gh_abcdefg",
    from_user_name="oABCD",
    create_time=1533042556,
    event="cancel_waybill",
    biz_id="xyz",
    biz_pwd=Secret("xyz123"),
    shop_app_id="wxABCD",
    order_id="0012",
    way_bill_id=" 99 ",
)


def test_every_outcome_has_an_answer() -> None:
    assert set(ANSWERS) == set(Outcome)


def test_the_answers_are_those_of_the_document() -> None:
    assert {outcome.value: int(code) for outcome, code in ANSWERS.items()} == {
        "cancelled": 0,
        "not_found": 30001,
        "picked_up": 30002,
        "invalid": 30003,
        "already_cancelled": 30003,
        "unsupported": 30004,
        "failed": -1,
        "in_doubt": -1,
    }
    assert set(ANSWERS.values()) == set(ResultCode)


def test_every_outcome_has_a_text_in_every_locale() -> None:
    assert set(TEXTS) == set(NOT_PROCESSED) == set(NOT_HANDLED) == set(REFUSED) == set(Locale)
    for locale in Locale:
        assert set(TEXTS[locale]) == set(Outcome)
        texts = [
            *TEXTS[locale].values(),
            NOT_PROCESSED[locale],
            NOT_HANDLED[locale],
            REFUSED[locale],
        ]
        assert all(text.strip() and len(text) <= 80 for text in texts)
        assert len(set(texts)) == len(texts), "each case is told apart"


def test_a_success_reads_success_in_every_locale() -> None:
    assert {TEXTS[locale][Outcome.CANCELLED] for locale in Locale} == {"success"}


@pytest.mark.parametrize("unsent", list(Unsent))
@pytest.mark.parametrize("locale", list(Locale))
def test_what_was_not_sent_is_minus_one_and_asks_for_another_try(
    unsent: Unsent, locale: Locale
) -> None:
    code = translate.code(Outcome.FAILED, unsent=unsent)
    text = translate.text(Outcome.FAILED, locale, unsent=unsent)

    assert code == (30001 if unsent is Unsent.REFUSED else -1)
    assert text == UNSENT[unsent][locale]


def test_not_processed_is_said_only_where_the_ledger_was_read() -> None:
    """Another delivery of the same push may have been sent."""
    claiming = {reason for reason, texts in UNSENT.items() if texts is NOT_PROCESSED}

    assert set(UNSENT) == set(Unsent)
    assert claiming == {Unsent.CARRIER_UNREACHABLE, Unsent.PAUSED, Unsent.CARRIER_SLOW}


def test_a_push_becomes_a_wish_that_hides_its_password() -> None:
    wish = translate.cancellation(PUSH)

    assert (wish.account, wish.open_id, wish.pushed_at) == ("gh_abcdefg", "oABCD", 1533042556)
    assert (wish.biz_id, wish.order_id, wish.waybill_id) == ("xyz", "0012", " 99 ")
    assert wish.shop_app_id == "wxABCD"
    assert wish.credential.reveal() == "xyz123"
    assert "xyz123" not in repr(wish)


def test_a_press_is_turned_back_into_its_push_without_the_password() -> None:
    assert translate.push_of(translate.cancellation(PUSH)) == replace(PUSH, biz_pwd=Secret(""))


def answer(outcome: Outcome, *, basis: Basis | None = Basis.CARRIER) -> Answer:
    return Answer(key="k", outcome=outcome, basis=basis, message="driver\nhas\x00 it\u202e")


def test_the_carriers_words_are_shown_only_when_wanted() -> None:
    shown = translate.reply(PUSH, answer(Outcome.PICKED_UP), Locale.EN, show_message=True)
    hidden = translate.reply(PUSH, answer(Outcome.PICKED_UP), Locale.EN, show_message=False)

    ours = TEXTS[Locale.EN][Outcome.PICKED_UP]
    assert (shown.result_code, shown.result_msg) == (30002, f"{ours} (driver has it)")
    assert hidden.result_msg == ours


@pytest.mark.parametrize(
    "said",
    [
        answer(Outcome.CANCELLED),
        answer(Outcome.IN_DOUBT),
        answer(Outcome.FAILED, basis=None),
        answer(Outcome.INVALID, basis=Basis.OPERATOR),
        Answer(key="k", outcome=Outcome.FAILED, unsent=Unsent.PAUSED, message="internal"),
        Answer(key="k", outcome=Outcome.PICKED_UP, basis=Basis.CARRIER, message="\x00\x01"),
    ],
)
def test_words_that_no_definite_no_came_with_are_never_shown(said: Answer) -> None:
    reply = translate.reply(PUSH, said, Locale.EN, show_message=True)

    assert reply.result_msg == translate.text(said.outcome, Locale.EN, unsent=said.unsent)


def test_the_carriers_words_are_bounded() -> None:
    assert len(translate.readable("长" * 100_000)) == CARRIER_WORDS_LIMIT

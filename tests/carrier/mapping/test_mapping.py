from __future__ import annotations

import pytest

from adapter.cancellation.model import CarrierAnswer, Doubt, Fact, Outcome
from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.load import MappingFaults
from adapter.carrier.mapping.mapping import Mapping
from adapter.carrier.mapping.values import Failure, PushFields, Unfit
from adapter.diagnostics.finding import Severity
from tests.carrier.both_sides import Made, both, said, sent
from tests.carrier.dispatch_contract import (
    MAPPING,
    REQUEST_ID,
    cancellation,
    dispatch,
    dispatch_mapping,
    entry,
    shipped_mapping,
)


def test_the_shipped_mapping_has_nothing_to_remark() -> None:
    assert shipped_mapping().findings == ()


def test_orders_keep_their_names_where_they_are_texts() -> None:
    assert shipped_mapping().order_that_fits("ORDER0002") == "ORDER0002"


def test_orders_are_numbers_where_the_contract_has_numbers() -> None:
    names = ("ORDER0002", "007", "012345678901234567890123456789")

    fitting = [dispatch_mapping().order_that_fits(name) for name in names]

    assert fitting == ["2", "7", "567890123456789"]


@both
def test_half_a_surrogate_pair_is_not_found_and_no_crash(made: Made) -> None:
    unfit = made().request(cancellation(biz_id="\ud83d"), REQUEST_ID)

    assert isinstance(unfit, Unfit)
    assert unfit.outcome is Outcome.NOT_FOUND


def test_what_a_contract_does_not_carry_is_nothing_and_not_empty() -> None:
    fields = dispatch_mapping().read_request(
        sent(dispatch_mapping().request(cancellation(), REQUEST_ID))
    )

    assert (fields.account, fields.open_id) == (None, None)


def test_a_password_never_shows_in_what_is_printed() -> None:
    mapping = dispatch_mapping()
    push = cancellation(credential="canary")

    assert "canary" not in repr(mapping.read_request(sent(mapping.request(push, REQUEST_ID))))
    assert "canary" not in repr(
        mapping.request(cancellation(waybill_id="x", credential="canary"), "")
    )


@both
def test_every_outcome_is_read_as_it_was_said(made: Made) -> None:
    mapping = made()

    assert {outcome: said(mapping, outcome).outcome for outcome in Outcome} == {
        outcome: outcome for outcome in Outcome
    }


@both
def test_a_status_value_the_contract_does_not_know_is_doubt_and_not_asked_again(
    made: Made,
) -> None:
    answer = made().answer(sent(made().write_reply(None)))

    assert answer == CarrierAnswer(
        outcome=Outcome.IN_DOUBT, status="UNKNOWN_1000", doubt=Doubt.UNKNOWN_STATUS
    )


@both
def test_an_empty_reply_is_doubt_and_not_asked_again(made: Made) -> None:
    answer = made().answer(made().method.reply_class.FromString(b""))

    assert (answer.outcome, answer.doubt) == (Outcome.IN_DOUBT, Doubt.UNKNOWN_STATUS)
    assert answer.status in {"CANCEL_STATUS_UNSPECIFIED", "NONE"}


def test_a_reply_in_another_member_of_the_oneof_is_doubt() -> None:
    reply = dispatch_mapping().method.reply_class(redirect="elsewhere")

    assert dispatch_mapping().answer(sent(reply)).outcome is Outcome.IN_DOUBT


def test_both_names_of_an_alias_are_the_one_listed_first() -> None:
    assert said(dispatch_mapping(), Outcome.CANCELLED).status == "DONE"


@both
def test_the_carriers_own_words_come_along(made: Made) -> None:
    assert said(made(), Outcome.PICKED_UP).message == "a word"


def test_a_carrier_may_say_nothing_beside_its_status() -> None:
    mapping = shipped_mapping()

    assert mapping.answer(sent(mapping.write_reply(Outcome.CANCELLED))) == CarrierAnswer(
        outcome=Outcome.CANCELLED, status="CANCEL_STATUS_CANCELLED"
    )


def test_long_words_of_a_carrier_are_cut() -> None:
    reply = shipped_mapping().write_reply(Outcome.PICKED_UP, "x" * 501)

    assert shipped_mapping().answer(reply).message == "x" * 500


def test_a_failed_call_is_read_by_its_reason_before_its_code() -> None:
    mapping = dispatch_mapping()

    assert mapping.failed("NOT_FOUND", ("orders.dispatch.example/NO_VOIDS",)) == CarrierAnswer(
        outcome=Outcome.UNSUPPORTED, status="NOT_FOUND/orders.dispatch.example/NO_VOIDS"
    )
    assert mapping.failed("NOT_FOUND").outcome is Outcome.NOT_FOUND


def test_a_mapping_says_whether_the_carriers_words_may_be_shown() -> None:
    assert (shipped_mapping().show_message, dispatch_mapping().show_message) == (False, True)


@both
def test_every_fact_that_has_a_word_is_read_as_it_was_said(made: Made) -> None:
    mapping = made()
    words = {row.means for row in mapping.lookup_rows}

    for fact in Fact:
        assert mapping.fact(sent(mapping.write_fact(fact))) is (fact if fact in words else None)
    assert mapping.fact(sent(mapping.write_fact(None))) is None


def test_a_lookup_asks_for_the_waybill_of_the_entry() -> None:
    shipped, other = shipped_mapping(), dispatch_mapping()

    assert shipped.read_lookup(sent(shipped.lookup_request(entry()))) == PushFields(
        biz_id="xyz", order_id="77", waybill_id="123456789"
    )
    assert other.read_lookup(sent(other.lookup_request(entry()))) == PushFields(
        waybill_id="123456789"
    )
    assert isinstance(other.lookup_request(entry(waybill_id="SF1")), Unfit)


def test_a_mapping_without_a_lookup_asks_and_says_nothing() -> None:
    mapping = Mapping.load(dispatch(), MAPPING[: MAPPING.index("[lookup]")].encode())

    assert mapping.lookup_method is None
    assert mapping.lookup_request(entry()) is None
    assert mapping.fact(mapping.method.reply_class()) is None
    assert mapping.lookup_rows == ()
    assert mapping.read_lookup(mapping.method.request_class()) == PushFields()
    with pytest.raises(LookupError, match=r"no \[lookup\] is mapped"):
        mapping.write_fact(Fact.CANCELLED)


def test_an_outcome_without_a_word_is_said_as_failed() -> None:
    text = MAPPING.replace('"orders.dispatch.example/NO_VOIDS" = "unsupported"\n', "")
    mapping = Mapping.load(dispatch(), text.encode())

    assert said(mapping, Outcome.UNSUPPORTED).outcome is Outcome.FAILED
    with pytest.raises(LookupError, match=r"no status of dispatch\.Orders/Void means unsupported"):
        mapping.write_reply(Outcome.UNSUPPORTED)


def test_a_carrier_whose_every_refusal_means_something_fails_in_doubt() -> None:
    codes = (
        "FAILED_PRECONDITION INVALID_ARGUMENT OUT_OF_RANGE ALREADY_EXISTS PERMISSION_DENIED "
        "UNAUTHENTICATED UNIMPLEMENTED"
    )
    rows = "".join(f'{code} = "invalid"\n' for code in codes.split())
    text = MAPPING.replace('BROKEN = "failed"', 'BROKEN = "invalid"')
    text = text.replace("[grpc]\n", f"[grpc]\n{rows}")
    mapping = Mapping.load(dispatch(), text.encode())

    assert mapping.express(Outcome.FAILED) == Failure(code="INTERNAL")


def test_the_tables_for_people_are_whole() -> None:
    mapping = dispatch_mapping()

    assert [(row.number, row.word, row.aliases) for row in mapping.rows][:5] == [
        (-3, "CLOSED", ()),
        (0, "NONE", ()),
        (7, "BROKEN", ()),
        (8, "STILL_WORKING", ()),
        (100, "DONE", ("VOIDED",)),
    ]
    means = {row.word: row.means for row in mapping.grpc_rows}
    assert len(means) == 16 + 2
    assert (means["NOT_FOUND"], means["MERCHANT_GONE"]) == (Outcome.NOT_FOUND, Outcome.NOT_FOUND)
    assert (means["UNAVAILABLE"], means["ABORTED"]) == (Outcome.IN_DOUBT, Outcome.IN_DOUBT)
    assert means["PERMISSION_DENIED"] is Outcome.FAILED


def test_faults_hold_notes_too_and_stand_in_the_order_of_the_file() -> None:
    text = MAPPING.replace('CLOSED = "invalid"', 'CLOSED = "invalit"')

    with pytest.raises(MappingFaults) as raised:
        Mapping.load(dispatch(), text.encode())

    findings = raised.value.findings
    lines = [finding.line or 0 for finding in findings]
    assert lines == sorted(lines)
    assert {finding.severity for finding in findings} == set(Severity)
    assert 'line 25, status.outcomes.CLOSED: "invalit" is not a valid meaning' in str(raised.value)


def test_our_mapping_does_not_fit_another_contract() -> None:
    with pytest.raises(MappingFaults, match="the contract has no method"):
        Mapping.load(dispatch())


def test_our_contract_says_every_outcome_by_a_status_but_doubt() -> None:
    mapping = Mapping.load(Contract.load())

    by_call = [o for o in Outcome if isinstance(mapping.express(o), Failure)]
    assert by_call == [Outcome.IN_DOUBT]

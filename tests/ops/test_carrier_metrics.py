from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.carrier.channel.channelz import AddressState
from adapter.carrier.channel.state import Breaker, CarrierState
from adapter.ops.carrier_metrics import IS_UP, CarrierMetrics, condition
from adapter.ops.metrics import Metrics
from tests.ops.carrier_states import STATE

EJECTED = AddressState(
    address="10.0.0.2:50051", is_connected=True, is_left_out=True, ok=1, failed=20
)


def showing(state: CarrierState, *addresses: AddressState) -> Metrics:
    metrics = Metrics()
    metrics.show(CarrierMetrics(state=lambda: state, addresses=lambda: addresses))
    return metrics


def value(metrics: Metrics, metric: str, /, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"waybridge_carrier_{metric}", labels)


def test_the_limit_its_use_and_its_refusals_are_on_the_page() -> None:
    metrics = showing(STATE)

    assert value(metrics, "calls_in_flight") == 3
    assert value(metrics, "calls_limit") == 1024
    assert value(metrics, "calls_refused_total") == 2


def test_channels_and_times_are_on_the_page() -> None:
    metrics = showing(STATE)

    assert value(metrics, "channels_built_total") == 4
    assert value(metrics, "channels_draining") == 1
    assert value(metrics, "last_ok_timestamp_seconds") == 1_600_000_100
    assert value(metrics, "last_failure_timestamp_seconds") == 1_600_000_000


@pytest.mark.parametrize(("fault", "faulty"), [("", 0), ("ca.pem holds no certificate", 1)])
def test_a_renewal_that_failed_is_on_the_page(fault: str, faulty: int) -> None:
    assert value(showing(replace(STATE, fault=fault)), "renewal_faulty") == faulty


@pytest.mark.parametrize("breaker", list(Breaker))
def test_the_breaker_is_in_one_state_of_three(breaker: Breaker) -> None:
    metrics = showing(replace(STATE, breaker=breaker))

    states = {state: value(metrics, "breaker", state=state.value) for state in Breaker}

    assert states == {state: float(state is breaker) for state in Breaker}


def test_each_address_is_on_the_page_with_its_calls() -> None:
    metrics = showing(STATE, EJECTED)

    assert value(metrics, "address_up", address=EJECTED.address) == 1
    assert value(metrics, "address_left_out", address=EJECTED.address) == 1
    assert value(metrics, "address_calls_total", address=EJECTED.address, ended="ok") == 1
    assert value(metrics, "address_calls_total", address=EJECTED.address, ended="failed") == 20


def test_every_breaker_has_its_word() -> None:
    assert set(IS_UP) == set(Breaker)


def test_a_failure_is_told_until_an_answer_came_after_it() -> None:
    failed = replace(STATE, last_ok_at=1_599_999_999.0)

    assert condition(failed).detail == "ready, UNAVAILABLE"
    assert condition(STATE).detail == "ready"


def test_what_is_wrong_with_the_files_is_told() -> None:
    told = condition(replace(STATE, connectivity="TRANSIENT_FAILURE", fault="no such file"))

    assert told.detail == "transient_failure, no such file"


def test_programs_read_the_limit_the_breaker_and_the_last_failure() -> None:
    facts = dict(condition(replace(STATE, last_ok_at=0.0)).facts)

    assert facts == {
        "breaker": "closed",
        "calls_in_flight": 3,
        "calls_limit": 1024,
        "calls_refused": 2,
        "last_ok_at": None,
        "last_failure_at": 1_600_000_000.0,
        "last_failure": "UNAVAILABLE",
        "channels_built": 4,
        "channels_draining": 1,
        "fault": "",
    }


@pytest.mark.parametrize(
    ("breaker", "reason", "is_up", "detail", "is_explained"),
    [
        (Breaker.CLOSED, None, True, "connectivity", True),
        (Breaker.OPEN, None, False, "connectivity", False),
        (Breaker.HALF_OPEN, None, None, "connectivity", False),
        (Breaker.OPEN, "", False, "connectivity", True),
        (Breaker.OPEN, "no such name", False, "no such name", True),
        (Breaker.HALF_OPEN, "it is silent", False, "it is silent", True),
    ],
)
def test_the_reason_for_a_lost_connection_takes_the_place_of_its_state(
    breaker: Breaker, reason: str | None, *, is_up: bool | None, detail: str, is_explained: bool
) -> None:
    now = replace(STATE, breaker=breaker, connectivity="CONNECTIVITY")

    told = condition(now, reason=reason)

    assert (told.is_up, told.detail, told.is_explained) == (is_up, detail, is_explained)


def test_a_connected_carrier_that_answers_only_errors_is_down() -> None:
    told = condition(replace(STATE, trouble="answers only errors: INTERNAL", last_ok_at=1.0))

    assert (told.is_up, told.detail) == (False, "answers only errors: INTERNAL")

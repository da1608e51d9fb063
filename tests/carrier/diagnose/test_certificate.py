from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from adapter.carrier.diagnose.certificate import Certificate
from tests.carrier.certificates import Authority

AUTHORITY = Authority("our authority")


def issued(*, names: tuple[str, ...] = ("localhost",), days: tuple[int, int]) -> Certificate:
    pair = AUTHORITY.issue("carrier", names=names, days=days)
    return Certificate(x509.load_pem_x509_certificate(pair.cert), owner="the certificate")


def day(offset: int) -> str:
    return (datetime.now(UTC) + timedelta(days=offset)).strftime("%Y-%m-%d")


@pytest.mark.parametrize(
    ("days", "fault"),
    [
        ((-1, 5), ""),
        ((-9, -2), f"the certificate expired on {day(-2)}"),
        ((3, 9), f"the certificate is not valid before {day(3)}"),
    ],
)
def test_a_certificate_counts_only_between_its_dates(days: tuple[int, int], fault: str) -> None:
    assert issued(days=days).fault_at(time.time()) == fault


@pytest.mark.parametrize(("lasts", "said"), [(60, ""), (7, f"the certificate expires on {day(7)}")])
def test_two_weeks_before_its_end_it_is_said(lasts: int, said: str) -> None:
    assert issued(days=(-1, lasts)).expires_soon(time.time()) == said


def test_the_names_are_those_of_the_subject_alternative_name() -> None:
    certificate = issued(names=("localhost", "127.0.0.1"), days=(-1, 5))

    assert certificate.names == ("localhost", "127.0.0.1")
    assert certificate.issuer == "our authority"


def test_a_common_name_is_no_name() -> None:
    certificate = issued(names=(), days=(-1, 5))

    assert certificate.names == ()
    assert certificate.wrong_name("x") == 'the certificate has only a common name, "carrier"'
    assert certificate.name_hint().endswith("have it issued with a subjectAltName.")


def test_a_wrong_name_is_told_beside_the_right_ones_and_with_a_way_out() -> None:
    certificate = issued(names=("dispatch.internal", "10.0.0.1"), days=(-1, 5))

    assert certificate.wrong_name("localhost") == (
        "the certificate is for dispatch.internal, 10.0.0.1, not for localhost"
    )
    assert certificate.name_hint() == (
        "Use one of those names in the target, or have it issued for this one."
    )


def test_of_a_certificate_for_everybody_the_first_names_are_enough() -> None:
    names = tuple(f"host-{number}" for number in range(9))

    said = issued(names=names, days=(-1, 5)).wrong_name("localhost")

    assert "host-7, not for" in said
    assert "host-8" not in said

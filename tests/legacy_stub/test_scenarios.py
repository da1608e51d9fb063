from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from adapter.diagnostics.table import UnusableFile
from legacy_stub.faults import Drop, ErrorStatus, Hang, StandingFault, UnknownStatus
from legacy_stub.orders import Life, Order
from legacy_stub.scenarios import (
    CREATED,
    MAGIC,
    SHIPPED_SCENARIOS,
    Casting,
    Role,
    Scenario,
    magic_role,
)

UNAVAILABLE = ErrorStatus(code=grpc.StatusCode.UNAVAILABLE)

ROLES = {
    "STUB-OK-1": Role(order=CREATED),
    "STUB-PICKED-UP-1": Role(order=Order(life=Life.PICKED_UP)),
    "STUB-INVALID-1": Role(order=Order(life=Life.SIGNED_FOR)),
    "STUB-UNSUPPORTED-1": Role(order=Order(life=Life.NOT_CANCELLABLE)),
    "STUB-NOT-FOUND-1": Role(order=None),
    "STUB-ERROR-1": Role(order=CREATED, fault=ErrorStatus(code=grpc.StatusCode.INTERNAL)),
    "STUB-SLOW-1500-1": Role(order=Order(life=Life.CREATED, takes_ms=1500)),
    "STUB-HANG-1": Role(order=CREATED, fault=Hang(), faulty_calls=1),
    "STUB-DROP-1": Role(order=CREATED, fault=Drop(), faulty_calls=1),
    "STUB-FLAKY-3-1": Role(order=CREATED, fault=UNAVAILABLE, faulty_calls=3),
    "STUB-NEW-ENUM-1": Role(order=CREATED, fault=UnknownStatus()),
}


def test_every_magic_word_is_tried_here() -> None:
    assert len(ROLES) == len(MAGIC)


@pytest.mark.parametrize(("waybill", "role"), ROLES.items())
def test_a_magic_name_gives_its_role(waybill: str, role: Role) -> None:
    assert magic_role(waybill) == role


@pytest.mark.parametrize("free", ["", "-", "-a", "-1-2-3", "-运单\n2", "-STUB-HANG-1"])
def test_the_part_after_the_last_word_is_free(free: str) -> None:
    assert magic_role(f"STUB-FLAKY-2{free}") == Role(
        order=CREATED, fault=UNAVAILABLE, faulty_calls=2
    )


@pytest.mark.parametrize(
    "waybill",
    [
        "",
        "STUB-",
        "STUB-OKAY",
        "stub-OK-1",
        "XSTUB-OK-1",
        "STUB-SLOW-x-1",
        "STUB-FLAKY",
        "STUB-NEW",
    ],
)
def test_any_other_name_is_no_magic(waybill: str) -> None:
    assert magic_role(waybill) is None


def test_a_wait_beyond_ten_minutes_is_cut_to_it() -> None:
    assert magic_role("STUB-SLOW-999999999") == Role(
        order=Order(life=Life.CREATED, takes_ms=600_000)
    )


def test_a_role_says_which_calls_meet_its_fault() -> None:
    flaky = Role(order=CREATED, fault=UNAVAILABLE, faulty_calls=2)
    always = Role(order=CREATED, fault=UNAVAILABLE)

    assert [flaky.fault_at(nth) for nth in (1, 2, 3)] == [UNAVAILABLE, UNAVAILABLE, None]
    assert always.fault_at(99) == UNAVAILABLE


def test_a_scenario_file_lends_roles_and_sets_faults(tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text("""
        about = "for a test"
        [[faults]]
        name = "latency"
        milliseconds = 20
        probability = 0.5
        [[waybills]]
        waybills = "SF9*"
        plays = "STUB-PICKED-UP"
        [[waybills]]
        waybills = "SF8"
        plays = "STUB-DROP"
    """)

    scenario = Scenario.load(file)

    assert scenario.faults == (StandingFault(name="latency", milliseconds=20, probability=0.5),)
    assert scenario.role("SF99") == ROLES["STUB-PICKED-UP-1"]
    assert scenario.role("SF8") == ROLES["STUB-DROP-1"]
    assert scenario.role("SF81") is None
    assert scenario.role("STUB-OK-1") == ROLES["STUB-OK-1"]


def test_every_fault_of_a_scenario_file_is_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text("""
        abuot = "x"
        [[faults]]
        name = "thunder"
        [[waybills]]
        plays = "SF1"
    """)

    with pytest.raises(UnusableFile) as refused:
        Scenario.load(file)

    told = [
        f"{finding.line} {finding.key}: {finding.message}" for finding in refused.value.findings
    ]
    assert told == [
        "2 abuot: unknown setting.",
        "4 faults 1.name: must be one of latency, unavailable, drop, hang, error, unknown-status.",
        "5 waybills 1.waybills: is missing.",
        "6 waybills 1.plays: 'SF1' is not a magic waybill.",
    ]
    assert all(finding.source == str(file) and finding.hint for finding in refused.value.findings)


def test_a_fault_that_cannot_be_is_told_at_its_table(tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text('[[faults]]\nname = "latency"\n')

    with pytest.raises(UnusableFile, match="line 1, faults 1: milliseconds are for latency only"):
        Scenario.load(file)


@pytest.mark.parametrize("file", sorted(SHIPPED_SCENARIOS.glob("*.toml")), ids=lambda f: f.stem)
def test_every_shipped_scenario_is_found_by_its_bare_name(file: Path) -> None:
    scenario = Scenario.load(Path(file.stem))

    assert scenario.faults or scenario.castings


def test_a_scenario_that_is_neither_shipped_nor_a_file_is_refused() -> None:
    with pytest.raises(UnusableFile, match="cannot be read: no such file"):
        Scenario.load(Path("no-such-day"))


def test_a_casting_without_a_star_covers_one_waybill() -> None:
    one = Casting(waybills="SF1", plays="STUB-OK")

    assert [one.covers("SF1"), one.covers("SF11")] == [True, False]

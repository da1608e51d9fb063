from __future__ import annotations

from pathlib import Path

import pytest

from adapter import development
from adapter.cli.push.account import (
    Destination,
    Fit,
    destination,
    order_fit,
    order_fit_of,
    order_option,
)
from adapter.diagnostics.cannot_start import CannotStart
from adapter.wechat.envelope import Mode
from tests.carrier.dispatch_contract import CONTRACTS, dispatch, dispatch_mapping, shipped_mapping

KEY = "k" * 43
TWO_PROGRAMS = f"""
[wechat]
app_id = "wx0123456789abcdef"
token = "first"
encoding_aes_key = "{KEY}"
[mini_programs.other]
path = "/other"
app_id = "wxfedcba9876543210"
token = "second"
mode = "plaintext"
"""


def found(
    url: str,
    *,
    config: Path | None = None,
    mode: Mode | None = None,
    environ: dict[str, str] | None = None,
) -> Destination:
    return destination(url, config=config, mode=mode, environ=environ or {})


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "adapter.toml"
    file.write_text(TWO_PROGRAMS)
    return file


@pytest.mark.parametrize(
    ("url", "full"),
    [
        ("http://127.0.0.1:8080/wechat/push", "http://127.0.0.1:8080/wechat/push"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/wechat/push"),
        ("localhost:8080/", "http://localhost:8080/wechat/push"),
        ("[::1]:80/x", "http://[::1]:80/x"),
    ],
)
def test_what_people_leave_out_of_a_url_is_completed(url: str, full: str) -> None:
    where = found(url)

    assert where.url == full
    assert where.is_loopback
    assert where.is_development
    assert where.account.app_id == development.APP_ID
    assert where.account.mode is Mode.SECURE


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/x", "http://", "http://127.0.0.1:99999/", "http://127.0.0.1/x?a=b"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(CannotStart) as ended:
        found(url)

    assert "is not a valid push URL" in str(ended.value)


def test_the_mini_program_is_the_one_whose_path_it_is(config: Path) -> None:
    first = found("http://127.0.0.1/wechat/push", config=config)
    second = found("http://127.0.0.1/other", config=config)

    assert (first.account.token.reveal(), first.account.mode) == ("first", Mode.SECURE)
    assert (second.account.token.reveal(), second.account.mode) == ("second", Mode.PLAINTEXT)
    assert not first.is_development


def test_the_environment_counts_as_a_configuration() -> None:
    environ = {"WAYBRIDGE_WECHAT__TOKEN": "mine", "WAYBRIDGE_WECHAT__MODE": "plaintext"}

    where = found("http://127.0.0.1/", environ=environ)

    assert where.account.token.reveal() == "mine"
    assert not where.is_development


def test_a_mode_asked_for_wins(config: Path) -> None:
    where = found("http://127.0.0.1/wechat/push", config=config, mode=Mode.COMPATIBLE)

    assert where.account.mode is Mode.COMPATIBLE


def test_a_mode_that_needs_a_key_is_refused_without_one(config: Path) -> None:
    with pytest.raises(CannotStart) as ended:
        found("http://127.0.0.1/other", config=config, mode=Mode.SECURE)

    assert "mini_programs.other.encoding_aes_key is missing" in str(ended.value)


def test_in_plaintext_neither_key_nor_app_id_is_needed() -> None:
    environ = {"WAYBRIDGE_WECHAT__TOKEN": "mine"}

    where = found("http://127.0.0.1/", environ=environ, mode=Mode.PLAINTEXT)

    assert where.account.mode is Mode.PLAINTEXT


def test_another_machine_needs_an_account() -> None:
    with pytest.raises(CannotStart) as ended:
        found("https://carrier.example/wechat/push")

    told = str(ended.value)
    assert "wechat.token: is missing" in told
    assert "with --config FILE" in told


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as ended:
        found("http://127.0.0.1/", config=tmp_path / "none.toml")

    assert "none.toml: cannot be read" in str(ended.value)


def test_half_an_account_is_told_what_it_lacks_also_for_a_loopback_url() -> None:
    with pytest.raises(CannotStart) as ended:
        found("http://127.0.0.1/", environ={"WAYBRIDGE_WECHAT__TOKEN": "mine"})

    told = str(ended.value)
    assert (
        "incomplete account to sign with: set wechat.app_id and wechat.encoding_aes_key as" in told
    )
    assert "needs none" not in told


def test_a_fault_of_the_file_is_not_answered_with_give_a_file(config: Path) -> None:
    config.write_text(config.read_text().replace('"first"', '""'))

    with pytest.raises(CannotStart) as ended:
        found("http://127.0.0.1/wechat/push", config=config)

    assert "Correct the file" in str(ended.value)


# OrderIDs


EXAMPLE = "012345678901234567890123456789"


def configured(folder: Path, mapping: Path) -> Path:
    folder.joinpath("x.binpb").write_bytes(dispatch().descriptors)
    file = folder / "adapter.toml"
    file.write_text(f'[carrier]\ndescriptors = "x.binpb"\nmapping = "{mapping}"\n')
    return file


def test_a_mapping_with_numbers_for_orders_is_known_from_the_configuration(tmp_path: Path) -> None:
    fit = order_fit_of(configured(tmp_path, CONTRACTS / "dispatch.toml"))

    assert (fit("ORDER0002"), fit(EXAMPLE)) == ("2", "567890123456789")


def test_without_a_mapping_or_with_a_faulty_one_orders_stay(tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.toml"
    faulty.write_text('method = "dispatch.Orders/Void"\n')

    for config in (None, configured(tmp_path, faulty)):
        assert order_fit_of(config)(EXAMPLE) == EXAMPLE


@pytest.mark.parametrize(
    ("fit", "option"),
    [
        (shipped_mapping().order_that_fits, ""),
        (dispatch_mapping().order_that_fits, "--numeric-orders"),
        (order_fit(9), "--numeric-orders-32"),
        (lambda _: "something else", ""),
    ],
)
def test_the_option_says_what_the_mapping_needs(fit: Fit, option: str) -> None:
    assert order_option(fit) == option

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapter.carrier.channel.credentials import FILE_LIMIT_BYTES, Credentials, marks, paths, read
from adapter.carrier.channel.options import CarrierMisconfigured, TlsFiles
from tests import defaults
from tests.carrier.certificates import Authority

TARGET = "127.0.0.1:1"
NEVER_THE_SAME = Path("/proc/sys/kernel/random/uuid")  # written anew for each reader


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    authority = Authority()
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.cert)
    cert, key = authority.issue("client").save(tmp_path, "client")
    return replace(defaults.TLS, ca=ca, cert=cert, key=key)


def test_files_that_fit_together_are_read(files: TlsFiles) -> None:
    credentials = read(replace(defaults.CARRIER, target=TARGET, tls=files))

    assert files.ca is not None
    assert credentials.ca == files.ca.read_bytes()
    assert credentials.tls_fingerprint


def test_without_tls_and_token_nothing_is_read() -> None:
    assert read(replace(defaults.CARRIER, target=TARGET)) == Credentials()


def test_grpcs_own_roots_need_no_file() -> None:
    assert read(replace(defaults.CARRIER, target=TARGET, tls=defaults.TLS)).ca is None


def test_a_certificate_and_another_ones_key_are_refused(tmp_path: Path, files: TlsFiles) -> None:
    _, key = Authority().issue("other").save(tmp_path, "other")
    mixed = replace(defaults.TLS, ca=files.ca, cert=files.cert, key=key)

    with pytest.raises(CarrierMisconfigured, match="not a certificate and its unencrypted key"):
        read(replace(defaults.CARRIER, target=TARGET, tls=mixed))


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----"])
def test_a_ca_file_without_a_certificate_is_refused(tmp_path: Path, content: bytes) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(content)

    with pytest.raises(CarrierMisconfigured, match=r"ca\.pem holds no readable PEM certificate"):
        read(replace(defaults.CARRIER, target=TARGET, tls=replace(defaults.TLS, ca=ca)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    options = replace(
        defaults.CARRIER, target=TARGET, tls=replace(defaults.TLS, ca=tmp_path / "gone.pem")
    )

    with pytest.raises(CarrierMisconfigured, match=r"gone\.pem: No such file"):
        read(options)
    with pytest.raises(CarrierMisconfigured, match=r"gone\.pem: No such file"):
        marks(options)


def test_a_file_over_the_limit_is_not_read_whole(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(b"x" * (FILE_LIMIT_BYTES + 1))

    with pytest.raises(CarrierMisconfigured, match="is larger than"):
        read(replace(defaults.CARRIER, target=TARGET, tls=replace(defaults.TLS, ca=ca)))


def test_a_token_is_read_without_its_line_end(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("ey.Ab-9~\n")

    credentials = read(replace(defaults.CARRIER, target=TARGET, token_file=token))

    assert credentials.metadata == (("authorization", "Bearer ey.Ab-9~"),)


@pytest.mark.parametrize("content", ["", "\n", "two words", "a\nb", "schlüssel"])
def test_what_cannot_be_a_token_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    token = tmp_path / "token"
    token.write_text(content)

    with pytest.raises(CarrierMisconfigured) as error:
        read(replace(defaults.CARRIER, target=TARGET, token_file=token))

    assert str(error.value).endswith("token does not hold one token of visible ASCII characters.")


def test_neither_key_nor_token_is_ever_shown(tmp_path: Path, files: TlsFiles) -> None:
    token = tmp_path / "token"
    token.write_text("canary")

    shown = repr(read(replace(defaults.CARRIER, target=TARGET, tls=files, token_file=token)))

    assert "canary" not in shown
    assert "PRIVATE" not in shown


def test_a_replaced_file_leaves_another_mark(tmp_path: Path, files: TlsFiles) -> None:
    options = replace(defaults.CARRIER, target=TARGET, tls=files)
    before = marks(options)
    Authority().issue("client").save(tmp_path, "client")

    after = marks(options)

    assert len(before) == len(paths(options)) == 3
    assert before != after


@pytest.mark.skipif(not NEVER_THE_SAME.exists(), reason="only Linux has such a file")
def test_files_that_are_replaced_while_they_are_read_are_not_taken() -> None:
    tls = replace(defaults.TLS, cert=NEVER_THE_SAME)

    with pytest.raises(CarrierMisconfigured, match="are being replaced just now"):
        read(replace(defaults.CARRIER, target=TARGET, tls=tls))

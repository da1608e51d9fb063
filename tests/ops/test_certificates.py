from __future__ import annotations

from pathlib import Path

from cryptography import x509
from prometheus_client import CollectorRegistry

from adapter.ops.certificates import NAME, CertificateMetrics
from tests.carrier.certificates import Authority


def expiries(files: dict[str, Path]) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(CertificateMetrics(files))
    return {
        sample.labels["file"]: sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == NAME
    }


def test_of_several_certificates_the_first_to_expire_counts(tmp_path: Path) -> None:
    authority = Authority()
    pages = [authority.issue(days=(-1, days)).cert for days in (9, 3, 7)]
    (tmp_path / "ca.pem").write_bytes(b"".join(pages))
    ends = [x509.load_pem_x509_certificate(each).not_valid_after_utc.timestamp() for each in pages]

    assert expiries({"carrier.tls.ca": tmp_path / "ca.pem"}) == {"carrier.tls.ca": min(ends)}


def test_a_file_that_cannot_be_read_has_no_series(tmp_path: Path) -> None:
    (tmp_path / "garbage.pem").write_bytes(b"no certificate")

    assert expiries({"a": tmp_path / "garbage.pem", "b": tmp_path / "none.pem"}) == {}

"""Until when the certificates on disk are valid, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography import x509
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

NAME = "waybridge_certificate_expiry_timestamp_seconds"


class CertificateMetrics(Collector):
    """Reads the files once a scrape, in the scrape's own thread.

    `files` by the key of their setting; of several certificates in a file the one that expires
    first counts. A file that cannot be read has no series: `renewal_faulty` tells of it.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def collect(self) -> Iterable[Metric]:
        """Return the expiry of each file, as prometheus_client asks for it."""
        expiry = GaugeMetricFamily(
            NAME, "Unix time at which a certificate on disk expires.", labels=("file",)
        )
        for key, path in self._files.items():
            try:
                found = x509.load_pem_x509_certificates(path.read_bytes())
            except (OSError, ValueError):
                continue
            first = min(certificate.not_valid_after_utc for certificate in found)
            expiry.add_metric((key,), first.timestamp())
        yield expiry

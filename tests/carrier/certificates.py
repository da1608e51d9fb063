"""Certificates of every kind, good and bad, made while the test runs."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A certificate and its key, in PEM."""

    cert: bytes
    key: bytes

    def save(self, folder: Path, name: str) -> tuple[Path, Path]:
        cert, key = folder / f"{name}.pem", folder / f"{name}.key"
        cert.write_bytes(self.cert)
        key.write_bytes(self.key)
        return cert, key


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Authority:
    """A certificate authority of one test."""

    def __init__(self, common: str = "test authority") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(common)
        builder = (
            _builder(self._name, self._name, self._key.public_key(), days=(-1, 10))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        self.cert = _pem(builder.sign(self._key, hashes.SHA256()))

    def issue(
        self,
        common: str = "carrier",
        *,
        names: tuple[str, ...] = ("localhost", "127.0.0.1"),
        days: tuple[int, int] = (-1, 5),
        only_for: x509.ObjectIdentifier | None = None,
    ) -> Pair:
        """Issue a certificate valid from `days[0]` to `days[1]`, counted from today."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(common), self._name, key.public_key(), days=days)
        if only_for is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([only_for]), critical=False)
        return _sign(_named(builder, names), key=key, by=self._key)


def self_signed(common: str = "carrier") -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(common), _name(common), key.public_key(), days=(-1, 5))
    return _sign(_named(builder, ("localhost", "127.0.0.1")), key=key, by=key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, days: tuple[int, int]
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _named(builder: x509.CertificateBuilder, names: tuple[str, ...]) -> x509.CertificateBuilder:
    if not names:
        return builder
    alternatives: list[x509.GeneralName] = []
    for name in names:
        if name[0].isdigit():
            alternatives.append(x509.IPAddress(ipaddress.ip_address(name)))
        else:
            alternatives.append(x509.DNSName(name))
    return builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)


def _sign(
    builder: x509.CertificateBuilder,
    *,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
) -> Pair:
    cert = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False
    ).sign(by, hashes.SHA256())
    return Pair(
        cert=_pem(cert),
        key=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(cert: x509.Certificate) -> bytes:
    return cert.public_bytes(serialization.Encoding.PEM)

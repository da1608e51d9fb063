"""A certificate, read by people: whose it is, for which names, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import NameOID

SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Says its faults as clauses that begin with `owner`."""

    content: x509.Certificate
    owner: str

    @property
    def issuer(self) -> str:
        return _common_name(self.content.issuer)

    @property
    def names(self) -> tuple[str, ...]:
        """The names it proves; a common name proves nothing (RFC 9525 §2)."""
        try:
            found = self.content.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except x509.ExtensionNotFound:
            return ()
        addresses = found.value.get_values_for_type(x509.IPAddress)
        return (*found.value.get_values_for_type(x509.DNSName), *map(str, addresses))

    def expired(self) -> str:
        return f"{self.owner} expired on {_day(self.content.not_valid_after_utc)}"

    def not_yet_valid(self) -> str:
        return f"{self.owner} is not valid before {_day(self.content.not_valid_before_utc)}"

    def wrong_name(self, wanted: str) -> str:
        if not self.names:
            return f'{self.owner} has only a common name, "{_common_name(self.content.subject)}"'
        return f"{self.owner} is for {', '.join(self.names[:8])}, not for {wanted}"

    def name_hint(self) -> str:
        if not self.names:
            return "gRPC still takes it, others do not: have it issued with a subjectAltName."
        return "Use one of those names in the target, or have it issued for this one."

    def fault_at(self, now_unix: float) -> str:
        """Return what is wrong with its dates at that time; empty: nothing."""
        now = datetime.fromtimestamp(now_unix, UTC)
        if now > self.content.not_valid_after_utc:
            return self.expired()
        if now < self.content.not_valid_before_utc:
            return self.not_yet_valid()
        return ""

    def expires_soon(self, now_unix: float) -> str:
        """Return when it ends if that is less than two weeks away; else nothing."""
        end = self.content.not_valid_after_utc
        if end - datetime.fromtimestamp(now_unix, UTC) > SOON:
            return ""
        return f"{self.owner} expires on {_day(end)}"


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()

"""What keeps a command from starting, or from doing what it was asked: always as findings.

CannotStart
├── SettingsFaults         the configuration has errors (adapter.config.load)
├── UnusableFile           a TOML file cannot be used (adapter.diagnostics.table)
│   └── MappingFaults        a mapping has errors (adapter.carrier.mapping.load)
├── ContractFault          a descriptor set, or a method in it (adapter.carrier.contract.contract)
│   └── NoReflection         the server offers none (adapter.carrier.diagnose.reflection)
├── CompileFault           .proto files do not compile (adapter.carrier.contract.compile)
├── CarrierMisconfigured   how the carrier is reached (adapter.carrier.channel.options)
├── LedgerNotOpened        nothing was read or written (adapter.ledger.errors)
│   ├── LedgerInUse          another process serves from the file
│   ├── SchemaOutdated       the tables are older (or newer) than this program
│   ├── TransactionPooling   a pooler gives the session's locks to others
│   ├── ForeignLog           the -wal beside the file belongs to another one
│   ├── NoBackup             the file is no sound backup, or none can be written there
│   ├── CopyRefused          the target is not empty, or a copy of something else
│   └── UrlNotUnderstood     no ledger goes by such a URL
├── ListenFailed           the address cannot be listened on (adapter.edge.server)
├── StubFailed             the stub of `dev` does not run (adapter.cli.dev.stub)
├── StubUnreachable        no stub answers (legacy_stub.control)
├── UnusableDatabase       the stub's log of calls (legacy_stub.calls)
└── CannotListen           the stub's port (legacy_stub.server)

Every command ends in one `except CannotStart` (`adapter.cli.output.or_refuse`): it prints
the findings and exits with 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from adapter.cancellation.errors import AdapterError
from adapter.diagnostics.finding import Finding


class CannotStart(AdapterError):
    """Nothing was started or sent. Made of findings, or of the message of one error.

    A kind of error may give `KEY` and `HINT` for those that are not told one.
    """

    KEY: ClassVar[str] = ""
    HINT: ClassVar[str] = ""

    def __init__(
        self, what: str | Iterable[Finding], *, source: str = "", key: str = "", hint: str = ""
    ) -> None:
        if isinstance(what, str):
            key, hint = key or self.KEY, hint or self.HINT
            only = Finding(source=source, key=key, message=what, hint=hint)
            self.findings: tuple[Finding, ...] = (only,)
            super().__init__(f"{only.message} {hint}".strip())
        else:
            self.findings = tuple(what)
            super().__init__("\n".join(map(str, self.findings)))

    @property
    def message(self) -> str:
        """What is wrong first of all, as a sentence."""
        return self.findings[0].message if self.findings else ""

    @property
    def hint(self) -> str:
        """What to do about it."""
        return self.findings[0].hint if self.findings else ""

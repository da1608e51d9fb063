"""What keeps a contract or a mapping from being used."""

from __future__ import annotations

from typing import ClassVar

from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.table import UnusableFile


class ContractFault(CannotStart):
    """A descriptor set, or a method in it, cannot be used. `hint` says what to do."""

    KEY: ClassVar[str] = "carrier.descriptors"


class MappingFaults(UnusableFile):
    """A mapping has errors and no call is made with it. Holds every finding, notes too."""

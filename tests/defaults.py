"""The values that production has when nothing is set; a test replaces what it varies."""

from __future__ import annotations

from adapter import parts
from adapter.configuration.sections import (
    CarrierSettings,
    EdgeSettings,
    TlsSettings,
    WeChatSettings,
)
from adapter.settings import Settings

OPEN_FILES = 65_536

ACCOUNT = parts.account(WeChatSettings())
CARRIER = parts.carrier_options(CarrierSettings())
TLS = parts.tls_files(TlsSettings())
DESK = parts.desk_limits(Settings())
EDGE = parts.edge_limits(EdgeSettings())
CONNECTIONS = parts.connection_limits(EdgeSettings(), open_files=OPEN_FILES)

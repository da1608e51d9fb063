"""The values that production has when nothing is set; a test replaces what it varies."""

from __future__ import annotations

from adapter import parts
from adapter.config.load import Settings
from adapter.config.sections import (
    CarrierSettings,
    EdgeSettings,
    TlsSettings,
    WeChatSettings,
)

OPEN_FILES = 65_536

ACCOUNT = parts.account(WeChatSettings())
CARRIER = parts.carrier_options(CarrierSettings())
TLS = parts.tls_files(TlsSettings())
DESK = parts.desk_limits(Settings(), takes_request_id=True)
EDGE = parts.edge_limits(EdgeSettings())
CONNECTIONS = parts.connection_limits(EdgeSettings(), open_files=OPEN_FILES)

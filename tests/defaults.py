"""The values that production has when nothing is set; a test replaces what it varies."""

from __future__ import annotations

from adapter import from_settings
from adapter.config.load import Settings
from adapter.config.sections import (
    CarrierSettings,
    EdgeSettings,
    TlsSettings,
    WeChatSettings,
)

OPEN_FILES = 65_536

ACCOUNT = from_settings.account(WeChatSettings())
CARRIER = from_settings.carrier_options(CarrierSettings())
TLS = from_settings.tls_files(TlsSettings())
DESK = from_settings.desk_limits(Settings(), takes_request_id=True)
EDGE = from_settings.edge_limits(EdgeSettings())
CONNECTIONS = from_settings.connection_limits(EdgeSettings(), open_files=OPEN_FILES)

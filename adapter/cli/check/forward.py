"""`check`'s word on WeChat's other events: what becomes of those that nobody answers."""

from __future__ import annotations

from adapter.config.load import Settings
from adapter.diagnostics.finding import Finding, Severity


async def ask(settings: Settings) -> tuple[Finding, ...]:
    """Note that no handler is configured; nobody is asked."""
    if settings.forward.url:
        return ()
    return (
        Finding(
            severity=Severity.NOTE,
            source="[forward]",
            key="forward.url",
            message="is not set: every event but cancel_waybill is answered `success`, also those "
            "that WeChat wants a ResultCode for (add_waybill, check_biz, get_quota, "
            "cancel_single_waybill, transport_cancel_order and their family).",
            hint="Name the handler that answers them, if they are pushed here; "
            "waybridge_events_without_handler_total counts those that came.",
        ),
    )

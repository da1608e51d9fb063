"""WeChat's logistics events, and which of them want more than `success` for an answer."""

from __future__ import annotations

from adapter.wechat.cancel_waybill import EVENT

# The provider's pages of express delivery (event_push/express/provider), classic and newer,
# and of immediate delivery (immediateDelivery.on…): each has ResultCode or resultcode, "必填".
WANT_RESULT_CODE = frozenset(
    {
        "add_waybill",
        "check_biz",
        "get_quota",
        "add_single_waybill",
        "cancel_single_waybill",
        "query_single_waybill",
        "query_single_waybill_fee",
        "waybill_notify_query",
        "waybill_query_expect_time_range",
        "notify_single_waybill_pay",
        "waybill_evaluate_agent",
        "waybill_complaint",
        "remind_waybill",
        "transport_add_order",
        "transport_add_tips",
        "transport_cancel_order",
        "transport_confirm_return_to_biz",
        "transport_get_agent_pos",
        "transport_precancel_order",
        "transport_precreate_order",
        "transport_query_order_status",
        "transport_readd_order",
        "transport_set_rider_score",
        "get_auth_info",
        "get_pre_auth_code",
        "cancel_auth_account",
    }
)
"""Events whose answer has a ResultCode: `success` tells WeChat nothing of the outcome."""

KNOWN = frozenset({EVENT, "add_express_path", "debug_demo"}) | WANT_RESULT_CODE
"""Events that metrics name; what a sender invents must not become a time series."""


def wants_result_code(event: str) -> bool:
    """Say whether WeChat wants a ResultCode for an event; its letter case does not count."""
    return event.lower() in WANT_RESULT_CODE

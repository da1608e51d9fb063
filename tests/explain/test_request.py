from __future__ import annotations

from adapter.carrier.mapping.mapping import Mapping
from adapter.explain.request import Asked, Line, asked
from tests.carrier.dispatch_contract import (
    MAPPING,
    cancellation,
    dispatch,
    dispatch_mapping,
    shipped_mapping,
)


def _values(told: Asked) -> dict[str, str]:
    return {line.path: line.value for line in told.lines}


def test_a_request_is_told_field_by_field_without_the_password() -> None:
    told = asked(shipped_mapping(), cancellation(credential="canary"))

    assert told.method == "carrier.v1.WaybillService/CancelWaybill"
    assert Line(path="waybill_id", value="123456789") in told.lines
    assert _values(told)["biz_password"] == "***"
    assert _values(told)["pushed_at"] == "2018-07-31T13:09:16Z"
    assert "canary" not in repr(told)


def test_nested_fields_wrappers_enums_and_bytes_are_told() -> None:
    values = _values(asked(dispatch_mapping(), cancellation(credential="canary")))

    assert values["header.channel"] == "CHANNEL_WECHAT"
    assert values["merchant.code"] == "xyz"
    assert values["merchant.secret"] == "***"
    assert values["by_number.number"] == "123456789"
    assert len(values["header.trace"]) == 32


def test_a_text_that_fits_no_number_is_named() -> None:
    told = asked(dispatch_mapping(), cancellation(waybill_id="SF1"))

    assert (told.lines, told.unfit) == ((), "WayBillID cannot stand in by_number.number")


def test_a_password_in_a_number_is_masked_too() -> None:
    text = MAPPING.replace('"merchant.secret" = "BizPwd"', 'seconds = "BizPwd"')
    mapping = Mapping.load(dispatch(), text.encode())

    values = _values(asked(mapping, cancellation(credential="424242")))

    assert "424242" not in values.values()


def test_a_moment_beyond_the_calendar_is_told_as_its_end() -> None:
    values = _values(asked(shipped_mapping(), cancellation(pushed_at=253_402_300_800)))

    assert values["pushed_at"] == "9999-12-31T23:59:59Z"


def test_a_moment_before_the_calendar_is_told_in_seconds() -> None:
    values = _values(asked(shipped_mapping(), cancellation(pushed_at=-62_135_596_801)))

    assert values["pushed_at"] == "-62135596801"

"""The shipped contract's messages for the bench: what the hop asks and what the stub answers."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from adapter.carrier.contract.compile import compile_protos
from adapter.carrier.contract.contract import Contract

METHOD = "/carrier.v1.WaybillService/CancelWaybill"


@cache
def message_classes() -> tuple[type[Message], type[Message]]:
    """Return the request's and the reply's class."""
    descriptors = FileDescriptorSet.FromString(
        files("adapter.carrier").joinpath("waybill_service.binpb").read_bytes()
    )
    pool = DescriptorPool()
    for file in descriptors.file:
        pool.Add(file)
    service, method = METHOD.removeprefix("/").split("/")
    called = pool.FindServiceByName(service).FindMethodByName(method)
    return GetMessageClass(called.input_type), GetMessageClass(called.output_type)


def request(waybill_id: str) -> Message:
    """Build a request of the size that `serve` sends."""
    request_class, _ = message_classes()
    return request_class(
        request_id="0123456789abcdef0123456789abcdef",
        biz_id="xyz",
        biz_password="xyz123",
        order_id=waybill_id,
        waybill_id=waybill_id,
        shop_app_id="wxABCD",
        open_id="oABCD",
    )


def cancelled() -> bytes:
    """Return the reply that says: cancelled."""
    _, reply_class = message_classes()
    return reply_class(status="CANCEL_STATUS_CANCELLED").SerializeToString()


EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "parceldesk"


@cache
def brought_contract() -> bytes:
    """Return the descriptor set of a contract that is deeply unlike ours."""
    return compile_protos([EXAMPLE / "parceldesk.proto"], include=[EXAMPLE])


def brought_mapping() -> str:
    """Return its mapping; the bench's OrderIDs are no numbers, so another number stands in."""
    mapping = (EXAMPLE / "mapping.toml").read_text(encoding="utf-8")
    return mapping.replace('order_no = "OrderID"', 'order_no = "CreateTime"')


def brought_cancelled() -> bytes:
    """Return that contract's reply that says: cancelled."""
    method = Contract.load(brought_contract()).method("parceldesk.Desk/Withdraw")
    return method.reply_class(ruling={"disposition": "WITHDRAWN"}).SerializeToString()

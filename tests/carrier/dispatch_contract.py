"""A second contract, deeply unlike ours, and pushes to send over it."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from adapter.cancellation.model import Cancellation, Entry, State
from adapter.carrier.contract.compile import compile_protos
from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.mapping import Mapping
from adapter.wechat.secret import Secret

CONTRACTS = Path(__file__).with_name("contracts")
MAPPING = (CONTRACTS / "dispatch.toml").read_text()
REQUEST_ID = "0123456789abcdef0123456789abcdef"


@cache
def dispatch() -> Contract:
    """Return the second contract, compiled once."""
    return Contract.load(compile_protos([CONTRACTS / "dispatch.proto"]))


@cache
def dispatch_mapping() -> Mapping:
    """Return the second contract's mapping."""
    return Mapping.load(dispatch(), CONTRACTS / "dispatch.toml")


@cache
def shipped_mapping() -> Mapping:
    """Return the mapping that ships with the adapter."""
    return Mapping.load(Contract.load())


@cache
def compiled(text: str) -> Contract:
    """Return the contract that a .proto's text describes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "carrier.proto"
        file.write_text(text)
        return Contract.load(compile_protos([file]))


def cancellation(
    *,
    biz_id: str = "xyz",
    order_id: str = "77",
    waybill_id: str = "123456789",
    shop_app_id: str = "wxABCD",
    open_id: str = "oABCD",
    credential: str = "xyz123",
    pushed_at: int = 1533042556,
) -> Cancellation:
    """Return a push like the user's own example."""
    return Cancellation(
        account="gh_abcdefg",
        open_id=open_id,
        pushed_at=pushed_at,
        biz_id=biz_id,
        order_id=order_id,
        waybill_id=waybill_id,
        shop_app_id=shop_app_id,
        credential=Secret(credential),
    )


def entry(*, waybill_id: str = "123456789") -> Entry:
    """Return the ledger's row of such a push, in doubt."""
    return Entry(
        key=REQUEST_ID,
        account="gh_abcdefg",
        open_id="oABCD",
        pushed_at=1533042556,
        biz_id="xyz",
        order_id="77",
        waybill_id=waybill_id,
        shop_app_id="wxABCD",
        state=State.IN_DOUBT,
        received_at=0.0,
    )

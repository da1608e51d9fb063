"""A carrier's contract as unlike ours as one can be, and the mapping it is spoken by."""

from __future__ import annotations

from pathlib import Path

import grpc_tools
import pytest
from grpc_tools import protoc

from adapter.carrier.contract.contract import Contract

# Nested, numbered otherwise, no word for an order that is not there, no password, no lookup.
OLD_PROTO = """
syntax = "proto3";
package dispatch.v3;
import "google/protobuf/timestamp.proto"; // not in the set that is compiled: still served
message Header { string trace_no = 1; google.protobuf.Timestamp at = 2; }
message Void { Header header = 1; string waybill_no = 2; int64 order_no = 3; }
enum Code { CODE_UNSET = 0; VOIDED = 7; ON_VAN = 8; CLOSED = 9; VOIDED_BEFORE = 10; REFUSED = 11;
            BROKEN = 12; }
message Result { Code state = 1; string detail = 2; }
message Voided { Result result = 1; }
service Dispatch { rpc CancelOrder(Void) returns (Voided); }
"""
OLD_MAPPING = b"""
method = "dispatch.v3.Dispatch/CancelOrder"
[request]
"header.trace_no" = "request_id"
waybill_no = "WayBillID"
order_no = "OrderID"
[status]
field = "result.state"
message = "result.detail"
[status.outcomes]
CODE_UNSET = "failed"
VOIDED = "cancelled"
ON_VAN = "picked_up"
CLOSED = "invalid"
VOIDED_BEFORE = "already_cancelled"
REFUSED = "unsupported"
BROKEN = "failed"
[grpc]
NOT_FOUND = "not_found"
"""


@pytest.fixture(scope="module")
def old_contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    folder: Path = tmp_path_factory.mktemp("contract")
    (folder / "dispatch.proto").write_text(OLD_PROTO)
    compiled = folder / "dispatch.binpb"
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    protoc.main(
        ["", f"-I{folder}", f"-I{well_known}", f"--descriptor_set_out={compiled}", "dispatch.proto"]
    )
    return Contract.load(compiled)

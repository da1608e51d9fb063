from __future__ import annotations

import io
import json

from adapter.carrier.contract.outline import outline
from adapter.cli.contract import view
from tests.carrier.dispatch_contract import compiled, dispatch


def _lines() -> list[str]:
    stream = io.StringIO()
    view.show(outline(dispatch()), stream=stream)
    return stream.getvalue().splitlines()


def test_fields_stand_in_the_tree_as_a_mapping_names_them() -> None:
    lines = _lines()

    assert lines[:5] == [
        "dispatch.Orders",
        "  dispatch.Orders/Void",
        "    request dispatch.Envelope",
        "      header  dispatch.Envelope.Header",
        "        header.trace  bytes",
    ]
    assert "      by_number  dispatch.Envelope.ByNumber  (one of target)" in lines


def test_aliases_and_what_no_mapping_can_use_are_marked() -> None:
    lines = [line.strip() for line in _lines()]

    assert "100 DONE  (the same as VOIDED)" in lines
    assert "tags  string  (repeated: a mapping cannot use it)" in lines
    assert "dispatch.Orders/Follow  (streaming: a mapping cannot use it)" in lines


def test_json_holds_the_whole_tree() -> None:
    (service,) = json.loads(view.as_json(outline(dispatch())))

    (void, *_) = service["methods"]
    assert (service["name"], void["name"]) == ("dispatch.Orders", "dispatch.Orders/Void")
    assert void["request_fields"][0]["fields"][0]["path"] == "header.trace"


def test_a_contract_without_a_service_says_so() -> None:
    stream = io.StringIO()

    view.show(
        outline(compiled('syntax = "proto3"; message Lonely { string name = 1; }')), stream=stream
    )

    assert stream.getvalue() == "The descriptor set contains no service.\n"

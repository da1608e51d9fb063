"""What a `[request]` table may not do as a whole, and what is worth knowing about it."""

from __future__ import annotations

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import EncodeError, Message

from adapter.cancellation.model import Cancellation
from adapter.carrier.contract.field_path import FieldPath, kind
from adapter.carrier.mapping.convert import INTEGERS, wrapped
from adapter.carrier.mapping.push_fields import CREATE_TIME, PASSWORD, Source
from adapter.carrier.mapping.values import Unfit
from adapter.diagnostics.table import Table

LAST_SECOND_OF_INT32 = 2**31 - 1


class _SamplePassword:
    """Stands for a password when a table is tried out."""

    def reveal(self) -> str:
        return "1"


SAMPLE = Cancellation(
    account="1",
    open_id="1",
    pushed_at=1,
    biz_id="1",
    order_id="1",
    waybill_id="1",
    shop_app_id="1",
    credential=_SamplePassword(),
)


def refuse_clashes(section: Table, paths: tuple[FieldPath, ...]) -> None:
    """Refuse two members of one oneof, and a field inside one that is filled as a whole."""
    members: dict[tuple[str, str], str] = {}
    filled = {path.names for path in paths}
    for path in paths:
        key = section.key(str(path))
        for prefix, field in path.prefixes():
            if field.containing_oneof is not None:
                oneof = field.containing_oneof.name
                first = members.setdefault((prefix, oneof), field.name)
                if first != field.name:
                    section.findings.error(
                        key,
                        f'"{field.name}" and "{first}" are members of one oneof, "{oneof}": '
                        "only one of them can be set",
                        "Remove one of the two.",
                    )
            if tuple(prefix.split(".")) in filled:
                section.findings.error(
                    key,
                    f'lies inside "{prefix}", which is filled as a whole',
                    "Remove one of the two.",
                )


def refuse_incomplete(section: Table, sample: Message | Unfit) -> None:
    """Refuse a table that leaves out what a proto2 contract requires: nothing could be sent."""
    if isinstance(sample, Unfit):
        return
    try:
        sample.SerializeToString()
    except EncodeError as error:
        missing = str(error).rpartition(": ")[2]
        section.findings.error(
            section.name,
            f"the contract requires what nothing fills (proto2 required): {missing}",
            "Add a line for each of them.",
        )


def integer_type(path: FieldPath) -> int | None:
    """Return the leaf's protobuf type when it is an integer, in a wrapper or not."""
    leaf = wrapped(path.leaf) or path.leaf
    return leaf.type if leaf.type in INTEGERS else None


def remark(section: Table, path: FieldPath, source: Source) -> None:
    """Note what is lawful and may still surprise."""
    key, findings = section.key(str(path)), section.findings
    integer = integer_type(path)
    if source.name == PASSWORD:
        if not _is_redacted(path.leaf):
            findings.note(
                key,
                f'"{path.leaf.name}" is not marked [debug_redact = true]',
                "Marked so, the carrier's own debug output hides the password.",
            )
    elif integer is None:
        return
    elif source.name != CREATE_TIME:
        findings.note(
            key,
            f"{source.name} is sent as {kind(path.leaf)}: leading zeros are lost, and what is "
            "no number that fits is answered as not_found without a call",
        )
    elif INTEGERS[integer][1] == LAST_SECOND_OF_INT32:
        findings.warning(key, f"{kind(path.leaf)} holds no time after 19 January 2038")


def _is_redacted(field: FieldDescriptor) -> bool:
    return bool(field.GetOptions().debug_redact)

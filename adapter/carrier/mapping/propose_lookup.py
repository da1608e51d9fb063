"""A first `[lookup]` for a mapping, guessed from names and left behind comment marks.

What it means is settled without a person: so a person takes the marks away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor, EnumDescriptor, MethodDescriptor

from adapter.cancellation.model import Fact
from adapter.carrier.contract.contract import Contract, Method
from adapter.carrier.contract.field_path import FieldPath, leaves, resolve
from adapter.carrier.mapping.propose_words import best, shared_prefix
from adapter.carrier.mapping.status import names_by_number

HEADER = "# [lookup] # a guess, all of it"
IDENTITIES = ("WayBillID", "OrderID")
ASKING = re.compile(
    r"^(get|peek|query|find|look|locate|track|show|read|fetch|describe|[ei]nquire|where|view|search)"
    r"|stat(e|us)",
    re.IGNORECASE,
)

# The first pattern that is found in an enum value's name decides; more special ones first.
FACTS: tuple[tuple[str, Fact | None], ...] = (
    (
        r"CANCEL(?!L?ED|$)|CANNOT|UNCANCEL|UNDELIVER|NOT_?(CANCEL|VOID|PICK|COLLECT|SHIP)|TO_BE",
        None,
    ),
    (r"NOT_?FOUND|UNKNOWN_(ORDER|WAYBILL)|NO_SUCH|MISSING|NOT_?EXIST", Fact.NOT_FOUND),
    (r"CANCEL|VOID|WITHDRAWN", Fact.CANCELLED),
    (r"PICKED|COLLECTED|\bVAN|_VAN|TRANSIT|SHIPPED|DISPATCHED", Fact.PICKED_UP),
    (r"INVALID|CLOSED|(?<!AS)(?<!UN)SIGNED|EXPIRED|DELIVERED|DONE|FINISHED", Fact.INVALID),
    (r"(?<!IN)ACTIVE|CREATED|BOOKED|OPEN|PENDING|\bNEW|WAITING|ACCEPTED", Fact.ACTIVE),
)


def propose_lookup(method: Method, contract: Contract) -> Iterator[str]:
    """Return the lines of a `[lookup]`, each behind a comment mark; none: no method asks."""
    found = _asking(method, contract)
    if found is None:
        return
    asking, field = found
    yield ""
    yield "# It settles what stayed in doubt. Where it is right, take the first # off each line."
    yield HEADER
    yield f'# method = "{asking.containing_service.full_name}/{asking.name}"'
    yield "#"
    yield "# [lookup.request]"
    yield from _request(asking.input_type)
    yield "#"
    yield "# [lookup.status]"
    yield f'# field = "{field}"'
    yield "#"
    yield f"# [lookup.status.outcomes] # {' | '.join(fact.value for fact in Fact)}"
    yield from _facts(field)


def _asking(method: Method, contract: Contract) -> tuple[MethodDescriptor, FieldPath] | None:
    """Return the method that asks what became of an order, and the enum that answers."""
    found = [
        (each, field)
        for each in contract.methods
        if ASKING.search(each.name) and not each.client_streaming and not each.server_streaming
        if f"{each.containing_service.full_name}/{each.name}" != method.name
        if (field := _state(each.output_type)) is not None
    ]
    # One of the same service first, then one whose request has a name for the waybill.
    return max(
        found,
        key=lambda each: (
            each[0].containing_service.full_name == method.service,
            bool(_identities(each[0].input_type)),
        ),
        default=None,
    )


def _identities(message: Descriptor) -> dict[str, FieldPath]:
    free = [resolve(message, path) for path, _ in leaves(message)]
    taken: list[FieldPath] = []
    found = {}
    for source in IDENTITIES:
        path = best(source, free, taken)
        if path is not None:
            taken.append(path)
            found[source] = path
    return found


def _request(message: Descriptor) -> Iterator[str]:
    found = _identities(message)
    for source, path in found.items():
        yield f'# "{path}" = "{source}"'
    if not found:
        names = ", ".join(path for path, field in leaves(message) if field.message_type is None)
        yield f'# "…" = "WayBillID" # no field has a name like it; there is: {names}'


def _state(message: Descriptor) -> FieldPath | None:
    enums = [resolve(message, path) for path, field in leaves(message) if field.enum_type]
    return max(enums, key=lambda path: _told(path.leaf.enum_type), default=None)


def _told(enum: EnumDescriptor | None) -> int:
    return 0 if enum is None else len({fact for _, fact in _meanings(enum) if fact is not None})


def _meanings(enum: EnumDescriptor) -> Iterator[tuple[str, Fact | None]]:
    """Yield a name of every number but zero, which settles nothing, with what it may mean."""
    shared = shared_prefix(enum)
    for number, names in names_by_number(enum).items():
        if number != 0:
            said = (
                fact for pattern, fact in FACTS if re.search(pattern, names[0][shared:].upper())
            )
            yield names[0], next(said, None)


def _facts(field: FieldPath) -> Iterator[str]:
    enum = field.leaf.enum_type
    for name, fact in () if enum is None else _meanings(enum):
        open_line = f'# # {name} = "…" # without a row it settles nothing'
        yield open_line if fact is None else f'# {name} = "{fact.value}"'

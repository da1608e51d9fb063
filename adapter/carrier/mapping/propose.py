"""A first mapping for a carrier's method, guessed from its names; every guess is marked.

It is a start for a person, never an answer: `waybridge check` refuses it until each value
of the status enum has been given a meaning by hand. A `[lookup]` is left behind comment
marks: what it means is settled without a person, so a person takes the marks away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from adapter.cancellation.model import Fact, Outcome
from adapter.carrier.contract.contract import Contract, Method, is_unary, method_name
from adapter.carrier.contract.field_path import TIMESTAMP, WRAPPERS, FieldPath, leaves, resolve
from adapter.carrier.mapping.propose_words import WORDS, best, is_open, likeness, shared_prefix
from adapter.carrier.mapping.status import is_text, names_by_number

TEXTS = ("message", "msg", "detail", "reason", "text", "description", "note", "remark", "comment")
"""Names of the carrier's own words in a reply."""
LOOKUP_HEADING = "# [lookup] # a guess, all of it"
IDENTITIES = ("WayBillID", "OrderID")
ASKING = re.compile(
    r"^(get|peek|query|find|look|locate|track|show|read|fetch|describe|[ei]nquire|where|view|search)"
    r"|stat(e|us)",
    re.IGNORECASE,
)

# What an enum value's name says of an order, be it as the outcome of a cancel or as a fact.
_MISSING = r"NOT_?FOUND|UNKNOWN_(ORDER|WAYBILL)|NO_SUCH|MISSING|NOT_?EXIST"
_PICKED_UP = r"PICKED|COLLECTED|\bVAN|_VAN|TRANSIT|SHIPPED|DISPATCHED"
_ENDED = r"INVALID|CLOSED|(?<!AS)(?<!UN)SIGNED|EXPIRED|DELIVERED|TOO_LATE|FINISHED"
_CANCELLED = r"CANCEL|VOID|WITHDRAWN"

T = TypeVar("T", Outcome, Fact)
Patterns = tuple[tuple[str, T | None], ...]
"""The first pattern that is found in a value's name decides; more special ones first."""

OUTCOMES: Patterns[Outcome] = (
    (r"NOT_?CANCEL|UNCANCEL|CANNOT|CAN_?T_", Outcome.FAILED),
    (r"ALREADY|BEFORE|DUPLICATE|REPEAT", Outcome.ALREADY_CANCELLED),
    (_MISSING, Outcome.NOT_FOUND),
    (r"UNSUPPORTED|NOT_SUPPORTED|NOT_ALLOWED|FORBIDDEN|REFUSED", Outcome.UNSUPPORTED),
    (_PICKED_UP, Outcome.PICKED_UP),
    (_ENDED, Outcome.INVALID),
    (r"FAIL|ERROR|REJECT", Outcome.FAILED),
    (rf"{_CANCELLED}|SUCCESS|OK$|DONE", Outcome.CANCELLED),
)
FACTS: Patterns[Fact] = (
    (
        r"CANCEL(?!L?ED|$)|CANNOT|UNCANCEL|UNDELIVER|NOT_?(CANCEL|VOID|PICK|COLLECT|SHIP)|TO_BE",
        None,
    ),
    (_MISSING, Fact.NOT_FOUND),
    (_CANCELLED, Fact.CANCELLED),
    (_PICKED_UP, Fact.PICKED_UP),
    (rf"{_ENDED}|DONE", Fact.INVALID),
    (r"(?<!IN)ACTIVE|CREATED|BOOKED|OPEN|PENDING|\bNEW|WAITING|ACCEPTED", Fact.ACTIVE),
)


def propose(method: Method, contract: Contract) -> str:
    """Return the text of a mapping for `method`, with `# guess` behind every guess, and with a
    `[lookup]` behind comment marks where a method of the contract looks like one."""
    lines = [
        "# A proposal from the names alone. Read every line; then remove its mark.",
        f'method = "{method.name}"',
        "",
        '[request] # message field path = push field, "request_id", or "=constant"',
        *_request(method.request_type),
        "",
        *_status(method.reply_type),
        *propose_lookup(method, contract),
    ]
    return "\n".join(lines) + "\n"


def _request(message: Descriptor) -> Iterator[str]:
    free = [resolve(message, path) for path, _ in leaves(message)]
    found = _matched(WORDS, free)
    for source, path in found.items():
        yield f'"{path}" = "{source}" # guess'
    for source in WORDS:
        if source not in found:
            yield f'# "…" = "{source}" # no free field has a name like it'
    for path in free:
        if _is_filled_as_one(path.leaf) and is_open(path, [*found.values()]):
            yield f'# "{path}" = "…" # not filled'


def _matched(sources: Iterable[str], free: Sequence[FieldPath]) -> dict[str, FieldPath]:
    """Give each source the field that is most like it and that no source before it took."""
    found: dict[str, FieldPath] = {}
    for source in sources:
        path = best(source, free, [*found.values()])
        if path is not None:
            found[source] = path
    return found


def _is_filled_as_one(field: FieldDescriptor) -> bool:
    return field.message_type is None or field.message_type.full_name in {*WRAPPERS, TIMESTAMP}


def _status(message: Descriptor) -> Iterator[str]:
    yield "[status]"
    field = _telling_enum(message, OUTCOMES)
    if field is None:
        yield '# field = "…" # this reply has no enum: an outcome must be one'
        return
    yield f'field = "{field}" # guess'
    yield from _message(message)
    yield ""
    yield "[status.outcomes] # every value; the zero value may only be failed"
    for number, name, meaning in _meanings(field, OUTCOMES):
        if number == 0:
            yield f'{name} = "failed"'
        elif meaning is None:
            yield f'# {name} = "…" # give it a meaning'
        else:
            yield f'{name} = "{meaning.value}" # guess'


def _message(message: Descriptor) -> Iterator[str]:
    texts = [resolve(message, path) for path, field in leaves(message) if is_text(field)]
    found = max(texts, key=lambda path: likeness(path, TEXTS), default=None)
    if found is not None and likeness(found, TEXTS):
        yield f'message = "{found}" # guess'
    elif texts:
        listed = ", ".join(map(str, texts))
        yield f'# message = "…" # optional, the carrier\'s own words; texts are: {listed}'


def propose_lookup(method: Method, contract: Contract) -> Iterator[str]:
    """Return the lines of a `[lookup]`, each behind a comment mark; none: no method asks."""
    found = _asking(method, contract)
    if found is None:
        return
    asking, field = found
    yield ""
    yield "# It settles what stayed in doubt. Where it is right, take the first # off each line."
    yield LOOKUP_HEADING
    yield f'# method = "{method_name(asking)}"'
    yield "#"
    yield "# [lookup.request]"
    yield from _lookup_request(asking.input_type)
    yield "#"
    yield "# [lookup.status]"
    yield f'# field = "{field}"'
    yield "#"
    yield f"# [lookup.status.outcomes] # {' | '.join(fact.value for fact in Fact)}"
    for number, name, fact in _meanings(field, FACTS):
        if number == 0:  # it may never settle anything
            continue
        open_line = f'# # {name} = "…" # without a row it settles nothing'
        yield open_line if fact is None else f'# {name} = "{fact.value}"'


def _asking(method: Method, contract: Contract) -> tuple[MethodDescriptor, FieldPath] | None:
    """Return the method that asks what became of an order, and the enum that answers."""
    found = [
        (each, field)
        for each in contract.methods
        if ASKING.search(each.name) and is_unary(each) and method_name(each) != method.name
        if (field := _telling_enum(each.output_type, FACTS)) is not None
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
    return _matched(IDENTITIES, [resolve(message, path) for path, _ in leaves(message)])


def _lookup_request(message: Descriptor) -> Iterator[str]:
    found = _identities(message)
    for source, path in found.items():
        yield f'# "{path}" = "{source}"'
    if not found:
        names = ", ".join(path for path, field in leaves(message) if field.message_type is None)
        yield f'# "…" = "WayBillID" # no field has a name like it; there is: {names}'


def _telling_enum(message: Descriptor, patterns: Patterns[T]) -> FieldPath | None:
    """Return the enum whose values' names say most; None: there is no enum."""
    enums = [resolve(message, path) for path, field in leaves(message) if field.enum_type]
    return max(enums, key=lambda path: _distinct_meanings(path, patterns), default=None)


def _distinct_meanings(path: FieldPath, patterns: Patterns[T]) -> int:
    meanings = {meaning for number, _, meaning in _meanings(path, patterns) if number != 0}
    return len(meanings - {None})


def _meanings(path: FieldPath, patterns: Patterns[T]) -> Iterator[tuple[int, str, T | None]]:
    """Yield every number of an enum with its first name and what its names may mean."""
    enum = path.leaf.enum_type
    if enum is None:
        return
    shared = shared_prefix(enum)
    for number, names in names_by_number(enum).items():
        words = [name[shared:].upper() for name in names]
        found = (
            meaning
            for pattern, meaning in patterns
            if any(re.search(pattern, word) for word in words)
        )
        yield number, names[0], next(found, None)

"""A first mapping for a carrier's method, guessed from its names; every guess is marked.

It is a start for a person, never an answer: `waybridge check` refuses it until each value
of the status enum has been given a meaning by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from adapter.cancellation.model import Outcome
from adapter.carrier.contract.contract import Contract, Method
from adapter.carrier.contract.field_path import TIMESTAMP, WRAPPERS, FieldPath, leaves, resolve
from adapter.carrier.mapping.message import is_text
from adapter.carrier.mapping.propose_lookup import propose_lookup
from adapter.carrier.mapping.propose_words import WORDS, best, is_open, likeness, shared_prefix
from adapter.carrier.mapping.status import names_by_number

SAYINGS = ("message", "msg", "detail", "reason", "text", "description", "note", "remark", "comment")
"""Names of the carrier's own words in a reply."""

# The first pattern that is found in an enum value's name decides; more special ones first.
MEANINGS: tuple[tuple[str, Outcome], ...] = (
    (r"NOT_?CANCEL|UNCANCEL|CANNOT|CAN_?T_", Outcome.FAILED),
    (r"ALREADY|BEFORE|DUPLICATE|REPEAT", Outcome.ALREADY_CANCELLED),
    (r"NOT_?FOUND|UNKNOWN_(ORDER|WAYBILL)|NO_SUCH|MISSING|NOT_?EXIST", Outcome.NOT_FOUND),
    (r"UNSUPPORTED|NOT_SUPPORTED|NOT_ALLOWED|FORBIDDEN|REFUSED", Outcome.UNSUPPORTED),
    (r"PICKED|COLLECTED|ON_VAN|IN_TRANSIT|SHIPPED|DISPATCHED", Outcome.PICKED_UP),
    (r"INVALID|CLOSED|(?<!AS)(?<!UN)SIGNED|EXPIRED|DELIVERED|TOO_LATE|FINISHED", Outcome.INVALID),
    (r"FAIL|ERROR|REJECT", Outcome.FAILED),
    (r"CANCEL|VOID|SUCCESS|OK$|DONE", Outcome.CANCELLED),
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
    free = {path: resolve(message, path) for path, _ in leaves(message)}
    taken: list[FieldPath] = []
    missing = []
    for source in WORDS:
        found = best(source, free.values(), taken)
        if found is None:
            missing.append(source)
            continue
        taken.append(found)
        yield f'"{found}" = "{source}" # guess'
    for source in missing:
        yield f'# "…" = "{source}" # no free field has a name like it'
    for path, field in free.items():
        if _is_filled_as_one(field.leaf) and is_open(field, taken):
            yield f'# "{path}" = "…" # not filled'


def _status(message: Descriptor) -> Iterator[str]:
    enums = [(path, field.enum_type) for path, field in leaves(message) if field.enum_type]
    yield "[status]"
    if not enums:
        yield '# field = "…" # this reply has no enum: an outcome must be one'
        return
    path, enum = max(enums, key=lambda found: _meaningful(found[1]))
    yield f'field = "{path}" # guess'
    yield from _message(message)
    yield ""
    yield "[status.outcomes] # every value; the zero value may only be failed"
    shared = shared_prefix(enum)
    for number, names in names_by_number(enum).items():
        yield _outcome(number, names, shared)


def _message(message: Descriptor) -> Iterator[str]:
    texts = [resolve(message, path) for path, field in leaves(message) if is_text(field)]
    found = max(texts, key=lambda path: likeness(path, SAYINGS), default=None)
    if found is not None and likeness(found, SAYINGS):
        yield f'message = "{found}" # guess'
    elif texts:
        listed = ", ".join(map(str, texts))
        yield f'# message = "…" # optional, the carrier\'s own words; texts are: {listed}'


def _is_filled_as_one(field: FieldDescriptor) -> bool:
    return field.message_type is None or field.message_type.full_name in {*WRAPPERS, TIMESTAMP}


def _outcome(number: int, names: tuple[str, ...], shared: int) -> str:
    if number == 0:
        return f'{names[0]} = "failed"'
    meaning = _meaning(names, shared)
    if meaning is None:
        return f'# {names[0]} = "…" # give it a meaning'
    return f'{names[0]} = "{meaning.value}" # guess'


def _meaning(names: tuple[str, ...], shared: int) -> Outcome | None:
    for pattern, outcome in MEANINGS:
        if any(re.search(pattern, name[shared:].upper()) for name in names):
            return outcome
    return None


def _meaningful(enum: EnumDescriptor) -> int:
    shared = shared_prefix(enum)
    return len({_meaning(names, shared) for names in names_by_number(enum).values()} - {None})

"""A first mapping for a carrier's method, guessed from its names; every guess is marked.

It is a start for a person, never an answer: `waybridge check` refuses it until each value
of the status enum has been given a meaning by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import takewhile

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from adapter.cancellation.model import Outcome
from adapter.carrier.contract import Method
from adapter.carrier.exchange import Unfit
from adapter.carrier.messages import is_text
from adapter.carrier.paths import FieldPath, PathFault, leaves, resolve
from adapter.carrier.sources import SOURCES
from adapter.carrier.statuses import names_by_number
from adapter.carrier.targets import converter

ALIKE_ENOUGH = 0.72

# Words by which carriers call what WeChat pushes; without separators, in lower case.
WORDS: dict[str, tuple[str, ...]] = {
    "WayBillID": ("waybillid", "waybillno", "waybill", "trackingno", "trackingnumber", "billno"),
    "OrderID": ("orderid", "orderno", "ordernumber", "order", "merchantorderid"),
    "request_id": ("requestid", "traceno", "traceid", "idempotencykey", "requestno", "requid"),
    "BizID": ("bizid", "merchantcode", "merchantid", "customercode", "customerid", "clientid"),
    "BizPwd": ("bizpwd", "password", "bizpassword", "secret", "merchantsecret", "pwd"),
    "ShopAppID": ("shopappid", "appid", "miniprogramid"),
    "FromUserName": ("fromusername", "openid", "userid", "sender"),
    "CreateTime": ("createtime", "pushedat", "requestedat", "timestamp", "eventtime"),
    "ToUserName": ("tousername",),
}

# The first pattern that is found in an enum value's name decides; more special ones first.
MEANINGS: tuple[tuple[str, Outcome], ...] = (
    (r"NOT_?CANCEL|UNCANCEL|CANNOT|CAN_?T_", Outcome.FAILED),
    (r"ALREADY|BEFORE|DUPLICATE|REPEAT", Outcome.ALREADY_CANCELLED),
    (r"NOT_?FOUND|UNKNOWN_(ORDER|WAYBILL)|NO_SUCH|MISSING|NOT_?EXIST", Outcome.NOT_FOUND),
    (r"UNSUPPORTED|NOT_SUPPORTED|NOT_ALLOWED|FORBIDDEN|REFUSED", Outcome.UNSUPPORTED),
    (r"PICKED|COLLECTED|ON_VAN|IN_TRANSIT|SHIPPED|DISPATCHED", Outcome.PICKED_UP),
    (r"INVALID|CLOSED|SIGNED|EXPIRED|DELIVERED|TOO_LATE|FINISHED", Outcome.INVALID),
    (r"FAIL|ERROR|REJECT", Outcome.FAILED),
    (r"CANCEL|VOID|SUCCESS|OK$|DONE", Outcome.CANCELLED),
)


def propose(method: Method) -> str:
    """Return the text of a mapping for `method`, with `# guess` behind every guess."""
    lines = [
        "# A proposal from the names alone. Read every line; then remove its mark.",
        f'method = "{method.name}"',
        "",
        '[request] # message field path = push field, "request_id", or "=constant"',
        *_request(method.request_type),
        "",
        *_status(method.reply_type),
    ]
    return "\n".join(lines) + "\n"


def _request(message: Descriptor) -> Iterator[str]:
    free = {path: resolve(message, path) for path, _ in leaves(message)}
    taken: list[FieldPath] = []
    missing = []
    for source, words in WORDS.items():
        found = _best(source, words, free.values(), taken)
        if found is None:
            missing.append(source)
            continue
        taken.append(found)
        yield f'"{found}" = "{source}" # guess'
    for source in missing:
        yield f'# "…" = "{source}" # no free field has a name like it'
    for path, field in free.items():
        if field.leaf.message_type is None and _is_open(field, taken):
            yield f'# "{path}" = "…" # not filled'


def _best(
    source: str, words: tuple[str, ...], free: Iterable[FieldPath], taken: list[FieldPath]
) -> FieldPath | None:
    scored = [
        (max(_alike(path, word) for word in words), -len(path.names), path)
        for path in free
        if _is_open(path, taken) and _can_hold(path, source)
    ]
    score, _, path = max(scored, key=lambda found: found[:2], default=(0.0, 0, None))
    return path if score >= ALIKE_ENOUGH else None


def _alike(path: FieldPath, word: str) -> float:
    """Compare the last one or two names of the path: `merchant.code` is a merchantcode."""
    names = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in path.names]
    candidates = {names[-1], "".join(names[-2:])}
    return max(SequenceMatcher(None, candidate, word).ratio() for candidate in candidates)


def _can_hold(path: FieldPath, source: str) -> bool:
    try:
        converter(path.leaf, SOURCES[source], Unfit(source=source, target=str(path)))
    except PathFault:
        return False
    return True


def _is_open(path: FieldPath, taken: list[FieldPath]) -> bool:
    """Tell whether a field may still be filled, as the check of a mapping would."""
    for other in taken:
        shorter = min(len(other.names), len(path.names))
        if other.names[:shorter] == path.names[:shorter]:
            return False
        for (_, mine), (_, theirs) in zip(path.prefixes(), other.prefixes(), strict=False):
            if mine.name != theirs.name:
                # Here the two part: into members of one oneof, or for good.
                if _share_a_oneof(mine, theirs):
                    return False
                break
    return True


def _share_a_oneof(one: FieldDescriptor, other: FieldDescriptor) -> bool:
    first, second = one.containing_oneof, other.containing_oneof
    return first is not None and second is not None and first.full_name == second.full_name


def _status(message: Descriptor) -> Iterator[str]:
    enums = [(path, field.enum_type) for path, field in leaves(message) if field.enum_type]
    yield "[status]"
    if not enums:
        yield '# field = "…" # this reply has no enum: an outcome must be one'
        return
    path, enum = max(enums, key=lambda found: _meaningful(found[1]))
    yield f'field = "{path}" # guess'
    for path, field in leaves(message):
        if is_text(field) and _is_message(resolve(message, path)):
            yield f'message = "{path}" # guess'
            break
    yield ""
    yield "[status.outcomes] # every value; the zero value may only be failed"
    shared = _shared_prefix(enum)
    for number, names in names_by_number(enum).items():
        yield _outcome(number, names, shared)


def _is_message(path: FieldPath) -> bool:
    return any(_alike(path, word) >= ALIKE_ENOUGH for word in ("message", "detail", "reason"))


def _outcome(number: int, names: tuple[str, ...], shared: int) -> str:
    if number == 0:
        return f'{names[0]} = "failed"'
    meaning = _meaning(names, shared)
    if meaning is None:
        return f'# {names[0]} = "…" # give it a meaning'
    return f'{names[0]} = "{meaning.value}" # guess'


def _shared_prefix(enum: EnumDescriptor) -> int:
    """Return the length of `CANCEL_STATUS_` in an enum whose values all begin with it."""
    names = [value.name for value in enum.values]
    first, last = min(names), max(names)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return first[: len(list(same))].rfind("_") + 1


def _meaning(names: tuple[str, ...], shared: int) -> Outcome | None:
    for pattern, outcome in MEANINGS:
        if any(re.search(pattern, name[shared:].upper()) for name in names):
            return outcome
    return None


def _meaningful(enum: EnumDescriptor) -> int:
    shared = _shared_prefix(enum)
    return len({_meaning(names, shared) for names in names_by_number(enum).values()} - {None})

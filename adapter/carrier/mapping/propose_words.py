"""Which field of a carrier's message a name may mean: alike, able to hold it, and free."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import takewhile

from google.protobuf.descriptor import EnumDescriptor

from adapter.carrier.contract.field_path import TIMESTAMP, FieldPath, PathFault, kind
from adapter.carrier.mapping.convert import converter
from adapter.carrier.mapping.push_fields import CREATE_TIME, SOURCES
from adapter.carrier.mapping.values import Unfit

ALIKE_ENOUGH = 0.8
BEGUN_ENOUGH = 0.72
"""For a name that begins the other: `app` for `appid`, but not `scene` for `sender`."""

# Words by which carriers call what WeChat pushes; without separators, in lower case.
WORDS: dict[str, tuple[str, ...]] = {
    "WayBillID": ("waybillid", "waybillno", "waybill", "trackingno", "trackingnumber", "billno"),
    "OrderID": ("orderid", "orderno", "ordernumber", "order", "merchantorderid"),
    "request_id": ("requestid", "traceno", "traceid", "idempotencykey", "requestno", "requid"),
    "BizID": ("bizid", "merchantcode", "merchantid", "customercode", "customerid", "clientid"),
    "BizPwd": ("bizpwd", "password", "bizpassword", "secret", "merchantsecret", "pwd"),
    "ShopAppID": ("shopappid", "appid", "miniprogramid"),
    "FromUserName": ("fromusername", "openid", "userid", "sender"),
    "CreateTime": ("createtime", "createdat", "pushedat", "pressedat", "requestedat", "timestamp"),
    "ToUserName": ("tousername",),
}


def best(source: str, free: Iterable[FieldPath], taken: list[FieldPath]) -> FieldPath | None:
    """Return the open field whose name is most like one that `source` goes by, if any is."""
    able = [path for path in free if is_open(path, taken) and _can_hold(path, source)]
    scored = [(likeness(path, WORDS[source]), -len(path.names), path) for path in able]
    score, _, path = max(scored, key=lambda found: found[:2], default=(0.0, 0, None))
    if score > 0:
        return path
    # A time has a type of its own: the only one is a guess whatever its name.
    times = [path for path in able if kind(path.leaf) == TIMESTAMP]
    return times[0] if source == CREATE_TIME and len(times) == 1 else None


def likeness(path: FieldPath, words: Iterable[str]) -> float:
    """Compare the last one or two names of the path: `merchant.code` is a merchantcode.

    Zero is what is not alike enough.
    """
    names = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in path.names]
    return max(_alike(name, word) for name in (names[-1], "".join(names[-2:])) for word in words)


def _alike(name: str, word: str) -> float:
    ratio = SequenceMatcher(None, name, word).ratio()
    has_begun = name.startswith(word) or word.startswith(name)
    return ratio if ratio >= (BEGUN_ENOUGH if has_begun else ALIKE_ENOUGH) else 0.0


def _can_hold(path: FieldPath, source: str) -> bool:
    try:
        converter(path.leaf, SOURCES[source], Unfit(source=source, target=str(path)))
    except PathFault:
        return False
    return True


def is_open(path: FieldPath, taken: list[FieldPath]) -> bool:
    """Tell whether a field may still be filled, as the check of a mapping would."""
    members = path.oneof_members()
    for other in taken:
        shorter = min(len(other.names), len(path.names))
        if other.names[:shorter] == path.names[:shorter]:
            return False
        theirs = other.oneof_members()
        if any(theirs.get(oneof, member) != member for oneof, member in members.items()):
            return False
    return True


def shared_prefix(enum: EnumDescriptor) -> int:
    """Return the length of `CANCEL_STATUS_` in an enum whose values all begin with it."""
    names = [value.name for value in enum.values]
    first, last = min(names), max(names)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return first[: len(list(same))].rfind("_") + 1

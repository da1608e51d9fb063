"""A kind of refused push, and the accounts such pushes come from and are meant for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from adapter.wechat.envelope import Account, Mode
from adapter.wechat.secret import Secret
from tests.explain.capturing import OURS, Sent

ALONE = {"wechat": OURS}
PLAINTEXT = replace(OURS, mode=Mode.PLAINTEXT)
STRANGER = replace(OURS, token=Secret("stranger"), encoding_aes_key=Secret("s" * 43))


NOT_SIGNED = (
    "The token differs from WeChat's: everything matches except the signature",
    "Or the timestamp or nonce was changed on the way, so that no token matches",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A refused push, what the edge says of it, and the causes, in words."""

    name: str
    push: Sent
    reason: str
    says: tuple[str, ...]
    programs: Mapping[str, Account] = field(default_factory=lambda: ALONE)

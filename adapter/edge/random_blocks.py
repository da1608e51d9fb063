"""Fresh random bytes for sealed replies, asked of the kernel many at a time."""

from __future__ import annotations

import os
from collections.abc import Callable

from adapter.wechat.cipher import RANDOM_BYTES

BLOCKS_AT_ONCE = 256  # a system call for each would cost a push 3 µs


class RandomBlocks:
    """Hands out `RANDOM_BYTES` at a time; none is ever handed out twice.

    `read` returns as many random bytes as it is asked for. For one thread.
    """

    __slots__ = ("_at", "_held", "_read")

    def __init__(self, read: Callable[[int], bytes] = os.urandom) -> None:
        self._read = read
        self._held = b""
        self._at = 0

    def take(self) -> bytes:
        """Return the next block."""
        if self._at == len(self._held):
            self._held, self._at = self._read(BLOCKS_AT_ONCE * RANDOM_BYTES), 0
        begin, self._at = self._at, self._at + RANDOM_BYTES
        return self._held[begin : self._at]

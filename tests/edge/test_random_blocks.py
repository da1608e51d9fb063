from __future__ import annotations

from adapter.edge.random_blocks import BLOCKS_AT_ONCE, RandomBlocks
from adapter.wechat.cipher import RANDOM_BYTES


def test_every_block_is_whole_and_new() -> None:
    blocks = RandomBlocks()

    taken = [blocks.take() for _ in range(2 * BLOCKS_AT_ONCE + 1)]

    assert {len(block) for block in taken} == {RANDOM_BYTES}
    assert len(set(taken)) == len(taken)


def test_the_kernel_is_asked_once_for_many_and_every_byte_is_used() -> None:
    asked: list[bytes] = []

    def read(count: int) -> bytes:
        asked.append(bytes(count - 1) + bytes([len(asked)]))
        return asked[-1]

    blocks = RandomBlocks(read)

    taken = b"".join(blocks.take() for _ in range(2 * BLOCKS_AT_ONCE))

    assert taken == b"".join(asked)
    assert len(asked) == 2

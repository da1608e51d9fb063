from __future__ import annotations

import time

import pytest

from adapter.edge.verify import verify
from adapter.wechat.envelope import Envelope
from adapter.wechat.errors import Refused
from adapter.wechat.pushing import build_verification
from tests.edge.playing import PATH, account, running_edge

NOW = 1_700_000_000


def query(echostr: str = "4375120948345356249") -> str:
    return build_verification(account(), timestamp=NOW, nonce="1521532", echostr=echostr)


def test_echostr_is_the_whole_body() -> None:
    answer = verify(Envelope(account()), query().encode(), now_unix=NOW)

    assert (answer.status, answer.body) == (200, b"4375120948345356249")


@pytest.mark.parametrize("now_unix", [NOW - 601, NOW + 601])
def test_a_check_that_is_not_fresh_is_refused(now_unix: int) -> None:
    with pytest.raises(Refused):
        verify(Envelope(account()), query().encode(), now_unix=now_unix)


@pytest.mark.parametrize("bent", ["signature=0", "echostr=x", "nonce=2", ""])
async def test_a_check_that_is_not_wechats_is_403(bent: str) -> None:
    sound = build_verification(account(), timestamp=int(time.time()), nonce="1", echostr="9")
    async with running_edge() as edge:
        answer = await edge.client.get(f"{PATH}?{sound}&{bent}" if bent else PATH)

    assert (answer.status_code, answer.content) == (403, b"forbidden")

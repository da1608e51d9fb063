from __future__ import annotations

import time

import pytest

from adapter.edge.limits import InFlightLimit
from adapter.edge.push import EdgeParts, Program, PushEndpoint
from adapter.edge.translate import Locale
from adapter.wechat.client_side import build_verification
from adapter.wechat.envelope import Envelope
from adapter.wechat.errors import Refused
from tests import defaults
from tests.edge.playing import PATH, Lines, ScriptedDesk, Tallied, account, running_edge

NOW = 1_700_000_000


def query(echostr: str = "4375120948345356249") -> str:
    return build_verification(account(), timestamp=NOW, nonce="1521532", echostr=echostr)


def endpoint(*, now_unix: float) -> PushEndpoint:
    known = account()
    parts = EdgeParts(
        desk=ScriptedDesk(),
        tally=Tallied(),
        log=Lines(),
        limits=defaults.EDGE,
        room=InFlightLimit(1),
        unix=lambda: now_unix,
    )
    program = Program(
        name="main", mode=known.mode, envelope=Envelope(known), locale=Locale.ZH, forwarder=None
    )
    return PushEndpoint(program, parts)


def test_echostr_is_the_whole_body() -> None:
    answer = endpoint(now_unix=NOW).verify(query().encode())

    assert (answer.status, answer.body) == (200, b"4375120948345356249")


@pytest.mark.parametrize("now_unix", [NOW - 601, NOW + 601])
def test_a_check_that_is_not_fresh_is_refused(now_unix: int) -> None:
    with pytest.raises(Refused):
        endpoint(now_unix=now_unix).verify(query().encode())


@pytest.mark.parametrize("bent", ["signature=0", "echostr=x", "nonce=2", ""])
async def test_a_check_that_is_not_wechats_is_403(bent: str) -> None:
    sound = build_verification(account(), timestamp=int(time.time()), nonce="1", echostr="9")
    async with running_edge() as edge:
        answer = await edge.client.get(f"{PATH}?{sound}&{bent}" if bent else PATH)

    assert (answer.status_code, answer.content) == (403, b"forbidden")

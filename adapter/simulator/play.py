"""One push from the button to the merchant's view: sealed, sent, repeated, judged."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass, field

from adapter.simulator.cases import Case
from adapter.simulator.delivery import Answered, Sender
from adapter.simulator.press import OPEN_ID, PressFields
from adapter.simulator.verdict import MerchantView, Verdict, judge, merchant_view
from adapter.wechat.client_side import SealedPush, build_push, build_verification
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A push that was played. `answers` holds every delivery's, the last one was judged."""

    press: PressFields
    sealed: SealedPush = field(repr=False)
    answers: tuple[Answered, ...]
    verdict: Verdict

    @property
    def merchant(self) -> MerchantView:
        """What the merchant is shown."""
        return merchant_view(self.verdict.reply)

    @property
    def took_ms(self) -> float:
        """How long the last answer took."""
        return self.answers[-1].seconds * 1000


def seal(press: PressFields, format: Format, *, account: Account) -> SealedPush:
    """Sign and seal a press as WeChat would now. Raises `ValueError` without a needed key."""
    return build_push(
        account,
        press.encode(format),
        format,
        timestamp=int(time.time()),
        nonce=str(secrets.randbelow(2**31)),
        random16=os.urandom(16),
        open_id=press.text("FromUserName") or OPEN_ID,
    )


async def play(
    press: PressFields,
    format: Format,
    *,
    account: Account,
    sender: Sender,
    case: Case | None,
    repeats: int = 0,
) -> Played:
    """Play one press. Raises `Unreachable` when nothing takes the push."""
    sealed = seal(press, format, account=account)
    answers = await sender.push(sealed, format, repeats=repeats)
    verdict = judge(answers[-1], press, format, account=account, case=case)
    return Played(press=press, sealed=sealed, answers=answers, verdict=verdict)


async def verify_url(*, account: Account, sender: Sender) -> str | None:
    """Play WeChat's URL verification; return what is wrong with the answer, or None."""
    echostr = str(secrets.randbelow(2**63))
    answered = await sender.verify(
        build_verification(
            account,
            timestamp=int(time.time()),
            nonce=str(secrets.randbelow(2**31)),
            echostr=echostr,
        )
    )
    if answered.status is None:
        return answered.fault
    if answered.status != 200:
        return f"HTTP status {answered.status}, should be 200"
    if answered.body != echostr.encode():
        return "the body is not echostr, unchanged"
    return None

"""Several Mini Programs in one `serve`, each by its path, and secrets on the move."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

import httpx2
import pytest

from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Sender
from adapter.simulator.play import Played, play, verify_url
from adapter.simulator.press import PressFields
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.journeys.processes import AES_KEY, APP_ID, TOKEN, configuration, serving, stub

pytestmark = pytest.mark.usefixtures("may_wait")

PRESSES = count()

MAIN = replace(
    defaults.ACCOUNT,
    app_id=APP_ID,
    mode=Mode.SECURE,
    token=Secret(TOKEN),
    encoding_aes_key=Secret(AES_KEY),
)
PLAIN = replace(
    defaults.ACCOUNT, app_id="wx000000000000000b", mode=Mode.PLAINTEXT, token=Secret("plaintoken")
)
NEW = replace(
    defaults.ACCOUNT,
    app_id="wx000000000000000c",
    mode=Mode.COMPATIBLE,
    token=Secret("newtoken"),
    encoding_aes_key=Secret("n" * 43),
)
OLD = replace(NEW, token=Secret("oldtoken"), encoding_aes_key=Secret("o" * 43))
ACCOUNTS = {"/wechat/push": MAIN, "/plain": PLAIN, "/rotating": NEW}

OTHERS = f"""
[mini_programs.plain]
path = "/plain"
app_id = "{PLAIN.app_id}"
mode = "plaintext"
token = "plaintoken"
locale = "en"

[mini_programs.rotating]
path = "/rotating"
app_id = "{NEW.app_id}"
mode = "compatible"
token = "newtoken"
previous_token = "oldtoken"
encoding_aes_key = "{"n" * 43}"
previous_encoding_aes_key = "{"o" * 43}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """A `serve` with three Mini Programs."""

    url: str
    ops: str

    async def push(self, path: str, account: Account, format: Format = Format.XML) -> Played:
        nth = next(PRESSES)
        press = PressFields.of(CASES["ok"], create_time=1_600_000_000 + nth, word=f"P{nth}")
        async with Sender(self.url + path) as sender:
            return await play(press, format, account=account, sender=sender, case=CASES["ok"])

    async def uses_of_the_previous(self, secret: str) -> float:
        page = await asyncio.to_thread(httpx2.get, f"{self.ops}metrics", trust_env=False)
        name = "waybridge_previous_secret_uses_total"
        series = rf'^{name}{{program="\w+",secret="{secret}"}} (\S+)$'
        found = re.findall(series, page.text, re.MULTILINE)
        assert len(found) == len(ACCOUNTS)
        return sum(map(float, found))


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    folder = tmp_path_factory.mktemp("programs")
    with stub(cwd=folder) as target:
        config = configuration(folder, target)
        config.write_text(config.read_text() + OTHERS)
        with serving(config) as (_, edge, ops):
            yield Programs(url=edge.removesuffix("/wechat/push"), ops=ops)


@pytest.mark.parametrize("format", Format)
@pytest.mark.parametrize("path", ACCOUNTS)
async def test_each_program_is_answered_at_its_path_in_its_mode(
    programs: Programs, path: str, format: Format
) -> None:
    played = await programs.push(path, ACCOUNTS[path], format)

    assert played.verdict.deviations == ()


@pytest.mark.parametrize("path", ACCOUNTS)
async def test_each_programs_url_is_verified_with_its_own_token(
    programs: Programs, path: str
) -> None:
    async with Sender(programs.url + path) as sender:
        assert await verify_url(account=ACCOUNTS[path], sender=sender) is None


@pytest.mark.parametrize("path", ACCOUNTS)
async def test_a_programs_push_is_refused_at_another_ones_path(
    programs: Programs, path: str
) -> None:
    strangers = [account for other, account in ACCOUNTS.items() if other != path]

    statuses = [(await programs.push(path, account)).answers[-1].status for account in strangers]

    assert statuses == [403, 403]


async def test_a_path_of_nobody_is_not_found(programs: Programs) -> None:
    assert (await programs.push("/nobody", MAIN)).answers[-1].status == 404


async def test_the_language_of_each_program_is_its_own(programs: Programs) -> None:
    messages = []
    for path in ("/wechat/push", "/plain"):
        press = PressFields.of(CASES["not-found"], create_time=1, word=f"L{next(PRESSES)}")
        async with Sender(programs.url + path) as sender:
            played = await play(
                press, Format.XML, account=ACCOUNTS[path], sender=sender, case=CASES["not-found"]
            )
        assert played.verdict.reply is not None
        messages.append(played.verdict.reply.result_msg)

    assert [message.isascii() for message in messages] == [False, True]


@pytest.mark.parametrize(
    ("account", "token", "key"),
    [
        (NEW, 0, 0),
        (OLD, 1, 1),
        (replace(OLD, token=NEW.token), 0, 1),
        (replace(NEW, token=OLD.token), 1, 0),
    ],
    ids=["both new", "both old", "old key", "old token"],
)
async def test_the_old_pair_is_answered_in_kind_and_counted(
    programs: Programs, account: Account, token: int, key: int
) -> None:
    before = [await programs.uses_of_the_previous(name) for name in ("token", "aes_key")]

    played = await programs.push("/rotating", account)

    after = [await programs.uses_of_the_previous(name) for name in ("token", "aes_key")]
    # Sealed with the key that opened: the one who sent it can read the answer.
    assert played.verdict.deviations == ()
    assert [after[0] - before[0], after[1] - before[1]] == [token, key]

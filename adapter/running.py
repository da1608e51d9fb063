"""A waybridge that is up: how its secrets are renewed, and how it stops without a loss."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter import from_settings
from adapter.cancellation.desk import Desk
from adapter.cancellation.gate import Gate
from adapter.carrier.channel.client import GrpcCarrier
from adapter.config.load import Settings
from adapter.config.sections import WeChatSettings
from adapter.diagnostics.logger import Logger
from adapter.edge.app import EdgeApp
from adapter.edge.push import Program
from adapter.edge.server import HttpServer
from adapter.edge.translate import Locale
from adapter.wechat.envelope import Envelope, Mode
from adapter.wechat.secret import Secret

if TYPE_CHECKING:
    from adapter.forward.client import HttpForwarder

# What may change while a process serves.
SECRETS = ("token", "previous_token", "encoding_aes_key", "previous_encoding_aes_key")
PUSHES_IN_FLIGHT_SECONDS = 5.0  # after the last push is accepted: WeChat has hung up by then


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """A waybridge that is up. `stop` is set when the ops port asks for the end; `programs` are
    the Mini Programs with the secrets in use."""

    settings: Settings
    edge: HttpServer
    ops: HttpServer
    gate: Gate
    desk: Desk
    log: Logger
    stop: asyncio.Event
    app: EdgeApp
    carrier: GrpcCarrier
    forwarder: HttpForwarder | None
    programs: dict[str, WeChatSettings]

    def renew(self, settings: Settings) -> list[str]:
        """Use the tokens and AES keys of `settings` from now on, in the Mini Programs that
        there were at the start; return the names of those that changed.

        One whose mode differs keeps its secrets: its new ones are for the next start.
        """
        changed = []
        for key, running in self.programs.items():
            fresh = settings.programs.get(key)
            if fresh is None or fresh.mode != running.mode or _secrets(fresh) == _secrets(running):
                continue
            program = self.programs[key] = running.model_copy(update=_secrets(fresh))
            path = self.settings.path_of(key)
            self.app.renew({path: program_of(key, program, forwarder=self.forwarder)})
            changed.append(name_of(key))
        return changed

    async def drain(self, *, hurry: asyncio.Event | None = None) -> int:
        """Stop in the order that loses nothing; return how many calls were cut, and so left in
        doubt: one that ended in doubt by itself is not among them.

        Not ready at once, but serving on for the drain delay: a balancer takes a while to
        look away. Then no new connections, the pushes in flight, the calls they left
        behind. `hurry` ends the delay early.
        """
        self.gate.draining = True
        self.edge.begin_draining()
        delay = self.settings.edge.drain_delay_seconds
        if delay:
            self.log.info("draining", accepting_for_seconds=delay, in_flight=self.desk.in_flight)
            await _wait(hurry or asyncio.Event(), delay)
        self.edge.stop_accepting()
        await self.edge.close(within_seconds=PUSHES_IN_FLIGHT_SECONDS)
        left = await self.desk.drain(within_seconds=self.settings.carrier.deadline_seconds)
        self.log.info("drained", calls_cut=left)
        return left


def program_of(key: str, program: WeChatSettings, *, forwarder: HttpForwarder | None) -> Program:
    """Return a Mini Program as the edge needs it; `key` is its section's."""
    return Program(
        name=name_of(key),
        mode=Mode(program.mode),
        envelope=Envelope(from_settings.account(program)),
        locale=Locale(program.locale),
        forwarder=forwarder,
    )


def name_of(section: str) -> str:
    """Return what a Mini Program is called in logs and metrics."""
    return section.removeprefix("mini_programs.")


def _secrets(program: WeChatSettings) -> dict[str, Secret]:
    return {name: getattr(program, name) for name in SECRETS}


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return

"""Which of the carrier's addresses serve, by gRPC's own count of each. Read when asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote

import grpc
from grpc_channelz.v1.channelz import ChannelzServicer
from grpc_channelz.v1.channelz_pb2 import (
    ChannelConnectivityState,
    GetSubchannelRequest,
    GetTopChannelsRequest,
)

from adapter.diagnostics.grpc_target import scheme_and_rest

SUBCHANNELS_AT_MOST = 256  # what a name resolves to is not ours to bound
CALLS_TO_TELL = 5  # for each address, since the last word; fewer change nothing
FAIR_SHARE_DIVIDED_BY = 4  # round_robin is exact; a health stream begun anew counts as a call


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What gRPC counts for one connection of one channel. Its health stream is a call too."""

    subchannel: int
    address: str
    is_connected: bool
    started: int = 0
    ok: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressState:
    """One address since it became known, whatever channels came and went.

    `is_left_out`: connected, yet no calls go there while they go elsewhere. The breaker
    ejected it, or its own health service says NOT_SERVING: gRPC does not tell which.
    """

    address: str
    is_connected: bool
    is_left_out: bool
    ok: int
    failed: int


class AddressCounts:
    """Adds up what gRPC counts. Every method may be called from any thread.

    gRPC keeps an ejection to itself: the address stays READY, and its metrics for it (gRFC
    A91) are not in the core. But round_robin gives every address the same number of calls,
    so whoever got none was not to have any.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._seen: dict[int, Counted] = {}
        self._sums: dict[str, _Sum] = {}

    def look(self) -> tuple[AddressState, ...]:
        """Ask gRPC: a millisecond or two, so for a scrape and never for a push."""
        with self._lock:
            return self._add(list(islice(counted(self._target), SUBCHANNELS_AT_MOST)))

    def add(self, counts: Sequence[Counted]) -> tuple[AddressState, ...]:
        """Take in one look, and say how each address stands."""
        with self._lock:
            return self._add(counts)

    def _add(self, counts: Sequence[Counted]) -> tuple[AddressState, ...]:
        for now in counts:
            before = self._seen.get(now.subchannel)
            self._sums.setdefault(now.address, _Sum()).add(now, before)
        self._seen = {now.subchannel: now for now in counts}
        known = {now.address for now in counts}
        self._sums = {address: one for address, one in self._sums.items() if address in known}
        connected = {now.address for now in counts if now.is_connected}
        self._mark_left_out(connected)
        return tuple(
            AddressState(
                address=address,
                is_connected=address in connected,
                is_left_out=one.is_left_out and address in connected,
                ok=one.ok,
                failed=one.failed,
            )
            for address, one in sorted(self._sums.items())
        )

    def _mark_left_out(self, connected: set[str]) -> None:
        """Say who is left out, once enough calls have gone out to tell."""
        fit = [
            one for address, one in self._sums.items() if one.was_connected and address in connected
        ]
        calls = sum(one.lately for one in fit)
        if sum(one.lately for one in self._sums.values()) < CALLS_TO_TELL * len(self._sums):
            return
        for address, one in self._sums.items():
            share_is_small = one.lately * len(fit) * FAIR_SHARE_DIVIDED_BY < calls
            one.is_left_out = one in fit and share_is_small
            one.lately, one.was_connected = 0, address in connected


@dataclass(slots=True, eq=False)
class _Sum:
    ok: int = 0
    failed: int = 0
    lately: int = 0  # calls that went out since the last word
    was_connected: bool = False  # at the last word
    is_left_out: bool = False

    def add(self, now: Counted, before: Counted | None) -> None:
        self.ok += now.ok - (before.ok if before else 0)
        self.failed += now.failed - (before.failed if before else 0)
        self.lately += now.started - (before.started if before else 0)


def counted(target: str) -> Iterator[Counted]:
    """Read what gRPC counts for each address of each channel to the target that is open."""
    names = (target, f"dns:///{target}")  # gRPC writes the scheme before a bare host:port
    request, end = GetTopChannelsRequest(), False
    while not end:
        page = ChannelzServicer.GetTopChannels(request, _Asker())
        if page is None:
            return
        for channel in page.channel:
            request.start_channel_id = channel.ref.channel_id + 1
            if channel.data.target in names:
                for ref in channel.subchannel_ref:
                    yield from _subchannel(ref.subchannel_id)
        end = page.end or not page.channel


def _subchannel(number: int) -> Iterator[Counted]:
    answer = ChannelzServicer.GetSubchannel(GetSubchannelRequest(subchannel_id=number), _Asker())
    if answer is None:  # gone since it was listed
        return
    told = answer.subchannel.data
    yield Counted(
        subchannel=number,
        address=unquote(scheme_and_rest(told.target)[1]),
        is_connected=told.state.state == ChannelConnectivityState.READY,
        started=told.calls_started,
        ok=told.calls_succeeded,
        failed=told.calls_failed,
    )


class _Asker:
    """Stands where a server's context would: we ask in the same process, not over a wire."""

    def set_code(self, code: grpc.StatusCode) -> None: ...

    def set_details(self, details: str) -> None: ...

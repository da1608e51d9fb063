"""The carrier, asked over gRPC: once per call, within its deadline, never guessing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import grpc
import grpc.aio
from google.protobuf.message import DecodeError, Message

from adapter.cancellation.model import (
    Cancellation,
    CarrierAnswer,
    Doubt,
    Entry,
    Fact,
    Outcome,
    Unsent,
)
from adapter.cancellation.ports import CarrierTraits
from adapter.carrier.channel import credentials, failure
from adapter.carrier.channel.channelz import AddressState
from adapter.carrier.channel.failure import FailedCall
from adapter.carrier.channel.masking import masked
from adapter.carrier.channel.options import CarrierOptions, refuse_unsafe
from adapter.carrier.channel.recent_calls import RecentCalls
from adapter.carrier.channel.rotation import ChannelRotation
from adapter.carrier.channel.state import BREAKERS, CarrierState
from adapter.carrier.mapping.mapping import Mapping
from adapter.carrier.mapping.values import Unfit
from adapter.diagnostics.grpc_target import grpc_target
from adapter.diagnostics.logger import Logger
from adapter.wechat.secret import MASK

NOT_SENT = CarrierAnswer(outcome=Outcome.FAILED, status="NOT_SENT", unsent=Unsent.SHED)
UNREADABLE = CarrierAnswer(
    outcome=Outcome.IN_DOUBT,
    status="UNREADABLE_REPLY",
    doubt=Doubt.UNREADABLE_REPLY,
    text="the reply is not the contract's message",
)


class GrpcCarrier:
    """Fits `adapter.cancellation.ports.Carrier`. Make one with `open`, inside the event loop.

    A cancelled task cancels its call, which reaches the carrier's handler (and grpc.aio leaks
    on abandoned calls, grpc#43360): await `cancel` in a task that is never cancelled.
    """

    def __init__(
        self,
        *,
        options: CarrierOptions,
        mapping: Mapping,
        renewal: ChannelRotation,
        now_unix: Callable[[], float] = time.time,
        log: Logger | None = None,
    ) -> None:
        self._options = options
        self._mapping = mapping
        self._traits = mapping.traits
        self._renewal = renewal
        self._now_unix = now_unix
        self._log = log
        self._places = CallLimit(options.max_concurrent_calls)
        self._recent = RecentCalls()
        self._closed = False
        self._last_ok_at = 0.0
        self._last_failure_at = 0.0
        self._last_failure = ""

    @classmethod
    async def open(
        cls,
        *,
        options: CarrierOptions,
        mapping: Mapping,
        now_unix: Callable[[], float] = time.time,
        log: Logger | None = None,
    ) -> GrpcCarrier:
        """Read the files, build the channel, begin to connect; wait for nothing. Failed calls
        are logged to `log` at debug, with their text.

        Raises `CarrierMisconfigured` when secrets would go out in the clear, a file is unfit,
        or gRPC refuses the target or the service config.
        """
        refuse_unsafe(options)
        read = await asyncio.to_thread(credentials.read, options)
        methods = tuple(
            method.path for method in (mapping.method, mapping.lookup_method) if method is not None
        )
        renewal = ChannelRotation(options, read, methods=methods)
        renewal.start()
        return cls(options=options, mapping=mapping, renewal=renewal, now_unix=now_unix, log=log)

    @property
    def traits(self) -> CarrierTraits:
        """What the mapping says that the carrier can say."""
        return self._traits

    async def reread(self) -> str:
        """Take new TLS files and a new token into use now, not within `reload_seconds`; return
        what is wrong with them, empty: nothing."""
        await self._renewal.look()
        return self._renewal.fault

    async def ready(self, *, within_seconds: float) -> bool:
        """Tell whether a call could be sent now: a place is free, and a healthy address is
        connected, or becomes so in time. Does not switch tasks when both are true at once."""
        if self._closed or not self._places.has_free():
            return False
        return await self._renewal.link.ready(within_seconds=within_seconds)

    async def cancel(
        self, cancellation: Cancellation, *, request_id: str, within_seconds: float
    ) -> CarrierAnswer:
        """Ask once; `within_seconds` counts from here and is the deadline the carrier sees.

        Nothing was sent where the concurrency limit left no place in time (FAILED, NOT_SENT),
        and where a text cannot stand in the carrier's field (NOT_FOUND, UNFIT). A reply that
        does not parse is IN_DOUBT: something answered after acting, or something else
        answered in its place.
        """
        request = self._mapping.request(cancellation, request_id)
        if isinstance(request, Unfit):
            return CarrierAnswer(
                outcome=request.outcome, status=request.status, unsent=Unsent.REFUSED
            )
        call = self._recent.begin(cancellation.waybill_id, now=time.monotonic())
        try:
            reply = await self._call(
                self._mapping.method.path, request.SerializeToString(), within_seconds
            )
            if reply is None:
                return NOT_SENT
            return self._answered(
                self._mapping.method.reply_class.FromString(reply), call, cancellation
            )
        except grpc.aio.AioRpcError as error:
            answer = self._failed(failure.read(error), cancellation, request_id)
            self._recent.end(call, fault=_fault(answer), now=time.monotonic())
            return answer
        except DecodeError:
            self._note_failure(UNREADABLE.status)
            self._recent.end(call, fault=UNREADABLE.status, now=time.monotonic())
            return UNREADABLE
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            return self._mapping.failed("CANCELLED")
        finally:
            self._recent.forget(call)

    async def lookup(self, entry: Entry, *, within_seconds: float) -> Fact | None:
        """Ask how the waybill stands. None: no lookup is mapped, or nothing certain came."""
        method = self._mapping.lookup_method
        request = self._mapping.lookup_request(entry)
        if method is None or request is None or isinstance(request, Unfit):
            return None
        try:
            reply = await self._call(method.path, request.SerializeToString(), within_seconds)
            if reply is not None:
                return self._mapping.fact(method.reply_class.FromString(reply))
        except grpc.aio.AioRpcError as error:
            failed = failure.read(error)
            self._note_failure(failed.code)
            # Its text is neither kept nor logged: no password is at hand to mask in it.
            text = failure.compared(failed.text)
            return self._mapping.failed_lookup(failed.code, failed.reasons, text)
        except DecodeError:
            self._note_failure(UNREADABLE.status)
        return None

    @property
    def state(self) -> CarrierState:
        """How the carrier stands now. Cheap enough for every scrape; waits for nothing."""
        link = self._renewal.link
        connectivity = grpc.ChannelConnectivity.SHUTDOWN if self._closed else link.connectivity()
        return CarrierState(
            target=self._options.target,
            addresses=grpc_target(self._options.target).listed,
            tls=self._options.tls is not None,
            connectivity=connectivity.name,
            breaker=BREAKERS[connectivity],
            in_flight=self._places.taken,
            max_concurrent_calls=self._places.size,
            refused=self._places.refused,
            last_ok_at=self._last_ok_at,
            last_failure_at=self._last_failure_at,
            last_failure=self._last_failure,
            channels_built=self._renewal.built,
            channels_draining=self._renewal.draining,
            fault=self._renewal.fault,
            trouble=self._recent.trouble(now=time.monotonic()),
        )

    @property
    def is_connected(self) -> bool:
        """Tell whether a healthy address is connected."""
        return self._renewal.link.connectivity() is grpc.ChannelConnectivity.READY

    def address_states(self) -> tuple[AddressState, ...]:
        """How each of the carrier's addresses stands: a millisecond or two, for a scrape."""
        return self._renewal.addresses.look()

    async def close(self, *, within_seconds: float) -> None:
        """Send nothing new; wait for the calls in flight, then cut them: they are in doubt."""
        self._closed = True
        await self._renewal.close(within_seconds=within_seconds)

    async def _call(self, method: str, request: bytes, within_seconds: float) -> bytes | None:
        """Send once. None: nothing was sent."""
        gives_up_at = time.monotonic() + within_seconds
        if not await self._places.take(within_seconds=within_seconds):
            return None
        try:
            if self._closed:
                return None
            return await self._renewal.link.call(
                method,
                request,
                within_seconds=gives_up_at - time.monotonic(),
                metadata=self._renewal.metadata,
            )
        finally:
            self._places.give_back()

    def _answered(self, reply: Message, call: int, cancellation: Cancellation) -> CarrierAnswer:
        answer = self._mapping.answer(reply)
        self._last_ok_at = self._now_unix()
        self._recent.end(call, fault="", now=time.monotonic())
        return _without(answer, cancellation.credential.reveal()) if answer.message else answer

    def _failed(
        self, failed: FailedCall, cancellation: Cancellation, request_id: str
    ) -> CarrierAnswer:
        if failed.too_large:
            self._note_failure(UNREADABLE.status)
            limit = self._options.receive_limit_bytes
            text = f"the reply is larger than {limit} bytes: raise receive_limit_bytes in [carrier]"
            return replace(UNREADABLE, text=text)
        self._note_failure(failed.code)
        text = failure.compared(failed.text)
        answer = self._mapping.failed(failed.code, failed.reasons, text)
        if text:
            secret = cancellation.credential.reveal()
            answer = replace(answer, text=failure.one_line(failed.text, secret=secret, mask=MASK))
        if self._log is not None:
            self._log.debug(
                "call_failed",
                key=request_id,
                waybill=cancellation.waybill_id,
                status=answer.status,
                outcome=answer.outcome.value,
                text=answer.text,
            )
        return answer

    def _note_failure(self, code: str) -> None:
        self._last_failure_at = self._now_unix()
        self._last_failure = code


def _without(answer: CarrierAnswer, secret: str) -> CarrierAnswer:
    """Mask the password in a carrier's own words: they are stored, and shown to merchants."""
    message = masked(answer.message, secret=secret, mask=MASK)
    return answer if message == answer.message else replace(answer, message=message)


def _fault(answer: CarrierAnswer) -> str:
    """Name the failure of a failed call; empty where the mapping has a definite answer for it."""
    return answer.status if answer.outcome in (Outcome.FAILED, Outcome.IN_DOUBT) else ""


def _is_cancelled() -> bool:
    """Tell a cancelled task from a call that was cut by closing its channel: grpc.aio raises
    CancelledError for both."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


class CallLimit:
    """A bound on calls in flight. `refused` counts those turned away or out of time."""

    __slots__ = ("_semaphore", "refused", "size", "taken")

    def __init__(self, size: int) -> None:
        self._semaphore = asyncio.Semaphore(size)
        self.size = size
        self.taken = 0
        self.refused = 0

    def has_free(self) -> bool:
        """Tell whether a call could start now, and count it if not."""
        if not self._semaphore.locked():
            return True
        self.refused += 1
        return False

    async def take(self, *, within_seconds: float) -> bool:
        """Take a place, waiting if need be; False when none came free in time.

        Does not switch tasks while a place is free.
        """
        if self._semaphore.locked():
            try:
                async with asyncio.timeout(within_seconds):
                    await self._semaphore.acquire()
            except TimeoutError:
                self.refused += 1
                return False
        else:
            await self._semaphore.acquire()
        self.taken += 1
        return True

    def give_back(self) -> None:
        self.taken -= 1
        self._semaphore.release()

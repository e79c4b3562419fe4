"""What live rooms travel through: Litestar's channels over a Redis connection that is looked after.

The stock Redis backends die with the first outage and take the shutdown with them. This one reconnects for as long as
the process lives, never raises to a caller, and holds nothing without a bound. What it loses meanwhile is in Postgres:
`order.Sequencer` finds and fills every hole, so a channel subscriber sees each numbered message once and in order.
"""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from typing import Final

import structlog
from litestar.channels import ChannelsPlugin
from litestar.channels.backends.base import ChannelsBackend
from litestar.channels.subscriber import Subscriber
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from marketplace.core import kv
from marketplace.core.frames import Frame
from marketplace.core.loops import end
from marketplace.core.order import Sequencer

log = structlog.get_logger(__name__)

BACKLOG: Final = 256
"""Messages a subscriber may lag behind; the oldest are dropped, and read again from Postgres by the room."""
INCOMING: Final = 20_000
OUTGOING: Final = 20_000
PUBLISH_BATCH: Final = 256
PING_SECONDS: Final = 3.0
MOST_SILENT: Final = 3
"""So many times `PING_SECONDS` without a word, not even an answer to a ping, and the connection is given up."""
MAX_DELAY_SECONDS: Final = 2.0
ACK_SECONDS: Final = 0.5
AWAY = (RedisError, OSError, TimeoutError, asyncio.IncompleteReadError)


class LiveChannels(ChannelsPlugin):
    """Litestar's plugin, except that a channel that everybody left is forgotten, and leaving cannot race joining."""

    def __init__(self, backend: "RedisChannels") -> None:
        super().__init__(
            backend=backend,
            arbitrary_channels_allowed=True,
            subscriber_max_backlog=BACKLOG,
            subscriber_backlog_strategy="dropleft",
        )
        self.backend = backend

    async def unsubscribe(self, subscriber: Subscriber, channels: str | Iterable[str] | None = None) -> None:
        if isinstance(channels, str):
            channels = [channels]
        for channel in list(self._channels) if channels is None else channels:
            members = self._channels.get(channel)
            if members is None:
                continue
            members.discard(subscriber)
            if not members:
                # Nothing is awaited between finding the room empty and forgetting it, so nobody can join in between.
                del self._channels[channel]
                self.backend.forget(channel)
        subscriber.put_nowait(None)
        await subscriber.stop()


class RedisChannels(ChannelsBackend):
    """One publishing and one subscribing connection a process, one Redis subscription a channel with listeners here.

    A pattern subscription would be simpler, but would bring every room's messages to every process.
    """

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        # Pub/sub ignores Redis's database numbers, so the name must keep two services apart.
        self._prefix = f"{kv.namespace()}:".encode()
        self._incoming: asyncio.Queue[tuple[str, Frame]] = asyncio.Queue(INCOMING)
        self._outgoing: deque[tuple[str, bytes]] = deque(maxlen=OUTGOING)
        self._something_to_say = asyncio.Event()
        self._wanted: set[str] = set()
        self._active: set[str] = set()
        self._changed = asyncio.Event()
        self._acks: dict[str, asyncio.Event] = {}
        self._connected = False
        self._tasks: list[asyncio.Task[None]] = []
        self.sequencer = Sequencer(self._deliver)
        self.reconnects = 0

    @property
    def connected(self) -> bool:
        """Whether messages of other processes arrive at once. When not, they arrive with the next look at Postgres."""
        return self._connected

    async def on_startup(self) -> None:
        self._redis = kv.connect(self._url, retries=0)
        self._tasks = [
            asyncio.create_task(self._listen(), name="channels.listen"),
            asyncio.create_task(self._publish(), name="channels.publish"),
            asyncio.create_task(self.sequencer.run(), name="channels.sequencer"),
        ]

    async def on_shutdown(self) -> None:
        with contextlib.suppress(*AWAY):
            async with asyncio.timeout(1):
                await self._flush()
        await end(*self._tasks)
        self._tasks = []
        with contextlib.suppress(*AWAY):
            async with asyncio.timeout(1):
                await self._redis.aclose()

    # Speaking

    def say(self, channel: str, data: bytes) -> None:
        """Publish soon; returns at once and never raises. While Redis is away only this process hears it at once."""
        self._outgoing.append((channel, data))
        self._something_to_say.set()
        if not self._connected and channel in self._wanted:
            self._arrived(channel, data)

    async def publish(self, data: bytes, channels: Iterable[str]) -> None:
        for channel in channels:
            self.say(channel, data)

    async def _publish(self) -> None:
        while True:
            await self._something_to_say.wait()
            self._something_to_say.clear()
            try:
                await self._flush()
            except AWAY as error:
                log.debug("channels.publish_failed", error=repr(error))
                await asyncio.sleep(0.2)

    async def _flush(self) -> None:
        while self._outgoing:
            batch = [self._outgoing.popleft() for _ in range(min(len(self._outgoing), PUBLISH_BATCH))]
            async with self._redis.pipeline(transaction=False) as pipe:
                for channel, data in batch:
                    pipe.publish(self._prefix + channel.encode(), data)
                # A batch that fails is let go: numbered messages are found in Postgres, the others are of the moment.
                await pipe.execute()

    # Listening

    async def subscribe(self, channels: Iterable[str]) -> None:
        names = list(channels)
        for name in names:
            self._wanted.add(name)
            self.sequencer.follow(name)
        self._changed.set()
        if self._connected:
            # Only once the server has agreed is nothing missed; a missing answer costs a look at Postgres, no more.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ACK_SECONDS):
                    for name in names:
                        if name not in self._active:
                            await self._acks.setdefault(name, asyncio.Event()).wait()

    async def unsubscribe(self, channels: Iterable[str]) -> None:
        for name in channels:
            self.forget(name)

    def forget(self, channel: str) -> None:
        self._wanted.discard(channel)
        self._acks.pop(channel, None)
        self.sequencer.forget(channel)
        self._changed.set()

    async def stream_events(self) -> AsyncGenerator[tuple[str, bytes], None]:
        while True:
            yield await self._incoming.get()

    async def get_history(self, channel: str, limit: int | None = None) -> list[bytes]:
        return []  # what was said before is read from Postgres, by number

    def _arrived(self, channel: str, data: bytes) -> None:
        try:
            frame = Frame(data)
        except ValueError:
            log.warning("channels.strange_message", channel=channel)
            return
        for ready in self.sequencer.accept(channel, frame):
            self._deliver(channel, ready)

    def _deliver(self, channel: str, frame: Frame) -> None:
        if self._incoming.full():
            self._incoming.get_nowait()  # the room finds the hole
        self._incoming.put_nowait((channel, frame))

    async def _listen(self) -> None:
        delay = 0.05
        while True:
            pubsub = self._redis.pubsub()
            changes: asyncio.Task[None] | None = None
            try:
                # A channel that exists for the connection alone: a subscribed connection is what redis-py can read from.
                await pubsub.subscribe(self._prefix + b"-")
                self._active.clear()
                self._changed.set()
                changes = asyncio.create_task(self._follow_changes(pubsub), name="channels.changes")
                self._connected = True
                delay = 0.05
                if self.reconnects:
                    log.info("channels.reconnected", rooms=len(self._wanted))
                self.sequencer.look_now()
                await self._read(pubsub)
            except AWAY as error:
                self.reconnects += 1
                log.warning("channels.redis_away", error=repr(error), retry_in=delay)
            finally:
                self._connected = False
                self._active.clear()
                if changes is not None:
                    await end(changes)
                with contextlib.suppress(*AWAY):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]
            self.sequencer.look_now()
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
            delay = min(delay * 2, MAX_DELAY_SECONDS)

    async def _read(self, pubsub: PubSub) -> None:
        clock = asyncio.get_running_loop().time
        pinged, silent = clock(), 0
        cut = len(self._prefix)
        while True:
            message = await pubsub.get_message(timeout=PING_SECONDS)
            if message is None:
                # Counted, not timed: a process that was itself held up for long has heard nothing either.
                silent += 1
                if silent > MOST_SILENT:
                    raise TimeoutError("Redis does not answer")
            else:
                silent = 0
                kind = message["type"]
                if kind == "message":
                    self._arrived(message["channel"][cut:].decode(), message["data"])
                elif kind == "subscribe":
                    name = message["channel"][cut:].decode()
                    self._active.add(name)
                    if ack := self._acks.pop(name, None):
                        ack.set()
            if clock() - pinged > PING_SECONDS:
                pinged = clock()
                await pubsub.ping()

    async def _follow_changes(self, pubsub: PubSub) -> None:
        """Have Redis send what is wanted now: one command for however many rooms changed."""
        asked: set[str] = set()
        while True:
            await self._changed.wait()
            self._changed.clear()
            wanted = set(self._wanted)
            try:
                if new := [self._prefix + name.encode() for name in wanted - asked]:
                    await pubsub.subscribe(*new)
                if left := [self._prefix + name.encode() for name in asked - wanted]:
                    self._active -= asked - wanted
                    await pubsub.unsubscribe(*left)
            except AWAY as error:
                log.debug("channels.subscribe_failed", error=repr(error))
                if pubsub.connection is not None:
                    await pubsub.connection.disconnect()  # the reader notices, and starts over
                return
            asked = wanted

"""What one process runs: the store, the rooms, the uploads, and the greenlets that keep house.

`start` takes the data directory. On a reload the former worker of the same server still has it: then it is waited for
in the background, and until then the rooms are not ready.
"""

from __future__ import annotations

import logging
import os
import random
import resource
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

import gevent
from gevent.event import Event

from tsvapp.errors import NotAllowed, Restarting, StartupError, StorageFailed, TooSoon, TsvappError
from tsvapp.live import wheel
from tsvapp.live.addresses import Addresses, Proxies
from tsvapp.live.connection import Connection
from tsvapp.live.counts import Counts
from tsvapp.live.eviction import Eviction
from tsvapp.live.hosts import Hosts
from tsvapp.live.live_room import LiveRoom
from tsvapp.live.metrics import MetricsListener, registry_of
from tsvapp.live.outbox import Slot
from tsvapp.live.receiving import Receiving
from tsvapp.live.records import SAVE_SECONDS, Records
from tsvapp.live.registry import Registry
from tsvapp.live.silence import ROUNDS, Silence
from tsvapp.live.slices import in_slices
from tsvapp.live.uploads import Uploads
from tsvapp.room.protocol import NO_ROOM
from tsvapp.room.room import Member
from tsvapp.settings import Settings
from tsvapp.store.local import LocalStore

if TYPE_CHECKING:
    from tsvapp.live.shared_records import SharedRecords

READY_SECONDS = 5.0
"""How long a connection waits for the data directory before it is told to come again: as long as a drain settles."""

OWN_RETRY_SECONDS = 0.05
STORE_RETRY_SECONDS = 0.5
SETTLE_RETRY_SECONDS = 0.01
EXPIRE_SECONDS = 600.0
PULSE_SECONDS = 0.25
STALL_SECONDS = 0.1
"""A pulse of the event loop that comes later than this is worth a line in the log: nothing may hold it for 10 ms."""

SETTLE_SECONDS = 5.0
"""How long a drain waits for what is being written; what takes longer is cut off with the process."""

RETURNS_PER_SECOND = 500
"""Clients that are asked to come back in a second: a third of those that can join in one (bench/RESULTS.md)."""

FIRST_RETRY_SECONDS = 0.2
"""Least time that a client is asked to wait: by then the next server has the data directory."""

LONGEST_SPREAD_SECONDS = 15.0
"""As long as a viewer waits between two attempts of its own at most."""

RENEW_SECONDS = 10.0
"""Least time between two renewals of one room's links."""

SHARE = 4
"""One address has at most a quarter of the sockets."""

MOST_FILES = 1 << 20
"""As many open files as Linux gives one process without being asked (fs.nr_open)."""

log = logging.getLogger(__name__)


class Worker:
    """Wire the live parts of one process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.counts = Counts()
        self.store = LocalStore(settings.data_dir, _documents(settings))
        self._shared = self._shared_records() if settings.redis_url else None
        self.records = self._shared or Records(self.store, settings, self.counts)
        # Above the limit of open files every accept fails; documents and the log need some too.
        open_files = _open_files()
        self.max_connections = min(settings.max_connections, open_files - 256)
        self.max_sockets = open_files - 128
        """WebSockets and all that only ask: the rest is for documents, the records and the log."""
        self.addresses = Addresses(settings, self.max_sockets // SHARE)
        self.uploads = Uploads(self.store, self.records, settings, self.addresses)
        self.registry = Registry(self.records, settings, self.uploads.adopt)
        self.uploads.evict_by(Eviction(self.registry, self.records, self.uploads, settings))
        self.connections: dict[Connection, str] = {}
        """The WebSockets that are open, each with the address it counts for."""
        self.receiving = Receiving(settings.receiving_bytes)
        self.silence = Silence()
        self.proxies = Proxies(settings.trusted_proxies)
        self.hosts = Hosts(settings.hosts)
        self.draining = False
        self._metrics = MetricsListener(settings.metrics_port, registry_of(self), self.hosts)
        self._ready = Event()
        self._drained = Event()
        self._gone = Event()
        self._house: list[gevent.Greenlet[..., None]] = []

    def start(self) -> None:
        """Take the data directory and begin to keep house; raise StartupError when another server has it."""
        if self._shared is not None and self._shared.owns_nothing:
            self._shared.make()
            self._begin()
        elif self.store.own():
            self._begin()
        elif (owner := self.store.owner().split())[1:] != [str(os.getppid())]:
            # It may not have written its name yet.
            which = f" (process {owner[0]})" if owner else ""
            raise StartupError(
                f"The data directory {self.settings.data_dir} is in use by another server{which}. Stop that one, or set"
                " TSVAPP_DATA_DIR to another directory."
            )
        else:
            self._house.append(gevent.spawn(self._wait_to_own))

    @property
    def is_ready(self) -> bool:
        """Whether rooms can be opened."""
        return self._ready.is_set()

    def ready(self) -> bool:
        """Wait a moment until rooms can be opened; return whether they can."""
        return not self.draining and self._ready.wait(READY_SECONDS) is True

    def readable(self) -> bool:
        """Wait a moment until rooms can be read; while this server drains, those in memory still can."""
        return self.draining or self.ready()

    def opened(self, connection: Connection, address: str) -> None:
        """Count a connection."""
        self.connections[connection] = address
        self.addresses.enter(address)
        if self.draining:  # it shook hands while everyone else was told
            connection.close(Restarting.close_code, retry_words(len(self.connections)))

    def closed(self, connection: Connection) -> None:
        """Count it no more; its socket is closed."""
        self.addresses.leave(self.connections.pop(connection))
        self.silence.forget(connection)
        if self.draining and not self.connections:
            self._gone.set()

    def wait_until_gone(self, seconds: float) -> None:
        """After `drain`, wait until every connection is closed, at most `seconds`."""
        if self.connections:
            self._gone.wait(seconds)

    def hindrance(self) -> str | None:
        """Say in words why rooms cannot be opened or the disk takes nothing; None if all is well."""
        if self.draining or not self._ready.is_set():
            return "The server is starting or restarting."
        try:
            self.records.probe()
        except StorageFailed as error:
            return error.message
        return None

    def drain(self) -> None:
        """Hear nobody any more, write everything down, let go of the data directory, and send everyone away.

        In this order: what was acknowledged is written down, the next server has the directory when the clients come
        to it, and at no moment do two servers write. Whoever calls while it is under way waits for its end.
        """
        if self.draining:
            self._drained.wait()
            return
        self.draining = True
        self._ready.clear()
        gevent.killall(self._house)
        # Before the data directory is let go of: who has it is who is asked for metrics.
        self._metrics.stop()
        for connection in list(self.connections):
            connection.deaf = True
        settled = self._settle()
        self.registry.save()
        if settled:
            self.records.close()
        else:
            log.warning("something is still being written: the data directory is let go of with the process")
        self._send_away()
        self._drained.set()

    def _settle(self) -> bool:
        """Wait for what was begun before; return whether it has come to its end."""
        until = monotonic() + SETTLE_SECONDS
        while any(connection.busy for connection in self.connections):
            if monotonic() > until:
                return False
            gevent.sleep(SETTLE_RETRY_SECONDS)
        return True

    def _send_away(self) -> None:
        everyone = list(self.connections)
        for connection in in_slices(everyone):
            connection.close(Restarting.close_code, retry_words(len(everyone)))

    def _shared_records(self) -> SharedRecords:
        # Here, because a server alone is spared the time and the memory that the client of Redis takes.
        from tsvapp.live.held_records import HeldRecords
        from tsvapp.live.shared_records import SharedRecords
        from tsvapp.store.shared import SharedStore

        store = SharedStore(self.settings.redis_url)
        kind = HeldRecords if self.settings.redis_document_bytes else SharedRecords
        records = kind(self.store, store, self.settings, self.counts)
        records.on_gone = self._gone_elsewhere
        records.on_links = self._links_renewed
        records.on_removed = self._removed
        records.on_dead = self._worker_died
        records.on_rejoined = lambda room: self.uploads.rejoined(room, records.worker)
        return records

    def _gone_elsewhere(self, room: LiveRoom, reason: str) -> None:
        self.registry.gone(room)
        self.records.forget_copies(room)
        self._expel(room, list(room.members), reason)

    def _worker_died(self, room: LiveRoom, worker: str) -> None:
        self.uploads.worker_died(room, worker)
        if room.state.presenter is not None:
            gevent.spawn_later(self.settings.wheel_seconds, wheel.free, room, room.state.presenter.member)

    def delete(self, room: LiveRoom) -> None:
        """Delete a room for good, and tell everyone in it."""
        self.uploads.clear(room, None, "")
        self.registry.delete(room)
        self._expel(room, list(room.members), "deleted")

    def renew(self, room: LiveRoom, both: bool) -> None:
        """Replace the id to look by, and the one to drive by if `both`; drivers who stay are told the new ones.

        Members who came by a former one are sent away, but not the one who made the room. Raise TooSoon within
        RENEW_SECONDS of the last time: each renewal is an event for everyone and spends ids.
        """
        if monotonic() - room.renewed < RENEW_SECONDS:
            raise TooSoon(
                f"The links were replaced within the last {RENEW_SECONDS:.0f} seconds. Try again in a moment."
            )
        before, room.renewed = room.renewed, monotonic()
        try:
            self.registry.renew(room, both)
        except TsvappError:
            room.renewed = before  # nothing was replaced: it may be tried again at once
            raise
        self._tell_renewed(room, both)

    def _links_renewed(self, room: LiveRoom, link_id: str, watch_id: str) -> None:
        former, both = (room.link_id, room.watch_id), link_id != room.link_id
        room.link_id, room.watch_id = link_id, watch_id
        self.registry.links_renewed(room, *(each for each in former if each not in (link_id, watch_id)))
        self._tell_renewed(room, both)

    def _tell_renewed(self, room: LiveRoom, both: bool) -> None:
        leaving = [each for each in room.members if not each.may_drive or (both and not room.owns(each))]
        room.broadcaster.soon(Slot.LINKS)
        self._expel(room, leaving, "renewed")

    def remove(self, room: LiveRoom, member: str) -> None:
        """Send a member away, at this worker and at others; raise NotAllowed if nobody here is that member."""
        if not room.is_here(member):
            raise NotAllowed("This person is not here any more.")
        self._removed(room, member)
        if room.share is not None:
            room.share.remove(member)

    def _removed(self, room: LiveRoom, member: str) -> None:
        self._expel(room, [each for each in room.members if each.person.member == member], "removed")
        wheel.free(room, member)

    @staticmethod
    def _expel(room: LiveRoom, members: Iterable[Member], reason: str) -> None:
        for member in in_slices(members):
            if member in room.members:  # it may have left meanwhile
                member.expel(reason, NO_ROOM[reason])  # type: ignore[attr-defined]

    def _wait_to_own(self) -> None:
        while not self.store.own():
            gevent.sleep(OWN_RETRY_SECONDS)
        self._begin()

    def _begin(self) -> None:
        if self._shared is None:
            self._open()
        else:
            # A store that does not answer yet is waited for.
            self._house.append(gevent.spawn(self._wait_for_store, self._shared))

    def _wait_for_store(self, records: SharedRecords) -> None:
        while not records.answers():
            gevent.sleep(STORE_RETRY_SECONDS)
        self._house.append(gevent.spawn(records.backplane.run))
        self._every(records.backplane.beat_seconds, records.backplane.beat)
        self._open()

    def _open(self) -> None:
        self.records.open()
        settings = self.settings
        self._every(SAVE_SECONDS, self.registry.save)
        self._every(max(settings.idle_seconds / 4, 0.1), self.registry.evict)
        self._every(settings.heartbeat_seconds, self._beat)
        self._every(max(settings.upload_silence_seconds / 12, 0.1), self.uploads.pause_silent)
        self._every(settings.vanish_seconds / ROUNDS, self.silence.round)
        self._house.append(gevent.spawn(self._feel_pulse))
        # A quarter of what an upload may wait: that much later at most are its bytes gone.
        sweep_seconds = max(min(EXPIRE_SECONDS, settings.abandon_seconds / 4), 0.1)
        for seconds, expire in ((EXPIRE_SECONDS, self.registry.expire), (sweep_seconds, self.uploads.sweep)):
            self._house.append(gevent.spawn(expire))
            self._every(seconds, expire)
        self._metrics.start()
        self._ready.set()
        log.info("ready; rooms that are kept: %d", self.records.count)

    def _every(self, seconds: float, work: Callable[[], None]) -> None:
        def keep_house() -> None:
            while True:
                gevent.sleep(seconds)
                try:
                    work()
                except Exception:
                    log.exception("housekeeping failed and goes on")

        self._house.append(gevent.spawn(keep_house))

    def _feel_pulse(self) -> None:
        while True:
            due = monotonic() + PULSE_SECONDS
            gevent.sleep(PULSE_SECONDS)
            if (late := monotonic() - due) > STALL_SECONDS:
                self.counts.stalls += 1
                self.counts.stall_seconds += late
                log.warning("the event loop stood still for %.2f s: nobody was served", late)

    def _beat(self) -> None:
        for room in self.registry.rooms():
            room.broadcaster.soon(Slot.HEARTBEAT)
            gevent.sleep(0)


def _open_files() -> int:
    """Raise the limit of open files as far as the system lets us, and return it.

    The soft limit is usually 1,024, for the sake of programs that use select; gevent does not.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return min(soft, MOST_FILES) if soft >= 0 else MOST_FILES


def _documents(settings: Settings) -> str:
    """Name the folder of the documents: each kind of records sweeps away what they do not name."""
    if not settings.redis_url:
        if settings.redis_document_bytes:
            raise StartupError("TSVAPP_REDIS_DOCUMENT_BYTES is of use with TSVAPP_REDIS_URL only, which is not set.")
        return "documents"
    return "cache" if settings.redis_document_bytes else "shared"


def retry_words(clients: int) -> str:
    """Return the reason of a close, with the seconds to wait: so many clients must not come back at once."""
    spread = min(clients / RETURNS_PER_SECOND, LONGEST_SPREAD_SECONDS)
    return f"the server restarts; retry in {FIRST_RETRY_SECONDS + random.uniform(0, spread):.2f} s"

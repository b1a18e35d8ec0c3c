"""Room records that several workers share, in Redis or Valkey (7 or later: single, Sentinel or Cluster).

    tsvapp:{room}            hash: epoch, serial, state, token, watch, link, owner, used, kept, pointed, asked, removed,
                             heres
    tsvapp:{room}:documents  hash: document → its record
    tsvapp:{room}:renewed    list: its replaced ids to look by, the latest first
    tsvapp:{room}:here       hash: worker → who is there
    tsvapp:{room}:news       sharded channel: "the room is at serial N", and nothing else
    tsvapp:{room}:bytes:DOCUMENT:N      block N of a document's bytes, where workers see no common directory
    tsvapp:{room}:index:DOCUMENT        where its rows start
    tsvapp:watch:ID          the room that may be looked at by this id
    tsvapp:link:ID           the room that may be driven by this id, where that is not the room's own
    tsvapp:spent:ID          why an id is spent
    tsvapp:rooms             sorted set: the rooms that are kept, by their last use
    tsvapp:unfinished        hash: document on its way in → room, and since when it comes in where it does
    tsvapp:worker:ID         is there while a worker lives

All of a room that changes together has one hash tag, so a script may change it in one step on a Cluster too. The serial
counts every change of the state and gives them one order: a change is taken only if it follows from the latest, which
is known by its token. The tokens before it are kept for a while: a store that has lost its last changes (a replica took
over that was behind) and has got others in their place is found out by them.
Everything here waits for the network, and raises StoreAway where that does not answer.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from redis.exceptions import OutOfMemoryError

from tsvapp.errors import StorageFailed, StoreAway
from tsvapp.store import redis_scripts
from tsvapp.store.blob import is_document_id
from tsvapp.store.listening import Listening
from tsvapp.store.local import RENEWED
from tsvapp.store.redis_client import answers, connecting
from tsvapp.store.redis_keys import block_key, room_key, room_keys

EMPTY_SECONDS = 60
"""How long a room without a table is remembered after its last worker has spoken of it."""

BLOCK_BYTES = 1 << 20
"""Bytes of a document that are kept under one key: nothing of a Redis should be large."""

TOKEN_BYTES = 12


@dataclass(frozen=True, slots=True)
class Kept:
    """Hold what the store has of a room; `heres` counts how often who is there has changed.

    `tokens` are those of its latest changes, the newest first.
    """

    epoch: str
    serial: int
    state: bytes
    watch_id: str
    link_id: str
    owner: str | None
    used_at: float
    is_kept: bool
    pointed: bytes | None
    asked: bytes | None
    removed: bytes | None
    heres: int
    tokens: bytes

    @property
    def token(self) -> bytes:
        """Return the token of the latest change."""
        return self.tokens[:TOKEN_BYTES]

    def follows(self, serial: int, token: bytes) -> bool:
        """Say whether it is what the store had at `serial`, or has come of that; what is too long ago has."""
        if self.serial < serial:
            return False
        start = (self.serial - serial) * TOKEN_BYTES
        return self.tokens[start : start + TOKEN_BYTES] in (token, b"")


class SharedStore:
    """Keep rooms at `url`: redis://, rediss://, redis+sentinel://host,host/name or redis+cluster://host.

    `version` is asked first: it connects.
    """

    def __init__(self, url: str) -> None:
        self._connect = connecting(url)
        self._client: Any = None

    def _open(self) -> None:
        client = self._connect()
        register = client.register_script
        self._create, self._commit, self._put = (
            register(redis_scripts.CREATE),
            register(redis_scripts.COMMIT),
            register(redis_scripts.PUT),
        )
        self._here, self._forget, self._renew = (
            register(redis_scripts.HERE),
            register(redis_scripts.FORGET),
            register(redis_scripts.RENEW),
        )
        self._put_bytes = register(redis_scripts.PUT_BYTES)
        self._forget_empty = register(redis_scripts.FORGET_EMPTY)
        self._client = client

    def listen(self, room_ids: Iterable[str]) -> Listening:
        """Listen for news of these rooms, on lines of their own; raise StoreAway if that cannot be."""
        with answers():
            return Listening(self._client, room_ids)

    def store_id(self) -> str:
        """Return the id that this store has for as long as it has its records."""
        with answers():
            self._client.set("tsvapp:store", secrets.token_hex(16), nx=True)
            return str(_text(self._client.get("tsvapp:store")))

    def close(self) -> None:
        """Close the connections; who still waits for an answer gets none."""
        self._client.close()

    def version(self) -> tuple[int, ...]:
        """Return the version of the server; raise StoreAway if it does not answer."""
        with answers():
            if self._client is None:
                self._open()
            info = self._client.info("server")
        # A Cluster answers for each of its nodes.
        first = info if "redis_version" in info else next(iter(info.values()))
        return tuple(int(part) for part in str(first["redis_version"]).split("."))

    def now(self) -> float:
        """Return the seconds since 1970 by the store's clock: those of workers may differ, or be set."""
        with answers():
            seconds, microseconds = self._client.time()
        return float(seconds + microseconds / 1e6)

    # Rooms

    def create(self, room_id: str, epoch: str, state: bytes, watch_id: str, used_at: float, token: bytes) -> bool:
        """Add an empty room, which is forgotten unless it is kept; return whether there was none."""
        with answers():
            self._client.set(f"tsvapp:watch:{watch_id}", room_id, ex=EMPTY_SECONDS)
            arguments = [epoch, state, watch_id, used_at, EMPTY_SECONDS, token]
            return bool(self._create(keys=room_keys(room_id, "", ":news"), args=arguments))

    def keep(self, room_id: str, link_id: str, watch_id: str, used_at: float) -> None:
        """Keep a room from now on."""
        with answers():
            self._client.hset(room_key(room_id), mapping={"kept": 1, "used": used_at})
            self._client.persist(room_key(room_id))
            self._client.set(f"tsvapp:watch:{watch_id}", room_id)
            if link_id != room_id:
                self._client.set(f"tsvapp:link:{link_id}", room_id)
            self._client.zadd("tsvapp:rooms", {room_id: used_at})

    def load(self, room_id: str) -> Kept | None:
        """Return what is known of a room, or None."""
        with answers():
            fields = self._client.hgetall(room_key(room_id))
        if b"serial" not in fields:
            return None
        return Kept(
            epoch=fields[b"epoch"].decode(),
            serial=int(fields[b"serial"]),
            state=fields[b"state"],
            watch_id=fields[b"watch"].decode(),
            link_id=_text(fields.get(b"link")) or room_id,
            owner=_text(fields.get(b"owner")),
            used_at=float(fields[b"used"]),
            is_kept=b"kept" in fields,
            pointed=fields.get(b"pointed"),
            asked=fields.get(b"asked"),
            removed=fields.get(b"removed"),
            heres=int(fields.get(b"heres", 0)),
            tokens=fields.get(b"token", b""),
        )

    def who(self, room_id: str) -> dict[str, bytes]:
        """Return what each worker said of who is in a room there."""
        with answers():
            here = self._client.hgetall(room_key(room_id, ":here"))
        return {worker.decode(): said for worker, said in here.items()}

    def commit(self, room_id: str, latest: bytes, state: bytes, token: bytes) -> int:
        """Make `state` the latest, known by `token`, if that is `latest` still; return the new serial.

        0 says that it is not, -1 that there is no such room.
        """
        # Asked once more after a broken line, it is known by its token, and not committed twice.
        with answers():
            return int(self._commit(keys=room_keys(room_id, "", ":news"), args=[latest, state, token]))

    def renew(self, room_id: str, kept: Kept, epoch: str, state: bytes) -> bool:
        """Begin another epoch with `state`, if the room is still as it was kept; return whether it was."""
        with answers():
            arguments = [kept.epoch, kept.tokens, epoch, state, new_token()]
            return bool(self._renew(keys=room_keys(room_id, "", ":news"), args=arguments))

    def put(self, room_id: str, field: str, value: bytes) -> None:
        """Set a field of a room beside its state, and say that there is something new."""
        with answers():
            self._put(keys=room_keys(room_id, "", ":news"), args=[field, value])

    def here(self, room_id: str, worker: str, said: bytes, *, changed: bool) -> tuple[int, int]:
        """Say who is in a room at this worker, nobody if `said` is empty, and whether that has changed.

        Return the serial that the room is at, -1 if there is no such room, and its `heres`. It is no news: each worker
        says so every second, and hears then whether others have said something else.
        """
        with answers():
            keys = room_keys(room_id, "", ":here")
            serial, heres = self._here(keys=keys, args=[worker, said, EMPTY_SECONDS, int(changed)])
        return int(serial), int(heres)

    def forget(self, room_id: str) -> None:
        """Remove a room with all that is said of it."""
        with answers():
            for former in self._client.lrange(room_key(room_id, ":renewed"), 0, -1):
                self._client.delete(f"tsvapp:spent:{former.decode()}")
            self._forget(keys=room_keys(room_id, "", ":news", ":documents", ":here", ":renewed"))
            self._client.zrem("tsvapp:rooms", room_id)

    def forget_empty(self, room_id: str) -> bool:
        """Keep a room no longer that has no document, none that comes in either; return whether it was so."""
        with answers():
            if not self._forget_empty(keys=room_keys(room_id, "", ":documents"), args=[EMPTY_SECONDS]):
                return False
            return bool(self._client.zrem("tsvapp:rooms", room_id))

    # Ids

    def linked(self, some_id: str) -> tuple[str, bool] | None:
        """Return the room to which the link of this id leads, and whether to drive; None if there is no such link."""
        with answers():
            if (found := _text(self._client.get(f"tsvapp:watch:{some_id}"))) is not None:
                return found, False
            found = _text(self._client.get(f"tsvapp:link:{some_id}"))
            return None if found is None else (found, True)

    def renew_links(
        self, room_id: str, former: Iterable[str], link_id: str, watch_id: str, reason: str, seconds: float
    ) -> None:
        """Have these links lead to a room, to drive and to look only.

        The former ones are spent for so long, or until RENEWED others are.
        """
        renewed = room_key(room_id, ":renewed")
        with answers():
            for some_id in former:
                self._client.set(f"tsvapp:spent:{some_id}", reason, px=_milliseconds(seconds))
                if some_id != room_id:  # that one also says why the room is gone, and outlives it
                    self._client.lpush(renewed, some_id)
            self._client.pexpire(renewed, _milliseconds(seconds))
            while self._client.llen(renewed) > RENEWED:
                self._client.delete(f"tsvapp:spent:{_text(self._client.rpop(renewed))}")
            self._client.set(f"tsvapp:watch:{watch_id}", room_id)
            if link_id != room_id:
                self._client.set(f"tsvapp:link:{link_id}", room_id)
            for some_id in former:
                self._client.delete(f"tsvapp:watch:{some_id}")
                self._client.delete(f"tsvapp:link:{some_id}")
        self.put(room_id, "link", link_id.encode())
        self.put(room_id, "watch", watch_id.encode())

    def spend(self, some_id: str, reason: str, seconds: float) -> None:
        """Remember for so long why an id is not a room any more."""
        with answers():
            self._client.set(f"tsvapp:spent:{some_id}", reason, px=_milliseconds(seconds))
            self._client.delete(f"tsvapp:watch:{some_id}")
            self._client.delete(f"tsvapp:link:{some_id}")

    def spent(self, some_id: str) -> str | None:
        """Say why an id is spent, or None if it is not."""
        with answers():
            return _text(self._client.get(f"tsvapp:spent:{some_id}"))

    def touch(self, room_id: str, used_at: float) -> None:
        """Note when a room that is kept was last used."""
        with answers():
            self._client.zadd("tsvapp:rooms", {room_id: used_at}, xx=True)
            if self._client.hexists(room_key(room_id), "kept"):
                self._client.hset(room_key(room_id), "used", used_at)

    def count_rooms(self) -> int:
        """Count the rooms that are kept."""
        with answers():
            return int(self._client.zcard("tsvapp:rooms"))

    def rooms_unused_since(self, moment: float) -> list[str]:
        """List the rooms whose last use is before `moment` (seconds since 1970), the longest unused first."""
        with answers():
            return [each.decode() for each in self._client.zrangebyscore("tsvapp:rooms", "-inf", f"({moment}")]

    # Documents

    def put_document(self, room_id: str, document_id: str, record: bytes) -> None:
        """Write a document's record."""
        with answers():
            self._client.hset(room_key(room_id, ":documents"), document_id, record)

    def document(self, room_id: str, document_id: str) -> bytes | None:
        """Return a document's record, or None."""
        with answers():
            found: bytes | None = self._client.hget(room_key(room_id, ":documents"), document_id)
            return found

    def documents(self, room_id: str) -> dict[str, bytes]:
        """Return the records of all documents of a room."""
        with answers():
            found = self._client.hgetall(room_key(room_id, ":documents"))
        return {document.decode(): record for document, record in found.items()}

    def all_documents(self) -> set[str]:
        """Name the documents of all rooms that are kept."""
        with answers():
            pipeline = self._client.pipeline(transaction=False)
            for room_id in self._client.zrange("tsvapp:rooms", 0, -1):
                pipeline.hkeys(room_key(room_id.decode(), ":documents"))
            named = {document.decode() for documents in pipeline.execute() for document in documents}
        return named | set(self.unfinished())

    def forget_document(self, room_id: str, document_id: str) -> None:
        """Remove a document's record."""
        with answers():
            self._client.hdel(room_key(room_id, ":documents"), document_id)

    def begin(self, document_id: str, room_id: str, moment: float) -> None:
        """Note that a document is on its way in since `moment` (seconds since 1970)."""
        with answers():
            self._client.hset("tsvapp:unfinished", document_id, f"{room_id} {moment}")

    def end(self, document_id: str) -> None:
        """Note that it no longer is."""
        with answers():
            self._client.hdel("tsvapp:unfinished", document_id)

    def unfinished(self) -> dict[str, tuple[str, float]]:
        """Return the documents that are on their way in, each with its room and since when (seconds since 1970)."""
        with answers():
            found = self._client.hgetall("tsvapp:unfinished")
        # What is not an id of ours is left alone: somebody else has written it.
        parts = {document.decode("latin-1"): said.decode().split() for document, said in found.items()}
        return {each: (room_id, float(moment)) for each, (room_id, moment) in parts.items() if is_document_id(each)}

    # Bytes of documents, where workers see no common directory

    def put_bytes(self, room_id: str, document_id: str, start: int, data: bytes) -> bool:
        """Store bytes of a document from `start` on, once more where they are there already.

        Return False if the store lacks bytes before them; raise StorageFailed if its memory is full.
        """
        view = memoryview(data)
        while view:
            number, position = divmod(start, BLOCK_BYTES)
            piece = view[: BLOCK_BYTES - position]
            keys = [block_key(room_id, document_id, each) for each in (number, number - 1) if each >= 0]
            try:
                with answers():
                    if not self._put_bytes(keys=keys, args=[position, bytes(piece), BLOCK_BYTES]):
                        return False
            except StoreAway as error:
                if not isinstance(error.__cause__, OutOfMemoryError):
                    raise
                words = "The server's store is full. The former table is unchanged; try again later."
                raise StorageFailed(words) from error
            start, view = start + len(piece), view[len(piece) :]
        return True

    def bytes_from(self, room_id: str, document_id: str, start: int) -> bytes:
        """Return the bytes from `start` to the end of their block, or of what there is; none where nothing is."""
        number, position = divmod(start, BLOCK_BYTES)
        with answers():
            found: bytes = self._client.getrange(block_key(room_id, document_id, number), position, -1)
            return found

    def put_index(self, room_id: str, document_id: str, sealed: bytes) -> None:
        """Store the row index of a document."""
        with answers():
            self._client.set(room_key(room_id, f":index:{document_id}"), sealed)

    def index(self, room_id: str, document_id: str) -> bytes:
        """Return the row index of a document; nothing where there is none."""
        with answers():
            return self._client.get(room_key(room_id, f":index:{document_id}")) or b""

    def forget_bytes(self, room_id: str, document_id: str) -> None:
        """Remove the bytes and the index of a document."""
        with answers():
            self._client.unlink(room_key(room_id, f":index:{document_id}"))
            number = 0
            while self._client.unlink(block_key(room_id, document_id, number)):
                number += 1

    # Workers

    def alive(self, worker: str, seconds: int) -> None:
        """Say that a worker lives, for so long."""
        with answers():
            self._client.set(f"tsvapp:worker:{worker}", 1, ex=seconds)

    def dead(self, workers: list[str]) -> list[str]:
        """Name those of these workers that live no more."""
        with answers():
            pipeline = self._client.pipeline(transaction=False)
            for worker in workers:
                pipeline.exists(f"tsvapp:worker:{worker}")
            return [worker for worker, lives in zip(workers, pipeline.execute(), strict=True) if not lives]


def new_token() -> bytes:
    """Return what a change is known by."""
    return secrets.token_bytes(TOKEN_BYTES)


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


def _text(found: bytes | None) -> str | None:
    return None if found is None else found.decode()

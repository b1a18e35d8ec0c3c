"""Room records that several workers share, in Redis or Valkey (7 or later: single, Sentinel or Cluster).

    tsvapp:{room}            hash: epoch, serial, state, token, watch, used, kept, pointed, asked, heres
    tsvapp:{room}:documents  hash: document → its record
    tsvapp:{room}:here       hash: worker → who is there
    tsvapp:{room}:news       sharded channel: "the room is at serial N", and nothing else
    tsvapp:{room}:bytes:DOCUMENT:N      block N of a document's bytes, where workers see no common directory
    tsvapp:{room}:index:DOCUMENT        where its rows start
    tsvapp:watch:ID          the room that may be looked at by this id
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
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.exceptions import OutOfMemoryError, RedisClusterException, RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

from tsvapp.errors import StartupError, StorageFailed, StoreAway

ANSWER_SECONDS = 2.0
"""How long an answer is waited for: people wait with it."""

LISTEN_SECONDS = 5.0
"""How long news is waited for before the line is looked at."""

EMPTY_SECONDS = 60
"""How long a room without a table is remembered after its last worker has spoken of it."""

BLOCK_BYTES = 1 << 20
"""Bytes of a document that are kept under one key: nothing of a Redis should be large."""

TOKEN_BYTES = 12

_CREATE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'serial', 1, 'state', ARGV[2], 'watch', ARGV[3], 'used', ARGV[4],
  'token', ARGV[6])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('SPUBLISH', KEYS[2], 1)
return 1
"""

_COMMIT = """
local serial = redis.call('HGET', KEYS[1], 'serial')
if not serial then return -1 end
local tokens = redis.call('HGET', KEYS[1], 'token') or ''
local latest = string.sub(tokens, 1, 12)
if latest == ARGV[3] then return serial + 0 end
if latest ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'serial', serial + 1, 'state', ARGV[2], 'token', ARGV[3] .. string.sub(tokens, 1, 372))
redis.call('SPUBLISH', KEYS[2], serial + 1)
return serial + 1
"""

_RENEW = """
local serial = redis.call('HGET', KEYS[1], 'serial')
if not serial or redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
if (redis.call('HGET', KEYS[1], 'token') or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'serial', serial + 1, 'state', ARGV[4], 'token', ARGV[5])
redis.call('SPUBLISH', KEYS[2], serial + 1)
return serial + 1
"""

_PUT = """
local serial = redis.call('HGET', KEYS[1], 'serial')
if not serial then return -1 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('SPUBLISH', KEYS[2], serial)
return serial + 0
"""

_HERE = """
local serial = redis.call('HGET', KEYS[1], 'serial')
if ARGV[2] == '' then redis.call('HDEL', KEYS[3], ARGV[1]) else
  redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
  redis.call('EXPIRE', KEYS[3], ARGV[3])
end
if not serial then return -1 end
if redis.call('TTL', KEYS[1]) >= 0 then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
if ARGV[4] == '1' then
  redis.call('HINCRBY', KEYS[1], 'heres', 1)
  redis.call('SPUBLISH', KEYS[2], serial)
end
return serial + 0
"""

_PUT_BYTES = """
local position = tonumber(ARGV[1])
if position > redis.call('STRLEN', KEYS[1]) then return 0 end
if position == 0 and #KEYS == 2 and redis.call('STRLEN', KEYS[2]) < tonumber(ARGV[3]) then return 0 end
redis.call('SETRANGE', KEYS[1], position, ARGV[2])
return 1
"""

_FORGET = """
redis.call('DEL', KEYS[1], KEYS[3], KEYS[4])
redis.call('SPUBLISH', KEYS[2], 0)
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """Hold what the store has of a room; `heres` counts how often who is there has changed.

    `tokens` are those of its latest changes, the newest first.
    """

    epoch: str
    serial: int
    state: bytes
    watch_id: str
    used_at: float
    is_kept: bool
    pointed: bytes | None
    asked: bytes | None
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
        self._connect = _connecting(url)
        self._client: Any = None

    def _open(self) -> None:
        client = self._connect()
        register = client.register_script
        self._create, self._commit, self._put = register(_CREATE), register(_COMMIT), register(_PUT)
        self._here, self._forget, self._renew = register(_HERE), register(_FORGET), register(_RENEW)
        self._put_bytes = register(_PUT_BYTES)
        self._client = client

    def listen(self, room_ids: Iterable[str]) -> Listening:
        """Listen for news of these rooms, on lines of their own; raise StoreAway if that cannot be."""
        with _answers():
            return Listening(self._client, room_ids)

    def store_id(self) -> str:
        """Return the id that this store has for as long as it has its records."""
        with _answers():
            self._client.set("tsvapp:store", secrets.token_hex(16), nx=True)
            return str(_text(self._client.get("tsvapp:store")))

    def close(self) -> None:
        """Close the connections; who still waits for an answer gets none."""
        self._client.close()

    def version(self) -> tuple[int, ...]:
        """Return the version of the server; raise StoreAway if it does not answer."""
        with _answers():
            if self._client is None:
                self._open()
            info = self._client.info("server")
        # A Cluster answers for each of its nodes.
        first = info if "redis_version" in info else next(iter(info.values()))
        return tuple(int(part) for part in str(first["redis_version"]).split("."))

    def now(self) -> float:
        """Return the seconds since 1970 by the store's clock: those of workers may differ, or be set."""
        with _answers():
            seconds, microseconds = self._client.time()
        return float(seconds + microseconds / 1e6)

    # Rooms

    def create(self, room_id: str, epoch: str, state: bytes, watch_id: str, used_at: float, token: bytes) -> bool:
        """Add an empty room, which is forgotten unless it is kept; return whether there was none."""
        with _answers():
            self._client.set(f"tsvapp:watch:{watch_id}", room_id, ex=EMPTY_SECONDS)
            arguments = [epoch, state, watch_id, used_at, EMPTY_SECONDS, token]
            return bool(self._create(keys=_keys(room_id, "", ":news"), args=arguments))

    def keep(self, room_id: str, watch_id: str, used_at: float) -> None:
        """Keep a room from now on."""
        with _answers():
            self._client.hset(_key(room_id), mapping={"kept": 1, "used": used_at})
            self._client.persist(_key(room_id))
            self._client.set(f"tsvapp:watch:{watch_id}", room_id)
            self._client.zadd("tsvapp:rooms", {room_id: used_at})

    def load(self, room_id: str) -> Kept | None:
        """Return what is known of a room, or None."""
        with _answers():
            fields = self._client.hgetall(_key(room_id))
        if b"serial" not in fields:
            return None
        return Kept(
            epoch=fields[b"epoch"].decode(),
            serial=int(fields[b"serial"]),
            state=fields[b"state"],
            watch_id=fields[b"watch"].decode(),
            used_at=float(fields[b"used"]),
            is_kept=b"kept" in fields,
            pointed=fields.get(b"pointed"),
            asked=fields.get(b"asked"),
            heres=int(fields.get(b"heres", 0)),
            tokens=fields.get(b"token", b""),
        )

    def who(self, room_id: str) -> dict[str, bytes]:
        """Return what each worker said of who is in a room there."""
        with _answers():
            here = self._client.hgetall(_key(room_id, ":here"))
        return {worker.decode(): said for worker, said in here.items()}

    def commit(self, room_id: str, latest: bytes, state: bytes, token: bytes) -> int:
        """Make `state` the latest, known by `token`, if that is `latest` still; return the new serial.

        0 says that it is not, -1 that there is no such room.
        """
        # Asked once more after a broken line, it is known by its token, and not committed twice.
        with _answers():
            return int(self._commit(keys=_keys(room_id, "", ":news"), args=[latest, state, token]))

    def renew(self, room_id: str, kept: Kept, epoch: str, state: bytes) -> bool:
        """Begin another epoch with `state`, if the room is still as it was kept; return whether it was."""
        with _answers():
            arguments = [kept.epoch, kept.tokens, epoch, state, new_token()]
            return bool(self._renew(keys=_keys(room_id, "", ":news"), args=arguments))

    def put(self, room_id: str, field: str, value: bytes) -> None:
        """Set a field of a room beside its state, and say that there is something new."""
        with _answers():
            self._put(keys=_keys(room_id, "", ":news"), args=[field, value])

    def here(self, room_id: str, worker: str, said: bytes, *, seconds: int, aloud: bool) -> int:
        """Say who is in a room at this worker, nobody if `said` is empty; `aloud` if that is news.

        Return the serial that the room is at; -1 says that there is no such room.
        """
        with _answers():
            keys = _keys(room_id, "", ":news", ":here")
            return int(self._here(keys=keys, args=[worker, said, max(seconds, EMPTY_SECONDS), int(aloud)]))

    def forget(self, room_id: str) -> None:
        """Remove a room with all that is said of it."""
        with _answers():
            self._forget(keys=_keys(room_id, "", ":news", ":documents", ":here"))
            self._client.zrem("tsvapp:rooms", room_id)

    # Ids

    def watched(self, watch_id: str) -> str | None:
        """Return the room that may be looked at by this id, or None."""
        with _answers():
            return _text(self._client.get(f"tsvapp:watch:{watch_id}"))

    def renew_watch(self, room_id: str, former: str, watch_id: str, reason: str) -> None:
        """Give a room another id to look by; the former one is spent."""
        with _answers():
            self._client.set(f"tsvapp:spent:{former}", reason)
            self._client.set(f"tsvapp:watch:{watch_id}", room_id)
            self._client.delete(f"tsvapp:watch:{former}")
        self.put(room_id, "watch", watch_id.encode())

    def spend(self, some_id: str, reason: str) -> None:
        """Remember that an id never becomes a room again."""
        with _answers():
            self._client.set(f"tsvapp:spent:{some_id}", reason)
            self._client.delete(f"tsvapp:watch:{some_id}")

    def spent(self, some_id: str) -> str | None:
        """Say why an id is spent, or None if it is not."""
        with _answers():
            return _text(self._client.get(f"tsvapp:spent:{some_id}"))

    def touch(self, room_id: str, used_at: float) -> None:
        """Note when a room that is kept was last used."""
        with _answers():
            self._client.zadd("tsvapp:rooms", {room_id: used_at}, xx=True)
            if self._client.hexists(_key(room_id), "kept"):
                self._client.hset(_key(room_id), "used", used_at)

    def count_rooms(self) -> int:
        """Count the rooms that are kept."""
        with _answers():
            return int(self._client.zcard("tsvapp:rooms"))

    def rooms_unused_since(self, moment: float) -> list[str]:
        """List the rooms whose last use is before `moment` (seconds since 1970), the longest unused first."""
        with _answers():
            return [each.decode() for each in self._client.zrangebyscore("tsvapp:rooms", "-inf", f"({moment}")]

    # Documents

    def put_document(self, room_id: str, document_id: str, record: bytes) -> None:
        """Write a document's record."""
        with _answers():
            self._client.hset(_key(room_id, ":documents"), document_id, record)

    def document(self, room_id: str, document_id: str) -> bytes | None:
        """Return a document's record, or None."""
        with _answers():
            found: bytes | None = self._client.hget(_key(room_id, ":documents"), document_id)
            return found

    def documents(self, room_id: str) -> dict[str, bytes]:
        """Return the records of all documents of a room."""
        with _answers():
            found = self._client.hgetall(_key(room_id, ":documents"))
        return {document.decode(): record for document, record in found.items()}

    def all_documents(self) -> set[str]:
        """Name the documents of all rooms that are kept."""
        with _answers():
            pipeline = self._client.pipeline(transaction=False)
            for room_id in self._client.zrange("tsvapp:rooms", 0, -1):
                pipeline.hkeys(_key(room_id.decode(), ":documents"))
            named = {document.decode() for documents in pipeline.execute() for document in documents}
        return named | set(self.unfinished())

    def forget_document(self, room_id: str, document_id: str) -> None:
        """Remove a document's record."""
        with _answers():
            self._client.hdel(_key(room_id, ":documents"), document_id)

    def begin(self, document_id: str, room_id: str, moment: float) -> None:
        """Note that a document is on its way in since `moment` (seconds since 1970)."""
        with _answers():
            self._client.hset("tsvapp:unfinished", document_id, f"{room_id} {moment}")

    def end(self, document_id: str) -> None:
        """Note that it no longer is."""
        with _answers():
            self._client.hdel("tsvapp:unfinished", document_id)

    def unfinished(self) -> dict[str, tuple[str, float]]:
        """Return the documents that are on their way in, each with its room and since when (seconds since 1970)."""
        with _answers():
            found = self._client.hgetall("tsvapp:unfinished")
        parts = {document.decode(): said.decode().split() for document, said in found.items()}
        return {document: (room_id, float(moment)) for document, (room_id, moment) in parts.items()}

    # Bytes of documents, where workers see no common directory

    def put_bytes(self, room_id: str, document_id: str, start: int, data: bytes) -> bool:
        """Store bytes of a document from `start` on, once more where they are there already.

        Return False if the store lacks bytes before them; raise StorageFailed if its memory is full.
        """
        view = memoryview(data)
        while view:
            number, position = divmod(start, BLOCK_BYTES)
            piece = view[: BLOCK_BYTES - position]
            keys = [_block(room_id, document_id, each) for each in (number, number - 1) if each >= 0]
            try:
                with _answers():
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
        with _answers():
            found: bytes = self._client.getrange(_block(room_id, document_id, number), position, -1)
            return found

    def put_index(self, room_id: str, document_id: str, sealed: bytes) -> None:
        """Store the row index of a document."""
        with _answers():
            self._client.set(_key(room_id, f":index:{document_id}"), sealed)

    def index(self, room_id: str, document_id: str) -> bytes:
        """Return the row index of a document; nothing where there is none."""
        with _answers():
            return self._client.get(_key(room_id, f":index:{document_id}")) or b""

    def forget_bytes(self, room_id: str, document_id: str) -> None:
        """Remove the bytes and the index of a document."""
        with _answers():
            self._client.unlink(_key(room_id, f":index:{document_id}"))
            number = 0
            while self._client.unlink(_block(room_id, document_id, number)):
                number += 1

    # Workers

    def alive(self, worker: str, seconds: int) -> None:
        """Say that a worker lives, for so long."""
        with _answers():
            self._client.set(f"tsvapp:worker:{worker}", 1, ex=seconds)

    def dead(self, workers: list[str]) -> list[str]:
        """Name those of these workers that live no more."""
        with _answers():
            pipeline = self._client.pipeline(transaction=False)
            for worker in workers:
                pipeline.exists(f"tsvapp:worker:{worker}")
            return [worker for worker, lives in zip(workers, pipeline.execute(), strict=True) if not lives]


class Listening:
    """Hear which rooms have something new; a broken line is not mended in silence, for news may have been missed.

    A Cluster has the news of a room at the node that has the room, so there is a line to each node, and on each a
    thread that hears: who waited for one of them would not hear the others.
    """

    def __init__(self, client: Any, room_ids: Iterable[str]) -> None:
        self._client = client
        self._lines: dict[str, Any] = {}
        self._heard: SimpleQueue[str | StoreAway] = SimpleQueue()
        self._leaving: Counter[str] = Counter()
        self._closed = False
        self._room_ids = set(room_ids)
        try:
            # Subscribed to something always, or the line would not be there to break.
            for channel in ("tsvapp:news", *(_key(each, ":news") for each in self._room_ids)):
                self._line(channel).ssubscribe(channel)
        except BaseException:
            self.close()
            raise

    def _line(self, channel: str) -> Any:
        node, client = "", self._client
        if isinstance(client, RedisCluster):
            found: Any = client.get_node_from_key(channel)  # type: ignore[no-untyped-call]  # as the library has it
            node, client = found.name, client.get_redis_connection(found)
        if node not in self._lines:
            self._lines[node] = line = client.pubsub()
            threading.Thread(target=self._hear, args=(line,), daemon=True).start()
        return self._lines[node]

    def add(self, room_id: str) -> None:
        """Listen for this room too, if that is not so already."""
        if room_id not in self._room_ids:
            self._room_ids.add(room_id)
            channel = _key(room_id, ":news")
            self._tell(lambda: self._line(channel).ssubscribe(channel))

    def remove(self, room_id: str) -> None:
        """Listen for this room no more."""
        if room_id in self._room_ids:
            self._room_ids.discard(room_id)
            channel = _key(room_id, ":news")
            self._leaving[channel] += 1
            self._tell(lambda: self._line(channel).sunsubscribe(channel))

    def _tell(self, tell: Callable[[], None]) -> None:
        try:
            with _answers():
                tell()
        except StoreAway as error:
            # The library may have mended the line while it said so, and what was told meanwhile is missed.
            self._heard.put(error)
            raise

    def news(self) -> Iterator[str]:
        """Yield the rooms that have something new, as it comes; raise StoreAway when a line breaks."""
        while True:
            heard = self._heard.get()
            if isinstance(heard, StoreAway):
                raise heard
            yield heard

    def _hear(self, line: Any) -> None:
        try:
            while not self._closed:
                with _answers():
                    message = line.get_message(timeout=LISTEN_SECONDS)
                if message is None:
                    # Asked when it was silent for so long, and silent since: nobody says that such a line is broken.
                    if line.subscribed and line.health_check_response_counter:
                        raise StoreAway("a line is silent")
                elif message["type"] == "smessage":
                    self._heard.put(message["channel"].decode().partition("{")[2].partition("}")[0])
                elif message["type"] == "sunsubscribe":
                    self._expect_leaving(message["channel"].decode())
        except Exception as error:
            # Whatever it is (the library raises many things when a line is closed by others): nobody hears any more.
            self._heard.put(error if isinstance(error, StoreAway) else StoreAway(repr(error)))
        finally:
            line.close()

    def _expect_leaving(self, channel: str) -> None:
        if not self._leaving[channel]:
            raise StoreAway("a room has moved to another node")
        self._leaving[channel] -= 1

    def close(self) -> None:
        """Let go of the lines; each is closed by who hears it, soon."""
        self._closed = True


def new_token() -> bytes:
    """Return what a change is known by."""
    return secrets.token_bytes(TOKEN_BYTES)


def _key(room_id: str, part: str = "") -> str:
    return f"tsvapp:{{{room_id}}}{part}"


def _block(room_id: str, document_id: str, number: int) -> str:
    return _key(room_id, f":bytes:{document_id}:{number}")


def _keys(room_id: str, *parts: str) -> list[str]:
    return [_key(room_id, part) for part in parts]


def _text(found: bytes | None) -> str | None:
    return None if found is None else found.decode()


@contextmanager
def _answers() -> Iterator[None]:
    try:
        yield
    except (RedisError, RedisClusterException, OSError) as error:  # the second is none of the first
        raise StoreAway(str(error)) from error


def _connecting(url: str) -> Callable[[], Any]:
    """Return what connects to the store; raise StartupError if `url` is none."""
    options: dict[str, Any] = {
        "socket_timeout": ANSWER_SECONDS,
        "socket_connect_timeout": ANSWER_SECONDS,
        "health_check_interval": 5,
        "retry": Retry(NoBackoff(), 0),
    }
    parts = urlsplit(url)
    try:
        if parts.scheme == "redis+cluster":
            plain = url.replace("redis+cluster", "redis", 1)
            redis.connection.parse_url(plain)  # type: ignore[no-untyped-call]
            # It asks for the nodes at once, and may have to be asked again: they may not be there yet.
            return lambda: RedisCluster.from_url(plain, **options)
        if parts.scheme == "redis+sentinel":
            hosts = parts.netloc.rpartition("@")[2].split(",")
            pairs = [
                (host or "localhost", int(port or 26379)) for host, _, port in (each.partition(":") for each in hosts)
            ]
            password = None if parts.password is None else unquote(parts.password)
            sentinel = Sentinel(  # type: ignore[no-untyped-call]  # as the library has it
                pairs, sentinel_kwargs=options, password=password, **options
            )
            master = sentinel.master_for(  # type: ignore[no-untyped-call]
                parts.path.strip("/") or "mymaster"
            )
            return lambda: master
        single = redis.Redis.from_url(url, **options)
        return lambda: single
    except ValueError as error:
        raise StartupError(
            f"TSVAPP_REDIS_URL cannot be used: {error}. It looks like redis://127.0.0.1:6379/0,"
            " redis+sentinel://host:26379,host:26379/name or redis+cluster://host:6379."
        ) from error

"""What is told to Prometheus, and the listener that tells it, on 127.0.0.1 and never on the public address.

The counts are read when somebody asks, so that counting stays cheap. No label holds an id, a name, or anything else
that a client may choose. The listener belongs to who owns the data directory: on a reload the new worker opens it when
the former has closed it, so a scrape never meets two.
"""

from __future__ import annotations

import logging
import platform
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import gevent
from gevent.pywsgi import WSGIServer
from prometheus_client import CollectorRegistry, Metric, ProcessCollector, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from tsvapp.live.counts import Spread
from tsvapp.live.hosts import Hosts, is_valid
from tsvapp.live.offload import offload
from tsvapp.room.protocol import SUBPROTOCOL

if TYPE_CHECKING:
    from tsvapp.live.worker import Worker

USAGE_SECONDS = 60.0
"""Oldest the count of the documents' bytes may be: it looks at every file."""

SCRAPES = 4
"""Most at once; a further one waits."""

log = logging.getLogger(__name__)


def registry_of(worker: Worker) -> CollectorRegistry:
    """Make the registry of what there is to know of `worker` and its process."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(WorkerCollector(worker))
    return registry


class WorkerCollector(Collector):
    """Read the worker and its counts."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._usage = (0, 0)
        self._usage_until = 0.0
        self._build = (_version(), platform.python_version(), gevent.__version__)

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        yield from self._connections()
        yield from self._rooms()
        yield from self._uploads()
        yield from self._broadcasts()
        yield from self._machine()

    def _connections(self) -> Iterator[Metric]:
        worker, counts = self._worker, self._worker.counts
        gone: dict[str, int] = {}
        for (protocol, _, _), number in counts.ended.items():
            gone[protocol] = gone.get(protocol, 0) + number
        here = {each: counts.opened[each] - gone.get(each, 0) for each in (SUBPROTOCOL, "article")}
        yield _gauge("connections", "Open WebSockets.", here, "protocol")
        yield _gauge(
            "connections_limit", "Open WebSockets from which one more is answered 503.", worker.max_connections
        )
        yield _counter("connections_opened", "WebSockets that were opened.", counts.opened, "protocol")
        yield _counter("connections_ended", "WebSockets that have ended.", counts.ended, "protocol", "code", "why")
        yield _counter("refusals", "Handshakes that were refused.", counts.refused, "status")
        received = counts.ended_received + sum(each.received_bytes for each in worker.connections)
        sent = counts.ended_sent + sum(each.outbox.sent_bytes for each in worker.connections)
        yield _counter("received_bytes", "Bytes received over WebSockets.", received)
        yield _counter("sent_bytes", "Bytes sent over WebSockets.", sent)

    def _rooms(self) -> Iterator[Metric]:
        worker, counts = self._worker, self._worker.counts
        yield _gauge("rooms_in_memory", "Rooms in memory.", len(worker.registry))
        yield _gauge("rooms_kept", "Rooms on the disk.", worker.records.count)
        yield _gauge("rooms_limit", "Rooms on the disk from which a new one is refused.", worker.settings.max_rooms)
        yield _gauge("members", "Members of all rooms.", sum(len(room.members) for room in worker.registry.rooms()))
        yield _counter("revisions", "Changes of rooms that were committed.", counts.revisions)
        yield _counter("commands", "Commands that were heard.", counts.commands, "protocol", "type")
        yield _counter("errors", "Commands that could not be done.", counts.errors, "code")

    def _uploads(self) -> Iterator[Metric]:
        counts = self._worker.counts
        yield _gauge("uploads_running", "Uploads on their way in, paused ones too.", len(self._worker.uploads))
        events = {each: counts.uploads[each] for each in ("begun", "paused", "resumed", "finished")}
        yield _counter("uploads", "What has happened to uploads.", events, "event")
        yield _counter("uploads_failed", "Uploads that have ended early.", counts.uploads_failed, "reason")
        yield _counter("upload_bytes", "Bytes of uploads that were stored.", counts.upload_bytes)

    def _broadcasts(self) -> Iterator[Metric]:
        counts = self._worker.counts
        yield _counter("frames_encoded", "Frames encoded for all of an audience.", counts.encoded, "kind")
        yield _counter("frames_offered", "Members to whom such a frame was offered.", counts.offered, "kind")
        yield _histogram(
            "broadcast_seconds", "Time from a change until all in the room were offered it.", counts.broadcasts
        )

    def _machine(self) -> Iterator[Metric]:
        counts = self._worker.counts
        yield _counter("event_loop_stalls", "Times that the event loop stood still.", counts.stalls)
        yield _counter("event_loop_stall_seconds", "Seconds that it stood still.", counts.stall_seconds)
        if monotonic() >= self._usage_until:
            self._usage_until = monotonic() + USAGE_SECONDS
            self._usage = offload(self._worker.store.usage)
        taken, free = self._usage
        yield _gauge("document_bytes", "Bytes that documents take on the disk.", taken)
        yield _gauge("disk_free_bytes", "Bytes that are free on their disk.", free)
        yield _gauge("build_info", "What runs.", {self._build: 1}, "version", "python", "gevent")


class MetricsListener:
    """Answer GET /metrics on 127.0.0.1 while it is started; port 0 is none at all."""

    def __init__(self, port: int, registry: CollectorRegistry, hosts: Hosts) -> None:
        self._port = port
        self._hosts = hosts
        self._answer: Callable[..., Iterable[bytes]] = make_wsgi_app(registry, disable_compression=True)
        self._server: WSGIServer | None = None

    def start(self) -> None:
        """Listen; a port that cannot be had is logged, and takes no room from anybody."""
        if not self._port:
            return
        server = WSGIServer(("127.0.0.1", self._port), self._serve, spawn=SCRAPES, log=None, error_log=log)
        try:
            server.start()
        except (OSError, OverflowError) as error:
            log.error("no metrics: port %d cannot be had: %s", self._port, error)
        else:
            self._server = server

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    def _serve(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "")
        if host and not (is_valid(host) and self._hosts.allows(host)):
            # A page on this machine's screen could read them by DNS rebinding.
            start_response("421 Misdirected Request", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"Metrics are at an address or a name of this machine; TSVAPP_HOSTS adds names.\n"]
        if environ["PATH_INFO"] == "/metrics":
            return self._answer(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"Metrics are at /metrics.\n"]


def _gauge(name: str, words: str, value: Any, *labels: str) -> Metric:
    return _filled(GaugeMetricFamily(f"tsvapp_{name}", words, labels=labels), value)


def _counter(name: str, words: str, value: Any, *labels: str) -> Metric:
    return _filled(CounterMetricFamily(f"tsvapp_{name}", words, labels=labels), value)


def _filled(family: Any, value: float | Mapping[Any, float]) -> Metric:
    """Put in one number, or one for each tuple of labels."""
    if not isinstance(value, Mapping):
        value = {(): value}
    for labels, number in list(value.items()):
        family.add_metric([str(each) for each in (labels if isinstance(labels, tuple) else (labels,))], number)
    filled: Metric = family
    return filled


def _histogram(name: str, words: str, spread: Spread) -> Metric:
    bounds = [*(str(each) for each in spread.bounds), "+Inf"]
    buckets = list(zip(bounds, accumulate(spread.counts), strict=True))
    return HistogramMetricFamily(f"tsvapp_{name}", words, buckets=buckets, sum_value=spread.total)


def _version() -> str:
    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())
    return str(project["project"]["version"])

"""One look at what a server tells Prometheus, read by the library's own parser."""

from __future__ import annotations

import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from tests.support.server import Server


class Scrape:
    """Hold the samples of one scrape; ours are named without `tsvapp_`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = list(text_string_to_metric_families(text))
        self._samples = [sample for family in self.families for sample in family.samples]

    @classmethod
    def of(cls, server: Server) -> Scrape:
        """Ask a server that was started with a `metrics_port`."""
        with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=40) as answer:
            return cls(answer.read().decode())

    def __getitem__(self, key: str | tuple[str, ...]) -> float:
        """Return the value of a metric, or the one with these values of its labels."""
        name, *labels = (key,) if isinstance(key, str) else key
        found = [
            each.value
            for each in self._samples
            if each.name in (f"tsvapp_{name}", name) and sorted(each.labels.values()) == sorted(labels)
        ]
        assert len(found) == 1, f"{key!r} is {len(found)} times in:\n{self.text}"
        return found[0]

    def all(self, name: str, label: str) -> dict[str, float]:
        """Return the values of a metric by one of its labels, added up over the others."""
        values: dict[str, float] = {}
        for each in self._samples:
            if each.name == f"tsvapp_{name}":
                values[each.labels[label]] = values.get(each.labels[label], 0) + each.value
        return values

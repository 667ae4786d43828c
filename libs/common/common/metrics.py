"""Prometheus metrics of a service: one registry each, names as data, labels never carry a person or a case."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from common.timesource import machine_now


class Metrics:
    """The metrics every service has; a service adds its own with `registry`."""

    def __init__(self, service: str) -> None:
        """Make the registry of one service."""
        self.registry = CollectorRegistry()
        labels = {"service": service}
        self.handled = self._counter("huiyin_facts_handled", "Facts handled, by kind and fate", ["service", "kind", "fate"])
        self.requests = self._counter("huiyin_requests", "HTTP requests, by route and status", ["service", "route", "method", "status"])
        self.facts_sent = self._counter("huiyin_facts_sent", "Facts confirmed by the broker", ["service"]).labels(**labels)
        self.relay_failures = self._counter("huiyin_relay_failures", "Failed attempts to publish", ["service"]).labels(**labels)
        self.parked = self._counter("huiyin_facts_parked", "Facts parked for a person", ["service", "reason"])
        self.repaired = self._counter("huiyin_reconcile_repairs", "Facts that reconciliation had to bring", ["service"]).labels(**labels)
        self.unsent_s = self._gauge("huiyin_outbox_oldest_seconds", "Age of the oldest unsent fact", labels)
        self.waiting = self._gauge("huiyin_facts_waiting", "Facts that came before what they are about", labels)
        self.parked_now = self._gauge("huiyin_facts_parked_now", "Facts parked at this moment", labels)
        self.loop_seen = Gauge("huiyin_loop_last_turn_seconds", "Unix time of a loop's last turn", ["service", "loop"], registry=self.registry)
        self.request_s = Histogram("huiyin_request_seconds", "Time to answer", ["service"], registry=self.registry).labels(**labels)
        self.handle_s = Histogram("huiyin_handle_seconds", "Time to handle one fact", ["service"], registry=self.registry).labels(**labels)

    def _counter(self, name: str, text: str, labels: list[str]) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: dict[str, str]) -> Gauge:
        return Gauge(name, text, list(labels), registry=self.registry).labels(**labels)

    def turned(self, service: str, loop: str) -> None:
        """Note that a loop turned, by the clock that all processes share."""
        self.loop_seen.labels(service=service, loop=loop).set(machine_now().timestamp())

    def text(self) -> bytes:
        """Return the exposition text."""
        return generate_latest(self.registry)

"""What Prometheus is told: requests by route and status, how long they took, how fresh the tables are."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from footfall.serve.views.published import Row

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "footfall_http_requests", "Requests answered", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "footfall_http_request_seconds", "How long a request took", ("route",), buckets=_SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self._age = Gauge("footfall_table_age_seconds", "Time since a commit", ("table",), registry=self._registry)
        self._rows = Gauge("footfall_table_rows", "Rows of a table", ("table",), registry=self._registry)
        self._users = Gauge("footfall_users", "Users that are held in memory", registry=self._registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, tables: list[Row], users: int) -> bytes:
        """Everything in Prometheus' text format."""
        self._age.clear()
        self._rows.clear()
        for table in tables:
            self._age.labels(table["name"]).set(table["age_seconds"])
            self._rows.labels(table["name"]).set(table["rows"])
        self._users.set(users)
        return bytes(generate_latest(self._registry))

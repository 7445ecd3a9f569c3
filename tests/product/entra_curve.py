# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long reading N domains takes: in batches, as the product reads, against one GET for each domain, in one run.

Both ways use the product's own connections and sign in once; only the number of requests differs. To see more than the test does:
``PYTHONPATH=tests .venv/bin/python -m product.entra_curve 1 20 200 900``
"""

from __future__ import annotations

import pathlib
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass

from .conftest import Entra, started_entra

LATENCIES = (0.0, 0.02, 0.1)


@dataclass(frozen=True)
class Point:
    """Seconds for N domains, both ways, and the requests that each took."""

    count: int
    latency: float
    batched: float
    single: float
    batched_requests: int
    single_requests: int

    @property
    def ratio(self) -> float:
        """How much longer one GET for each domain takes."""
        return self.single / self.batched


def curve(entra: Entra, counts: t.Sequence[int], latencies: t.Sequence[float] = LATENCIES) -> list[Point]:
    """Measure. The tenant must have at least as many domains as the largest count."""
    names = [domain.name for domain in entra.tenant.domains]
    points = []
    for latency in latencies:
        entra.server.latency = latency
        for count in counts:
            batched, batched_requests = _timed(entra, lambda client, chosen: client.read(chosen), names[:count])
            single, single_requests = _timed(entra, lambda client, chosen: client.read_one_by_one(chosen), names[:count])
            points.append(Point(count, latency, batched, single, batched_requests, single_requests))
    entra.server.latency = 0.0
    return points


def table(points: t.Iterable[Point]) -> str:
    """Return the measurements as text."""
    lines = ["latency  domains  batches          one GET each     ratio"]
    lines += [
        f"{point.latency * 1000:4.0f} ms  {point.count:7}  {point.batched:6.2f} s ({point.batched_requests:3})  "
        f"{point.single:6.2f} s ({point.single_requests:3})  {point.ratio:5.1f}"
        for point in points
    ]
    return "\n".join(lines)


class _Reader:
    """Signs in and reads, both ways."""

    def __init__(self, entra: Entra) -> None:
        from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
        from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options

        self._client = connect(merge_options(entra.options(timeout=30), {}))
        self._url = entra.server.graph_url

    def read(self, names: t.Sequence[str]) -> int:
        from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import read_domains

        found = read_domains(self._client, names, every=False)
        self._client.close()
        return sum(1 for domain in found if domain.configuration)

    def read_one_by_one(self, names: t.Sequence[str]) -> int:
        client = self._client
        client.pages("/domains", "listing", "")
        answers = [client._send("GET", f"{self._url}/v1.0/domains/{name}/federationConfiguration", "reading", "", None).json() for name in names]
        client.close()
        return sum(1 for answer in answers if answer["value"])


def _timed(entra: Entra, read: t.Callable[[_Reader, t.Sequence[str]], int], names: t.Sequence[str]) -> tuple[float, int]:
    reader = _Reader(entra)
    entra.log.clear()
    start = time.monotonic()
    found = read(reader, names)
    seconds = time.monotonic() - start
    assert found == len(names)
    return seconds, sum(1 for entry in entra.log.entries() if entry["surface"] == "graph")


def main() -> None:
    """Print the curve for the numbers of domains given."""
    counts = sorted({int(text) for text in sys.argv[1:]} or {1, 20, 200})
    with tempfile.TemporaryDirectory() as folder, started_entra(pathlib.Path(folder)) as entra:
        entra.add_many(counts[-1])
        print(table(curve(entra, counts)))


if __name__ == "__main__":
    main()

# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the worst answers of Graph and of the token endpoint cost, as large as they may be: ``make bench-graph``.

Each is read by a process of its own, whose memory is capped; processor time and the growth of its memory are printed as a table. The lab's
server sends what it is told over TLS. The last line is the verdict.
"""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from loading import TESTS, load_collection

sys.path.insert(0, str(TESTS))

MOST_SECONDS = 2.0  # of processor time
MOST_MEGABYTES = 700
CAP = 16 * 1024 * 1024
ADDRESS_SPACE = 4 * 1024 * 1024 * 1024
LIST = {"surface": "graph", "operation": "list_domains"}
BATCH = {"surface": "graph", "operation": "batch"}
TOKEN = {"surface": "token", "operation": "token"}
SECRET = 'planted+secret/with=signs&"quotes"'
CLIENT, TENANT = "22222222-aaaa-bbbb-cccc-333333333333", "11111111-aaaa-bbbb-cccc-222222222222"


def raw(body: bytes, status: int = 200, head: str = "") -> dict[str, Any]:
    """Return a fault that sends the bytes."""
    text = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return {"kind": "raw", "head": text, "body_base64": base64.b64encode(body).decode("ascii"), "limit_seconds": 60}


def filled(before: bytes, filling: bytes, after: bytes) -> bytes:
    """Return a body of just below the greatest size, the filling repeated in its middle."""
    return before + filling * ((CAP - len(before) - len(after)) // len(filling)) + after


def listed(filling: bytes) -> bytes:
    """Return a list of domains."""
    return filled(b'{"value":[', filling, b"0]}")


def slot(filling: str) -> bytes:
    """Return a batch in which each of twenty domains has two certificates that are none."""
    text = filling * (199_000 // len(filling))
    item = {"id": "2f1d1c9a-0000-4000-8000-123456789abc", "signingCertificate": text, "nextSigningCertificate": text[:-1]}
    return json.dumps({"responses": [{"id": str(number), "status": 200, "body": {"value": [item]}} for number in range(20)]}).encode()


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a name and a fault, one after the other, since each is large."""
    echo = (SECRET * 5).encode().replace(b'"', b'\\"')
    yield "list: empty lists", {**LIST, "do": raw(listed(b"[],"))}
    yield "list: empty objects", {**LIST, "do": raw(listed(b"{},"))}
    yield "list: numbers", {**LIST, "do": raw(listed(b"1.5,"))}
    yield "list: short texts", {**LIST, "do": raw(listed(b'"ab",'))}
    yield "list: odd names", {**LIST, "do": raw(listed(b'{"id":"!","authenticationType":"Federated"},'))}
    yield "list: blanks", {**LIST, "do": raw(filled(b'{"value":[', b" ", b"]}"))}
    yield "list: one text", {**LIST, "do": raw(filled(b'{"value":["', b"x", b'"]}'))}
    yield "list: one escaped text", {**LIST, "do": raw(filled(b'{"value":["', b"\\u202e", b'"]}'))}
    yield "list: one name of many labels", {**LIST, "do": raw(filled(b'{"value":[{"authenticationType":"Federated","id":"', b"a.", b'"}]}'))}
    yield "list: one long number", {**LIST, "do": raw(filled(b'{"value":[', b"9", b"]}"))}
    yield "list: nested lists", {**LIST, "do": raw(filled(b'{"value":', b"[", b""))}
    yield "list: nested objects", {**LIST, "do": raw(filled(b"", b'{"a":', b""))}
    yield "list: many members", {**LIST, "do": raw(b'{"value":[{' + b",".join(b'"%x":1' % number for number in range(1_400_000)) + b"}]}")}
    yield "list: gzip of sixteen megabytes", {**LIST, "do": raw(gzip.compress(listed(b"[],")), head="Content-Encoding: gzip\r\n")}
    yield "list: gzip of two hundred megabytes", {**LIST, "do": raw(gzip.compress(b" " * 200_000_000, 1), head="Content-Encoding: gzip\r\n")}
    yield "list: gzip in many parts", {**LIST, "do": raw(gzip.compress(b"") * 800_000, head="Content-Encoding: gzip\r\n")}
    yield (
        "list: pieces of one byte",
        {
            **LIST,
            "do": {"kind": "raw", "head": "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n", "body": "1\r\nx\r\n" * 400_000},
        },
    )
    yield "head: long lines", {**LIST, "do": raw(b"{}", head="".join(f"X-{number}: {'y' * 65_000}\r\n" for number in range(90)))}
    yield "error: long text", {**LIST, "do": raw(filled(b'{"error":{"code":"x","message":"', b"y z", b'"}}'), 400)}
    yield "error: the secret again and again", {**LIST, "do": raw(filled(b'{"error":{"code":"x","message":"', echo, b'"}}'), 400)}
    yield "error: beginnings of the secret", {**LIST, "do": raw(filled(b'{"error":{"code":"x","message":"', b"planted+secret/", b'"}}'), 400)}
    yield "error: a page", {**LIST, "do": raw(filled(b"<html>", b"<p>no</p>", b"</html>"), 503)}
    yield "batch: many answers", {**BATCH, "do": raw(filled(b'{"responses":[', b'{"id":"0","status":204},', b"0]}"))}
    yield "batch: certificates of beginnings", {**BATCH, "do": raw(slot("-----BEGIN CERTIFICATE-----"))}
    yield "batch: certificates of letters", {**BATCH, "do": raw(slot("MIIC"))}
    yield "batch: certificates of blanks", {**BATCH, "do": raw(slot(" \t"))}
    yield "token: long text", {**TOKEN, "do": raw(filled(b'{"error":"invalid_client","error_description":"', b"y z", b'"}'), 401)}
    yield "token: the secret again and again", {**TOKEN, "do": raw(filled(b'{"error":"invalid_client","error_description":"', echo, b'"}'), 401)}
    yield "token: of sixteen megabytes", {**TOKEN, "do": raw(filled(b'{"token_type":"Bearer","expires_in":3599,"access_token":"', b"eyJ.", b'"}'))}
    yield "token: nested", {**TOKEN, "do": raw(filled(b"", b"[", b""), 401)}


def main() -> int:
    """Print what was measured, and the verdict; 0 if it holds."""
    load_collection()
    from lab import keys
    from lab.clock import Clock
    from lab.entra import EntraServer, Tenant, federated_domain
    from lab.faults import Faults
    from lab.log import RequestLog

    authority, faults, now = keys.lab_authority(), Faults(), datetime.now(UTC)
    signing = keys.self_signed("ADFS Signing - sts.contoso.com", now - timedelta(days=1), now + timedelta(days=300)).der
    tenant = Tenant(Clock(), TENANT)
    for number in range(20):
        tenant.add_domain(federated_domain(f"d{number:02}.example", "sts.contoso.com", signing))
    server = EntraServer(tenant, keys.server_context(authority, ("127.0.0.1", "localhost")), RequestLog(), faults)
    server.start()
    server.register_application(CLIENT, secret=SECRET, roles=("Domain.Read.All", "Domain-InternalFederation.Read.All"))
    worst_seconds = worst_memory = 0.0
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            ca_path = Path(folder) / "ca.pem"
            ca_path.write_text(authority.pem)
            print(f"{'answer':36s} {'CPU':>8s} {'memory':>9s}  what the run says")
            for name, fault in itertools.chain([("nothing wrong", None)], cases()):
                faults.clear()
                if fault is not None:
                    faults.add({**fault, "count": -1})
                seconds, megabytes, said = _measured(server.graph_url, str(ca_path))
                worst_seconds, worst_memory = max(worst_seconds, seconds), max(worst_memory, megabytes)
                print(f"{name:36s} {seconds:7.2f}s {megabytes:6.0f} MB  {said[:110]}")
    finally:
        server.stop()
    good = worst_seconds <= MOST_SECONDS and worst_memory <= MOST_MEGABYTES
    print(
        f"{'holds' if good else 'DOES NOT HOLD'}: no answer costs more than {worst_seconds:.2f} s of processor time (at most {MOST_SECONDS:g})"
        f" and {worst_memory:.0f} MB (at most {MOST_MEGABYTES})"
    )
    return 0 if good else 1


def _measured(url: str, ca_path: str) -> tuple[float, float, str]:
    done = subprocess.run([sys.executable, __file__, "--read", url, ca_path], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise SystemExit(f"the reading process failed:\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout)
    return found["seconds"], found["megabytes"], found["said"]


def read(url: str, ca_path: str) -> None:
    """Read the domains, as the lookup does, and print what that cost."""
    load_collection()
    from ansible_collections.federation.adfs.plugins.module_utils._entra import transport
    from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
    from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import read_domains
    from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError
    from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options

    # Once is enough: what is asked again costs as much again, and waiting costs no processor time.
    transport.MAX_ATTEMPTS = 1
    given = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET, "ca_path": ca_path, "graph_url": url, "authority_url": url, "timeout": 60}
    import msal  # noqa: F401 - what is loaded once is not the answer's cost

    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    before, memory = time.process_time(), _peak()
    client = connect(merge_options(given, {}))
    try:
        domains = read_domains(client, [], every=True)
        errors = [domain.error for domain in domains if domain.error]
        said = f"{len(domains)} domains" + (f"; {errors[0]}" if errors else "")
    except EntraError as exc:
        said = str(exc)
    finally:
        client.close()
    print(json.dumps({"seconds": time.process_time() - before, "megabytes": _peak() - memory, "said": said}))


def _peak() -> float:
    """Return the most memory that this process ever had, in megabytes; what getrusage says includes the process that started it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found.group(1)) / 1024 if found else 0.0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read(sys.argv[2], sys.argv[3])
    else:
        sys.exit(main())

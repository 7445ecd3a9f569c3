# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One AD FS server as a JSON state, which the lab and the stand-in cmdlets of tests/powershell/ADFS both understand.

Dates are texts like 20260102030405 (UTC). Private keys have no place in a state: what is loaded holds one throwaway key for all.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from lab.clock import Clock
from lab.farm import CmdletError, Farm, Node, ServiceCertificate, StoreEntry
from lab.keys import KeyedCertificate

UTC = timezone.utc  # datetime.UTC is younger than Python 3.10

JOURNAL_FOLDER = "C:\\ProgramData\\federation.adfs\\"
SWITCHES = ("expired_secondary_refuses_update", "promotion_allowed_while_rollover_on", "secondary_answers_get_certificate", "urgent_keeps_old")

State = dict[str, Any]


class StandingClock(Clock):
    """A clock that does not run by itself."""

    def now(self) -> datetime:
        return self._start + self._offset


def dump(node: Node, newborn: dict[str, list[str]] | None = None) -> State:
    """Return the state of a server. ``newborn``: for each type the certificates (base64 DER) that AD FS makes next."""
    farm = node.farm
    sync = _sync(node)
    return {
        "module": "absent" if not node.module_present else "present" if node.knows_farm_information else "older",
        "running": node.service_running,
        "secondary": not node.is_primary,
        "node": node.name,
        "primary_server": farm.primary_node.name,
        "database": farm.database,
        "now": _date(node.clock.now()),
        "switches": {name: farm.switches[name] for name in SWITCHES},
        "sync": sync,
        "certificates": [_certificate(item) for item in node.configuration.certificates],
        "newborn": newborn or {},
        "store": [_stored(entry) for entry in node.store.values()],
        "properties": {name: _date(value) if isinstance(value, datetime) else value for name, value in node.configuration.properties.items()},
        "farm_nodes": [listed.name for listed in farm.listed_nodes] if node.farm_nodes is None else node.farm_nodes,
        "relying_parties": node.configuration.relying_parties,
        "answers": dict(node.answers),
        "journal_folder": _journal_folder(node),
        "claims_providers": node.configuration.claims_providers,
        "applications": node.configuration.applications,
        "stray": node.stray,
        "events": [{**item, "TimeCreated": _date(item["TimeCreated"])} for item in node.logged],
        "refusals": {name: _refusal(error) for name, error in node.refusals.items()},
        "files": {path.removeprefix(JOURNAL_FOLDER): base64.b64encode(data).decode() for path, data in node.files.items() if path.startswith(JOURNAL_FOLDER)},
    }


def load(state: State) -> tuple[Node, dict[str, list[str]]]:
    """Return a server in this state, and its list of newborn certificates, which shrinks as AD FS makes certificates."""
    names = [state["primary_server"], state["node"]] if state["secondary"] else [state["node"]]
    clock = StandingClock(_moment(state["now"]))
    farm = Farm(
        clock,
        state["properties"]["HostName"],
        names,
        database=state["database"],
        switches={**state["switches"], **({"sql_role": state["sync"]["Role"]} if state["database"] == "sql" else {})},
        poll_duration=_whole(state["sync"].get("PollDuration"), 300),
    )
    newborn = {kind: list(waiting) for kind, waiting in state["newborn"].items()}
    farm.make_certificate = lambda name, not_before, not_after: _keyed(newborn["Token-Signing" if " Signing " in name else "Token-Decrypting"].pop(0))
    farm.configuration.properties = {name: _moment(value) if name == "PersistentSsoCutoffTime" else value for name, value in state["properties"].items()}
    farm.configuration.relying_parties = state["relying_parties"]
    farm.configuration.claims_providers = state["claims_providers"]
    farm.configuration.applications = state["applications"]
    node = farm.nodes[-1]
    node.store = {}
    for item in state["store"]:
        keyed = _keyed(item["RawData"])
        node.store[keyed.thumbprint] = StoreEntry(
            keyed, has_private_key=item["has_private_key"], service_account_may_read=item["usable"], location=item["StoreLocation"]
        )
    farm.install([_service_certificate(item) for item in state["certificates"]])
    node.farm_nodes = state["farm_nodes"]
    node.stray = state["stray"]
    node.logged = [{**item, "TimeCreated": _moment(item["TimeCreated"])} for item in state["events"]]
    told = {name: _moment(value) if name == "LastSyncTime" and isinstance(value, str) else value for name, value in state["sync"].items()}
    node.last_sync_status = _whole(told.get("LastSyncStatus"), 0)
    node.last_sync_time = told["LastSyncTime"] if isinstance(told.get("LastSyncTime"), datetime) else None
    usual = node.get_adfs_sync_properties()
    node.sync_members = {name: value for name, value in told.items() if name not in usual or usual[name] != value}
    node.next_sync = clock.now() + timedelta(days=1)
    node.module_present = state["module"] != "absent"
    node.knows_farm_information = state["module"] != "older"
    node.refusals = {
        name: CmdletError(name, told["id"], told["message"], category=told["category"], exception_type=told["exception"], depth=told.get("depth", 0))
        for name, told in state["refusals"].items()
    }
    node.answers = dict(state["answers"])
    node.files = {JOURNAL_FOLDER + name: base64.b64decode(content) for name, content in state["files"].items()}
    if node.files:
        # A folder that is loose belongs to whoever made it, and is open to what its parent is open to.
        loose = ["S-1-5-32-545"] if state["journal_folder"] == "loose" else []
        node.folder_security[JOURNAL_FOLDER.rstrip("\\")] = {
            "owner": "S-1-5-32-544",
            "allowed": ["S-1-5-32-544", "S-1-5-18", *loose],
            "link": False,
            "locked": state["journal_folder"] == "locked",
        }
    if not state["running"]:
        node.stop_service()
    return node, newborn


def _journal_folder(node: Node) -> str:
    security = node.folder_security.get(JOURNAL_FOLDER.rstrip("\\"), {})
    if security.get("locked"):
        return "locked"
    return "loose" if len(security.get("allowed", [])) > 2 else "closed"


def _sync(node: Node) -> State:
    # Straight from the model: a state may well say that the cmdlet does not answer.
    refusals, running, present = node.refusals, node.service_running, node.module_present
    node.refusals, node.module_present, node._running = {}, True, True
    try:
        found = node.get_adfs_sync_properties()
    finally:
        node.refusals, node.module_present, node._running = refusals, present, running
    return {name: _date(value) if isinstance(value, datetime) else value for name, value in found.items()}


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise


def _certificate(item: ServiceCertificate) -> State:
    return {
        "CertificateType": item.certificate_type,
        "IsPrimary": item.is_primary,
        "StoreLocation": item.store_location,
        "StoreName": item.store_name,
        "RawData": base64.b64encode(item.der).decode(),
    }


def _service_certificate(item: State) -> ServiceCertificate:
    return ServiceCertificate(item["CertificateType"], item["IsPrimary"], item["StoreLocation"], item["StoreName"], _keyed(item["RawData"]))


def _stored(entry: StoreEntry) -> State:
    usable = entry.has_private_key and entry.service_account_may_read
    return {"RawData": base64.b64encode(entry.keyed.der).decode(), "StoreLocation": entry.location, "has_private_key": entry.has_private_key, "usable": usable}


def _refusal(error: CmdletError) -> State:
    told = {"id": error.id, "message": error.message, "category": error.category, "exception": error.exception_type}
    return {**told, "depth": error.depth} if error.depth else told


def _keyed(raw_data: str) -> KeyedCertificate:
    return KeyedCertificate(x509.load_der_x509_certificate(base64.b64decode(raw_data)), _any_key())


@cache
def _any_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - protects nothing and signs nothing


def _date(moment: datetime) -> str:
    return "".join(c for c in moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() if c.isdigit())


def _moment(text: str) -> datetime:
    numbers = (text[:4], *(text[start : start + 2] for start in range(4, 14, 2)))
    return datetime(*(int(number) for number in numbers), tzinfo=UTC)  # type: ignore[arg-type,misc]

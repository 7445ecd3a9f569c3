# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes tests/powershell/cases: what the PowerShell scripts must answer, according to the lab. Called by `make powershell-cases`.

Everything is the same at each call: one fixed moment, one throwaway key, counted serial numbers. Where PowerShell's own words, the
machine's name or a line number would stand, the expected text is *, which run.ps1 takes for anything.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import itertools
import json
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import case_files
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from lab import answers, cmdlet_state, keys, powershell, scenario
from lab.farm import CMDLETS, SERVICE_COMMUNICATIONS, TOKEN_DECRYPTING, TOKEN_SIGNING

__all__ = ["CMDLETS", "books", "play"]

FOLDER = Path(__file__).resolve().parents[1] / "powershell" / "cases"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
JOURNAL = "%ProgramData%/federation.adfs/journal.json"
PROPERTIES = [
    *("AutoCertificateRollover", "CertificateDuration", "CertificateGenerationThreshold", "CertificatePromotionThreshold", "CertificateCriticalThreshold"),
    *("CertificateRolloverInterval", "CertificateThresholdMultiplier", "CertificateSharingContainer", "CurrentFarmBehavior", "HostName", "Identifier"),
    *("ProxyTrustTokenLifetime", "SsoLifetime", "PersistentSsoCutoffTime", "ClientCertRevocationCheck", "NoSuchMember"),
]
PARTS = ["applications", "certificates", "claims_providers", "events", "host", "journal", "nodes", "properties", "relying_parties", "sync"]
EVENT_IDS = [102, 133, 335, 385, 387]
UNKNOWN = "00" * 20
ANY = "*"
TIME = "*time"

Case = dict[str, Any]
State = dict[str, Any]

# Two primes. The key that they make signs test certificates and protects nothing.
_P = int("f34c5ccabbc6155a57a12c9401439e9563bf3e09fac5d83fc274d1bfbacb8cbf06575d72dbf9f93a2f6af15f9aa3ac70e996a5e2372341a75cb4c67711adc0cb", 16)
_Q = int("ee6123e084821d705d7e2fec731223405d9b618b8a2af8b43ab79b74d114aa4037c71a4e1009b99d286396e2c25f91be09f8d81da5e4ad72e02fb3c347ddeb0b", 16)


@contextmanager
def always_the_same() -> Iterator[None]:
    """Make the lab's keys, serial numbers and unique names the same at each call."""
    key = _key()
    serials = itertools.count(0x10000001)
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(rsa, "generate_private_key", lambda **_options: key))
        stack.enter_context(mock.patch.object(x509, "random_serial_number", lambda: next(serials)))
        stack.enter_context(mock.patch.object(uuid, "uuid4", lambda: uuid.UUID(int=0x5D89A20CBEAB43899447324788EB944A)))
        yield


def _key() -> rsa.RSAPrivateKey:
    exponent = 65537
    private = pow(exponent, -1, (_P - 1) * (_Q - 1))
    public = rsa.RSAPublicNumbers(exponent, _P * _Q)
    crt = (rsa.rsa_crt_dmp1(private, _P), rsa.rsa_crt_dmq1(private, _Q), rsa.rsa_crt_iqmp(_P, _Q))
    return rsa.RSAPrivateNumbers(_P, _Q, private, *crt, public).private_key()


def masked(reply: Case) -> Case:
    """Return the reply with * wherever real PowerShell has words or numbers of its own."""
    found = copy.deepcopy(reply)
    _mask(found)
    return found


def _mask(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _mask(item)
    if not isinstance(value, dict):
        return
    if set(value) == {"id", "full_id", "category", "activity", "exceptions", "line"}:
        value["line"] = ANY
        of_adfs = "Microsoft.IdentityServer" in value["full_id"] and value["id"] != "PS0139"  # whose text holds a date in the server's language
        for item in value["exceptions"]:
            if not of_adfs and item["type"] != "System.Management.Automation.RuntimeException":
                item["message"] = ANY
    if set(value) == {"time", "name", "dns_domain", "powershell", "os", "knows_farm_information"}:
        value.update(dict.fromkeys(("time", "name", "dns_domain", "powershell", "os"), ANY))
    if value.get("id") == "HalfTheList":
        value["full_id"] = ANY  # of an error that ends nothing unless the caller says so
    if str(value.get("problem")).partition(" ")[0] in ("owner", "rights"):
        value["problem"] = ANY  # whose, depends on the machine
    for name in ("written_at", "server_time"):
        if value.get(name) is not None:
            value[name] = TIME
    if set(value) == {"certificate", "service_account", "key", "readers", "chain", "bindings"} and value["certificate"] is not None:
        value.update(service_account=ANY, chain=ANY)  # parts that only Windows answers
    for item in value.values():
        _mask(item)


def play(state: State, script: str, request: Case, check_mode: bool = False) -> tuple[Case, State]:
    """Return what the lab answers to a script on a server in this state, and the state afterwards."""
    node, newborn = cmdlet_state.load(copy.deepcopy(state))
    reply = powershell.answer(node, script, request, check_mode)
    return masked(json.loads(json.dumps(reply))), json.loads(json.dumps(cmdlet_state.dump(node, newborn)))


def case(state: State, name: str, script: str, request: Case, check_mode: bool = False, windows: bool = False) -> Case:
    """Return one case: ``after`` is null where nothing changes, ``windows`` says that only Windows can answer."""
    reply, after = play(state, script, request, check_mode)
    told = {"name": name, "script": script, "check_mode": check_mode, "windows": windows, "request": request}
    return {**told, "reply": reply, "after": None if after == state else after}


# -- requests --------------------------------------------------------------------------------------------------------------------


def look(*parts: str, **members: Any) -> Case:
    """Return a request of read_farm."""
    return {
        "parts": list(parts or PARTS),
        "properties": PROPERTIES,
        "journal_path": JOURNAL,
        "journal_limit": 1_000_000,
        "list_limit": 600_000,
        "default_lifetime": 60,
        "events_since": None,
        "event_ids": EVENT_IDS,
        "events_limit": 100,
        **members,
    }


def on(kind: str, thumbprint: str = UNKNOWN) -> Case:
    """Return a request about one certificate."""
    return {"certificate_type": kind, "thumbprint": thumbprint}


def in_store(thumbprint: str = UNKNOWN, location: str = "CurrentUser") -> Case:
    """Return a request about one certificate of the Windows store. Only that of the user exists everywhere."""
    return {"store_location": location, "thumbprint": thumbprint, "revocation_mode": "NoCheck"}


def write(content: bytes, expected: str | None) -> Case:
    """Return a request of write_journal."""
    return {"path": JOURNAL, "expected_sha256": expected, "content": base64.b64encode(content).decode(), "limit": 1_000_000, "ledger": None}


def add(lines: bytes, there: bytes, last: int) -> Case:
    """Return what write_journal adds to a ledger that should be ``there``, with a last line of so many bytes."""
    digest = hashlib.sha256(there[len(there) - last :]).hexdigest() if there else None
    return {"name": "ledger-2026.jsonl", "size": len(there), "last": last, "sha256": digest, "content": base64.b64encode(lines).decode()}


def standard(state: State) -> list[Case]:
    """Return one case for each script, and more where there is more to see."""
    cases = [
        case(state, "read_farm", "read_farm", look()),
        case(state, "update-signing", "update_certificate", {"certificate_type": TOKEN_SIGNING, "urgent": False, "keep_rollover_off": False}),
        case(state, "update-decrypting", "update_certificate", {"certificate_type": TOKEN_DECRYPTING, "urgent": False, "keep_rollover_off": False}),
        case(state, "update-urgent", "update_certificate", {"certificate_type": TOKEN_SIGNING, "urgent": True, "keep_rollover_off": False}),
        case(state, "set_properties", "set_properties", {"properties": {"AutoCertificateRollover": False, "CertificateDuration": 730}}),
        case(state, "read_journal", "read_journal", {"path": JOURNAL, "limit": 1_000_000}),
        case(state, "write_journal", "write_journal", write(b'{"schema":1}', None)),
        case(state, "check-absent", "check_certificate", in_store()),
        case(state, "grant-absent", "grant_read", in_store()),
        case(state, "add-unknown", "add_certificate", on(TOKEN_SIGNING)),
        case(state, "promote-unknown", "promote_certificate", on(TOKEN_SIGNING)),
        case(state, "remove-unknown", "remove_certificate", on(TOKEN_SIGNING)),
    ]
    if state["secondary"]:
        return [item for item in cases if item["name"] not in ("update-decrypting", "update-urgent")]
    signing = [(thumbprint(item["RawData"]), item["IsPrimary"]) for item in state["certificates"] if item["CertificateType"] == TOKEN_SIGNING]
    for number, (name, is_primary) in enumerate(signing):
        kind = "primary" if is_primary else f"other-{number}"
        cases.append(case(state, f"promote-{kind}", "promote_certificate", on(TOKEN_SIGNING, name)))
        cases.append(case(state, f"remove-{kind}", "remove_certificate", on(TOKEN_SIGNING, name)))
    return cases


def thumbprint(raw_data: str) -> str:
    """Return the thumbprint of a certificate in base64."""
    return hashlib.sha1(base64.b64decode(raw_data)).hexdigest().upper()  # noqa: S324 - the name of a certificate


# -- states ----------------------------------------------------------------------------------------------------------------------


def newborn(host_name: str) -> dict[str, list[str]]:
    """Return one certificate of each type for AD FS to make next."""
    made = {}
    for kind, purpose in ((TOKEN_SIGNING, "Signing"), (TOKEN_DECRYPTING, "Encryption")):
        keyed = keys.self_signed(f"ADFS {purpose} - {host_name}", START, START + timedelta(days=365))
        made[kind] = [base64.b64encode(keyed.der).decode()]
    return made


def of_scenarios() -> Iterator[tuple[str, State]]:
    """Give the first server of each farm of each scenario, and the first secondary one."""
    for name in scenario.names():
        # Anew for each scenario: equal certificates are then equal to the last bit, and stand in texts.json once.
        with always_the_same():
            built = scenario.build(name, scenario.load(name), cmdlet_state.StandingClock(START))
        for number, farm in enumerate(built.farms, start=1):
            suffix = f"-{number}" if number > 1 else ""
            yield f"{name}{suffix}", cmdlet_state.dump(farm.nodes[0], newborn(farm.host_name))
            if len(farm.nodes) > 1 and not farm.nodes[1].is_primary:
                yield f"{name}{suffix}-secondary", cmdlet_state.dump(farm.nodes[1], newborn(farm.host_name))


def with_refusal(
    state: State, identifier: str, message: str, *cmdlets: str, category: str = "OpenError", exception: str = "System.InvalidOperationException"
) -> State:
    """Return the state with cmdlets that report an error."""
    told = {"id": identifier, "message": message, "category": category, "exception": exception}
    return {**copy.deepcopy(state), "refusals": dict.fromkeys(cmdlets, told)}


def of_faults(basis: State) -> Iterator[tuple[str, State]]:
    """Give states in which something is wrong or unusual, made from a state in which nothing is."""
    acts = ("Update-AdfsCertificate", "Add-AdfsCertificate", "Set-AdfsCertificate", "Remove-AdfsCertificate", "Set-AdfsProperties")
    reads = ("Get-AdfsCertificate", "Get-AdfsProperties", "Get-AdfsRelyingPartyTrust", "Get-AdfsFarmInformation", "Get-AdfsSyncProperties")
    yield "faults-stopped", {**basis, "running": False}
    yield "faults-module-absent", {**basis, "module": "absent"}
    yield "faults-older", {**basis, "module": "older"}
    yield "faults-ps0137", with_refusal(basis, "PS0137", "PS0137: No Endpoint found with Address '/adfs/none'.", *reads, *acts)
    level = "PS0159: The farm behavior level of this farm is 1, and 3 is required."
    yield "faults-ps0159", with_refusal(basis, "PS0159", level, "Get-AdfsFarmInformation", *acts)
    yield (
        "faults-access-denied",
        with_refusal(basis, "AccessDenied", "Zugriff verweigert.", *reads, *acts, category="PermissionDenied", exception="System.UnauthorizedAccessException"),
    )
    yield "faults-relying-parties-refused", with_refusal(basis, "PS9999", "PS9999: not now", "Get-AdfsRelyingPartyTrust")

    off = copy.deepcopy(basis)
    off["properties"]["AutoCertificateRollover"] = False
    yield "certificates-rollover-off", off
    yield "certificates-three", {**off, "certificates": [*off["certificates"], _extra("one", 200), _extra("two", 300)]}
    yield "certificates-none", {**off, "certificates": []}
    yield "certificates-one", {**off, "certificates": [item for item in off["certificates"] if item["CertificateType"] == TOKEN_SIGNING]}
    yield "certificates-expired-second", {**basis, "certificates": [*basis["certificates"], _extra("expired", -10)]}
    lenient = {**basis["switches"], "expired_secondary_refuses_update": False, "urgent_keeps_old": True, "promotion_allowed_while_rollover_on": True}
    yield "certificates-switches", {**basis, "certificates": [*basis["certificates"], _extra("expired", -10)], "switches": lenient}
    yield "certificates-non-ascii", {**off, "certificates": [*off["certificates"], _extra("Z\u00fcrich \u00d8stlund \u7f72\u540d", 200)]}
    unusable = {**_extra("without key", 200), "StoreLocation": "LocalMachine"}
    yield "certificates-key-missing", {**off, "certificates": [*off["certificates"], unusable]}

    odd = copy.deepcopy(basis)
    odd["properties"] = {
        name: value for name, value in odd["properties"].items() if name not in ("CurrentFarmBehavior", "SsoLifetime", "CertificateSharingContainer")
    }
    odd["properties"]["Identifier"] = "http://STS.Contoso.com/adfs/services/trust"
    odd["module"] = "older"  # which does not need CurrentFarmBehavior
    odd["relying_parties"] = [{"Name": "\u540d\u524d \u00e9t\u00e9", "Identifier": [], "Enabled": False, "MetadataUrl": "https://Partner.example.com/a%20b"}]
    yield "members-absent", odd
    yield "lists-empty", {**basis, "relying_parties": [], "farm_nodes": []}
    yield "lists-one", {**basis, "relying_parties": basis["relying_parties"][:1], "farm_nodes": basis["farm_nodes"][:1]}


def _of_type(name: str, value: Any = None) -> Case:
    """Return what stands in a state for a value of another type than AD FS documents."""
    return {"$type": name} if value is None else {"$type": name, "value": value}


TWO_OBJECTS = _of_type("System.Object[]")


def of_odd_answers(basis: State) -> Iterator[tuple[str, State, list[Case]]]:
    """Give states in which AD FS answers otherwise than documented: null members, other types, further objects, many trusts, events."""

    def odd(name: str, *parts: str, requests: dict[str, Case] | None = None, **members: Any) -> tuple[str, State, list[Case]]:
        state = {**copy.deepcopy(basis), **members}
        wanted = {"read_farm": look(*parts), **(requests or {})}
        return f"answers-{name}", state, [case(state, told, "read_farm", request) for told, request in wanted.items()]

    for name, role in (("upper-case", "PRIMARYCOMPUTER"), ("null", None), ("empty", ""), ("two", TWO_OBJECTS)):
        yield odd(f"role-{name}", "sync", sync={"Role": role})
    cmdlets = ("Get-AdfsSyncProperties", "Get-AdfsProperties", "Get-AdfsFarmInformation", "Get-AdfsRelyingPartyTrust")
    yield odd("stray-line", "sync", "properties", "nodes", "relying_parties", stray={cmdlet: ["a stray line"] for cmdlet in cmdlets})
    secondary = {"LastSyncFromPrimaryComputerName": "adfs1.contoso.com", "PrimaryComputerName": "adfs1.contoso.com", "PrimaryComputerPort": 80}
    times = {"never": "00010101000000", "last": "99991231235959"}
    for name, poll in (("never", _of_type("System.TimeSpan", 300)), ("last", _of_type("System.Double", 480.0))):
        sync = {**secondary, "LastSyncStatus": -2147467259, "LastSyncTime": times[name], "PollDuration": poll, "Role": "SecondaryComputer"}
        yield odd(f"sync-{name}", "sync", secondary=True, primary_server="adfs1.contoso.com", node="adfs2.contoso.com", sync=sync)

    properties = basis["properties"]
    numbers = ("CertificateDuration", "CertificateGenerationThreshold", "CertificateCriticalThreshold", "CertificateThresholdMultiplier", "SsoLifetime")
    yield odd("properties-null", "properties", properties={**properties, **dict.fromkeys((*numbers, "AutoCertificateRollover", "Identifier", "HostName"))})
    yield odd("properties-largest", "properties", properties={**properties, **dict.fromkeys(numbers, 2**31 - 1)})
    unlimited = {"SsoLifetime": _of_type("System.UInt64", str(2**64 - 1)), "ProxyTrustTokenLifetime": _of_type("System.Int64", str(2**63 - 1))}
    yield odd("properties-unlimited", "properties", properties={**properties, **unlimited})
    types = {
        "AutoCertificateRollover": "False",
        "SsoLifetime": _of_type("System.TimeSpan", 28_800),
        "CertificateDuration": _of_type("System.Double", 365.5),
        "ProxyTrustTokenLifetime": _of_type("System.Double", 21_600.0),
        "HostName": TWO_OBJECTS,
    }
    yield odd("properties-of-other-types", "properties", properties={**properties, **types})
    yield odd("nodes-nameless", "nodes", farm_nodes=["adfs1.contoso.com", None, ""])

    usual = basis["relying_parties"]
    lifetimes = [None, "60", -1, 480, _of_type("System.TimeSpan", 3601), _of_type("System.Double", 480.0), _of_type("System.Double", 0.5), TWO_OBJECTS]
    partners = [{**usual[0], "Name": f"partner {number}", "Identifier": [f"urn:{number}"], "TokenLifetime": found} for number, found in enumerate(lifetimes)]
    names = [{**usual[0], "Name": name, "Identifier": ["urn:name"]} for name in (None, "n" * 100_001, TWO_OBJECTS)]
    switches = [{**usual[0], "Name": "switches", "Enabled": "False", "MonitoringEnabled": None, "AutoUpdateEnabled": 1}]
    identifiers = [{**usual[0], "Name": "identifiers", "Identifier": [f"urn:{number}" for number in range(120)] + ["URN:federation:MicrosoftOnline"]}]
    yield odd("trusts", "relying_parties", relying_parties=[*partners, *names, *switches, *identifiers, *usual])
    many = [
        {**usual[0], "Name": f"trust {number}", "Identifier": [f"urn:{number}"], "Enabled": number % 2 == 0, "TokenLifetime": number} for number in range(60)
    ]
    small = {"cut": look("relying_parties", list_limit=5_000), "cut-to-nothing": look("relying_parties", list_limit=0)}
    yield odd("trusts-many", "relying_parties", relying_parties=[*many, *usual], requests=small)
    provider = {"Name": "Fabrikam", "Identifier": "https://idp.fabrikam.example.com", "Enabled": True, "MetadataUrl": "https://idp.fabrikam.example.com/A%20b"}
    api = {"Name": "Payroll", "Identifier": ["https://payroll.example.com"], "ApplicationGroupIdentifier": "Group", "Enabled": True, "TokenLifetime": 600}
    providers, apis = [provider, *basis["claims_providers"]], [api, {**api, "Name": "odd", "TokenLifetime": None}]
    yield odd("claims-providers-and-applications", "claims_providers", "applications", claims_providers=providers, applications=apis)
    long = {"id": "i" * 5000, "message": "m" * 5000, "category": "OpenError", "exception": "System.InvalidOperationException", "depth": 30}
    yield odd("error-long", "relying_parties", "nodes", refusals=dict.fromkeys(("Get-AdfsRelyingPartyTrust", "Get-AdfsFarmInformation"), long))
    logged = [
        {"Id": number, "TimeCreated": f"202601{day:02}030405", "Level": level, "Message": text}
        for number, day, level, text in (
            (335, 2, 4, "MSIS10005: certificate '" + UNKNOWN + "' added to the 'Signing' collection."),
            (385, 1, 3, "e" * 3000),
            (4711, 1, 4, "of no interest"),
            (133, 1, 2, None),
        )
    ]
    since = int((START - timedelta(hours=1)).timestamp())
    asked = {"since": look("events", events_since=since), "limit": look("events", events_limit=1), "none": look("events", event_ids=[102])}
    yield odd("events", "events", events=logged, requests=asked)


def of_acts(basis: State) -> Iterator[tuple[str, State, list[Case]]]:
    """Give each act beside each thing that a cmdlet may do and say other than its work or a refusal (lab.answers)."""
    bought = base64.b64encode(keys.self_signed("token.contoso.com", START - timedelta(days=1), START + timedelta(days=700)).der).decode()
    older = _extra("older", 200)
    stored = [{"RawData": bought, "StoreLocation": "LocalMachine", "has_private_key": True, "usable": True}]
    on_state = {**copy.deepcopy(basis), "store": stored}
    off_state = copy.deepcopy(on_state)
    off_state["properties"]["AutoCertificateRollover"] = False
    listed = {**copy.deepcopy(off_state), "certificates": [*off_state["certificates"], older]}
    cmdlets = ("Add-AdfsCertificate", "Set-AdfsCertificate", "Remove-AdfsCertificate", "Update-AdfsCertificate", "Set-AdfsProperties")
    told = {"": {}, **{word: dict.fromkeys(cmdlets, word) for word in answers.ACTS}, **{word: {"Get-AdfsCertificate": word} for word in answers.READS}}
    two = {"properties": {"AutoCertificateRollover": True, "CertificateDuration": 730}}
    update = {"certificate_type": TOKEN_SIGNING, "urgent": False, "keep_rollover_off": False}
    for word, answer in told.items():
        on_now, off_now, listed_now = ({**copy.deepcopy(state), "answers": answer} for state in (on_state, off_state, listed))
        name = word.replace("_", "-") or "done"
        yield (
            f"acts-{name}",
            on_now,
            [
                case(on_now, "update", "update_certificate", update),
                case(on_now, "update-urgent", "update_certificate", {**update, "urgent": True}),
                case(on_now, "update-keep-off-refused", "update_certificate", {**update, "keep_rollover_off": True}),
            ],
        )
        yield (
            f"acts-{name}-off",
            off_now,
            [
                case(off_now, "update-keep-off", "update_certificate", {**update, "keep_rollover_off": True}),
                case(off_now, "set", "set_properties", two),
                case(off_now, "add", "add_certificate", on(TOKEN_SIGNING, thumbprint(bought))),
            ],
        )
        yield (
            f"acts-{name}-listed",
            listed_now,
            [
                case(listed_now, "update-keep-off-in-the-way", "update_certificate", {**update, "keep_rollover_off": True}),
                case(listed_now, "promote", "promote_certificate", on(TOKEN_SIGNING, thumbprint(older["RawData"]))),
                case(listed_now, "remove", "remove_certificate", on(TOKEN_SIGNING, thumbprint(older["RawData"]))),
                case(listed_now, "read_farm", "read_farm", look("certificates")),
            ],
        )
    for name, value in (("null", None), ("text", "False")):
        unknown = copy.deepcopy(on_state)
        unknown["properties"]["AutoCertificateRollover"] = value
        yield f"acts-rollover-{name}", unknown, [case(unknown, "update-keep-off", "update_certificate", {**update, "keep_rollover_off": True})]


def of_journals(basis: State) -> Iterator[tuple[str, State, list[Case]]]:
    """Give what may lie where a journal belongs, and paths where none can."""
    content = base64.b64encode(b'{"schema":1}').decode()
    digest = hashlib.sha256(b'{"schema":1}').hexdigest()
    reading = {"path": JOURNAL, "limit": 1_000_000}
    new = write(b'{"schema":2}', None)
    for end in ("new", "old"):
        lost = {**basis, "files": {f"journal.json.{end}": content}}
        yield f"journal-lost-{end}", lost, [case(lost, "read", "read_journal", reading), case(lost, "write", "write_journal", new)]
        beside = {**basis, "files": {"journal.json": content, f"journal.json.{end}": base64.b64encode(b"half").decode()}}
        over = {**new, "expected_sha256": digest}
        yield f"journal-beside-{end}", beside, [case(beside, "read", "read_journal", reading), case(beside, "write", "write_journal", over)]
    first = {**basis, "files": {"journal.json.first": base64.b64encode(b"half").decode()}}
    yield "journal-begun", first, [case(first, "read", "read_journal", reading), case(first, "write", "write_journal", new)]
    held = {**basis, "files": {"journal.json": content}, "journal_folder": "locked"}
    yield "journal-locked", held, [case(held, "read", "read_journal", reading), case(held, "write", "write_journal", {**new, "expected_sha256": digest})]
    loose = {**basis, "files": {"journal.json": content}, "journal_folder": "loose"}
    yield (
        "journal-loose",
        loose,
        [
            case(loose, "read", "read_journal", reading, windows=True),
            case(loose, "write", "write_journal", {**new, "expected_sha256": digest}, windows=True),
        ],
    )
    kept = {**basis, "files": {"journal.json": content}}
    yield (
        "journal-limit",
        kept,
        [
            case(kept, "read-at-the-limit", "read_journal", {**reading, "limit": 12}),
            case(kept, "read-above", "read_journal", {**reading, "limit": 11}),
            case(kept, "write-above", "write_journal", {**new, "expected_sha256": digest, "limit": 11}),
        ],
    )
    folder = JOURNAL.rpartition("/")[0]
    odd = {
        "variable": f"%NoSuchVariable%/{JOURNAL}",
        "percent": f"{folder}/50%/journal.json",
        "less": f"{folder}/a<b.json",
        "bar": f"{folder}/a|b.json",
        "quote": f'{folder}/a"b.json',
        "control": f"{folder}/a\x07b.json",
        "no-drive": "C:journal.json",
        "bare": "journal.json",
        "up": f"{folder}/../journal.json",
        "blank": f"{folder}/journal.json ",
        "separator": f"{folder}/",
        "long": f"{folder}/{'x' * 255}.json",
        "folder": folder,
        "file": f"{JOURNAL}/journal.json",
    }
    cases = [case(kept, f"read-{name}", "read_journal", {**reading, "path": path}) for name, path in odd.items()]
    cases += [case(kept, f"write-{name}", "write_journal", {**new, "path": path}) for name, path in odd.items()]
    rooted = {"no-drive-but-root": "\\journal.json", "device": "\\\\?\\C:\\journal.json", "stream": f"{folder}/journal.json:stream"}
    cases += [case(kept, f"read-{name}", "read_journal", {**reading, "path": path}, windows=True) for name, path in rooted.items()]
    yield "journal-paths", kept, cases


def _extra(name: str, days_left: int) -> Case:
    keyed = keys.self_signed(name, START - timedelta(days=400), START + timedelta(days=days_left))
    raw_data = base64.b64encode(keyed.der).decode()
    return {"CertificateType": TOKEN_SIGNING, "IsPrimary": False, "StoreLocation": "CurrentUser", "StoreName": "My", "RawData": raw_data}


def of_ledgers(basis: State) -> Iterator[tuple[str, State, list[Case]]]:
    """Give ledgers that end as the request says, and others. Nothing of the journal is written where lines are not added."""
    digest = hashlib.sha256(b'{"schema":1}').hexdigest()
    journal = {"journal.json": base64.b64encode(b'{"schema":1}').decode()}
    new, over = write(b'{"schema":2}', None), write(b'{"schema":2}', digest)
    more = b'{"act":"promote"}\n'
    there = b'{"act":"publish"}\n{"act":"reorder"}\n'
    none = {**basis, "files": {}}
    yield "ledger-none", none, [case(none, "first", "write_journal", {**new, "ledger": add(more, b"", 0)})]
    kept = {**basis, "files": {**journal, "ledger-2026.jsonl": base64.b64encode(there).decode()}}
    asked = {
        "added": {**over, "ledger": add(more, there, 18)},
        "longer-last": {**over, "ledger": add(more, there, 1000)},
        "shorter": {**over, "ledger": add(more, there[:18], 18)},
        "changed": {**over, "ledger": add(more, there.replace(b"reorder", b"replace"), 18)},
        "not-new": {**over, "ledger": add(more, b"", 0)},
        "stale-journal": {**over, "expected_sha256": "ab" * 32, "ledger": add(more, there, 18)},
        "another-year": {**over, "ledger": {**add(more, b"", 0), "name": "ledger-2027.jsonl"}},
    }
    yield "ledger-present", kept, [case(kept, name, "write_journal", request) for name, request in asked.items()]
    empty = {**basis, "files": {**journal, "ledger-2026.jsonl": ""}}
    yield "ledger-empty", empty, [case(empty, "added", "write_journal", asked["not-new"]), case(empty, "differs", "write_journal", asked["added"])]


def special(basis: State) -> Iterator[tuple[str, State, list[Case]]]:
    """Give states with cases of their own: stores, journals, check mode, requests that are refused."""
    off = copy.deepcopy(basis)
    off["properties"]["AutoCertificateRollover"] = False
    bought = base64.b64encode(keys.self_signed("token.contoso.com", START - timedelta(days=1), START + timedelta(days=700)).der).decode()
    stored = {**off, "store": [{"RawData": bought, "StoreLocation": "LocalMachine", "has_private_key": True, "usable": True}]}
    name = thumbprint(bought)
    listed = {"CertificateType": TOKEN_SIGNING, "IsPrimary": False, "StoreLocation": "LocalMachine", "StoreName": "My", "RawData": bought}
    yield (
        "store-add",
        stored,
        [
            case(stored, "add", "add_certificate", on(TOKEN_SIGNING, name)),
            case(stored, "add-lower-case", "add_certificate", on(TOKEN_DECRYPTING, name.lower())),
        ],
    )
    known = {**stored, "certificates": [*stored["certificates"], listed]}
    yield (
        "store-listed",
        known,
        [
            case(known, "add-again", "add_certificate", on(TOKEN_SIGNING, name)),
            case(known, "promote", "promote_certificate", on(TOKEN_SIGNING, name)),
            case(known, "remove", "remove_certificate", on(TOKEN_SIGNING, name)),
        ],
    )
    automatic = copy.deepcopy(stored)
    automatic["properties"]["AutoCertificateRollover"] = True
    yield "store-rollover-on", automatic, [case(automatic, "add", "add_certificate", on(TOKEN_SIGNING, name))]
    mine = {**off, "store": [{"RawData": bought, "StoreLocation": "CurrentUser", "has_private_key": False, "usable": False}]}
    yield (
        "store-user",
        mine,
        [
            case(mine, "check", "check_certificate", in_store(name)),
            case(mine, "check-in-check-mode", "check_certificate", in_store(name), check_mode=True),
            # The machine's own store, which is the one that AD FS uses, is on Windows alone.
            case(mine, "check-absent-in-the-store-of-the-machine", "check_certificate", in_store(UNKNOWN, "LocalMachine"), windows=True),
            case(mine, "grant-absent-in-the-store-of-the-machine", "grant_read", in_store(UNKNOWN, "LocalMachine"), windows=True),
            case(mine, "grant-without-key", "grant_read", in_store(name)),
        ],
    )

    content = '{"schema":1,"text":"\u00fc"}'.encode()
    digest = hashlib.sha256(content).hexdigest()
    kept = {**basis, "files": {"journal.json": base64.b64encode(content).decode()}}
    yield (
        "journal-present",
        kept,
        [
            case(kept, "read", "read_journal", {"path": JOURNAL, "limit": 1_000_000}),
            case(kept, "read-too-large", "read_journal", {"path": JOURNAL, "limit": 5}),
            case(kept, "read_farm", "read_farm", look("journal")),
            case(kept, "write", "write_journal", write(b'{"schema":2}', digest)),
            case(kept, "write-stale", "write_journal", write(b'{"schema":2}', "ab" * 32)),
            case(kept, "write-first-too-late", "write_journal", write(b'{"schema":2}', None)),
            case(kept, "write-bad-base64", "write_journal", {**write(b"", digest), "content": "%%%"}),
            case(kept, "write-relative", "write_journal", {**write(b"{}", None), "path": "journal.json"}),
            case(kept, "read-relative", "read_journal", {"path": "journal.json", "limit": 5}),
        ],
    )
    empty = {**basis, "files": {"journal.json": ""}}
    yield "journal-empty", empty, [case(empty, "read", "read_journal", {"path": JOURNAL, "limit": 100})]

    requests = {
        "update_certificate": {"certificate_type": TOKEN_SIGNING, "urgent": False, "keep_rollover_off": False},
        "add_certificate": on(TOKEN_SIGNING),
        "promote_certificate": on(TOKEN_SIGNING),
        "remove_certificate": on(TOKEN_SIGNING),
        "set_properties": {"properties": {"CertificateDuration": 730}},
        "write_journal": write(b"{}", None),
        "grant_read": in_store(),
    }
    cases = [case(basis, name, name, request, check_mode=True) for name, request in requests.items()]
    cases.append(case(basis, "read_farm", "read_farm", look(), check_mode=True))
    cases.append(case(basis, "read_journal", "read_journal", {"path": JOURNAL, "limit": 100}, check_mode=True))
    cases.append(case(basis, "check_certificate", "check_certificate", in_store(), check_mode=True))
    yield "check-mode", basis, cases

    yield (
        "requests",
        off,
        [
            *(case(off, f"read_farm-{part}", "read_farm", look(part)) for part in PARTS),
            case(off, "update-wrong-type", "update_certificate", {"certificate_type": SERVICE_COMMUNICATIONS, "urgent": False, "keep_rollover_off": False}),
            case(off, "promote-wrong-type", "promote_certificate", on("Nope")),
            case(off, "remove-wrong-type", "remove_certificate", on("Nope")),
            case(off, "add-wrong-type", "add_certificate", on(SERVICE_COMMUNICATIONS)),
            case(off, "set-wrong-name", "set_properties", {"properties": {"NoSuchProperty": 1}}),
            case(off, "set-wrong-type", "set_properties", {"properties": {"CertificatePromotionThreshold": "soon"}}),
            case(off, "set-one", "set_properties", {"properties": {"AutoCertificateRollover": True}}),
            case(off, "set-thresholds", "set_properties", {"properties": {"CertificateGenerationThreshold": 30, "CertificatePromotionThreshold": 10}}),
        ],
    )


def books() -> dict[str, dict[str, Any]]:
    """Return the content of each file by its name."""
    found: dict[str, dict[str, Any]] = {}
    with always_the_same():
        states = json.loads(json.dumps(dict(of_scenarios())))
        basis = states["in-sync"]
        states.update(json.loads(json.dumps(dict(of_faults(basis)))))
        for name, state in states.items():
            found[name] = {"state": state, "cases": standard(state)}
        for name, state, cases in (*special(basis), *of_odd_answers(basis), *of_acts(basis), *of_journals(basis), *of_ledgers(basis)):
            found[name] = {"state": state, "cases": cases}
    return found


def main() -> int:
    """Write all files, take away those that are no more, and print the number of cases of each script."""
    FOLDER.mkdir(exist_ok=True)
    written = books()
    files = case_files.encode(written)
    for path in FOLDER.glob("*.json"):
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (FOLDER / name).write_text(text, encoding="ascii")
    counted = Counter(item["script"] for book in written.values() for item in book["cases"])
    for script in sorted(powershell.READS | powershell.ACTS):
        print(f"{counted[script]:5} {script}")
    print(f"{counted.total():5} cases in {len(written)} states")
    return 0


if __name__ == "__main__":
    sys.exit(main())

# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Checks of a certificate that did not come from AD FS itself, from the facts that one server gave. No I/O and no clock."""

from __future__ import annotations

import base64
import hashlib
import struct
import typing as t
from datetime import datetime, timedelta

from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError, from_record, one_line
from ansible_collections.federation.adfs.plugins.module_utils._adfs.farm import TOKEN_DECRYPTING
from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, CertificateError, parse_certificate

try:
    from cryptography import x509
except ImportError:  # then _x509 reads no certificate at all, and says so
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

NAMES = (
    "certificate_in_store",
    "private_key_present",
    "private_key_readable",
    "key_provider",
    "key_size",
    "signature_algorithm",
    "validity",
    "chain",
    "crl_reachable_from_server",
    "crl_reachable_for_partners",
    "separate_from_service_communications",
    "separate_from_tls_binding",
)
"""The checks, in the order in which they are given out."""

WARN_BEFORE = timedelta(days=60)
_READ = 0x20089  # ReadData, ReadExtendedAttributes, ReadAttributes, ReadPermissions: FileSystemRights.Read
_READ_DATA = 0x1
_GENERIC_READ, _GENERIC_ALL = 0x80000000, 0x10000000
# Accounts of the server that every service runs with, or that everybody has.
_EVERYBODY = frozenset({"S-1-1-0", "S-1-5-11", "S-1-5-6", "S-1-5-32-545"})
# Rights of these say nothing about a service with an account of its own.
_ADMINISTRATION = frozenset({"S-1-5-18", "S-1-5-32-544", "S-1-3-0", "S-1-3-4"})
_WEAK = ("md2", "md4", "md5", "sha1")
_UNREACHABLE = frozenset({"RevocationStatusUnknown", "OfflineRevocation"})


def service_sid(name: str) -> str:
    """Return the SID of the account NT SERVICE\\name, which Windows computes from the service's name."""
    digest = hashlib.sha1(name.upper().encode("utf-16-le")).digest()  # noqa: S324 - how Windows makes these SIDs
    return "S-1-5-80-" + "-".join(str(part) for part in struct.unpack("<5I", digest))


def check(name: str, result: str, advice: str = "") -> dict[str, str]:
    """Return one check; ``result`` is ok, warn, fail, unknown or not_applicable."""
    return {"name": name, "result": result, "advice": advice}


def not_applicable() -> list[dict[str, str]]:
    """Return the checks of a certificate that AD FS made itself: its key is in the configuration of the farm and nowhere else."""
    return [check(name, "not_applicable") for name in NAMES]


def of_facts(
    facts: t.Mapping[str, t.Any], certificate_type: str, now: datetime, service_communications: t.Collection[str] | None, revocation: bool = True
) -> list[dict[str, str]]:
    """Return all checks, in the order of NAMES.

    ``facts``: the reply of the script check_certificate. ``service_communications``: the public keys (SHA-256) of those certificates; None if
    the server did not show them. ``revocation``: whether the server looked for revocation lists.
    """
    if facts["certificate"] is None:
        absent = "Import it with its private key into LocalMachine\\My of this server (ansible.windows.win_certificate_store), as of every server of the farm."
        return [check(NAMES[0], "fail", absent), *(check(name, "unknown", "The certificate is not on this server.") for name in NAMES[1:])]
    certificate = read(facts)
    return [
        check("certificate_in_store", "ok"),
        _private_key(facts["key"]),
        _readable(facts),
        _provider(facts["key"], certificate_type),
        _size(certificate),
        _algorithm(certificate),
        _validity(certificate, now),
        _chain(facts["chain"], certificate),
        _crl_from_server(facts["chain"], certificate, revocation),
        _crl_for_partners(certificate),
        _service_communications(certificate, service_communications),
        _tls_binding(facts["bindings"], certificate),
    ]


def read(facts: t.Mapping[str, t.Any]) -> Certificate:
    """Return the certificate that the server gave. Raises AdfsError if it cannot be read."""
    try:
        return parse_certificate(facts["certificate"])
    except CertificateError as exc:
        raise AdfsError(f"The server gave a certificate that cannot be read: {exc}.", id="no_reply") from exc


def missing_read(checks: t.Iterable[t.Mapping[str, str]]) -> bool:
    """Return whether the service account lacks the right to read the key, as far as the checks know."""
    return any(item["name"] == "private_key_readable" and item["result"] in ("fail", "unknown") for item in checks)


def may_read(readers: t.Iterable[t.Mapping[str, t.Any]], account: str) -> bool | None:
    """Return whether an account (a SID) may read a file with these access rules: true, false, or None if it depends on its membership in groups."""
    own = _EVERYBODY | {account, service_sid("adfssrv")}
    allowed = depends = False
    for rule in readers:
        rights = rule["rights"] & 0xFFFFFFFF
        if not rule["allow"]:
            if rights & (_READ_DATA | _GENERIC_READ | _GENERIC_ALL):
                if rule["sid"] in own:
                    return False
                depends = True
            continue
        if (rights & _READ) != _READ and not rights & (_GENERIC_READ | _GENERIC_ALL):
            continue
        if rule["sid"] in own:
            allowed = True
        elif rule["sid"] not in _ADMINISTRATION:
            depends = True
    return None if depends and not allowed else allowed


def crl_addresses(certificate: Certificate) -> list[str]:
    """Return where the certificate says that its revocation list is."""
    if not HAS_CRYPTOGRAPHY:
        return []
    try:
        extensions = x509.load_der_x509_certificate(base64.b64decode(certificate.der)).extensions
        points = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [str(name.value) for point in points for name in point.full_name or () if isinstance(name, x509.UniformResourceIdentifier)]


def _told(part: t.Mapping[str, t.Any]) -> str:
    return str(from_record(part["error"], "check_certificate"))


def _private_key(key: t.Mapping[str, t.Any]) -> dict[str, str]:
    name = "private_key_present"
    if not key["ok"]:
        return check(name, "unknown", _told(key))
    if key["value"]["has_private_key"]:
        return check(name, "ok")
    return check(name, "fail", "The certificate is there without its private key. Import a PFX file, or finish the request on the server that made it.")


def _readable(facts: t.Mapping[str, t.Any]) -> dict[str, str]:
    name = "private_key_readable"
    key, account, readers = facts["key"], facts["service_account"], facts["readers"]
    for part in (key, account):
        if not part["ok"]:
            return check(name, "unknown", _told(part))
    if not key["value"]["has_private_key"]:
        return check(name, "fail", "There is no private key to read.")
    if readers is None:
        return check(name, "unknown", "The key has no file here (a hardware security module?). See with its own tools whether the account of AD FS may use it.")
    if not readers["ok"]:
        return check(name, "unknown", _told(readers))
    who = one_line(account["value"]["name"], 100)
    allowed = may_read(readers["value"], account["value"]["sid"])
    grant = "Grant it with the module certificate_key (grant_read: true) on this server; on every other server too."
    if allowed is None:
        return check(name, "unknown", f"Whether {who} may read the private key depends on its groups. {grant}")
    return check(name, "ok") if allowed else check(name, "fail", f"The account of AD FS, {who}, may not read the private key. {grant}")


def _provider(key: t.Mapping[str, t.Any], certificate_type: str) -> dict[str, str]:
    name = "key_provider"
    if not key["ok"] or not key["value"]["has_private_key"]:
        return check(name, "unknown", _told(key) if not key["ok"] else "There is no private key.")
    again = "Import the PFX file again with: certutil -importpfx FILE AT_KEYEXCHANGE"
    spec, kind = key["value"]["key_spec"], key["value"]["type"]
    if kind is None:
        return check(name, "fail", "The key is no RSA key that Windows can open. AD FS needs an RSA key.")
    if spec is None:
        provider = one_line(key["value"]["provider"] or "unknown", 100)
        return check(name, "warn", f"The key is in a CNG provider ({provider}); AD FS documents only KeySpec 1 of the older providers. {again}")
    if spec == 1:
        return check(name, "ok")
    if certificate_type == TOKEN_DECRYPTING:
        return check(name, "fail", f"The key has KeySpec {spec}, with which nothing can be decrypted; KeySpec 1 is needed. {again}")
    return check(name, "warn", f"The key has KeySpec {spec}; 1 is recommended. {again}")


def _size(certificate: Certificate) -> dict[str, str]:
    if certificate.key_type != "RSA":
        return check("key_size", "fail", f"The key is of the kind {certificate.key_type}; AD FS needs RSA.")
    if (certificate.key_size or 0) < 2048:
        return check("key_size", "fail", f"The RSA key has {certificate.key_size} bits; 2048 is the least.")
    return check("key_size", "ok")


def _algorithm(certificate: Certificate) -> dict[str, str]:
    name = "signature_algorithm"
    if any(weak in certificate.signature_algorithm.lower() for weak in _WEAK):
        return check(name, "warn", f"The certificate is signed with {certificate.signature_algorithm}, which partners may refuse. Ask for one with SHA-256.")
    return check(name, "ok")


def _validity(certificate: Certificate, now: datetime) -> dict[str, str]:
    name = "validity"
    if now >= certificate.not_after:
        return check(name, "fail", f"The certificate expired on {certificate.not_after:%Y-%m-%d}.")
    if now < certificate.not_before:
        return check(name, "fail", f"The certificate is not valid before {certificate.not_before:%Y-%m-%d}.")
    if certificate.not_after - now < WARN_BEFORE:
        return check(name, "warn", f"The certificate expires on {certificate.not_after:%Y-%m-%d}. Ask for its successor now.")
    return check(name, "ok")


def _chain(chain: t.Mapping[str, t.Any], certificate: Certificate) -> dict[str, str]:
    name = "chain"
    if certificate.self_signed:
        return check(name, "not_applicable")
    if not chain["ok"]:
        return check(name, "unknown", _told(chain))
    wrong = sorted(set(chain["value"]["status"]) - _UNREACHABLE - {"NoError"})
    if wrong:
        named = one_line(", ".join(wrong), 200)
        return check(name, "fail", f"This server cannot build a good chain ({named}). Install the certificates of the authorities (Root and CA stores) on it.")
    return check(name, "ok")


def _crl_from_server(chain: t.Mapping[str, t.Any], certificate: Certificate, revocation: bool) -> dict[str, str]:
    name = "crl_reachable_from_server"
    if certificate.self_signed or not revocation:
        return check(name, "not_applicable")
    if not chain["ok"]:
        return check(name, "unknown", _told(chain))
    if _UNREACHABLE & set(chain["value"]["status"]):
        return check(name, "warn", "This server reached no revocation list. See its proxy and firewall (certutil -verify -urlfetch FILE shows each address).")
    return check(name, "ok")


def _crl_for_partners(certificate: Certificate) -> dict[str, str]:
    name = "crl_reachable_for_partners"
    if certificate.self_signed:
        return check(name, "not_applicable")
    addresses = crl_addresses(certificate)
    if any(address.lower().startswith(("http://", "https://")) for address in addresses):
        return check(name, "ok")
    if addresses:
        return check(name, "warn", "The revocation list is published over LDAP only, where partners outside cannot reach it. Have it published over HTTP too.")
    return check(name, "warn", "The certificate names no revocation list; partners that insist on one refuse it.")


def _service_communications(certificate: Certificate, keys: t.Collection[str] | None) -> dict[str, str]:
    name = "separate_from_service_communications"
    if keys is None:
        return check(name, "unknown", "AD FS shows the service communications certificate on the primary server only.")
    if certificate.public_key_sha256 in keys:
        return check(name, "warn", "Service communications use the same key. Give tokens a key of their own, so that one can be renewed without the other.")
    return check(name, "ok")


def _tls_binding(bindings: t.Mapping[str, t.Any], certificate: Certificate) -> dict[str, str]:
    name = "separate_from_tls_binding"
    if not bindings["ok"]:
        return check(name, "unknown", _told(bindings))
    if certificate.thumbprint in (item.upper() for item in bindings["value"]):
        return check(name, "warn", "The TLS binding of AD FS uses the same certificate. Give tokens one of their own.")
    return check(name, "ok")

# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sign-in oracle: would a user's sign-in pass, right now, on every server and for every domain?

It signs a fresh token with the server's own private key and verifies it with the public keys of the certificates that the domain
accepts at that moment. It knows nothing of the product, of plans or of states, and shares no code with them.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from lab.farm import ENTRA_IDENTIFIER, Farm, Node
from lab.provider import Provider

_KEPT_REFUSALS = 200


@dataclass(frozen=True)
class Trust:
    """One federated domain as the oracle sees it: whose users sign in at which farm, and what is accepted now (DER)."""

    domain: str
    farm: Farm | Provider
    accepted: Callable[[], list[bytes]]


@dataclass
class Tally:
    """How sign-ins went. ``unanswered``: the server's service did not run, so there was no token at all."""

    accepted: int = 0
    refused: int = 0
    unanswered: int = 0

    def plain(self) -> dict[str, int]:
        return {"accepted": self.accepted, "refused": self.refused, "unanswered": self.unanswered}


class Oracle:
    """Signs in on every server for every domain whenever it is asked to look, and counts."""

    def __init__(self, trusts: list[Trust], heard: Callable[[datetime, str, Node | Provider, str], None] | None = None) -> None:
        """``heard`` is told of every sign-in: when, whose domain, at which server, and how it went."""
        self.trusts = trusts
        self._heard = heard
        self._total = Tally()
        self._by_domain: dict[str, Tally] = {}
        self._by_node: dict[str, Tally] = {}
        self._by_pair: dict[str, dict[str, Tally]] = {}
        self._refusals: deque[dict[str, Any]] = deque(maxlen=_KEPT_REFUSALS)
        self._last: dict[str, dict[str, str]] = {}
        self._looks: Counter[str] = Counter()

    def look(self, now: datetime, why: str) -> None:
        """Sign in once on every server for every domain. ``why``: ``change`` or ``hour``."""
        self._looks[why] += 1
        for trust in self.trusts:
            accepted = trust.accepted()
            for node in trust.farm.nodes:
                self._note(now, trust.domain, node, accepted, sign_in(node, trust.domain, accepted, now))

    def report(self) -> dict[str, Any]:
        """Return the counts, the outcome of the last look, and the latest refusals, as plain data."""
        return {
            **self._total.plain(),
            "by_domain": {name: tally.plain() for name, tally in sorted(self._by_domain.items())},
            "by_node": {name: tally.plain() for name, tally in sorted(self._by_node.items())},
            "by_domain_and_node": {domain: {node: tally.plain() for node, tally in sorted(nodes.items())} for domain, nodes in sorted(self._by_pair.items())},
            "last": {domain: dict(sorted(nodes.items())) for domain, nodes in sorted(self._last.items())},
            "looks": dict(self._looks),
            "refusals": list(self._refusals),
        }

    def clear(self) -> None:
        """Start counting anew; the outcome of the last look stays."""
        self._total = Tally()
        self._by_domain.clear()
        self._by_node.clear()
        self._by_pair.clear()
        self._refusals.clear()
        self._looks.clear()

    def _note(self, now: datetime, domain: str, node: Node | Provider, accepted: list[bytes], outcome: str) -> None:
        if self._heard is not None:
            self._heard(now, domain, node, outcome)
        pairs = self._by_pair.setdefault(domain, {})
        tallies = (
            self._total,
            self._by_domain.setdefault(domain, Tally()),
            self._by_node.setdefault(node.name, Tally()),
            pairs.setdefault(node.name, Tally()),
        )
        for tally in tallies:
            setattr(tally, outcome, getattr(tally, outcome) + 1)
        self._last.setdefault(domain, {})[node.name] = outcome
        if outcome == "refused":
            signer = node.signer
            self._refusals.append(
                {
                    "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "domain": domain,
                    "node": node.name,
                    "signed_with": None if signer is None else _thumbprint(signer.der),
                    "accepted": [_thumbprint(der) for der in accepted],
                }
            )


def sign_in(node: Node | Provider, domain: str, accepted: list[bytes], now: datetime) -> str:
    """Let a user of the domain sign in on one server: ``accepted``, ``refused``, or ``unanswered`` if the server gives no token."""
    signer = node.signer
    if signer is None:
        return "unanswered"
    token = _token(node.farm.identifier, domain, now)
    signature = signer.key.sign(token, padding.PKCS1v15(), hashes.SHA256())
    return "accepted" if any(_verifies(der, token, signature) for der in accepted) else "refused"


def _verifies(der: bytes, token: bytes, signature: bytes) -> bool:
    try:
        _public_key(der).verify(signature, token, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=4096)
def _public_key(der: bytes) -> rsa.RSAPublicKey:
    key = x509.load_der_x509_certificate(der).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("the lab's sign-in knows RSA keys only")
    return key


def _token(issuer: str, domain: str, now: datetime) -> bytes:
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="_{secrets.token_hex(16)}" '
        f'Issuer="{escape(issuer)}" IssueInstant="{moment}"><saml:Conditions NotBefore="{moment}"><saml:AudienceRestrictionCondition>'
        f"<saml:Audience>{ENTRA_IDENTIFIER}</saml:Audience></saml:AudienceRestrictionCondition></saml:Conditions>"
        f"<saml:Subject><saml:NameIdentifier>user@{escape(domain)}</saml:NameIdentifier></saml:Subject></saml:Assertion>"
    ).encode()


def _thumbprint(der: bytes) -> str:
    return hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()

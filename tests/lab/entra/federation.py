# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The federation configuration of one domain (Graph: internalDomainFederation), and which changes of it Graph takes."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography import x509

from .switches import TenantSwitches

ODATA_TYPE = "#microsoft.graph.internalDomainFederation"
SIGNING, NEXT = "signingCertificate", "nextSigningCertificate"

_TEXT = ("displayName", "issuerUri", "metadataExchangeUri", "passiveSignInUri", "activeSignInUri", "signOutUri", "passwordResetUri")
_CHOICES: dict[str, tuple[str | None, ...]] = {
    "preferredAuthenticationProtocol": ("wsFed", "saml"),
    "promptLoginBehavior": ("translateToFreshPasswordAuthentication", "nativeSupport", "disabled", None),
    "federatedIdpMfaBehavior": ("acceptIfMfaDoneByFederatedIdp", "enforceMfaByFederatedIdp", "rejectMfaByFederatedIdp", None),
}
_FLAG = "isSignedAuthenticationRequestRequired"
SETTINGS = (*_TEXT, *_CHOICES, _FLAG)


class ConfigurationError(ValueError):
    """A change that Graph answers with 400; the text is the message of that answer."""


@lru_cache(maxsize=4096)
def load(der: bytes) -> x509.Certificate:
    """Parse a certificate, remembering it: the same few are looked at again and again. Raises ValueError."""
    return x509.load_der_x509_certificate(der)


def thumbprint(der: bytes | None) -> str | None:
    """Return the SHA-1 thumbprint as upper-case hex, None for none."""
    return None if der is None else hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()


@lru_cache(maxsize=4096)
def _decode(text: str | None) -> bytes | None:
    """Return the certificate in a member's text, None if there is none that can be read."""
    if not text:
        return None
    try:
        der = base64.b64decode(text, validate=True)
        load(der)
    except (binascii.Error, ValueError):
        return None
    return der


@dataclass(frozen=True)
class Slots:
    """The two certificate members, as the texts that Graph stores."""

    signing_text: str | None = None
    next_text: str | None = None

    @classmethod
    def of(cls, signing: bytes | None, following: bytes | None = None) -> Slots:
        """Make slots from DER certificates."""

        def text(der: bytes | None) -> str | None:
            return None if der is None else base64.b64encode(der).decode("ascii")

        return cls(text(signing), text(following))

    @property
    def signing(self) -> bytes | None:
        """The certificate in signingCertificate as DER; None if empty or unreadable."""
        return _decode(self.signing_text)

    @property
    def next(self) -> bytes | None:
        """The certificate in nextSigningCertificate as DER; None if empty or unreadable."""
        return _decode(self.next_text)

    def certificates(self) -> list[bytes]:
        """Return the readable certificates, signing first, each once."""
        found: list[bytes] = []
        for der in (self.signing, self.next):
            if der is not None and der not in found:
                found.append(der)
        return found

    def describe(self) -> dict[str, str | None]:
        """Return the thumbprints; a text that is no certificate shows as "unreadable"."""

        def word(text: str | None, der: bytes | None) -> str | None:
            return "unreadable" if text and der is None else thumbprint(der)

        return {"signing": word(self.signing_text, self.signing), "next": word(self.next_text, self.next)}


@dataclass
class FederationConfiguration:
    """One configuration. ``settings`` holds every member but the id, the two certificates and the update status, by Graph's names."""

    id: str
    settings: dict[str, Any]
    slots: Slots
    update_status: dict[str, str] | None = None
    # Who set the certificates last: "setup", "graph" (a PATCH, so by hand), "updater", "expiry".
    set_by: str = field(default="setup")

    def copy(self) -> FederationConfiguration:
        """Return a copy that later changes do not touch."""
        return replace(self, settings=dict(self.settings), update_status=dict(self.update_status) if self.update_status else None)

    def to_graph(self) -> dict[str, Any]:
        """Return the members as Graph shows them, without OData annotations."""
        shown: dict[str, Any] = {"id": self.id}
        shown.update({name: self.settings.get(name) for name in SETTINGS})
        shown[SIGNING], shown[NEXT] = self.slots.signing_text, self.slots.next_text
        shown["signingCertificateUpdateStatus"] = dict(self.update_status) if self.update_status else None
        return shown


def changed(current: FederationConfiguration, body: Mapping[str, Any], switches: TenantSwitches, now: datetime) -> FederationConfiguration:
    """Return the configuration as a PATCH with this body leaves it. Raises ConfigurationError with the message of the 400 answer."""
    result = current.copy()
    for name, value in body.items():
        if name == "@odata.type":
            if value != ODATA_TYPE:
                raise ConfigurationError(f"A resource of type {value!r} cannot be used here; expected '{ODATA_TYPE}'.")
        elif name in (SIGNING, NEXT):
            _check_certificate(name, value, switches, now)
        elif name in SETTINGS:
            _check_setting(name, value, current)
            result.settings[name] = value
        elif name in ("id", "signingCertificateUpdateStatus"):
            raise ConfigurationError(f"Property '{name}' is read-only and cannot be set.")
        else:
            raise ConfigurationError(f"The property '{name}' does not exist on type 'microsoft.graph.internalDomainFederation'.")
    if SIGNING in body or NEXT in body:
        result.slots = _changed_slots(current.slots, body, switches)
        result.set_by = "graph"
    return result


def _changed_slots(slots: Slots, body: Mapping[str, Any], switches: TenantSwitches) -> Slots:
    signing, following = body.get(SIGNING, slots.signing_text), body.get(NEXT, slots.next_text)
    if switches.patch_moves_other and NEXT not in body and signing != slots.signing_text:
        following = slots.signing_text
    if switches.patch_moves_other and SIGNING not in body and following != slots.next_text and slots.next_text:
        signing = slots.next_text
    if signing == following and not switches.equal_members_allowed:
        raise ConfigurationError(f"{SIGNING} and {NEXT} must not be equal.")
    return Slots(signing, following)


def _check_setting(name: str, value: object, current: FederationConfiguration) -> None:
    if name == _FLAG:
        usable = value is None or isinstance(value, bool)
    elif name in _CHOICES:
        usable = value in _CHOICES[name] if value is None or isinstance(value, str) else False
    else:
        usable = value is None or isinstance(value, str)
    if name == "federatedIdpMfaBehavior" and value is None and current.settings.get(name) is not None:
        usable = False  # once set it cannot be taken back
    if not usable:
        raise ConfigurationError(f"Invalid value specified for property '{name}' of resource 'InternalDomainFederation'.")


def _check_certificate(name: str, value: object, switches: TenantSwitches, now: datetime) -> None:
    invalid = ConfigurationError(f"Invalid value specified for property '{name}' of resource 'InternalDomainFederation'.")
    if value is None:
        if name == SIGNING or not switches.next_may_be_null:
            raise invalid
        return
    if not isinstance(value, str):
        raise invalid
    if not switches.validates_certificates:
        return
    der = _decode(value)
    if der is None:
        raise invalid
    if not switches.expired_certificates_writable and load(der).not_valid_after_utc <= now:
        raise ConfigurationError(f"The certificate in property '{name}' has expired.")

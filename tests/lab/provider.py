# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An identity provider of another make, such as Okta: it signs tokens, publishes metadata, and cannot be logged in to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lab.clock import Clock
from lab.keys import KeyedCertificate, self_signed

LIFE = timedelta(days=3650)


CHOICES = {"protocol": ("saml", "wsfed"), "hash": ("sha256", "sha1"), "layout": ("as signed", "CRLF", "indented"), "encoding": ("utf-8", "iso-8859-1")}


@dataclass(frozen=True)
class Shape:
    """How the document is written, as products differ in it.

    ``protocol``: ``wsfed`` is a token service with the address for browsers alone (Okta's and Auth0's for WS-Federation). ``hash``: of the
    signature, if there is one. ``valid_days``: from now until the document ends. ``others``: entities beside it in a list; 0 is a list of one
    (Keycloak's), None no list. ``layout``: what became of line breaks after it was signed. ``bare_key``: one more key, without its certificate.
    """

    protocol: str = "saml"
    hash: str = "sha256"
    valid_days: float | None = None
    others: int | None = None
    layout: str = "as signed"
    encoding: str = "utf-8"
    bare_key: bool = False

    def __post_init__(self) -> None:
        for name, words in CHOICES.items():
            if getattr(self, name) not in words:
                raise ValueError(f"{name} of a document is one of {', '.join(words)}, not {getattr(self, name)!r}")


class Provider:
    """One application of the provider: its own entity id and certificates. To the oracle it is a farm of one server, which is itself."""

    def __init__(
        self,
        clock: Clock,
        host_name: str,
        identifier: str,
        signer: KeyedCertificate,
        metadata_signer: KeyedCertificate | None = None,
        shape: dict[str, Any] | None = None,
    ) -> None:
        """``metadata_signer``: None leaves the document unsigned, as Okta does. ``shape``: members of Shape. Raises ValueError."""
        self.clock = clock
        self.name = self.host_name = host_name
        self.identifier = identifier
        self.signer = signer
        self.published = [signer]
        self.metadata_signer = metadata_signer
        self.shape = Shape(**shape or {})
        # Tests put ready certificates here.
        self.make_certificate: Callable[[str, datetime, datetime], KeyedCertificate] = self_signed
        application = identifier.rsplit("/", 1)[-1]
        wsfed = self.shape.protocol == "wsfed"
        self.sign_in_uri = f"https://{host_name}/app/office365/{application}/sso/{'wsfed/passive' if wsfed else 'saml'}"
        self.metadata_path = f"/app/{application}/sso/{'wsfed' if wsfed else 'saml'}/metadata"

    @property
    def nodes(self) -> list[Provider]:
        return [self]

    @property
    def farm(self) -> Provider:
        return self

    def publish(self) -> KeyedCertificate:
        """Make a new certificate and publish it beside those that are published."""
        born = self.clock.now().replace(microsecond=0)
        made = self.make_certificate(self.host_name, born, born + LIFE)
        self.published = [*self.published, made]
        return made

    def switch(self) -> None:
        """Sign with the certificate that was published last."""
        self.signer = self.published[-1]

    def withdraw(self) -> None:
        """Publish nothing but what it signs with."""
        self.published = [self.signer]

# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An identity provider of another make, such as Okta: it signs tokens, publishes metadata, and cannot be logged in to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from lab.clock import Clock
from lab.keys import KeyedCertificate, self_signed

LIFE = timedelta(days=3650)


class Provider:
    """One application of the provider: its own entity id and certificates. To the oracle it is a farm of one server, which is itself."""

    def __init__(self, clock: Clock, host_name: str, identifier: str, signer: KeyedCertificate, metadata_signer: KeyedCertificate | None = None) -> None:
        """``metadata_signer``: None leaves the document unsigned, as Okta does."""
        self.clock = clock
        self.name = self.host_name = host_name
        self.identifier = identifier
        self.signer = signer
        self.published = [signer]
        self.metadata_signer = metadata_signer
        # Tests put ready certificates here.
        self.make_certificate: Callable[[str, datetime, datetime], KeyedCertificate] = self_signed
        application = identifier.rsplit("/", 1)[-1]
        self.sign_in_uri = f"https://{host_name}/app/office365/{application}/sso/saml"
        self.metadata_path = f"/app/{application}/sso/saml/metadata"

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

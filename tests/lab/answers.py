# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cmdlet may do and say other than its work or a refusal. tests/powershell/ADFS does the same with the same words.

A server's ``answers`` maps a cmdlet to one of these words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.farm import Node, ServiceCertificate

ACTS = {
    "silent": "reports no error, and does nothing",
    "error_after": "does its work, and then reports an error",
    "stops_after": "does its work, and then the service stops",
    "null_after": "does its work, and from then on Get-AdfsCertificate gives no IsPrimary; the properties that it set are null",
    "two_primaries": "does its work, and leaves the type with two primary certificates",
    "loses_another": "does its work, and takes out another certificate of the type, the first that is listed",
    "partly": "sets only the first property, in the order of their names",
}
READS = {
    "null_primary": "gives certificates whose IsPrimary is null",
    "text_primary": "gives certificates whose IsPrimary is a text",
    "null_certificate": "gives certificates without their content",
    "null_service": "gives that of service communications without its content",
    "half": "gives one certificate, then reports an error that does not end it",
}


def carry_out(node: Node, cmdlet: str, work: Callable[[], None], *, kind: str = "", thumbprint: str = "", names: Sequence[str] = ()) -> None:
    """Do the work of a cmdlet that changes something, in the way that this server's ``answers`` say. Raises CmdletError."""
    from lab.farm import CmdletError

    how = node.answers.get(cmdlet)
    farm = node.farm
    certificates, properties = list(farm.configuration.certificates), dict(farm.configuration.properties)
    work()
    if how == "silent":
        farm._set_certificates(certificates)
        farm.configuration.properties = properties
    elif how == "partly":
        for name in sorted(names)[1:]:
            farm.configuration.properties[name] = properties[name]
    elif how == "two_primaries":
        own = farm.configuration.of_type(kind)
        both = {item.thumbprint for item in (*own[:1], *own[-1:])}
        farm._set_certificates(
            [replace(item, is_primary=item.thumbprint in both) if item.certificate_type == kind else item for item in farm.configuration.certificates]
        )
    elif how == "loses_another":
        others = [item for item in certificates if item.certificate_type == kind and item.thumbprint != thumbprint.upper()]
        farm._set_certificates([item for item in farm.configuration.certificates if not others or item != _now(farm.configuration.certificates, others[0])])
    elif how == "null_after":
        node.answers["Get-AdfsCertificate"] = "null_primary"
        farm.configuration.properties.update(dict.fromkeys(names))
    elif how == "stops_after":
        node.stop_service()
    elif how == "error_after":
        raise CmdletError(cmdlet, "ErrorAfterWork", "The configuration was changed, and then something went wrong.")


def _now(certificates: list[ServiceCertificate], item: ServiceCertificate) -> ServiceCertificate | None:
    """Return the entry of the same certificate and type, which may have another role by now."""
    return next((other for other in certificates if (other.certificate_type, other.thumbprint) == (item.certificate_type, item.thumbprint)), None)


def listed(node: Node, certificates: list[ServiceCertificate]) -> list[Any]:
    """Return certificates as Get-AdfsCertificate gives them here. Raises CmdletError."""
    from lab.farm import CmdletError

    how = node.answers.get("Get-AdfsCertificate")
    if how == "half":
        raise CmdletError("Get-AdfsCertificate", "HalfTheList", "The rest of the list could not be read.")
    if how == "null_primary":
        return [replace(item, is_primary=None) for item in certificates]  # type: ignore[arg-type]
    if how == "text_primary":
        return [replace(item, is_primary=str(item.is_primary)) for item in certificates]  # type: ignore[arg-type]
    if how in ("null_certificate", "null_service"):
        without = [item for item in certificates if how == "null_certificate" or item.certificate_type == "Service-Communications"]
        keyed: Any = {item.thumbprint: SimpleNamespace(thumbprint=item.thumbprint, der=None) for item in without}
        return [replace(item, keyed=keyed[item.thumbprint]) if item in without else item for item in certificates]
    return list(certificates)

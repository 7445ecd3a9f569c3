# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What the numbers of Entra ID's sign-in service (AADSTS...) mean for an app registration, and what to do about each. Pure data.

Microsoft calls the numbers subject to change; so they choose the advice only, never what is done. Sources: REFERENCE is "Microsoft Entra
authentication and authorization error codes" (learn.microsoft.com/entra/identity-platform/reference-error-codes), LOOKUP the page
login.microsoftonline.com/error?code=NUMBER for numbers that the reference does not list, others are named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

REFERENCE = "https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes"
LOOKUP = "https://login.microsoftonline.com/error"
_WORKLOADS = "https://learn.microsoft.com/en-us/entra/identity/conditional-access/workload-identity"
_FEDERATION = "https://learn.microsoft.com/en-us/entra/workload-id/workload-identity-federation-considerations"
_CERTIFICATES = "https://learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials"
_RESTRICTIONS = "https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/tenant-restrictions"

SECRETS = "Entra admin center > App registrations > Certificates & secrets"
# The same fields stand for the same things everywhere: {client}, {tenant}, {cloud}, {scope}, {audience}, {source} (where the identity came from).
_CLOUD = "The tenant {tenant} belongs to another cloud than '{cloud}'. Set cloud to that of the tenant, and use an app that is registered there."
_REGISTERED = "Check client_id and tenant_id: is the app registered in that tenant, or approved there, and is the cloud right ('{cloud}')?"
_NEW_SECRET = f"Create a new client secret for app {{client}} ({SECRETS}) and store its value, not its id, where {{source}} take it from."
_UPLOAD = f"Upload the certificate to app {{client}} ({SECRETS}), or give the one that is there."
_CONSENT = (
    "Give app {client} the application permissions for Microsoft Graph and grant admin consent (Entra admin center > App registrations > API permissions)."
)
_FEDERATED = (
    f"Add a federated credential with the issuer, subject and audience of the token in federated_token_file to app {{client}} ({SECRETS}), "
    "or see why the file is not renewed. The audience that is proposed there is {audience}."
)
_LATER = "Entra ID is out of order or overloaded for the moment; run again later."


@dataclass(frozen=True)
class Cause:
    """One number: what to do about it, in a sentence with fields, and where that is documented."""

    number: int
    advice: str
    source: str = REFERENCE


CAUSES = (
    # The cloud or the tenant is another one.
    Cause(90002, "Check tenant_id {tenant} and the cloud ('{cloud}')."),
    Cause(90019, "Check tenant_id: {tenant} does not name a tenant of the cloud '{cloud}'."),
    Cause(90038, _CLOUD),
    Cause(90051, _CLOUD),
    Cause(900382, _CLOUD),
    Cause(900432, _CLOUD),
    Cause(50059, "Check tenant_id: {tenant} does not name a tenant of the cloud '{cloud}'.", LOOKUP),
    Cause(5000224, _CLOUD, LOOKUP),
    # What is asked for does not exist there.
    Cause(50001, "Microsoft Graph of the cloud '{cloud}' ({scope}) is not available in tenant {tenant}; check the cloud and graph_url."),
    Cause(500011, "Microsoft Graph of the cloud '{cloud}' ({scope}) is not known in tenant {tenant}; check the cloud and graph_url."),
    Cause(500014, "Microsoft Graph is disabled in tenant {tenant}, as in one whose subscription has lapsed; ask an administrator to enable it.", LOOKUP),
    Cause(70011, "Check the cloud: '{cloud}' asks for {scope}."),
    Cause(650052, "Tenant {tenant} has not enabled Microsoft Graph; ask an administrator to look at its subscriptions."),
    # The app.
    Cause(700016, _REGISTERED),
    Cause(700011, _REGISTERED),
    Cause(7000229, "App {client} has no service principal in tenant {tenant}: grant admin consent there, or make one (New-MgServicePrincipal).", LOOKUP),
    Cause(7000112, "App {client} is disabled. Enable it (Entra admin center > Enterprise applications > Properties > Enabled for users to sign-in)."),
    Cause(70001, "App {client} is disabled or unknown. Enable it (Entra admin center > Enterprise applications > Properties), or check client_id."),
    Cause(1000031, "App {client} cannot be used at the moment; ask an administrator whether Microsoft or the tenant blocked it."),
    Cause(700025, f"App {{client}} is set up as a public client; use one with a secret or certificate ({SECRETS})."),
    Cause(65001, _CONSENT),
    Cause(650056, _CONSENT),
    Cause(650057, _CONSENT),
    Cause(90094, _CONSENT),
    Cause(90099, "App {client} is not authorized in tenant {tenant}; grant admin consent there."),
    Cause(50105, "App {client} has to be assigned first (Entra admin center > Enterprise applications > Users and groups), or switch that demand off."),
    # Its secret.
    Cause(7000215, _NEW_SECRET),
    Cause(7000222, "The client secret has expired. " + _NEW_SECRET),
    Cause(70002, _NEW_SECRET),
    Cause(7000218, "App {client} needs a client secret or a certificate; give one."),
    # Its certificate.
    Cause(700027, _UPLOAD + " If it is there, check the clock of this machine.", _CERTIFICATES),
    Cause(50012, _UPLOAD, REFERENCE),
    Cause(700030, _UPLOAD, REFERENCE),
    Cause(700021, "The certificate or token belongs to another app than client_id {client}; check client_id.", LOOKUP),
    Cause(1000502, f"The certificate is expired or not good yet. Make a new one and upload it to app {{client}} ({SECRETS}).", LOOKUP),
    Cause(7000214, _UPLOAD, LOOKUP),
    Cause(
        700024,
        "What was signed is not good now by Entra ID's clock. Check the clock of this machine and its time zone; with federated_token_file "
        "check who writes that file, or see why the file is not renewed.",
        _CERTIFICATES,
    ),
    Cause(700023, "Check the cloud ('{cloud}') and authority_url: what was signed is meant for another address of the sign-in service.", LOOKUP),
    Cause(50027, "The signed request or federated token is malformed; check the certificate, or the file named by federated_token_file.", LOOKUP),
    # A token of another issuer.
    Cause(70021, _FEDERATED, _FEDERATION),
    Cause(700211, "No federated credential names the token's issuer. " + _FEDERATED, _FEDERATION),
    Cause(700212, "No federated credential names the token's audience. " + _FEDERATED, _FEDERATION),
    Cause(700213, "No federated credential names the token's subject. " + _FEDERATED, _FEDERATION),
    Cause(700222, "A token of Entra ID itself is not taken as a federated token; use a managed identity, or a token of the other issuer.", _FEDERATION),
    Cause(50013, _FEDERATED),
    Cause(500133, "The token in federated_token_file has expired; see why the file is not renewed."),
    # Policies.
    Cause(
        53003,
        "A Conditional Access policy for workload identities blocks app {client} from here; allow it there, or run from an allowed network.",
        _WORKLOADS,
    ),
    Cause(530032, "A security policy of the tenant blocks app {client}; ask an administrator to look at its policies."),
    Cause(500021, "The network's tenant restrictions do not allow tenant {tenant}; ask who runs the proxy to add it.", _RESTRICTIONS),
    Cause(500022, "The network's tenant restrictions do not allow tenant {tenant}; ask who runs the proxy to add it.", _RESTRICTIONS),
    Cause(50002, "The network's tenant restrictions do not allow tenant {tenant}; ask who runs the proxy to add it."),
    # Trouble that passes.
    Cause(50000, "Entra ID failed to issue a token; run again later, and open a support ticket with the correlation id if that stays."),
    Cause(90006, _LATER),
    Cause(90012, _LATER),
    Cause(90024, _LATER),
    Cause(90033, _LATER),
    Cause(90055, "Entra ID throttles tenant {tenant}; run again later, and see what else asks for so many tokens."),
    Cause(90090, _LATER),
)
_BY_NUMBER = {cause.number: cause for cause in CAUSES}


def advice(numbers: Iterable[object], **fields: str | None) -> str | None:
    """Return what to do about the first number that is known, None if none is. ``fields``: see above."""
    for number in numbers:
        cause = _BY_NUMBER.get(number) if isinstance(number, int) else None
        if cause is not None:
            return cause.advice.format_map({name: value if value is not None else "(not given)" for name, value in fields.items()})
    return None

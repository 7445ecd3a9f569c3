#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_federation
short_description: Set signing certificates and other settings of federated domains in Entra ID
version_added: 1.0.0
description:
  - Sets the certificates that Microsoft Entra ID (Azure AD) accepts for federated domains, many domains in one call, over Microsoft Graph.
  - Entra ID accepts tokens signed with either of two certificates, C(signingCertificate) and C(nextSigningCertificate).
    If one of them differs from what is asked for, both are sent in one request, so that no moment has only half of the change.
  - Each domain is looked at again just before, and read back afterwards for up to a minute, until it shows what was written. Sign-in may
    follow later than that; Microsoft names no time.
  - Nothing but the two certificates is sent, unless another setting is asked for by its own option. The issuer (C(issuerUri), also where each
    domain has one of its own) and C(federatedIdpMfaBehavior) are never sent. No federation configuration is created or deleted, and
    C(signingCertificate) is never emptied.
  - Together the options set all that the former C(Update-MsolFederatedDomain) and C(Set-MsolDomainFederationSettings) set in a domain that is
    federated already, the issuer left as it is.
  - What Microsoft Graph throttles, or fails at for the moment, is tried again, but only after another look. Where somebody else has changed the
    domain meanwhile, O(domains[].expected) decides; without it the write is made up anew from what is there then.
  - An error of one domain stops no other one. The task fails at the end, naming the domains; RV(domains) holds what was done.
  - The app needs the application permission C(Domain-InternalFederation.ReadWrite.All). Where a tenant does not know it yet,
    C(Domain.ReadWrite.All).
options:
  domains:
    description:
      - The domains to set. Name root domains; a subdomain that inherits has no settings of its own.
    type: list
    elements: dict
    required: true
    suboptions:
      domain:
        description:
          - The name of the domain.
        type: str
        required: true
      signing_certificate:
        description:
          - What C(signingCertificate) shall hold. PEM, base64 DER with or without line breaks, the path of a file, or the thumbprint
            of one of the O(certificates).
          - Null or empty leaves it alone.
          - An expired certificate is written, with a warning, as a rollback may need it.
        type: str
      next_signing_certificate:
        description:
          - What C(nextSigningCertificate) shall hold, in the same forms.
          - Null or empty leaves it alone, what it holds is sent along. Where it holds nothing it is left out of the request, since a null
            would erase what Entra ID itself may have put there meanwhile. Where it holds something that is no certificate it is left out too.
          - The same certificate as the signing one is written with a warning, because it says nothing new.
          - Mutually exclusive with O(domains[].clear_next=true).
        type: str
      clear_next:
        description:
          - Empties C(nextSigningCertificate).
        type: bool
        default: false
      display_name:
        description:
          - The name of the federation, formerly C(FederationBrandName).
          - This and the following settings are left alone if null or empty, so none of them can be emptied.
        type: str
      passive_sign_in_uri:
        description:
          - Where browsers sign in, formerly C(PassiveLogOnUri).
        type: str
      active_sign_in_uri:
        description:
          - Where rich clients sign in, formerly C(ActiveLogOnUri).
        type: str
      sign_out_uri:
        description:
          - Where browsers sign out, formerly C(LogOffUri).
        type: str
      metadata_exchange_uri:
        description:
          - Where rich clients find endpoints, formerly C(MetadataExchangeUri).
        type: str
      password_reset_uri:
        description:
          - Where clients are sent to reset a password.
        type: str
      preferred_authentication_protocol:
        description:
          - V(wsFed), which AD FS speaks, or V(saml). A change alters how all users of the domain sign in.
        type: str
      prompt_login_behavior:
        description:
          - How a demand for a fresh sign-in reaches AD FS. One of V(translateToFreshPasswordAuthentication), V(nativeSupport) and V(disabled).
        type: str
      expected:
        description:
          - The thumbprints that the domain is expected to hold before. If a write is needed and the fresh look differs in either of them,
            nothing is written to this domain, and that is an error.
          - With it, both certificates are compared.
        type: dict
        suboptions:
          signing:
            description:
              - The thumbprint in C(signingCertificate). Null or empty means that there is no readable certificate.
            type: str
          next:
            description:
              - The thumbprint in C(nextSigningCertificate). Null or empty means that there is no readable certificate.
            type: str
  certificates:
    description:
      - Certificates that O(domains[].signing_certificate) and O(domains[].next_signing_certificate) may name by their thumbprint,
        so that hundreds of domains need not repeat them. The C(certificates) that the modules of this collection return can be given as they are.
      - Each entry needs C(thumbprint) (SHA-1) and C(der) (the certificate in PEM or base64 DER). The rest of an entry is ignored.
    type: list
    elements: dict
extends_documentation_fragment:
  - federation.adfs._entra
  - federation.adfs._attributes
  - federation.adfs._attributes.controller
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
seealso:
  - module: federation.adfs.entra_federation_info
  - plugin: federation.adfs.entra_federation
    plugin_type: lookup
author:
  - The federation.adfs contributors (@federation-adfs)
"""

EXAMPLES = r"""
- name: Let a domain know the successor besides the certificate in use
  federation.adfs.entra_federation:
    tenant_id: contoso.onmicrosoft.com
    client_id: 11111111-2222-3333-4444-555555555555
    client_certificate_path: /etc/federation/app.pem
    domains:
      - domain: contoso.com
        signing_certificate: /etc/federation/primary.cer
        next_signing_certificate: /etc/federation/successor.cer
  delegate_to: localhost

- name: Set two domains, unless they were changed since they were read
  federation.adfs.entra_federation:
    certificates: "{{ adfs.certificates }}"
    domains:
      - domain: contoso.com
        signing_certificate: 0123456789ABCDEF0123456789ABCDEF01234567
        next_signing_certificate: 89ABCDEF0123456789ABCDEF0123456789ABCDEF
        expected:
          signing: 0123456789ABCDEF0123456789ABCDEF01234567
          next: null
      - domain: example.com
        signing_certificate: 0123456789ABCDEF0123456789ABCDEF01234567
        clear_next: true
  delegate_to: localhost

- name: Let two domains sign in at the farm's new name
  federation.adfs.entra_federation:
    domains:
      - domain: contoso.com
        passive_sign_in_uri: https://sts.contoso.com/adfs/ls/
        active_sign_in_uri: https://sts.contoso.com/adfs/services/trust/2005/usernamemixed
        sign_out_uri: https://sts.contoso.com/adfs/ls/
        metadata_exchange_uri: https://sts.contoso.com/adfs/services/trust/mex
      - domain: example.com
        display_name: Example Corporation
  delegate_to: localhost
"""

RETURN = r"""
domains:
  description:
    - One entry for each of O(domains), in the same order.
  type: list
  elements: dict
  returned: always, once the domains could be looked at
  contains:
    domain:
      description: The name of the domain.
      type: str
      sample: contoso.com
    changed:
      description: Whether it was written; in check mode, whether it would be.
      type: bool
    before:
      description:
        - What the domain held before. Null if it could not be read. Together with RV(certificates) this is the backup.
        - Settings that were asked for are in it under the names of their options.
      type: dict
      contains:
        signing_certificate: &slot
          description:
            - Thumbprint, subject and dates of the certificate; null if there is none.
            - If the member holds something that is no certificate, these are null, and C(error) says why it cannot be read.
            - With RV(detail=shortest) the thumbprint only; RV(certificates) has the rest.
          type: dict
          contains:
            thumbprint:
              description: SHA-1 thumbprint.
              type: str
            subject:
              description: The subject.
              type: str
            not_before:
              description: Good from, ISO 8601 in UTC.
              type: str
            not_after:
              description: Good until, ISO 8601 in UTC.
              type: str
            in_order:
              description:
                - V(false) for a certificate that is stored as PEM text, left out otherwise. Microsoft documents base64 without the lines around it,
                  so whether Entra ID accepts it is not known. It is written anew, in that form, if the same certificate is asked for.
              type: bool
              returned: where it is stored as PEM text
        next_signing_certificate: *slot
    after:
      description: What was read back; in check mode, what would be there. Null if the domain could not be read.
      type: dict
      contains:
        signing_certificate: *slot
        next_signing_certificate: *slot
    error:
      description: Why this domain was not written, or not read back; null if all went well. With RV(detail=shortest) only how it begins.
      type: str
    error_id:
      description:
        - What kind of error it is. None is given where Graph refused the values.
        - V(not_as_expected) if it differed from O(domains[].expected). Another writer changed it meanwhile, and nothing was tried or refused.
        - V(not_read_back) if it was written, but could not be read afterwards, or does not show it yet.
        - V(not_known) if writing it had no clear answer, and it does not show. It may have been written all the same.
        - V(not_tried) if it came to no write, for example because the domain could not be read.
        - V(denied), V(not_found), V(conflict) or V(throttled) if Graph refused the request and not its values, with HTTP 401, 403 or 407, with 404, with 409 or
          412, and with 424 or 429.
      type: str
      returned: where it is one of these
    request_id:
      description: Graph's number of the last request that wrote to this domain. Microsoft's support and the logs of Graph activity know it.
      type: str
      returned: where a request that writes was answered
      sample: 0b1ac9a2-4f44-4a3c-9b1e-7d3c7d2a5f10
certificates:
  description:
    - Each certificate of RV(domains) once, with its body, in the form that M(federation.adfs.entra_federation_info) returns.
  type: list
  elements: dict
  returned: always, once the domains could be looked at
tenant_id:
  description: The tenant, as given by O(tenant_id), else from the token.
  type: str
  returned: always, once the domains could be looked at
detail:
  description:
    - V(full), or V(shortest) for so many domains that a runner, which cuts results above 700,000 characters, would lose some of them.
    - With V(shortest) RV(ignore:invocation) holds only the number of O(domains) and O(certificates), too.
  type: str
  returned: always, once the domains could be looked at
"""

import datetime
import os
import re
import typing as t
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.domain_write import WRITABLE, Expected, Outcome, Wish, publish
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import SETTINGS, Configuration, Slot, bodies, domain_name
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.libraries import require
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import argument_spec, merge_options
from ansible_collections.federation.adfs.plugins.module_utils._entra.permissions import WRITE
from ansible_collections.federation.adfs.plugins.module_utils._entra.sizes import (
    MAX_CHARACTERS,
    characters,
    slot_in,
    text_in,
    warning,
    within_limit,
    without_options,
)
from ansible_collections.federation.adfs.plugins.module_utils._text import printable

try:
    from ansible_collections.federation.adfs.plugins.module_utils._x509 import (
        Certificate,
        CertificateError,
        format_time,
        normalize_thumbprint,
        parse_certificate,
        read_certificate_input,
    )
except ImportError:  # cryptography is missing; main() says so
    pass

MAX_NAMED = 5
MAX_NAME_CHARACTERS = 256
CHOICES = {
    "preferred_authentication_protocol": ("wsFed", "saml"),
    "prompt_login_behavior": ("translateToFreshPasswordAuthentication", "nativeSupport", "disabled"),
}


def wishes_from(entries: Sequence[Mapping[str, t.Any]], certificates: Sequence[Mapping[str, t.Any]]) -> list[Wish]:
    """Return what the options ask for. Raises OptionsError for what cannot be understood; nothing has been sent then."""
    known = _known_certificates(certificates)
    wishes: list[Wish] = []
    seen: set[str] = set()
    for entry in entries:
        domain = domain_name(entry["domain"])
        if domain in seen:
            raise OptionsError(f"domains names {domain} twice; give one entry for each domain.")
        seen.add(domain)
        following = _certificate(domain, "next_signing_certificate", entry.get("next_signing_certificate"), known)
        if following and entry.get("clear_next"):
            raise OptionsError(f"{domain}: next_signing_certificate and clear_next contradict each other; give one of them.")
        expected = entry.get("expected")
        wishes.append(
            Wish(
                domain=domain,
                signing=_certificate(domain, "signing_certificate", entry.get("signing_certificate"), known),
                next=following,
                clear_next=bool(entry.get("clear_next")),
                settings={name: value for name in WRITABLE if (value := _setting(f"{domain}: {name}", name, entry.get(name)))},
                expected=None
                if expected is None
                else Expected(
                    _thumbprint(f"{domain}: expected.signing", expected.get("signing")), _thumbprint(f"{domain}: expected.next", expected.get("next"))
                ),
            )
        )
    return wishes


def warnings_for(wishes: Sequence[Wish], now: datetime.datetime) -> list[str]:
    """Return what is allowed but hardly meant; one text for each certificate, however many domains it is for."""
    found: dict[str, list[str]] = {}
    for wish in wishes:
        for what, certificate in (("signing_certificate", wish.signing), ("next_signing_certificate", wish.next)):
            if certificate and certificate.not_after <= now:
                text = f"{what} {certificate.thumbprint} expired on {format_time(certificate.not_after)}; Entra ID may refuse what it signs"
                found.setdefault(text, []).append(wish.domain)
        if wish.signing and wish.next and wish.signing.der == wish.next.der:
            text = f"signing_certificate and next_signing_certificate are the same, {wish.signing.thumbprint}; a second certificate could be accepted"
            found.setdefault(text, []).append(wish.domain)
    return [f"{text} (domains: {_some(domains)})." for text, domains in found.items()]


def described(outcomes: Sequence[Outcome], tenant_id: str | None, now: datetime.datetime, repeated: t.Any = None) -> dict[str, t.Any]:
    """Return the result for the outcomes, the bodies of all certificates in it once each.

    ``repeated``: the options that Ansible adds to a result.
    """
    configurations = [configuration for outcome in outcomes for configuration in (outcome.before, outcome.after) if configuration]
    certificates = bodies(configurations, now)

    def build(detail: str) -> dict[str, t.Any]:
        return {
            "changed": any(outcome.changed for outcome in outcomes),
            "tenant_id": tenant_id,
            "domains": [
                {
                    "domain": outcome.domain,
                    "changed": outcome.changed,
                    "before": _held(outcome.before, outcome.settings, detail),
                    "after": _held(outcome.after, outcome.settings, detail),
                    "error": text_in(detail, outcome.error),
                    **({"error_id": outcome.error_id} if outcome.error_id else {}),
                    **({"request_id": outcome.request_id} if outcome.request_id else {}),
                }
                for outcome in outcomes
            ],
            "certificates": certificates,
        }

    return within_limit(build, repeated, ("full", "shortest"))


def differences(outcomes: Sequence[Outcome]) -> list[dict[str, str]]:
    """Return what ``--diff`` shows of the domains that changed: both certificates by thumbprint, subject and dates, and settings asked for.

    Domains with the same change share one entry.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        if outcome.changed:
            change = (_lines(outcome.before, outcome.settings), _lines(outcome.after, outcome.settings))
            found.setdefault(change, []).append(outcome.domain)
    return [
        {"before_header": f"{', '.join(domains)} (Entra ID)", "after_header": f"{', '.join(domains)} (Entra ID)", "before": before, "after": after}
        for (before, after), domains in found.items()
    ]


def failure(outcomes: Sequence[Outcome]) -> str | None:
    """Return one message that names the domains with an error, or None."""
    failed = [outcome for outcome in outcomes if outcome.error]
    if not failed:
        return None
    texts = " | ".join(str(outcome.error) for outcome in failed[:MAX_NAMED])  # each names its domain
    more = f" | and {len(failed) - MAX_NAMED} more: {_some([outcome.domain for outcome in failed[MAX_NAMED:]])}" if len(failed) > MAX_NAMED else ""
    written = sum(outcome.changed for outcome in outcomes)
    return f"{len(failed)} of {len(outcomes)} domains failed, {written} changed. {texts}{more}"


def _known_certificates(entries: Sequence[Mapping[str, t.Any]]) -> dict[str, Certificate]:
    known: dict[str, Certificate] = {}
    for entry in entries:
        thumbprint = _thumbprint("certificates", entry.get("thumbprint"))
        body = entry.get("der")
        if thumbprint is None or not isinstance(body, str) or not body.strip():
            raise OptionsError("each entry of certificates needs 'thumbprint' and 'der' (the certificate in base64 DER).")
        try:
            certificate = parse_certificate(body)
        except CertificateError as exc:
            raise OptionsError(f"certificates: the entry {thumbprint} cannot be used: {exc}.") from exc
        if certificate.thumbprint != thumbprint:
            raise OptionsError(f"certificates: the entry {thumbprint} holds another certificate, {certificate.thumbprint}.")
        known[thumbprint] = certificate
    return known


def _certificate(domain: str, option: str, value: t.Any, known: Mapping[str, Certificate]) -> Certificate | None:
    text = str(value).strip() if value is not None else ""
    if not text:
        return None
    try:
        thumbprint = normalize_thumbprint(text)
    except CertificateError:
        pass
    else:
        if thumbprint not in known:
            raise OptionsError(f"{domain}: {option} is the thumbprint {thumbprint}, but the option certificates has no entry for it.")
        return known[thumbprint]
    try:
        return read_certificate_input(text)
    except CertificateError as exc:
        raise OptionsError(f"{domain}: {option} cannot be used: {exc}.") from exc


def _thumbprint(where: str, value: t.Any) -> str | None:
    text = str(value).strip() if value is not None else ""
    if not text:
        return None
    try:
        return normalize_thumbprint(text)
    except CertificateError as exc:
        raise OptionsError(f"{where}: {exc}.") from exc


def _setting(where: str, name: str, value: t.Any) -> str | None:
    text = str(value).strip() if value is not None else ""
    if not text:
        return None
    if name in CHOICES:
        found = {choice.lower(): choice for choice in CHOICES[name]}.get(text.lower())
        if found is None:
            raise OptionsError(f"{where} is '{printable(text, 60)}'; use one of {', '.join(CHOICES[name])}.")
        return found
    if name.endswith("_uri"):
        try:
            parts = urlsplit(text)
            usable = parts.scheme == "https" and bool(parts.hostname) and not parts.username and not re.search(r"[\s<>\"]", text)
        except ValueError:
            usable = False
        if not usable:
            raise OptionsError(f"{where} must be an address such as https://sts.contoso.com/adfs/ls/, with https.")
        return text
    if len(text) > MAX_NAME_CHARACTERS:
        raise OptionsError(f"{where} is longer than {MAX_NAME_CHARACTERS} characters.")
    return text


def _held(configuration: Configuration | None, settings: Sequence[str], detail: str) -> dict[str, t.Any] | None:
    if configuration is None:
        return None
    slots = {"signing_certificate": _slot(configuration.signing), "next_signing_certificate": _slot(configuration.next)}
    return {**{name: slot_in(detail, slot) for name, slot in slots.items()}, **_asked(configuration, settings)}


def _asked(configuration: Configuration, settings: Sequence[str]) -> dict[str, t.Any]:
    return {name: configuration.members.get(SETTINGS[name]) for name in settings}


def _slot(slot: Slot) -> dict[str, t.Any] | None:
    certificate = slot.certificate
    if certificate:
        return {
            "thumbprint": certificate.thumbprint,
            "subject": certificate.subject,
            "not_before": format_time(certificate.not_before),
            "not_after": format_time(certificate.not_after),
            **({"in_order": False} if slot.armoured else {}),
        }
    if slot.error is None:
        return None
    return {"thumbprint": None, "subject": None, "not_before": None, "not_after": None, "error": slot.error}


def _lines(configuration: Configuration | None, settings: Sequence[str]) -> str:
    if configuration is None:
        return ""
    lines = [f"signing: {_line(configuration.signing)}", f"next:    {_line(configuration.next)}"]
    lines += [f"{name}: {'none' if value is None else printable(value)}" for name, value in _asked(configuration, settings).items()]
    return "\n".join(lines) + "\n"


def _line(slot: Slot) -> str:
    if slot.certificate:
        found = slot.certificate
        return f"{found.thumbprint}  {found.subject}  from {format_time(found.not_before)} until {format_time(found.not_after)}"
    return "none" if slot.error is None else f"unreadable ({slot.error})"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


_ENTRY: dict[str, t.Any] = {
    "domain": {"type": "str", "required": True},
    "signing_certificate": {"type": "str"},
    "next_signing_certificate": {"type": "str"},
    "clear_next": {"type": "bool", "default": False},
    # Nothing of this is secret, though one name has the word password in it.
    **{name: {"type": "str", "no_log": False} for name in WRITABLE},
    "expected": {"type": "dict", "options": {"signing": {"type": "str"}, "next": {"type": "str"}}},
}
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "domains": {"type": "list", "elements": "dict", "required": True, "options": _ENTRY},
    "certificates": {"type": "list", "elements": "dict"},
}


def work(module: AnsibleModule) -> None:
    """Write, and end with the result."""
    now = datetime.datetime.now(datetime.timezone.utc)
    try:
        require("cryptography")
        settings = merge_options(module.params, os.environ)
        module.no_log_values.update(settings.secrets())
        wishes = wishes_from(module.params["domains"], module.params["certificates"] or [])
        for text in warnings_for(wishes, now):
            module.warn(text)
        client = connect(settings)
        try:
            outcomes = publish(client, wishes, module.check_mode)
            result = described(outcomes, client.tenant_id, now, [module.params["domains"], module.params["certificates"]])
            refused = module.check_mode and result["changed"] and WRITE in client.permissions()["write"]["missing"]
        finally:
            # Tokens and assertions came up meanwhile.
            module.no_log_values.update(settings.secrets())
            client.close()
    except EntraError as exc:
        module.fail_json(msg=str(exc))
    if refused:
        module.warn(f"A run would be refused: the token lacks {WRITE}.")
    shortened = warning(result)
    if shortened:
        module.warn(shortened)
        result["invocation"] = without_options(module.params, "domains", "certificates")
    if module._diff:
        result["diff"] = differences(outcomes)
        if characters(result) > MAX_CHARACTERS:
            del result["diff"]
            module.warn("The diff is left out, because runners cut what is too long; domains holds it.")
    message = failure(outcomes)
    if message:
        module.fail_json(msg=message, **result)
    module.exit_json(**result)


def main() -> None:
    """Run the module."""
    work(AnsibleModule(argument_spec=SPEC, supports_check_mode=True))


if __name__ == "__main__":
    main()

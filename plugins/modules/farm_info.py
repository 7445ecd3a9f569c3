#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# The action plugin of the same name does the work; this file holds the documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: farm_info
short_description: Read all facts about an AD FS farm in one round trip
version_added: 1.0.0
description:
  - Returns role and synchronization of the server, and on the primary server also the certificates, the properties that steer their renewal, the other servers,
    the relying parties, claims providers and applications, and the checks that can be made from these.
  - Each value is judged by itself. One that AD FS does not give as documented counts as unknown, and RV(farm.checks) says so.
    Only what nothing can be decided without ends the task - the role of the server, the name of the farm, and certificates for tokens that cannot be read.
  - Runs on any AD FS server. On a secondary one it succeeds too, but AD FS shows little there; RV(farm.primary_server) names the one to ask.
author:
  - The federation.adfs contributors (@federation-adfs)
extends_documentation_fragment:
  - federation.adfs._adfs
  - federation.adfs._attributes
  - federation.adfs._attributes.adfs
  - federation.adfs._attributes.info
options:
  gather_subset:
    description:
      - What to read. Role, name, time and synchronization of the server are always read.
      - What was not asked for is null in the result.
      - V(keys) is no part of V(all). It adds to RV(farm.checks) what M(federation.adfs.certificate_key) says of the token certificates that are not
        from AD FS itself, on this server, with one more round trip and a look at revocation lists for each. On a secondary server AD FS does not say
        which these are; use that module there.
      - V(events) is no part of V(all) either. It adds RV(farm.events), on every server.
    type: list
    elements: str
    choices:
      - all
      - certificates
      - properties
      - servers
      - relying_parties
      - claims_providers
      - applications
      - journal
      - events
      - keys
    default:
      - all
  events_since:
    description:
      - With V(events) in O(gather_subset), how far back to look, in ISO 8601 with V(Z) or an offset, for example V(2026-11-01T00:00:00Z).
      - Without it the newest events are returned, however old they are.
    type: str
  one_certificate_partners:
    description:
      - Names or identifiers of relying parties that hold one certificate of this farm at a time, C(*) and C(?) stand for any characters. The partner must be
        changed at the very moment of the promotion.
      - This list extends a short one of well-known services, which the collection has.
    type: list
    elements: str
    default: []
  journal_path:
    description:
      - The file with the journal of the rollover on this server. Environment variables of the server are written as in C(%ProgramData%).
    type: str
    default: '%ProgramData%\federation.adfs\journal.json'
seealso:
  - module: federation.adfs.certificate_info
  - module: federation.adfs.certificate_key
  - module: federation.adfs.metadata_info
  - module: federation.adfs.rollover_plan
"""

EXAMPLES = r"""
- name: Read everything
  federation.adfs.farm_info:
  register: found

- name: Read the certificates and who else is in the farm
  federation.adfs.farm_info:
    gather_subset:
      - certificates
      - servers

- name: See whether the certificates that were bought can be used on this server
  federation.adfs.farm_info:
    gather_subset:
      - all
      - keys

- name: See what AD FS did with its certificates, and why it did not
  federation.adfs.farm_info:
    gather_subset:
      - events
    events_since: "2026-11-01T00:00:00Z"

- name: Stop on a secondary server
  ansible.builtin.assert:
    that: found.farm.is_primary
    fail_msg: "Go to {{ found.farm.primary_server }}."
"""

RETURN = r"""
farm:
  description: What was found. Members that AD FS does not show on a secondary server, and those not asked for, are null.
  returned: success
  type: dict
  contains:
    role:
      description: V(primary) or V(secondary). In a farm on SQL Server every server is primary.
      type: str
      returned: always
      sample: primary
    is_primary:
      description: Whether this server is the primary one.
      type: bool
      returned: always
      sample: true
    server:
      description: The name of this server, as the farm lists it if it does.
      type: str
      returned: always
      sample: adfs1.contoso.com
    primary_server:
      description: The name of the primary server; null if it is not known.
      type: str
      returned: always
      sample: adfs1.contoso.com
    time:
      description: The server's clock, in UTC.
      type: str
      returned: always
      sample: "2026-11-22T01:27:48Z"
    read_at:
      description: The controller's clock at that moment, in UTC. The two are compared before anything that has to wait for its time.
      type: str
      returned: always
      sample: "2026-11-22T01:27:48Z"
    host_name:
      description: The name of the federation service.
      type: str
      returned: always
      sample: sts.contoso.com
    identifier:
      description: The identifier of the farm, its entity id and the issuer of its tokens.
      type: str
      returned: always
      sample: http://sts.contoso.com/adfs/services/trust
    farm_level:
      description: The behaviour level of the farm.
      type: int
      returned: always
      sample: 4
    auto_certificate_rollover:
      description: Whether AD FS renews its certificates by itself; null if AD FS did not say, or gave anything but true or false.
      type: bool
      returned: always
      sample: true
    thresholds:
      description:
        - AD FS' own clock of renewal. A day of the first three members is as long as RV(farm.thresholds.threshold_multiplier_minutes) says.
        - A member is null if AD FS did not give a whole number of 0 or more. No time is given as longer than 100 years (36500 days); the check
          V(properties_in_range) says what AD FS gave.
      type: dict
      returned: always
      contains:
        generation_days:
          description: Days before expiry when the successor is generated.
          type: int
          returned: always
          sample: 20
        promotion_days:
          description: Days that the successor waits before it is promoted.
          type: int
          returned: always
          sample: 5
        critical_days:
          description: Days before expiry when AD FS generates and promotes at once.
          type: int
          returned: always
          sample: 2
        rollover_interval_minutes:
          description: Minutes between two looks of AD FS at its certificates.
          type: int
          returned: always
          sample: 720
        threshold_multiplier_minutes:
          description: Minutes in a day of the thresholds.
          type: int
          returned: always
          sample: 1440
        duration_days:
          description: Days that newly generated certificates are valid.
          type: int
          returned: always
          sample: 365
    sso_lifetime:
      description: Minutes that a single sign-on lasts, at most 52560000 (100 years); null if AD FS did not give a number.
      type: int
      returned: always
      sample: 480
    proxy_trust_lifetime:
      description: Minutes that the trust of a web application proxy lasts, at most 52560000 (100 years); null if AD FS did not give a number.
      type: int
      returned: always
      sample: 21600
    poll_duration:
      description: Seconds between two looks of this server at the primary one; null where it does not say, as on a primary server.
      type: int
      returned: always
      sample: 300
    last_sync_time:
      description: When this secondary server last looked at the primary one, in UTC; null on a primary server, and if it never did.
      type: str
      returned: always
      sample: "2026-11-22T01:25:00Z"
    last_sync_status:
      description: The result of that look, 0 if all was well; null on a primary server.
      type: int
      returned: always
      sample: 0
    certificates:
      description: The certificates as M(federation.adfs.certificate_info) returns them; null on a secondary server.
      returned: always
      type: list
      elements: dict
      contains:
        certificate_type:
          description: V(Token-Signing), V(Token-Decrypting) or V(Service-Communications).
          type: str
          returned: always
          sample: Token-Signing
        is_primary:
          description: Whether AD FS uses this certificate now. The others of its type are only published.
          type: bool
          returned: always
          sample: true
        store_location:
          description: V(CurrentUser) for certificates that AD FS made itself, V(LocalMachine) for those from elsewhere.
          type: str
          returned: always
          sample: CurrentUser
        store_name:
          description: The Windows certificate store.
          type: str
          returned: always
          sample: My
        # BEGIN GENERATED certificate, from tests/tools/certificate_return.yml by `make generate`
        thumbprint:
          description: SHA-1 of the certificate, in upper-case hexadecimal digits.
          type: str
          returned: always
          sample: 9451EE6D3918E256163BB8C4A589CACF23CA2527
        thumbprint_sha256:
          description: SHA-256 of the certificate, in upper-case hexadecimal digits.
          type: str
          returned: always
          sample: 2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98A5E886266E7AE
        subject:
          description: The name of the subject.
          type: str
          returned: always
          sample: CN=ADFS Signing - sts.contoso.com
        issuer:
          description: The name of the issuer.
          type: str
          returned: always
          sample: CN=ADFS Signing - sts.contoso.com
        serial_number:
          description: The serial number in hexadecimal digits.
          type: str
          returned: always
          sample: 7E8963
        not_before:
          description: When the certificate becomes valid, in UTC.
          type: str
          returned: always
          sample: "2026-02-03T10:11:12Z"
        not_after:
          description: When the certificate expires, in UTC.
          type: str
          returned: always
          sample: "2027-02-03T10:11:12Z"
        days_remaining:
          description: Whole days until the certificate expires, negative afterwards.
          type: int
          returned: always
          sample: 73
        self_signed:
          description: Whether subject and issuer are the same.
          type: bool
          returned: always
          sample: true
        key_type:
          description: The kind of key.
          type: str
          returned: always
          sample: RSA
        key_size:
          description: The size of the key in bits.
          type: int
          returned: always
          sample: 2048
        signature_algorithm:
          description: The algorithm by which the certificate is signed.
          type: str
          returned: always
          sample: sha256WithRSAEncryption
        der:
          description: The certificate, base64 of its DER form on one line.
          type: str
          returned: always
          sample: MIIC3jCCAcag...
        # END GENERATED certificate
    servers:
      description:
        - The servers that AD FS lists; null on a secondary server, or if AD FS refused.
        - AD FS does not say what each of them knows, so all count as not seen. What it publishes itself shows it (M(federation.adfs.metadata_info)).
      type: list
      elements: dict
      returned: always
      contains:
        name:
          description: The name of the server. One that AD FS lists without a name is called V(unnamed-server-1) and so on, and cannot be looked at.
          type: str
          returned: always
          sample: adfs2.contoso.com
        seen:
          description: Whether the server itself was looked at; always V(false) here.
          type: bool
          returned: always
          sample: false
        how:
          description: How it was looked at; always null here.
          type: str
          returned: always
        primary:
          description: The thumbprint of the certificate that it signs with; always null here.
          type: str
          returned: always
        certificates:
          description: The thumbprints that it knows; always empty here.
          type: list
          elements: str
          returned: always
        last_sync_time:
          description: When it last looked at the primary server; always null here.
          type: str
          returned: always
        last_sync_status:
          description: The result of that look; always null here.
          type: int
          returned: always
    relying_parties:
      description: The partners that trust this farm; null on a secondary server, or if AD FS refused.
      type: list
      elements: dict
      returned: always
      contains:
        name:
          description: The name of the trust.
          type: str
          returned: always
          sample: Microsoft Office 365 Identity Platform
        identifiers:
          description: The identifiers of the partner, the first 100.
          type: list
          elements: str
          returned: always
          sample: ["urn:federation:MicrosoftOnline"]
        enabled:
          description: Whether the trust is on; V(true) also if AD FS did not say, since it may be in use.
          type: bool
          returned: always
          sample: true
        monitoring_enabled:
          description: Whether AD FS reads the partner's metadata from time to time.
          type: bool
          returned: always
          sample: true
        auto_update_enabled:
          description: Whether AD FS follows changes in it.
          type: bool
          returned: always
          sample: true
        metadata_url:
          description: Where that metadata is; null if AD FS does not know.
          type: str
          returned: always
          sample: https://nexus.microsoftonline-p.com/federationmetadata/2007-06/federationmetadata.xml
        token_lifetime:
          description:
            - Minutes that a token for this partner is valid, at most 52560000 (100 years). 0 stands for AD FS' default of 60.
            - Null if it could not be read, so that it may be of any length.
          type: int
          returned: always
          sample: 0
        risk:
          description:
            - Why a new token-signing certificate puts this partner at risk, null if nothing shows that it does. Microsoft Entra ID, which the role of
              this collection looks after, and trusts that are off have no risk.
            - V(one_certificate) if it holds one certificate at a time, so that it must be changed at the moment of the promotion.
            - V(no_metadata) if AD FS does not monitor metadata of it, so that its owner probably has to be told.
          type: str
          returned: always
          sample: no_metadata
        managed_by:
          description:
            - V(entra_connect) if the trust of Microsoft Entra ID has claim rules with the names that Microsoft Entra Connect gives; null if nothing shows
              that. Of the rules only the names are read.
          type: str
          returned: always
          sample: entra_connect
        error:
          description: What could not be read of this entry; null if all is well.
          type: str
          returned: always
    relying_parties_cut:
      description: How much of a long list is given, since the server sends at most 500000 characters of it; null if all of it.
      type: dict
      returned: always
      contains:
        listed:
          description: Entries in the list. Those that are off are left out first.
          type: int
          returned: always
          sample: 1500
        total:
          description: Entries that AD FS has.
          type: int
          returned: always
          sample: 3000
    claims_providers:
      description:
        - Whose sign-ins this farm accepts; null on a secondary server, or if AD FS refused. Requests to them are signed, and what they send may be encrypted,
          with the same certificates. The Active Directory of the farm itself is among them.
      type: list
      elements: dict
      returned: always
      contains:
        name:
          description: The name of the claims provider. At most 2000 characters of it are read.
          type: str
          returned: always
          sample: Fabrikam
        identifiers:
          description: The identifiers of the claims provider, the first 100.
          type: list
          elements: str
          returned: always
          sample: ["https://idp.fabrikam.example.com/saml"]
        enabled:
          description: Whether it is on; V(true) also if AD FS did not say.
          type: bool
          returned: always
          sample: true
        monitoring_enabled:
          description: Whether AD FS reads its metadata from time to time.
          type: bool
          returned: always
          sample: false
        auto_update_enabled:
          description: Whether AD FS follows changes in it.
          type: bool
          returned: always
          sample: false
        metadata_url:
          description: Where that metadata is; null if AD FS does not know.
          type: str
          returned: always
          sample: https://idp.fabrikam.example.com/metadata.xml
        error:
          description: What could not be read of this entry; null if all is well.
          type: str
          returned: always
    claims_providers_cut:
      description: How much of a long list is given, since the server sends at most 500000 characters of it; null if all of it.
      type: dict
      returned: always
      contains:
        listed:
          description: Entries in the list. Those that are off are left out first.
          type: int
          returned: always
          sample: 1500
        total:
          description: Entries that AD FS has.
          type: int
          returned: always
          sample: 3000
    applications:
      description:
        - The Web APIs of the application groups; null on a secondary server, or if AD FS refused. Access tokens for them are signed with the same
          token-signing certificate, whose key applications read at C(/adfs/discovery/keys).
      type: list
      elements: dict
      returned: always
      contains:
        name:
          description: The name of the application. At most 2000 characters of it are read.
          type: str
          returned: always
          sample: Payroll - Web API
        identifiers:
          description: The identifiers of the application, the first 100.
          type: list
          elements: str
          returned: always
          sample: ["https://payroll.example.com"]
        enabled:
          description: Whether it is on; V(true) also if AD FS did not say.
          type: bool
          returned: always
          sample: true
        group:
          description: The application group that it belongs to; null if AD FS did not say.
          type: str
          returned: always
          sample: Payroll
        token_lifetime:
          description: Minutes that an access token is valid, as in RV(farm.relying_parties[].token_lifetime).
          type: int
          returned: always
          sample: 0
        error:
          description: What could not be read of this entry; null if all is well.
          type: str
          returned: always
    applications_cut:
      description: How much of a long list is given, since the server sends at most 500000 characters of it; null if all of it.
      type: dict
      returned: always
      contains:
        listed:
          description: Entries in the list. Those that are off are left out first.
          type: int
          returned: always
          sample: 1500
        total:
          description: Entries that AD FS has.
          type: int
          returned: always
          sample: 3000
    max_token_lifetime:
      description:
        - Minutes of the longest lifetime of a token for any relying party or application, 0 counted as 60, also of those that a list leaves out.
          Null if neither was asked for.
        - What RV(farm.unknown_lifetimes) names may be longer.
      type: int
      returned: always
      sample: 480
    unknown_lifetimes:
      description:
        - Names of the relying parties and applications whose token lifetime could not be read, also V(SsoLifetime) and V(ProxyTrustTokenLifetime).
          V(*) stands for all of a list that AD FS refused, and for what is too long to name.
        - Empty if all are known; null if nothing was asked for that has a lifetime.
      type: list
      elements: str
      returned: always
      sample: []
    checks:
      description: Checks that could be made from what was read.
      type: list
      elements: dict
      returned: always
      contains:
        name:
          description: What was checked.
          type: str
          returned: always
          sample: one_primary_per_type
        result:
          description: V(ok), V(warn), V(fail), V(unknown) or V(not_applicable).
          type: str
          returned: always
          sample: ok
        advice:
          description: What to do about it; empty if nothing.
          type: str
          returned: always
        thumbprint:
          description: The certificate that the check is about; null if it is about the farm.
          type: str
          returned: always
          sample: 9451EE6D3918E256163BB8C4A589CACF23CA2527
    events:
      description:
        - What the event log AD FS/Admin of this server says about certificates and trusts, the newest first, at most 100.
          Null if it was not asked for or could not be read, which the check V(events_readable) says.
      type: list
      elements: dict
      returned: always
      contains:
        id:
          description: The number of the event.
          type: int
          returned: always
          sample: 335
        time:
          description: When it was logged, in UTC.
          type: str
          returned: always
          sample: "2026-11-22T01:25:00Z"
        level:
          description: V(critical), V(error), V(warning) or V(information).
          type: str
          returned: always
          sample: information
        code:
          description: The first code of the form C(MSIS10005) in its text, which is the same in every language; null if there is none.
          type: str
          returned: always
          sample: MSIS10005
        meaning:
          description: What the event means.
          type: str
          returned: always
          sample: Automatic rollover added a successor.
        thumbprints:
          description: The certificates that its text names.
          type: list
          elements: str
          returned: always
          sample: ["9451EE6D3918E256163BB8C4A589CACF23CA2527"]
        message:
          description: Its text in the language of the server, at most 1000 characters.
          type: str
          returned: always
    events_cut:
      description: Whether there are more events than are given; null without RV(farm.events).
      type: bool
      returned: always
      sample: false
    journal:
      description: The journal of the rollover; null if it was not asked for.
      type: dict
      returned: always
      contains:
        found:
          description: Whether there is a journal.
          type: bool
          returned: always
          sample: true
        sha256:
          description: SHA-256 of the file, in lower-case hexadecimal digits; null if there is none, or it was not read.
          type: str
          returned: always
          sample: a812fe434cdacc56c34ad47181f2601a2ea27785a145b87200249c8510bdab21
        content:
          description: What the journal holds; null if there is none, or it is to be ignored.
          type: dict
          returned: always
          sample: {"schema": 1}
        error:
          description: Why the journal is to be ignored (corrupt, another farm's, a folder that others may use); null if all is well.
          type: str
          returned: always
        written_at:
          description: When the file was last written, by the server's clock; null if it was not read.
          type: str
          returned: always
          sample: "2026-02-03T10:11:12Z"
        server_time:
          description: When the file was read, by the same clock. A lock in the journal is judged by these two times, not by the controller's clock.
          type: str
          returned: always
          sample: "2026-02-03T10:20:00Z"
error_id:
  description:
    - The identifier of the error, from AD FS or PowerShell (for example V(PS0033) on a secondary server), or a word of this collection
      (for example V(service_stopped), V(access_denied), V(no_reply)).
  type: str
  returned: on failure
  sample: PS0033
primary_server:
  description: The server to run the task on instead.
  type: str
  returned: on failure, if the host is a secondary server and the primary is known
  sample: adfs1.contoso.com
"""

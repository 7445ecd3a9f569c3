#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: metadata_info
short_description: Read and check federation metadata
version_added: 1.0.0
description:
  - Reads the federation metadata document of AD FS, or of another identity provider, from a URL, a file or a text.
  - Returns its token-signing and encryption certificates, the addresses that Microsoft Entra asks for, and whether the
    document's signature is valid. AD FS signs the document with its primary token-signing certificate, so the certificate of
    a valid signature tells the primary from its successor.
  - With O(servers), every AD FS server is asked for its own document at its own address, all of them at the same time. During a
    renewal the servers of a farm may differ for a while, and the name of the service shows only one of them.
  - Documents of WS-Federation and of SAML 2.0 are read, as AD FS, Okta, Auth0, Keycloak, Shibboleth and others publish them.
  - Redirects are not followed, wherever they lead. TLS certificates are always checked. A proxy is used only if O(proxy) names one.
  - Documents with a DTD, entities or inclusions, or larger than 1 MiB, are refused. So is one in which a key comes without its certificate, or
    in which it cannot be told which of several certificates holds the key; nothing is left out without a word.
options:
  url:
    description:
      - Address of the document, beginning with V(https://). With AD FS it is
        V(https://sts.example.com/FederationMetadata/2007-06/FederationMetadata.xml) with the name of your federation service.
      - Exactly one of O(url), O(path) and O(content) is required.
    type: str
  path:
    description:
      - Path of a file with the document, on the host where this module runs. Devices and pipes are refused.
      - Exactly one of O(url), O(path) and O(content) is required.
    type: path
  content:
    description:
      - The document itself.
      - Any change of the text makes its signature invalid, even one of white space. Avoid YAML's folded style.
      - Exactly one of O(url), O(path) and O(content) is required.
    type: str
  servers:
    description:
      - The servers to ask for O(url), each at its own address. Server name indication, the check of the TLS certificate and the
        C(Host) header keep to the name in O(url).
      - A server that cannot be read is a result and not a failure, see RV(servers[].error).
      - Can only be used together with O(url).
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name under which the result shows this server. Each name can be used only once.
        type: str
        required: true
      address:
        description:
          - Host name or IP address to connect to.
          - If not set, O(servers[].name) is used.
        type: str
      port:
        description:
          - TCP port to connect to.
        type: int
        default: 443
  ca_path:
    description:
      - File or folder with the certificates, in PEM format, of the authorities that are trusted for TLS.
      - If not set, the file or folder that the environment variable E(REQUESTS_CA_BUNDLE) or E(CURL_CA_BUNDLE) names is used, and
        otherwise the certificates that the system trusts.
    type: path
  proxy:
    description:
      - Proxy through which O(url) is fetched, for a host that reaches it in no other way, such as V(http://proxy.example.com:3128).
      - The environment's proxies are never used, because the servers of a farm are asked at their own addresses.
    type: str
  timeout:
    description:
      - Longest time in seconds that fetching may take in all, from looking up the name to the last byte, for all O(servers) together.
    type: int
    default: 10
  entity_id:
    description:
      - The C(entityID) of the entity to read, where the document is a list of several (C(EntitiesDescriptor)).
      - Of a list of one entity that one is read. If this is set, a document without such an entity is refused.
    type: str
  jwks:
    description:
      - Whether to read also the keys that AD FS publishes for OpenID Connect and OAuth, at C(/adfs/discovery/keys) on the host of O(url).
        AD FS signs those tokens with the same certificate.
      - Keys that cannot be read are a result and not a failure, see RV(jwks.error). Can only be used together with O(url).
    type: bool
    default: false
extends_documentation_fragment:
  - federation.adfs._attributes
  - federation.adfs._attributes.info
attributes:
  async:
    support: full
  platform:
    support: full
    platforms: posix
requirements:
  - cryptography >= 43
  - lxml >= 5.2.1
  - signxml >= 4.4.0
  - urllib3 >= 2.2.0, to fetch an O(url)
seealso:
  - module: federation.adfs.certificate_info
author:
  - The federation.adfs contributors (@federation-adfs)
"""

EXAMPLES = r"""
- name: Read what the federation service publishes
  federation.adfs.metadata_info:
    url: https://sts.contoso.com/FederationMetadata/2007-06/FederationMetadata.xml
  delegate_to: localhost
  register: published

- name: Ask every server of the farm for its own view
  federation.adfs.metadata_info:
    url: https://sts.contoso.com/FederationMetadata/2007-06/FederationMetadata.xml
    servers:
      - name: adfs1.contoso.com
      - name: adfs2.contoso.com
        address: 192.0.2.12
    ca_path: /etc/pki/tls/certs/contoso-root.pem
  delegate_to: localhost
  register: views

- name: Stop unless every server signs with the same certificate
  ansible.builtin.assert:
    that:
      - views.servers | rejectattr('error', 'none') | length == 0
      - views.servers | map(attribute='metadata.signature.status') | unique == ['valid']
      - views.servers | map(attribute='metadata.signature.certificate.thumbprint') | unique | length == 1

- name: Compare the keys for OpenID Connect with the metadata, on every server
  federation.adfs.metadata_info:
    url: https://sts.contoso.com/FederationMetadata/2007-06/FederationMetadata.xml
    servers:
      - name: adfs1.contoso.com
      - name: adfs2.contoso.com
    jwks: true
  delegate_to: localhost
  register: with_keys

- name: Read one entity of a list
  federation.adfs.metadata_info:
    url: https://metadata.example.org/federation.xml
    entity_id: https://idp.example.org/idp/shibboleth
  delegate_to: localhost

- name: Check a document that was sent by mail
  federation.adfs.metadata_info:
    path: /srv/partners/fabrikam-metadata.xml
  delegate_to: localhost
"""

RETURN = r"""
metadata:
  description: What the document says.
  returned: success, when O(servers) is not set
  type: dict
  contains: &metadata
    entity_id:
      description: The document's C(entityID), the identifier of the federation service. Any text, not always a URL.
      type: str
      returned: success
      sample: http://sts.contoso.com/adfs/services/trust
    source:
      description: Where the document comes from, the value of O(url) or O(path), or V(content).
      type: str
      returned: success
      sample: https://sts.contoso.com/FederationMetadata/2007-06/FederationMetadata.xml
    is_adfs:
      description: Whether the addresses of its token service are those of AD FS. It is V(false) for metadata of Microsoft Entra itself.
      type: bool
      returned: success
    signing_certificates:
      description: The certificates that its tokens may be signed with, each once, in the order in which they are published.
      type: list
      elements: dict
      returned: success
      contains: &certificate
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
    encryption_certificates:
      description: The certificates to encrypt with, in the same shape. One certificate can be in both lists.
      type: list
      elements: dict
      returned: success
      contains: *certificate
    endpoints:
      description: Addresses as Microsoft Entra names them. Null where the document tells none.
      type: dict
      returned: success
      contains:
        passive_sign_in:
          description: Where browsers sign in, by WS-Federation, or by SAML if the document tells nothing else.
          type: str
          returned: success
          sample: https://sts.contoso.com/adfs/ls/
        active_sign_in:
          description:
            - Where programs sign in with name and password. AD FS does not publish it, so it is built from the host of the others, if the document
              shows that AD FS speaks WS-Trust.
          type: str
          returned: success
          sample: https://sts.contoso.com/adfs/services/trust/2005/usernamemixed
        sign_out:
          description: Where browsers sign out.
          type: str
          returned: success
          sample: https://sts.contoso.com/adfs/ls/
        metadata_exchange:
          description: Where programs learn the policy of the token service.
          type: str
          returned: success
          sample: https://sts.contoso.com/adfs/services/trust/mex
    signature:
      description: The signature of the whole document. It shows that nothing was changed, not who made the document.
      type: dict
      returned: success
      contains:
        status:
          description:
            - V(valid) if the certificate in the signature signed all that is returned here.
            - V(weak) if it did, but with SHA-1, SHA-224 or a key of less than 2048 bits, which proves nothing any more. Treat such a document as
              one that is not signed.
            - V(expired) if the document itself has ended (C(validUntil)), however it is signed. An old document can be sent again by anybody.
            - V(invalid) if the certificate did not sign, or if the signature covers something else.
            - V(absent) if there is no signature of the whole document.
          type: str
          returned: success
        reason:
          description: Why it is not valid. Null if it is.
          type: str
          returned: success
        certificate:
          description:
            - The certificate that the signature names, in the same shape as RV(metadata.signing_certificates), or null.
            - Only if RV(metadata.signature.status) is V(valid) has it really signed. With AD FS it then is the primary token-signing certificate.
          type: dict
          returned: success
          contains: *certificate
tls_certificate:
  description: The TLS certificate of the server that sent the document, in the shape of RV(metadata.signing_certificates) without C(der).
  returned: when O(url) is set and O(servers) is not, on failure too if TLS got so far
  type: dict
jwks:
  description: The keys for tokens of OpenID Connect and OAuth.
  returned: when O(jwks) is set and O(servers) is not
  type: dict
  contains: &jwks
    url:
      description: Where they were read.
      type: str
      returned: success
      sample: https://sts.contoso.com/adfs/discovery/keys
    signing_certificates:
      description: The certificates of the keys that sign, in the shape of RV(metadata.signing_certificates), in the order in which they are published.
      type: list
      elements: dict
      returned: success
      contains: *certificate
    without_certificate:
      description: The names (C(kid)) of keys that sign and come without a certificate.
      type: list
      elements: str
      returned: success
    error:
      description: Why they could not be read. Null if they could.
      type: str
      returned: success
    error_kind:
      description: The same as one word, see RV(error_kind). Null if they could be read.
      type: str
      returned: success
error_kind:
  description:
    - Why the document could not be had, as one word. V(dns) if the name is not known, V(connect) if there is no connection or it broke off, V(tls) if
      the certificate is not trusted or TLS failed, V(status) for an HTTP status other than 200 or a redirect, V(not_metadata) if something else came,
      V(timeout) if it took too long.
    - V(options) if nothing could be asked.
  returned: on failure
  type: str
  sample: tls
servers:
  description: What each server says, in the order of O(servers).
  returned: success, when O(servers) is set
  type: list
  elements: dict
  contains:
    server:
      description: The value of O(servers[].name).
      type: str
      returned: success
      sample: adfs1.contoso.com
    metadata:
      description: What its document says, in the shape of RV(metadata). Null if it could not be read.
      type: dict
      returned: success
      contains: *metadata
    error:
      description: Why it could not be read. Null if it could.
      type: str
      returned: success
    error_kind:
      description: The same as one word, see RV(error_kind). Null if it could be read.
      type: str
      returned: success
    jwks:
      description: Its keys for tokens of OpenID Connect and OAuth, in the shape of RV(jwks).
      type: dict
      returned: when O(jwks) is set
      contains: *jwks
"""

import codecs
import datetime
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.federation.adfs.plugins.module_utils._files import SpecialFileError, read_regular
from ansible_collections.federation.adfs.plugins.module_utils._metadata import (
    IMPORT_ERROR,
    MAX_METADATA_BYTES,
    MISSING_LIBRARY,
    MetadataError,
    describe_metadata,
    read_metadata,
)
from ansible_collections.federation.adfs.plugins.module_utils._metadata_fetch import HAS_URLLIB3, Document, FetchError, Target, fetch_all
from ansible_collections.federation.adfs.plugins.module_utils._metadata_jwks import KeysError, describe_keys, keys_address, read_keys
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import CertificateError, describe, parse_certificate


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _read_file(path: str) -> bytes:
    """Return the file, up to one byte more than is allowed. Raises FetchError if it cannot be read, or is none: a pipe could wait for ever."""
    try:
        return read_regular(path, MAX_METADATA_BYTES)
    except SpecialFileError as exc:
        raise FetchError(f"{printable(path, 500)}: this is not a file but a device, a pipe or a socket; give the path of a file with the document") from exc
    except OSError as exc:
        raise FetchError(f"{printable(path, 500)}: the file cannot be read ({exc.strerror}); the path is one on the host where this task runs") from exc


def _describe(data: bytes, source: str, entity_id: str | None) -> dict[str, t.Any]:
    return describe_metadata(read_metadata(data, entity_id), source, _now())


def _read_local(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the result for a file or a text. Raises FetchError or MetadataError."""
    source = params["path"] or "content"
    # Text has no encoding any more, whatever its declaration says.
    data = _read_file(source) if params["path"] else codecs.BOM_UTF8 + to_bytes(params["content"].lstrip("\ufeff"), errors="surrogate_then_replace")
    try:
        return {"metadata": _describe(data, source, params["entity_id"])}
    except MetadataError as exc:
        raise MetadataError(f"{printable(source, 500)}: {exc}") from exc


def _metadata_target(params: dict[str, t.Any], address: str | None = None, port: int | None = None) -> Target:
    """Return what to fetch, and how to read it inside the time limit."""
    url = params["url"]
    place = url if address is None else f"{url} from {address} port {port}"

    def read(document: Document) -> dict[str, t.Any]:
        try:
            metadata = _describe(document, url, params["entity_id"])
        except MetadataError as exc:
            raise FetchError(f"{place}: {exc}", "not_metadata", document.certificate) from exc
        return {"metadata": metadata, "tls_certificate": _tls_certificate(document.certificate)}

    return Target(url, address, port, read=read)


def _keys_target(params: dict[str, t.Any], address: str | None = None, port: int | None = None) -> Target:
    url = keys_address(params["url"])
    place = url if address is None else f"{url} from {address} port {port}"

    def read(document: Document) -> dict[str, t.Any]:
        try:
            return describe_keys(read_keys(document), _now())
        except KeysError as exc:
            raise FetchError(f"{place}: {exc}", "not_metadata", document.certificate) from exc

    return Target(url, address, port, "json", read)


def _fetch(params: dict[str, t.Any], places: list[tuple[str | None, int | None]]) -> list[tuple[t.Any, dict[str, t.Any] | None]]:
    """Ask all places at once; returns what each says, or a FetchError, and its keys where they are asked for. Raises FetchError if none can be asked."""
    targets = [_metadata_target(params, *place) for place in places]
    if params["jwks"]:
        targets += [_keys_target(params, *place) for place in places]
    answers = fetch_all(targets, params["timeout"], MAX_METADATA_BYTES, params["ca_path"], params["proxy"])
    keys = [_keys_view(params, answer) for answer in answers[len(places) :]] or [None] * len(places)
    return list(zip(answers[: len(places)], keys, strict=True))


def _keys_view(params: dict[str, t.Any], answer: t.Any) -> dict[str, t.Any]:
    view: dict[str, t.Any] = {"url": keys_address(params["url"]), "signing_certificates": [], "without_certificate": [], "error": None, "error_kind": None}
    if isinstance(answer, FetchError):
        view.update(error=str(answer), error_kind=answer.kind)
    else:
        view.update(answer)
    return view


def _read_one(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the result for the one source in ``params``. Raises FetchError or MetadataError."""
    if not params["url"]:
        return _read_local(params)
    answer, keys = _fetch(params, [(None, None)])[0]
    if isinstance(answer, FetchError):
        raise answer
    return dict(answer) if keys is None else {**answer, "jwks": keys}


def _tls_certificate(der: bytes | None) -> dict[str, t.Any] | None:
    if der is None:
        return None
    try:
        return describe(parse_certificate(der), _now(), with_der=False)
    except CertificateError:
        return None  # TLS took it, so it is good for TLS; only its description is missing


def _read_servers(params: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return each server's own view, or why there is none. Raises FetchError only if none could be asked."""
    places = [(server["address"] or server["name"], server["port"]) for server in params["servers"]]
    views: list[dict[str, t.Any]] = []
    for server, (answer, keys) in zip(params["servers"], _fetch(params, places), strict=True):
        view: dict[str, t.Any] = {"server": server["name"], "metadata": None, "error": None, "error_kind": None}
        if isinstance(answer, FetchError):
            view.update(error=str(answer), error_kind=answer.kind)
        else:
            view["metadata"] = answer["metadata"]
        if keys is not None:
            view["jwks"] = keys
        views.append(view)
    return views


def _check(module: AnsibleModule) -> None:
    """End the module with a message where the options make no sense; empty text counts as not given."""
    params = module.params
    given = [name for name in ("url", "path", "content") if params[name]]
    if len(given) != 1:
        module.fail_json(msg="metadata_info: give exactly one of url, path and content that is not empty", error_kind="options")
    if params["proxy"] and not params["url"]:
        module.fail_json(msg="metadata_info: proxy only serves to fetch a url; give url, or leave proxy out", error_kind="options")
    if params["jwks"] and not params["url"]:
        module.fail_json(msg="metadata_info: jwks can only be read where a url says from which server; give url, or leave jwks out", error_kind="options")
    if params["servers"] is not None and not params["url"]:
        module.fail_json(msg="metadata_info: servers can only be asked for a url; give url, or leave servers out", error_kind="options")
    names = [server["name"].lower() for server in params["servers"] or []]
    for name in names:
        if names.count(name) > 1:
            module.fail_json(msg=f"metadata_info: servers holds '{name}' more than once; give each server its own name", error_kind="options")
    for server in params["servers"] or []:
        if not server["name"]:
            module.fail_json(msg="metadata_info: a member of servers has an empty name", error_kind="options")
        if not 1 <= server["port"] <= 65535:
            module.fail_json(msg=f"metadata_info: port {server['port']} of '{server['name']}' is no TCP port (1 to 65535)", error_kind="options")
    if not 1 <= params["timeout"] <= 600:
        module.fail_json(msg=f"metadata_info: timeout is {params['timeout']}; give 1 to 600 seconds", error_kind="options")


SPEC: dict[str, t.Any] = {
    "url": {"type": "str"},
    "path": {"type": "path"},
    "content": {"type": "str"},
    "servers": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "address": {"type": "str"},
            "port": {"type": "int", "default": 443},
        },
    },
    "ca_path": {"type": "path"},
    "proxy": {"type": "str"},
    "timeout": {"type": "int", "default": 10},
    "entity_id": {"type": "str"},
    "jwks": {"type": "bool", "default": False},
}


def work(module: AnsibleModule) -> None:
    """Read, and end with the result."""
    if IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib(MISSING_LIBRARY), exception=IMPORT_ERROR)
    _check(module)
    if module.params["url"] and not HAS_URLLIB3:
        module.fail_json(msg=missing_required_lib("urllib3"))
    try:
        result = {"servers": _read_servers(module.params)} if module.params["servers"] is not None else _read_one(module.params)
    except FetchError as exc:
        module.fail_json(msg=f"metadata_info: {exc}", error_kind=exc.kind, tls_certificate=_tls_certificate(exc.certificate))
    except MetadataError as exc:
        module.fail_json(msg=f"metadata_info: {exc}", error_kind="not_metadata")
    module.exit_json(changed=False, **result)


def main() -> None:
    """Run the module."""
    work(AnsibleModule(argument_spec=SPEC, supports_check_mode=True))


if __name__ == "__main__":
    main()

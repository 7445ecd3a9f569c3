# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Options for signing in to Entra ID, for modules; the second half adds where a lookup finds them besides."""

from __future__ import annotations


class ModuleDocFragment:
    """The table of options is module_utils/_entra/options.py; a test compares."""

    DOCUMENTATION = r"""
options:
  tenant_id:
    description:
      - The tenant's ID, or one of its domain names.
      - With O(access_token) and V(managed_identity) it may be left out.
    type: str
    aliases: [tenant]
  client_id:
    description:
      - The application (client) ID of the app registration to sign in as.
      - With O(auth_method=managed_identity) that of a user-assigned identity; without it the machine's own, system-assigned one is used.
    type: str
  cloud:
    description:
      - The Microsoft cloud of the tenant. One of V(public) (also for GCC), V(usgov) (GCC High, L4), V(usgov_dod) (DoD, L5), V(china), and the
        sovereign clouds V(bleu) (France), V(delos) (Germany) and V(govsg) (Singapore government).
      - The names of older articles (V(Fairfax), V(MoonCake)) and of Azure's tools (V(AzureCloud), V(AzureUSGovernment), V(AzureChinaCloud))
        are understood too, as are those that E(AZURE_CLOUD_ENVIRONMENT) has in AWX. The former German cloud (V(BlackForest)) closed on
        2021-10-29. V(germany) alone is refused, because it may mean either that or V(delos).
      - Without it the public cloud, or that of a well-known host in O(graph_url) or O(authority_url).
    type: str
    aliases: [cloud_environment]
  auth_method:
    description:
      - How to sign in. Without it, the method whose option is set.
      - V(client_secret) needs O(tenant_id), O(client_id) and O(client_secret).
      - V(client_certificate) needs O(tenant_id), O(client_id), and O(client_certificate_path) or O(client_certificate).
      - V(managed_identity) needs nothing else. It is the identity that Azure gives the machine that runs the task, and comes from the endpoint
        of an Azure virtual machine (IMDS), of App Service, Functions or Automation, or of Azure Arc, without a proxy. It is never chosen unless
        named here.
      - V(workload_identity) needs O(tenant_id), O(client_id) and O(federated_token_file).
      - V(access_token) needs O(access_token).
    type: str
  client_secret:
    description:
      - The value, not the ID, of a client secret of the app.
    type: str
    aliases: [secret]
  client_certificate_path:
    description:
      - The path of a file with the app's certificate and its private key, in PEM or PFX (PKCS 12) format, on the machine that runs the task.
      - Mutually exclusive with O(client_certificate).
    type: path
  client_certificate:
    description:
      - The certificate and its private key themselves, as PEM text, or as a PFX file in base64.
      - Mutually exclusive with O(client_certificate_path).
    type: str
  client_certificate_passphrase:
    description:
      - What the private key of the certificate is encrypted with.
    type: str
  federated_token_file:
    description:
      - The path of a file with a token of another issuer that the app trusts (workload identity federation), such as a Kubernetes cluster renews
        in its pods. It is read again each time that a token for Graph is asked for.
      - Its audience must be the one in the app's federated credential. What is proposed there is C(api://AzureADTokenExchange), with C(USGov),
        C(China), C(France) or C(Germany) at its end in those clouds.
    type: path
  access_token:
    description:
      - A token for Microsoft Graph that was got elsewhere. It cannot be renewed, so it has to last until the end of the task.
    type: str
  graph_url:
    description:
      - Another address of Microsoft Graph than the cloud's own, for a private endpoint or for tests. With C(https) only.
    type: str
  authority_url:
    description:
      - Another address of the sign-in service than the cloud's own, without the tenant, for a private endpoint or for tests. With C(https) only.
    type: str
  ca_path:
    description:
      - A file with CA certificates in PEM format, or a folder of such files, to trust for Entra ID and Graph instead of those of the system,
        as where a proxy inspects TLS.
      - It wins over E(REQUESTS_CA_BUNDLE) and E(CURL_CA_BUNDLE).
    type: path
  proxy:
    description:
      - The proxy for Entra ID and Graph, such as V(http://proxy.example.com:8080), with a user name and password in it if need be.
      - It wins over E(HTTPS_PROXY) and E(NO_PROXY). The endpoint of a managed identity is never asked through a proxy.
    type: str
  timeout:
    description:
      - How long connecting may take, and how long each answer, as a whole, may take from the request to its last byte, in seconds, from 1 to 600.
      - Without it 30 seconds. What is throttled, or fails in a way that passes, is asked again for up to two minutes more.
    type: int
  time_limit:
    description:
      - How long all of the task's requests may take together, in seconds, from 1 to 7200, the waits that Microsoft Graph asks for included.
        What is not done by then is an error that says so.
      - Without it 600 seconds.
    type: int
notes:
  - Variables of the host or the task whose names are C(adfs_entra_) and the name of an option, for example C(adfs_entra_tenant_id), count as
    options where the option itself is not given.
  - The identity (tenant, app and credential) comes whole from the first source that has any of it. Sources are the options, then environment
    variables E(ADFS_ENTRA_TENANT_ID), E(ADFS_ENTRA_CLIENT_ID), E(ADFS_ENTRA_CLIENT_SECRET) and so on, named like the options, then the
    well-known E(AZURE_TENANT_ID) (or E(AZURE_TENANT)), E(AZURE_CLIENT_ID), E(AZURE_CLIENT_SECRET) (or E(AZURE_SECRET)),
    E(AZURE_CLIENT_CERTIFICATE_PATH), E(AZURE_CLIENT_CERTIFICATE_PASSWORD) and E(AZURE_FEDERATED_TOKEN_FILE). The Microsoft Azure credential
    of AWX sets the first ones and needs no other setting; E(AZURE_FEDERATED_TOKEN_FILE) beside it does not count.
  - The other settings come one by one from the options, then from E(ADFS_ENTRA_CLOUD), E(ADFS_ENTRA_GRAPH_URL) and so on.
    E(AZURE_CLOUD_ENVIRONMENT) and E(AZURE_AUTHORITY_HOST) count only where the identity comes from E(AZURE_CLIENT_ID) and the like as well.
  - Empty text counts as not set, everywhere.
  - Without O(proxy), proxies are taken from E(HTTPS_PROXY) and E(NO_PROXY).
requirements:
  - cryptography >= 43
  - msal >= 1.35 (not with O(access_token))
  - requests >= 2.31
  - urllib3 >= 2.2
"""

    PLUGIN = r"""
options:
  tenant_id:
    env:
      - name: ADFS_ENTRA_TENANT_ID
    vars:
      - name: adfs_entra_tenant_id
  client_id:
    env:
      - name: ADFS_ENTRA_CLIENT_ID
    vars:
      - name: adfs_entra_client_id
  cloud:
    env:
      - name: ADFS_ENTRA_CLOUD
    vars:
      - name: adfs_entra_cloud
  auth_method:
    env:
      - name: ADFS_ENTRA_AUTH_METHOD
    vars:
      - name: adfs_entra_auth_method
  client_secret:
    env:
      - name: ADFS_ENTRA_CLIENT_SECRET
    vars:
      - name: adfs_entra_client_secret
  client_certificate_path:
    env:
      - name: ADFS_ENTRA_CLIENT_CERTIFICATE_PATH
    vars:
      - name: adfs_entra_client_certificate_path
  client_certificate:
    env:
      - name: ADFS_ENTRA_CLIENT_CERTIFICATE
    vars:
      - name: adfs_entra_client_certificate
  client_certificate_passphrase:
    env:
      - name: ADFS_ENTRA_CLIENT_CERTIFICATE_PASSPHRASE
    vars:
      - name: adfs_entra_client_certificate_passphrase
  federated_token_file:
    env:
      - name: ADFS_ENTRA_FEDERATED_TOKEN_FILE
    vars:
      - name: adfs_entra_federated_token_file
  access_token:
    env:
      - name: ADFS_ENTRA_ACCESS_TOKEN
    vars:
      - name: adfs_entra_access_token
  graph_url:
    env:
      - name: ADFS_ENTRA_GRAPH_URL
    vars:
      - name: adfs_entra_graph_url
  authority_url:
    env:
      - name: ADFS_ENTRA_AUTHORITY_URL
    vars:
      - name: adfs_entra_authority_url
  ca_path:
    env:
      - name: ADFS_ENTRA_CA_PATH
    vars:
      - name: adfs_entra_ca_path
  proxy:
    env:
      - name: ADFS_ENTRA_PROXY
    vars:
      - name: adfs_entra_proxy
  timeout:
    env:
      - name: ADFS_ENTRA_TIMEOUT
    vars:
      - name: adfs_entra_timeout
  time_limit:
    env:
      - name: ADFS_ENTRA_TIME_LIMIT
    vars:
      - name: adfs_entra_time_limit
"""

# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The Microsoft clouds, under all the names they go by."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._text import printable


@dataclass(frozen=True)
class Cloud:
    """One cloud: where tokens come from and where Graph is."""

    name: str
    login_host: str
    graph_host: str
    # What a federated credential expects as the audience of another issuer's token, unless it was made for another one.
    audience: str = "api://AzureADTokenExchange"

    @property
    def scope(self) -> str:
        """Return what a token for this cloud's Graph is asked for."""
        return f"https://{self.graph_host}/.default"


# Hosts as of 2026: Microsoft's pages on national clouds and on Graph deployments; for the sovereign clouds of 2025/26 msal's list of known
# authorities (msal 1.37, issue 871 of AzureAD/microsoft-authentication-library-for-python) and issue 8301 of its JavaScript sister.
PUBLIC = Cloud("public", "login.microsoftonline.com", "graph.microsoft.com")
USGOV = Cloud("usgov", "login.microsoftonline.us", "graph.microsoft.us", "api://AzureADTokenExchangeUSGov")
USGOV_DOD = Cloud("usgov_dod", "login.microsoftonline.us", "dod-graph.microsoft.us", "api://AzureADTokenExchangeUSGov")
CHINA = Cloud("china", "login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn", "api://AzureADTokenExchangeChina")
BLEU = Cloud("bleu", "login.sovcloud-identity.fr", "graph.svc.sovcloud.fr", "api://AzureADTokenExchangeFrance")
DELOS = Cloud("delos", "login.sovcloud-identity.de", "graph.svc.sovcloud.de", "api://AzureADTokenExchangeGermany")
# Its audience is not published; that of the public cloud is what a federated credential proposes there.
GOVSG = Cloud("govsg", "login.sovcloud-identity.sg", "graph.svc.sovcloud.sg")
CLOUDS = (PUBLIC, USGOV, USGOV_DOD, CHINA, BLEU, DELOS, GOVSG)

# Besides our own names: those of older articles (Fairfax, MoonCake), of Azure's tools, of Graph's PowerShell and of Graph's schema.
_NAMES = {
    PUBLIC: ("public", "global", "prod", "worldwide", "gcc", "azurecloud", "azurepublic", "azurepubliccloud", "azureglobalcloud", "o365default"),
    USGOV: ("usgov", "usgovl4", "usgovgcchigh", "usgovernment", "usgovernmentcloud", "o365usgovgcchigh", "gcchigh", "l4", "fairfax"),
    USGOV_DOD: ("usgovdod", "usgovl5", "usgovernmentdod", "o365usgovdod", "dod", "l5"),
    CHINA: ("china", "mooncake", "gallatin", "21vianet", "china21vianet", "azurechina", "azurechinacloud", "o365china"),
    BLEU: ("bleu", "france", "azurebleu", "azurefrance", "bleucloud", "azurebleucloud", "azurefrancecloud", "francebleu", "sovcloudfr", "o365bleu"),
    DELOS: ("delos", "azuredelos", "deloscloud", "azuredeloscloud", "germanydelos", "sovcloudde", "o365delos"),
    GOVSG: ("govsg", "azuregovsg", "govsgcloud", "azuregovsgcloud", "singapore", "singaporegovernment", "singaporegov", "sovcloudsg", "o365govsg"),
}
_BY_NAME = {name: cloud for cloud, names in _NAMES.items() for name in names}
_BY_NAME |= dict.fromkeys(("azuregovernment", "azureusgovernment", "azureusgovernmentcloud"), USGOV)
_CLOSED = {"blackforest", "azuregermany", "azuregermancloud", "azuregermanycloud", "germanyblackforest"}
_GERMANY_CLOSED = "Microsoft closed the German cloud (BlackForest) on 2021-10-29; its tenants moved to the public cloud, so use cloud 'public'"
_AMBIGUOUS = {"germany", "german", "deutschland", "germancloud", "germanycloud"}
_GERMANY_MEANINGS = (
    "it may mean the cloud operated by Delos since 2025/26: use 'delos' then. Or it means the one (BlackForest) that Microsoft closed on "
    "2021-10-29; its tenants moved to the public cloud: use 'public' then"
)
_SECRET = {"usnat": "USNat", "ussec": "USSec", "eaglex": "USNat", "scloud": "USSec", "azureusnat": "USNat", "azureussec": "USSec"}
_OTHER_LOGIN_HOSTS = {
    "login.microsoft.com": PUBLIC,
    "login.windows.net": PUBLIC,
    "sts.windows.net": PUBLIC,
    "login.usgovcloudapi.net": USGOV,
    "login.chinacloudapi.cn": CHINA,
}


def cloud_by_name(name: str) -> Cloud:
    """Return the cloud of that name, in any of the names and spellings known. Raises OptionsError for others."""
    if "://" in name:
        raise OptionsError("cloud is an address, as Azure Stack has one. There is no Microsoft Graph; name the cloud of the tenant, for example 'public'.")
    plain = "".join(character for character in name.lower() if character.isalnum())
    if plain in _CLOSED:
        raise OptionsError(f"cloud '{name}' no longer exists: {_GERMANY_CLOSED}.")
    if plain in _AMBIGUOUS:
        raise OptionsError(f"cloud '{name}' is ambiguous: {_GERMANY_MEANINGS}.")
    if plain in _SECRET:
        raise OptionsError(
            f"cloud '{name}' ({_SECRET[plain]}) is closed off from the internet, and its addresses are not public; set authority_url and graph_url instead."
        )
    if plain not in _BY_NAME:
        raise OptionsError(f"cloud '{printable(name, 60)}' is unknown; use one of {', '.join(cloud.name for cloud in CLOUDS)}.")
    return _BY_NAME[plain]


def is_login_host(host: str) -> bool:
    """Tell whether this is a host where a known cloud signs in, so that the addresses of its endpoints are known."""
    return bool(_owners("authority_url", host.lower()))


def select_cloud(name: str | None, authority_url: str | None, graph_url: str | None) -> Cloud:
    """Return the cloud that is meant: by its name, else by a well-known host in one of the URLs, else the public one.

    A URL with a host of our own (private endpoint, test) says nothing about the cloud. Raises OptionsError where a well-known
    host belongs to another cloud than the one chosen: the token would be for a Graph that never gets it.
    """
    chosen = cloud_by_name(name) if name else None
    for option, url in (("graph_url", graph_url), ("authority_url", authority_url)):
        host = (urlsplit(url).hostname or "").lower() if url else ""
        if host in ("login.microsoftonline.de", "graph.microsoft.de"):
            raise OptionsError(f"{option} names {host}, which no longer exists: {_GERMANY_CLOSED}.")
        owners = _owners(option, host)
        if not owners:
            continue
        if chosen is None:
            chosen = owners[0]
        elif chosen not in owners:
            raise OptionsError(f"{option} names {host}, a host of cloud '{owners[0].name}', but the cloud is '{chosen.name}'; make them agree.")
    return chosen or PUBLIC


def _owners(option: str, host: str) -> list[Cloud]:
    # Both US Government clouds share one login host, so that host alone does not tell them apart; the first one is L4.
    if option == "graph_url":
        return [cloud for cloud in CLOUDS if cloud.graph_host == host]
    other = _OTHER_LOGIN_HOSTS.get(host)
    return [cloud for cloud in CLOUDS if cloud.login_host == (other.login_host if other else host)]

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


@dataclass(frozen=True)
class Cloud:
    """One cloud: where tokens come from and where Graph is."""

    name: str
    login_host: str
    graph_host: str

    @property
    def scope(self) -> str:
        """Return what a token for this cloud's Graph is asked for."""
        return f"https://{self.graph_host}/.default"


# Hosts as of 2025: Microsoft's pages on national clouds and on Graph deployments.
PUBLIC = Cloud("public", "login.microsoftonline.com", "graph.microsoft.com")
USGOV = Cloud("usgov", "login.microsoftonline.us", "graph.microsoft.us")
USGOV_DOD = Cloud("usgov_dod", "login.microsoftonline.us", "dod-graph.microsoft.us")
CHINA = Cloud("china", "login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn")
CLOUDS = (PUBLIC, USGOV, USGOV_DOD, CHINA)

# Besides our own names: those of older articles (Fairfax, MoonCake), of Azure's tools, and of Graph's PowerShell.
_NAMES = {
    "public": PUBLIC,
    "global": PUBLIC,
    "gcc": PUBLIC,
    "azurecloud": PUBLIC,
    "azurepublic": PUBLIC,
    "azurepubliccloud": PUBLIC,
    "o365default": PUBLIC,
    "usgov": USGOV,
    "usgovl4": USGOV,
    "usgovgcchigh": USGOV,
    "usgovernment": USGOV,
    "o365usgovgcchigh": USGOV,
    "gcchigh": USGOV,
    "fairfax": USGOV,
    "azuregovernment": USGOV,
    "azureusgovernment": USGOV,
    "azureusgovernmentcloud": USGOV,
    "usgovdod": USGOV_DOD,
    "usgovl5": USGOV_DOD,
    "o365usgovdod": USGOV_DOD,
    "dod": USGOV_DOD,
    "china": CHINA,
    "mooncake": CHINA,
    "21vianet": CHINA,
    "azurechina": CHINA,
    "azurechinacloud": CHINA,
    "o365china": CHINA,
}
_GERMANY = {"germany", "blackforest", "azuregermany", "azuregermancloud", "azuregermanycloud"}
_GERMANY_CLOSED = "Microsoft closed the German cloud (BlackForest) on 2021-10-29; its tenants moved to the public cloud, so use cloud 'public'"
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
    if plain in _GERMANY:
        raise OptionsError(f"cloud '{name}' no longer exists: {_GERMANY_CLOSED}.")
    if plain not in _NAMES:
        raise OptionsError(f"cloud '{name[:60]}' is unknown; use one of {', '.join(cloud.name for cloud in CLOUDS)}.")
    return _NAMES[plain]


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

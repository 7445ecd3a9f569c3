# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person or a test needs to run playbooks against the lab: inventories, an environment to source, addresses."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from lab.farm import Farm, Node
from lab.provider import Provider
from lab.world import World

REPOSITORY = Path(__file__).resolve().parents[2]


def write(world: World, control_url: str, directory: Path) -> None:
    """Write everything into the directory, readable for its owner only."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    ca_path = directory / "ca.pem"
    _put(ca_path, world.authority.pem)
    _link_collection(directory)
    variants: dict[str, Callable[[dict[str, Any], World], None]] = {
        "inventory": lambda _inventory, _world: None,
        "inventory-psrp": _over_psrp,
        "inventory-ntlm": _with_ntlm,
        "inventory-http": _over_http,
        "inventory-prompt": _without_password,
        "inventory-become": _with_become,
        "inventory-become-listed": _with_become_and_localhost,
    }
    for name, change in variants.items() if world.farms else [("inventory", variants["inventory"])]:
        inventory = _inventory(world, control_url, ca_path)
        change(inventory, world)
        _put_yaml(directory / f"{name}.yml", inventory)
    environment = environment_of(world, control_url, directory)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items() if name != "ANSIBLE_COLLECTIONS_PATH"]
    collections = shlex.quote(environment["ANSIBLE_COLLECTIONS_PATH"])
    lines.append(f'export ANSIBLE_COLLECTIONS_PATH={collections}"${{ANSIBLE_COLLECTIONS_PATH:+:$ANSIBLE_COLLECTIONS_PATH}}"')
    _put(directory / "env", "\n".join(lines) + "\n")
    _put(directory / "lab.json", json.dumps(_addresses(world, control_url, directory, environment), indent=2) + "\n")


def environment_of(world: World, control_url: str, directory: Path) -> dict[str, str]:
    """Return the variables that playbooks against the lab need."""
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(directory / "collections"),
        "ADFS_ENTRA_TENANT_ID": world.tenant.tenant_id,
        "ADFS_ENTRA_CLIENT_ID": world.credentials.client_id,
        "ADFS_ENTRA_CLIENT_SECRET": world.credentials.client_secret,
        "ADFS_ENTRA_GRAPH_URL": world.entra.graph_url,
        "ADFS_ENTRA_AUTHORITY_URL": world.entra.login_url,
        "ADFS_ENTRA_CA_PATH": str(directory / "ca.pem"),
        "LAB_CONTROL": control_url,
        "LAB_DIR": str(directory),
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def _inventory(world: World, control_url: str, ca_path: Path) -> dict[str, Any]:
    group: dict[str, Any] = {
        "ansible_connection": "winrm",
        "ansible_host": "127.0.0.1",
        "ansible_user": world.credentials.windows_user,
        "ansible_password": world.credentials.windows_password,
        "ansible_winrm_scheme": "https",
        "ansible_winrm_transport": "basic",
        "ansible_winrm_ca_trust_path": str(ca_path),
        "ansible_winrm_operation_timeout_sec": 20,
        "ansible_winrm_read_timeout_sec": 30,
        "ansible_psrp_protocol": "https",
        "ansible_psrp_auth": "basic",
        "ansible_psrp_ca_cert": str(ca_path),
        "ansible_psrp_connection_timeout": 30,
        "ansible_psrp_operation_timeout": 20,
        "ansible_psrp_read_timeout": 30,
        "renew_signing_cert_metadata_ca_path": str(ca_path),
        # The controller's clock is real, the lab's is not: a run takes its time from the lab.
        "renew_signing_cert_now": "{{ (lookup('ansible.builtin.url', '" + control_url + "/clock') | ansible.builtin.from_json).now }}",
        **world.built.variables,
    }
    if world.providers:
        return {"adfs": {"children": {"state_hosts": {"hosts": {provider.name: _keeper(world, provider, group) for provider in world.providers}}}}}
    return {
        "adfs": {
            "children": {
                "adfs_primary": {"hosts": {_short(farm.primary_node): _host(world, farm, farm.primary_node) for farm in world.farms}},
                "adfs_secondary": {"hosts": {_short(node): _host(world, farm, node) for farm in world.farms for node in farm.nodes[1:]}},
            },
            "vars": group,
        }
    }


def _keeper(world: World, provider: Provider, group: dict[str, Any]) -> dict[str, Any]:
    """The host that keeps the journal of one identity provider: here the controller, but with a folder of the lab's."""
    directory = Path(str(group["renew_signing_cert_metadata_ca_path"])).parent
    return {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "renew_signing_cert_source": "metadata",
        "renew_signing_cert_metadata_url": f"https://localhost:{world.metadata[provider.name].port}{provider.metadata_path}",
        "renew_signing_cert_state_host": provider.name,
        "renew_signing_cert_state_path": str(directory / "state"),
        **{name: value for name, value in group.items() if name.startswith("renew_signing_cert_")},
    }


def _host(world: World, farm: Farm, node: Node) -> dict[str, Any]:
    return {
        "ansible_port": world.winrm[node.name].port,
        "renew_signing_cert_servers": [{"name": item.name, "address": "127.0.0.1", "port": world.metadata[item.name].port} for item in farm.nodes],
    }


def _over_psrp(inventory: dict[str, Any], _world: World) -> None:
    """The other connection plugin. (As an extra variable it would also take the controller's own tasks to Windows.)"""
    inventory["adfs"]["vars"]["ansible_connection"] = "psrp"


def _with_ntlm(inventory: dict[str, Any], _world: World) -> None:
    """NTLM over HTTPS."""
    inventory["adfs"]["vars"].update(ansible_winrm_transport="ntlm", ansible_psrp_auth="ntlm")


def _over_http(inventory: dict[str, Any], world: World) -> None:
    """NTLM with message encryption over plain HTTP."""
    inventory["adfs"]["vars"].update(
        ansible_winrm_scheme="http",
        ansible_winrm_transport="ntlm",
        ansible_winrm_message_encryption="always",
        ansible_psrp_protocol="http",
        ansible_psrp_auth="ntlm",
        ansible_psrp_message_encryption="always",
    )
    for group in inventory["adfs"]["children"].values():
        for name, host in group["hosts"].items():
            host["ansible_port"] = world.winrm[world.node(name).name].http_port


def _without_password(inventory: dict[str, Any], _world: World) -> None:
    """The password is asked for at the prompt, as AWX does."""
    del inventory["adfs"]["vars"]["ansible_password"]


def _with_become(inventory: dict[str, Any], _world: World) -> None:
    """What careless inventories do: Windows settings and become for everything."""
    settings = inventory["adfs"]["vars"]
    everything = {name: settings.pop(name) for name in list(settings) if name.startswith("ansible_") and name != "ansible_host"}
    everything.update(ansible_become=True, ansible_become_method="runas", ansible_become_user=everything["ansible_user"])
    everything["ansible_become_password"] = everything["ansible_password"]
    inventory["all"] = {"children": {"adfs": inventory.pop("adfs")}, "vars": everything}


def _with_become_and_localhost(inventory: dict[str, Any], world: World) -> None:
    """The same, with the controller listed among the hosts."""
    _with_become(inventory, world)
    inventory["all"]["hosts"] = {"localhost": {}}


def _addresses(world: World, control_url: str, directory: Path, environment: dict[str, str]) -> dict[str, Any]:
    return {
        "scenario": world.built.name,
        "control": control_url,
        "login_url": world.entra.login_url,
        "graph_url": world.entra.graph_url,
        "tenant_id": world.tenant.tenant_id,
        "client_id": world.credentials.client_id,
        "client_secret": world.credentials.client_secret,
        "user": world.credentials.windows_user,
        "password": world.credentials.windows_password,
        "ca_path": str(directory / "ca.pem"),
        "inventory": str(directory / "inventory.yml"),
        "environment": environment,
        "domains": [domain.name for domain in world.tenant.domains],
        "certificates": {name: item.thumbprint for name, item in world.built.certificates.items()},
        "farms": [
            {
                "host_name": farm.host_name,
                "identifier": farm.identifier,
                "nodes": [
                    {
                        "name": node.name,
                        "inventory_name": _short(node),
                        "primary": node is farm.primary_node,
                        "winrm_https_port": world.winrm[node.name].port,
                        "winrm_http_port": world.winrm[node.name].http_port,
                        "metadata_port": world.metadata[node.name].port,
                    }
                    for node in farm.nodes
                ],
            }
            for farm in world.farms
        ],
        "providers": [
            {"host_name": item.host_name, "identifier": item.identifier, "metadata_port": world.metadata[item.name].port, "metadata_path": item.metadata_path}
            for item in world.providers
        ],
    }


def _link_collection(directory: Path) -> None:
    link = directory / "collections" / "ansible_collections" / "federation" / "adfs"
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink():
        link.unlink()
    link.symlink_to(REPOSITORY, target_is_directory=True)


def _short(node: Node) -> str:
    return node.name.split(".")[0]


def _put(path: Path, text: str) -> None:
    """Write a file that only its owner may read, all of it or nothing."""
    new = path.with_name(f"{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    new.replace(path)


def _put_yaml(path: Path, data: dict[str, Any]) -> None:
    _put(path, "---\n" + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=200))

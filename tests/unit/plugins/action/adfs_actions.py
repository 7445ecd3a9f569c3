# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the actions for AD FS against the lab's farm model; only the call of ansible.windows.win_powershell is replaced."""

from __future__ import annotations

import importlib
import pathlib
import sys
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from ansible_collections.federation.adfs.plugins.plugin_utils import _powershell

TESTS = pathlib.Path(__file__).resolve().parents[3]
if str(TESTS) not in sys.path:
    sys.path.append(str(TESTS))  # ansible-test does not know the lab
if sys.version_info >= (3, 11):
    from lab import powershell
    from lab.clock import Clock
    from lab.farm import SERVICE_COMMUNICATIONS, TOKEN_DECRYPTING, TOKEN_SIGNING, CmdletError, Farm, ServiceCertificate, StoreEntry
    from lab.keys import self_signed
else:
    pytest.skip("the lab needs Python 3.11", allow_module_level=True)


def cmdlet_error(cmdlet, identifier, message, **more):
    """Return an error of an AD FS cmdlet, as the lab's farm raises it."""
    return CmdletError(cmdlet, identifier, message, **more)


class World:
    """A farm of two servers, the calls that were made, and replies to give instead of the lab's."""

    def __init__(self, age_days=300, **options):
        self.clock = Clock()
        self.farm = Farm(self.clock, "sts.contoso.com", ["adfs1.contoso.com", "adfs2.contoso.com"], **options)
        born = self.clock.now() - timedelta(days=age_days)
        for kind in (TOKEN_SIGNING, TOKEN_DECRYPTING):
            self.farm.promote(self.farm.generate(kind, born), born, by_hand=False)
        self.put(SERVICE_COMMUNICATIONS, "sts.contoso.com", primary=True)
        self.calls = []
        self.instead = {}
        self.before_call = {}
        self.after_call = {}

    def put(self, kind, name, primary=False, born_days_ago=100, valid_days=365):
        """Put a certificate into the configuration, as an administrator did before."""
        keyed = self.keyed(name, born_days_ago, valid_days)
        item = ServiceCertificate(kind, primary, "LocalMachine", "My", keyed)
        self.farm.put(item, replace_primary=primary)
        return item

    def keyed(self, name="token.contoso.com", born_days_ago=1, valid_days=365):
        born = self.clock.now() - timedelta(days=born_days_ago)
        return self_signed(name, born, born + timedelta(days=valid_days))

    def in_store(self, **options):
        """Put a certificate into the Windows store of every server, and return its thumbprint."""
        keyed = self.keyed(**options)
        for node in self.farm.nodes:
            node.store[keyed.thumbprint] = StoreEntry(keyed)
        return keyed.thumbprint

    def staged(self, kind=TOKEN_SIGNING):
        """List a certificate that is in the Windows store of every server, and return its thumbprint."""
        thumbprint = self.in_store()
        self.farm.put(ServiceCertificate(kind, False, "LocalMachine", "My", self.farm.nodes[0].store[thumbprint].keyed), replace_primary=False)
        return thumbprint

    def primary(self, kind=TOKEN_SIGNING):
        return self.farm.configuration.primary(kind)

    def listed(self, kind=TOKEN_SIGNING):
        return [item.thumbprint for item in self.farm.configuration.of_type(kind)]

    @property
    def acts(self):
        return [name for name in self.calls if name in _powershell.ACTS]

    def run(self, module, arguments=None, node=0, check_mode=False, diff=True):
        """Run one module on one server and return its result."""
        action = make_action(module, arguments, check_mode, diff)
        action._execute_module = lambda module_name, module_args, task_vars: self._answer(node, module_name, module_args, check_mode)
        return action.run(None, {})

    def _answer(self, node, module_name, arguments, check_mode):
        name = powershell.script_name(arguments)
        self.calls.append(name)
        if name in self.before_call:
            self.before_call.pop(name)()
        if name in self.instead:
            return self.instead[name]
        result = powershell.run_module(self.farm.nodes[node], module_name, arguments, check_mode)
        return self.after_call.pop(name)(result) if name in self.after_call else result


def make_action(module, arguments=None, check_mode=False, diff=True, windows=True, async_val=0):
    """Return an action with a task and a connection that have what actions read of them."""
    found = importlib.import_module(f"ansible_collections.federation.adfs.plugins.action.{module}")
    name = f"federation.adfs.{module}"
    task = SimpleNamespace(args=dict(arguments or {}), check_mode=check_mode, diff=diff, async_val=async_val, action=name, environment=[])
    shell = SimpleNamespace(_IS_WINDOWS=windows, tmpdir="C:\\tmp")
    connection = MagicMock(_shell=shell, transport="winrm" if windows else "local")
    action = found.ActionModule(
        task=task, connection=connection, play_context=MagicMock(), loader=MagicMock(), templar=MagicMock(), shared_loader_obj=MagicMock()
    )
    action._load_name = module
    return action

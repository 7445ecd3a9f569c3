# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Loads once what every task of a run would else load for itself.

Ansible imports an action in its main process and forks a worker for each task. What is imported along with the action, the workers find loaded:
the lookup that reads Entra with its libraries, and Ansible's tests for templates. A missing library is reported by what needs it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib

from ansible.plugins.loader import lookup_loader, test_loader

for _module in ("msal", "requests", "cryptography.hazmat.primitives.serialization.pkcs12", "email.mime.multipart", "netrc"):
    with contextlib.suppress(ImportError):
        importlib.import_module(_module)
lookup_loader.get("federation.adfs.entra_federation")
test_loader.get("ansible.builtin.defined")
# A collection in a worker would look at all that is loaded and so copy the pages that it shares with the main process: see gc.freeze. None is
# made before: it costs more than a run has in garbage by now.
gc.freeze()

# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What the lookups of Entra ID have in common: how their options are given, and the tokens that they share."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping

from ansible.plugins.lookup import LookupBase

from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import OPTIONS
from ansible_collections.federation.adfs.plugins.module_utils._entra.tenants import options_of
from ansible_collections.federation.adfs.plugins.plugin_utils._entra_variables import by_variables

_NAMES = {name: option.name for option in OPTIONS for name in (option.name, *option.aliases)}

TOKENS: dict[str, str] = {}
"""Tokens of this process, by identity: lookups in the arguments of one task run in the task's own process, which ends with it."""


class EntraLookup(LookupBase):
    """A lookup with the options for signing in to Entra ID, for one tenant or several."""

    OWN: t.ClassVar[tuple[str, ...]] = ()
    """The lookup's own options."""

    def given_tenants(self, variables: Mapping[str, t.Any], arguments: Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
        """Return the options of each tenant. Raises OptionsError."""
        given = self._given(variables, arguments)
        return [given] if arguments.get("tenants") in (None, "") else options_of(arguments["tenants"], given, _NAMES)

    def _given(self, variables: Mapping[str, t.Any], arguments: Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Return the options that were given as arguments or as variables, one by one.

        set_options and get_option are of no use here: they look into the environment option by option, and so could mix two
        identities, they leave templates in variables as they are, and they refuse empty numbers.
        """
        known = {"wantlist", "tenants", *self.OWN, *_NAMES}
        unknown = sorted(set(arguments) - known)
        if unknown:
            raise OptionsError(f"unknown option {', '.join(unknown)}; known are {', '.join(sorted(known - {'wantlist'}))}.")
        given: dict[str, t.Any] = {}
        for option in OPTIONS:
            names = [name for name in (option.name, *option.aliases) if name in arguments]
            if len(names) > 1:
                raise OptionsError(f"{' and '.join(names)} are the same option; give one of them.")
            if names:
                given[option.name] = arguments[names[0]]
        return {**by_variables(variables, given, self._templar), **given}


def flat(terms: t.Any) -> Iterator[t.Any]:
    """Yield the names in the terms, lists in lists taken apart, empty text left out."""
    for term in terms if isinstance(terms, (list, tuple)) else [terms]:
        if isinstance(term, (list, tuple)):
            yield from flat(term)
        elif term is not None and not (isinstance(term, str) and not term.strip()):
            yield term

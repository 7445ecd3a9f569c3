# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""All conditions that can hold an act back, each declared once: who lifts it, why it is there, and what to do.

Every ``Block`` carries the name of one of them, and a test compares both. `make generate` writes the table of the operator's guide from
here, with the markup of Ansible's documentation: V(value), O(option=value), C(code), M(module).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TIME = "time"
"""It ends by itself, at a moment that the line names."""
EVENT = "event"
"""It ends when something else is seen to have happened; runs find that out."""
OPERATOR = "operator"
"""It stays until an administrator changes something."""


@dataclass(frozen=True)
class Condition:
    """``lifted_by``: time, event or operator. ``why``: what it is about. ``advice``: for the guide; a line of the summary has its own."""

    name: str
    lifted_by: str
    why: str
    advice: str


_ALL = (
    # Nothing is due, or the next step has its time.
    Condition("due", TIME, "It is too early to renew.", "Nothing."),
    Condition("propagation", TIME, "Entra may still serve the earlier settings of a domain.", "Wait."),
    Condition("sync", EVENT, "Servers of the farm have not replicated the primary server's configuration yet.", "Wait. If it lasts, check the named server."),
    Condition(
        "adfs_clock",
        TIME,
        "AD FS promotes the successor by itself, or may still promote a certificate that is to be removed.",
        "Wait, or follow the advice in the line.",
    ),
    Condition(
        "window",
        TIME,
        "A freeze applies, a calendar of freezes cannot be read, or no maintenance window is open.",
        "Wait. Acts that keep sign-in working ignore windows, unless O(renew_signing_cert_protect=false).",
    ),
    Condition("remove_interval", TIME, "A session or a proxy's trust may still depend on the previous certificate.", "Wait."),
    Condition("retire_interval", TIME, "A token that was signed with the previous certificate can still arrive.", "Wait."),
    # The run itself.
    Condition("lock", TIME, "Another run works on the farm, or ended less than 15 minutes ago without giving the lock back.", "Wait."),
    Condition(
        "clock",
        OPERATOR,
        "The clocks of the controller and the server differ by more than five minutes.",
        "Correct time synchronization (C(w32tm /query /status)). Timed acts wait until both agree.",
    ),
    Condition(
        "journal",
        OPERATOR,
        "The journal cannot be used or written, so what a write replaces could not be kept.",
        "Correct what the line names. Acts that protect sign-in are done, with the backup in the result. AD FS' clock is held only if"
        " ``renew_signing_cert_auto_rollover`` is ``true``, so that a later run can give it back.",
    ),
    Condition(
        "failed_act",
        OPERATOR,
        "An act of this run failed, so only acts that protect sign-in follow it.",
        "Correct the cause and run the playbook again.",
    ),
    Condition(
        "hook",
        OPERATOR,
        "The hook before the acts failed or cannot be used, so only acts that protect sign-in are done.",
        "Correct what its task says, or the file in O(renew_signing_cert_hooks), and run the playbook again.",
    ),
    Condition(
        "first_domains",
        OPERATOR,
        "A domain that is to be written before the others was not: it cannot be read, its write was refused, or it is not the farm's.",
        "Correct what the line names, or O(renew_signing_cert_first_domains). Once time is short, a successor is published to the others without them.",
    ),
    Condition(
        "approval",
        OPERATOR,
        "What would be done now is not the approved plan; the line names what changed.",
        "Review the new plan and approve it. Acts that protect sign-in were done.",
    ),
    Condition("next_plan", OPERATOR, "An act has become due that is not part of the approved plan.", "Make a new plan and approve it."),
    Condition("pause", OPERATOR, "The rollover is paused.", "O(renew_signing_cert_pause=false) ends the pause."),
    # What cannot be seen, or is not as it was.
    Condition(
        "unreadable",
        OPERATOR,
        "A domain or a tenant could not be read.",
        "Correct the cause, or acknowledge it in O(renew_signing_cert_domains_acknowledged) with the thumbprint of the successor.",
    ),
    Condition(
        "unpublished",
        OPERATOR,
        "A domain does not have the successor and may not be written to.",
        "Include the domain, or acknowledge it in O(renew_signing_cert_domains_acknowledged) with the thumbprint of the successor.",
    ),
    Condition(
        "missing_domain",
        OPERATOR,
        "A domain was seen earlier in this rollover and is not listed any more.",
        "Find out why, or acknowledge it in O(renew_signing_cert_domains_acknowledged) with the thumbprint of the successor; while keys are stolen, with a"
        " stolen one.",
    ),
    Condition(
        "unseen_server",
        OPERATOR,
        "The metadata of a server could not be read, and the server itself did not confirm that it replicated the present configuration.",
        "Open port 443 to it, give its address in O(renew_signing_cert_servers), add it to the inventory, or, if it is gone for good, set C(gone: true) there."
        " A server that is asked counts as seen from its first synchronization after the run that first saw the configuration.",
    ),
    Condition(
        "servers_unconfirmed",
        OPERATOR,
        "AD FS did not list its servers.",
        "Name all of them in O(renew_signing_cert_servers) and set O(renew_signing_cert_servers_complete=true).",
    ),
    Condition(
        "only_seen_key",
        OPERATOR,
        "A server signs with a certificate that the primary server does not know.",
        "Find out why, and let that server synchronize, or set C(gone: true) for it in O(renew_signing_cert_servers).",
    ),
    Condition(
        "unknown_certificate",
        OPERATOR,
        "A domain accepts a certificate of unknown origin.",
        "Find out where it comes from, as described below.",
    ),
    Condition("baseline", OPERATOR, "The settings of a domain are not the approved ones.", "Review the change, as described below."),
    Condition(
        "unmended",
        OPERATOR,
        "Sign-in of a domain is broken, and the domain is excluded, or this run wrote to it and Entra refused or was not seen to take it.",
        "Include the domain or correct the cause. No renewal begins before that.",
    ),
    Condition(
        "unknown_lifetime",
        OPERATOR,
        "The token lifetime of a relying party could not be read.",
        "Set it with C(Set-AdfsRelyingPartyTrust), or list the trust in O(renew_signing_cert_relying_parties_acknowledged).",
    ),
    # What a write or a promotion would break.
    Condition(
        "sign_in",
        EVENT,
        "The step would take away a certificate that a server may still sign with.",
        "Wait. If it lasts, bring the servers of the farm in step.",
    ),
    Condition(
        "too_many_signers",
        OPERATOR,
        "More certificates sign than a domain can hold.",
        "Bring the named servers in step, or set C(gone: true) for them in O(renew_signing_cert_servers).",
    ),
    Condition("validity", TIME, "The certificate that would sign is not valid yet, or ends too soon.", "Wait, or renew by hand as the line says."),
    Condition(
        "key_check",
        OPERATOR,
        "A server cannot use the certificate, or could not be asked. If it were promoted, AD FS would stop on that server.",
        "Follow the advice in the line. Check a server that is not in the inventory by hand and set C(key_checked: true) for it in"
        " O(renew_signing_cert_servers).",
    ),
    Condition(
        "relying_parties",
        OPERATOR,
        "Other partners of the farm need the successor before it signs.",
        "Send it to them, then list them in O(renew_signing_cert_relying_parties_acknowledged).",
    ),
    # What AD FS holds, and what is wanted of it.
    Condition(
        "no_successor",
        OPERATOR,
        "AD FS may promote a certificate that is not to follow the primary, because it signed before or came under another one.",
        "If it is to sign, promote it. If not, remove it from AD FS with M(federation.adfs.certificate), or set O(renew_signing_cert_pause=true).",
    ),
    Condition(
        "several_successors",
        OPERATOR,
        "AD FS holds several certificates that could follow the primary one.",
        "Remove all but one with M(federation.adfs.certificate).",
    ),
    Condition(
        "third_certificate",
        OPERATOR,
        "AD FS holds more than two token-signing certificates, of which Entra's updater may take any two.",
        "Remove the one that is not needed with M(federation.adfs.certificate).",
    ),
    Condition(
        "room",
        EVENT,
        "AD FS still holds an earlier certificate beside the primary one.",
        "Wait, or remove it with M(federation.adfs.certificate), as the line says.",
    ),
    Condition(
        "auto_rollover",
        OPERATOR,
        "Automatic rollover is off, or its state is unknown, and the wanted value is not set.",
        "Set O(renew_signing_cert_auto_rollover).",
    ),
    Condition(
        "promote_policy",
        OPERATOR,
        "The successor is ready, and neither AD FS nor the role is to promote it.",
        "Promote it, or set O(renew_signing_cert_promote).",
    ),
    Condition(
        "last_call",
        OPERATOR,
        "The successor has to sign before the primary certificate ends, and only an administrator may promote it.",
        "Run the command in the line, or set O(renew_signing_cert_promote=role).",
    ),
    Condition(
        "critical_threshold",
        OPERATOR,
        "So near to the end of the certificate, AD FS would promote a new one at once.",
        "Renew by hand now, with access to servers and domains.",
    ),
    Condition(
        "custom_certificate",
        OPERATOR,
        "The primary certificate was issued by an authority, and AD FS does not renew it.",
        "Get the next one issued and name it in O(renew_signing_cert_successor).",
    ),
    Condition(
        "successor",
        OPERATOR,
        "The certificate in O(renew_signing_cert_successor) cannot follow the primary one.",
        "Name another one, or none.",
    ),
    Condition(
        "provider_renews",
        OPERATOR,
        "The certificate of the identity provider ends soon, and its metadata shows no later one.",
        "Have it publish the next certificate beside this one before it signs with it.",
    ),
    # Whether publishing is possible at all.
    Condition("no_domain", OPERATOR, "No federated domain of this farm was found.", "Check O(renew_signing_cert_tenants), and that this is the right farm."),
    Condition(
        "no_writable_domain",
        OPERATOR,
        "Every domain of the farm is excluded or refuses writes.",
        "Include a domain, or correct the cause of the refusal.",
    ),
    Condition(
        "permission",
        OPERATOR,
        "The application may read the domains but not write them.",
        "Grant it C(Domain-InternalFederation.ReadWrite.All) with admin consent.",
    ),
    # Going back, and stolen keys.
    Condition(
        "rollback",
        OPERATOR,
        "A rollback is requested, and AD FS holds no earlier certificate that is valid.",
        "Continue with the present one: O(renew_signing_cert_pause=false).",
    ),
    Condition(
        "unevicted",
        OPERATOR,
        "A domain may still accept a stolen key, and this run could not write to it.",
        "Remove the key by hand at once; the line says why the run could not.",
    ),
    Condition("eviction_form", OPERATOR, "Entra refused every form of the write that removes a stolen key.", "Remove the key by hand at once."),
    Condition(
        "eviction_watch",
        TIME,
        "Stolen keys are removed, and Entra's updater may copy one back from what it read before.",
        "Keep the runs going until then.",
    ),
)
CONDITIONS: Mapping[str, Condition] = {condition.name: condition for condition in _ALL}
"""Every condition by its name, in the order of the guide."""

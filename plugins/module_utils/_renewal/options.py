# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""All variables of the role renew_signing_cert, each declared once: type, default, group and text.

The fields of ``Policy`` are what decides: the role hands them to rollover_plan. ``RUN_OPTIONS`` say how and where a run works. From both,
`make generate` writes the role's defaults, its argument specs, the mapping that hands the policy over, and the tables of the README and
the guide. Texts use the markup of Ansible's documentation: V(value), O(option=value), C(code), M(module), P(plugin#type).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.option_types import (
    Member,
    Span,
    Type,
    acknowledgements,
    baseline_approval,
    boolean,
    choice,
    choices,
    duration,
    entries,
    is_set,
    mapping,
    mappings,
    moment,
    names,
    number,
    record,
    spans,
    text,
    texts,
    thumbprint,
    thumbprints,
)

ENTRA = "Tenants and domains"
SOURCE = "Where the certificates come from"
RENEWAL = "What a run may do"
WINDOWS = "Windows, approvals and pauses"
RECOVERY = "Rollback and stolen keys"
SERVERS = "Servers of the farm and partners"
CUSTOM = "Certificates that AD FS does not make itself, and token-decrypting certificates"
TIMES = "Times"
FAILURE = "What makes a run fail after its safe acts"
GROUPS = (ENTRA, SOURCE, RENEWAL, WINDOWS, RECOVERY, SERVERS, CUSTOM, TIMES, FAILURE)

FAIL_ON = ("broken", "unknown_certificate", "settings_changed", "unreadable", "unclaimed", "refused", "several_successors", "held", "deadline")


@dataclass(frozen=True)
class Option:
    """One role variable. ``line`` describes it in every table; ``more`` follows in the argument specs. ``default``: as it is written.
    ``leads``: stands first in its group.
    ``secret``: holds a password, or may hold one, and is handed to nothing that could show it.
    """

    type: Type
    default: Any
    group: str
    line: str
    more: tuple[str, ...] = ()
    name: str = ""
    policy: bool = False
    leads: bool = False
    secret: bool = False


@dataclass(frozen=True)
class GivenServer:
    """A server of the farm as the operator lists it, by its name in lower case."""

    name: str
    address: str | None = None
    port: int = 443
    gone: bool = False
    key_checked: bool = False


def _servers() -> Type:
    members = {
        "name": Member(text(), "Name of the server as AD FS lists it.", required=True),
        "address": Member(text(), "Host name or IP address to connect to. Without it, the name."),
        "port": Member(number(), "TCP port.", default=443),
        "gone": Member(
            boolean(), "The server is gone for good although AD FS still lists it. Nothing waits for it any more; if it answers, that is said.", default=False
        ),
        "key_checked": Member(
            boolean(),
            "The server was checked by hand and can use O(renew_signing_cert_successor). Needed only where the role cannot ask the server itself.",
            default=False,
        ),
    }
    return entries(members, lambda _name, found: tuple(GivenServer(**{**item, "name": item["name"].lower()}) for item in found))


def _probes() -> Type:
    return entries(
        {
            "name": Member(text(), "Name in the report.", required=True),
            "host": Member(text(), "Inventory host that reads the metadata. Without it, the controller."),
            "where": Member(
                choice("inside", "outside"),
                "Whether that host is on the internet, as Entra is (V(outside)), or on the internal network. A host counts as outside only where this says so.",
                default="inside",
            ),
            "url": Member(text(), "Address to read. Without it, the farm's, or the address given for O(renew_signing_cert_source=metadata)."),
            "proxy": Member(text(), "Proxy of that host, as in O(federation.adfs.metadata_info#module:proxy)."),
            "ca_path": Member(text(), "Authorities trusted on that host, if not those of its system."),
        }
    )


def _hooks() -> Type:
    return record(
        {
            "before": Member(text(), "Called once, before the first act of a run that has some. If it fails, only acts that protect sign-in are done."),
            "after": Member(text(), "Called once, after the last act of a run that did something."),
            "failed": Member(text(), "Called once, at the end of a run that fails."),
        }
    )


def option(type_: Type, *, default: Any, group: str, line: str, more: tuple[str, ...] = ()) -> Any:
    """Declare a field of the policy: its value is ``default``, read as a value of that type, or None where that means not set."""
    value = type_.read("default", default) if is_set(default) else None
    return field(default=value, metadata={"option": Option(type_, default, group, line, more, policy=True)})  # pylint: disable=invalid-field-call


@dataclass(frozen=True)
class Policy:
    """What the operator decides, as the core uses it. The last four fields are no variables but what this run has met: domains that
    Entra refused to write, forms of an eviction that it refused, servers that it restarted, and a sentence for each calendar that it could not read.
    """

    domains: frozenset[str] | None = option(
        names(none_if_empty=True),
        default=[],
        group=ENTRA,
        line="Domains to write to. Without any, every federated domain of the farm. Others still count for whether a promotion is safe.",
    )
    domains_excluded: frozenset[str] = option(
        names(),
        default=[],
        group=ENTRA,
        line="Domains that are never written to. They block a promotion until they are acknowledged.",
    )
    domains_acknowledged: frozenset[tuple[str, str]] = option(
        acknowledgements(),
        default=[],
        group=ENTRA,
        line="Domains, or whole tenants that cannot be read, that block nothing as long as the certificate is the named one. Domains are still written to.",
    )
    host_names: frozenset[str] = option(
        names(),
        default=[],
        group=ENTRA,
        line="Further host names of the farm's federation service, such as its name before a change. Domains whose users are sent there belong to the farm.",
    )
    preset: str = option(
        choice("2025", "2017"),
        default="2025",
        group=RENEWAL,
        line="Which form of the decision table in Microsoft's article is reported beside the verdicts: V(2025) (15 and 35 days) or V(2017) (15 and 30 days).",
    )
    renew_before: timedelta = option(
        duration("days"),
        default="30d",
        group=RENEWAL,
        line="How long before its end a certificate is renewed.",
    )
    promote: str = option(
        choice("adfs", "role", "never"),
        default="adfs",
        group=RENEWAL,
        line="Who makes the successor primary: V(adfs), AD FS at the time it sets itself; V(role), the role, once every domain and server has the successor;"
        " V(never), an administrator.",
        more=(
            "Where automatic rollover is off, only V(role) or an administrator promotes.",
            "With V(adfs), the role promotes where AD FS would otherwise make and promote one more certificate before the next run.",
        ),
    )
    protect: bool = option(
        boolean(),
        default=True,
        group=RENEWAL,
        line="Whether acts that keep sign-in working may ignore windows and freezes.",
    )
    unknown_certificates: str = option(
        choice("stop", "replace"),
        default="stop",
        group=RENEWAL,
        line="What happens where a certificate of unknown origin is in the way: V(stop) waits for a decision, V(replace) overwrites it.",
    )
    known_certificates: frozenset[str] = option(
        thumbprints(),
        default=[],
        group=RENEWAL,
        line="Thumbprints of certificates that do not count as unknown, for example of an earlier farm.",
        more=("With O(renew_signing_cert_source=metadata) also the confirmation of a new signer of the document, and of each certificate in an unsigned one.",),
    )
    auto_rollover: bool | None = option(
        boolean(),
        default=None,
        group=RENEWAL,
        line="Whether automatic rollover of AD FS is wanted. Required where it is off and the certificate is self-signed.",
    )
    first_domains: frozenset[str] = option(
        names(),
        default=[],
        group=RENEWAL,
        line="Domains that get the successor, and are read back, before the others; the same for the later order and removal of certificates.",
        more=(
            "The others wait for them only as long as a later run can still publish in time. Repairs and stolen keys wait for nothing.",
            "It shows that Entra took the certificates, not that users can sign in.",
        ),
    )
    domains_per_pass: int = option(
        number(),
        default=0,
        group=RENEWAL,
        line="How many domains a pass writes at most when it publishes, reorders or removes certificates; each is read back before the next pass."
        " V(0) stands for all.",
        more=("A run has ten passes. Where a later run could not publish in time, and for repairs and stolen keys, there is no limit.",),
    )
    remove_old_from_entra: bool = option(
        boolean(),
        default=False,
        group=RENEWAL,
        line="Whether the previous certificate is removed from the domains once nothing needs it. Otherwise the next renewal replaces it.",
    )
    remove_old_from_adfs: bool = option(
        boolean(),
        default=False,
        group=RENEWAL,
        line="Whether the previous certificate is removed from AD FS about 15 days after the promotion.",
        more=(
            "By then no session and no proxy's trust depends on it. Otherwise AD FS removes it after its end. Automatic rollover is off while it is removed.",
        ),
    )
    approve_any_successor: bool = option(
        boolean(),
        default=False,
        group=WINDOWS,
        line="Whether a plan, once approved, also holds for a successor that did not exist when it was made, whoever made it.",
    )
    baseline_approved: str | None = option(
        baseline_approval(),
        default=None,
        group=WINDOWS,
        line="V(true) approves the settings of all domains as they are; from then on each change is an alarm and stops a renewal. The 16 characters that"
        " such an alarm names approve what it reported.",
    )
    windows: tuple[Span, ...] = option(
        spans(),
        default=[],
        group=WINDOWS,
        line="Times in which planned acts may happen, once or by a recurrence rule. Without any, always.",
    )
    freezes: tuple[Span, ...] = option(
        spans(),
        default=[],
        group=WINDOWS,
        line="Times in which planned acts may not happen, once or by a recurrence rule.",
    )
    pause: bool | None = option(
        boolean(),
        default=None,
        group=WINDOWS,
        line="V(true) stops the rollover where it is and keeps it stopped; V(false) lifts that. Broken sign-in is repaired in any case.",
    )
    rollback: bool = option(
        boolean(),
        default=False,
        group=RECOVERY,
        line="V(true) goes back to the previous certificate, before or after the promotion, as far as that is safe, and pauses.",
        more=(
            "A successor that does not sign yet is removed from AD FS.",
            "After the promotion, the previous certificate signs again once every domain and every server has it.",
            "Only O(renew_signing_cert_pause=false) ends the pause.",
        ),
    )
    compromised: frozenset[str] = option(
        thumbprints(),
        default=[],
        group=RECOVERY,
        line="Thumbprints of certificates whose private key is stolen. Every key of the farm is replaced and removed from every domain, at any time.",
    )
    emergency_priority: str = option(
        choice("availability", "containment"),
        default="availability",
        group=RECOVERY,
        line="What comes first when keys are stolen: V(availability) keeps sign-in working and evicts the keys after about two days; V(containment) evicts"
        " them at once, and sign-in fails until the servers and Entra follow.",
    )
    hand_back: bool = option(
        boolean(),
        default=False,
        group=RECOVERY,
        line="V(true) ends every hold, gives AD FS its clock back, begins nothing new and says what is unfinished: for the day on which these runs end.",
        more=(
            "A successor that AD FS could promote is published first, so this may take several runs. Each fails until it is done.",
            "Automatic rollover that is not wanted stays off.",
        ),
    )
    servers: tuple[GivenServer, ...] = option(
        _servers(),
        default=[],
        group=SERVERS,
        line="Servers that AD FS does not list, and addresses for reading a server's metadata where they differ from the names that AD FS lists.",
    )
    servers_complete: bool = option(
        boolean(),
        default=False,
        group=SERVERS,
        line="States that O(renew_signing_cert_servers) names every server, where AD FS cannot list them.",
    )
    restart_servers: bool = option(
        boolean(),
        default=False,
        group=SERVERS,
        line="Whether the role restarts the AD FS service of servers that still sign with the previous certificate long after a promotion, one server at a"
        " time, within windows.",
        more=("Only servers that are hosts of the inventory, by their name or their C(ansible_host).",),
    )
    relying_parties_acknowledged: frozenset[str] = option(
        names(),
        default=[],
        group=SERVERS,
        line="Names of relying party trusts whose owners have the successor; V(*) stands for all. Required before the role promotes.",
    )
    successor: str | None = option(
        thumbprint(),
        default="",
        group=CUSTOM,
        line="Thumbprint of a certificate that AD FS did not make itself and that becomes the successor. Needs O(renew_signing_cert_auto_rollover=false).",
        more=("The role checks it on every server, adds it, and continues as with any other.",),
    )
    decrypting: bool = option(
        boolean(),
        default=False,
        group=CUSTOM,
        line="Whether the role also renews the token-decrypting certificate of AD FS where automatic rollover is off permanently"
        " (O(renew_signing_cert_auto_rollover=false)).",
        more=(
            "The new one is generated when nothing about signing is due, and is made primary with O(renew_signing_cert_promote=role).",
            "Where automatic rollover is on, AD FS renews it by itself. One that is about to expire is an alarm in any case.",
        ),
    )
    propagation: timedelta = option(
        duration("hours"),
        default="24h",
        group=TIMES,
        line="How long a change may take to reach all of Entra.",
    )
    safety: timedelta = option(
        duration("hours"),
        default="1h",
        group=TIMES,
        line="Time added to the intervals after a change in Entra.",
    )
    run_interval: timedelta = option(
        duration("hours"),
        default="24h",
        group=TIMES,
        line="The time between two runs.",
    )
    fail_on: frozenset[str] = option(
        choices(*FAIL_ON),
        default=list(FAIL_ON),
        group=FAILURE,
        line="What makes a run fail after its safe acts.",
        more=(
            "V(unreadable) is a domain, tenant or configuration that could not be read.",
            "V(unclaimed) is a domain named in O(renew_signing_cert_domains) that is not the farm's.",
            "V(refused) is an act that Entra or AD FS refused.",
            "V(held) is a rollover of AD FS that waits for this collection.",
            "Clocks that differ, another run's lock, an approval that does not hold, a calendar that cannot be read and an emergency always fail the run.",
        ),
    )
    deadline_days: timedelta = option(
        duration("days"),
        default="7d",
        group=FAILURE,
        line="A deadline nearer than this fails the run.",
    )
    refused: frozenset[str] = frozenset()
    eviction_forms_refused: frozenset[str] = frozenset()
    restarted: frozenset[str] = frozenset()
    unread_calendars: tuple[str, ...] = ()

    @property
    def gated(self) -> bool:
        """Whether there are times at which planned acts may not happen, or may be some."""
        return bool(self.windows or self.freezes or self.unread_calendars)

    @property
    def servers_gone(self) -> frozenset[str]:
        """Servers that the operator says are gone for good."""
        return frozenset(server.name for server in self.servers if server.gone)

    @property
    def servers_checked(self) -> frozenset[str]:
        """Servers on which the operator checked the key by hand."""
        return frozenset(server.name for server in self.servers if server.key_checked)


RUN_OPTIONS: tuple[Option, ...] = (
    Option(
        name="tenants",
        secret=True,
        leads=True,
        type=mappings(),
        default=[{}],
        group=ENTRA,
        line="The tenants that the farm serves, each with options of P(federation.adfs.entra_federation#lookup). An entry without options takes the whole"
        " identity from the environment.",
        more=("With several entries, each needs its C(tenant_id).",),
    ),
    Option(
        name="sign_in_log",
        type=boolean(),
        default=False,
        group=ENTRA,
        line="Whether a run compares in Entra ID's sign-in log how many sign-ins failed because of a certificate before and after its last acts.",
        more=(
            "It needs C(AuditLog.Read.All) and Microsoft Entra ID P1 or P2; without them the summary says that the log is unknown. It decides nothing.",
            "A rise within two days is an alarm with the command that goes back. Nothing goes back by itself.",
        ),
    ),
    Option(
        name="break_glass",
        type=boolean(),
        default=False,
        group=ENTRA,
        line="Whether a run says, where the role is to promote or to evict a stolen key, if an enabled Global Administrator signs in without federation.",
        more=("It needs C(RoleManagement.Read.Directory) and C(User.Read.All); without them that is unknown. It is a warning and holds nothing back.",),
    ),
    Option(
        name="source",
        type=choice("adfs", "metadata"),
        default="adfs",
        group=SOURCE,
        line="V(adfs) is an AD FS farm, whose primary server is the play's host. V(metadata) is the metadata document of any identity provider (Okta, Ping,"
        " Shibboleth, an AD FS that cannot be reached).",
        more=("With V(metadata) no server is signed in to and none is changed. The play's host only keeps the journal.",),
    ),
    Option(
        name="metadata_url",
        type=text(),
        default="",
        group=SOURCE,
        line="With O(renew_signing_cert_source=metadata), the https address of the document.",
    ),
    Option(
        name="metadata_path",
        type=text(),
        default="",
        group=SOURCE,
        line="With O(renew_signing_cert_source=metadata), a file on the controller with the document, instead of an address.",
    ),
    Option(
        name="metadata_proxy",
        secret=True,
        type=text(),
        default="",
        group=SOURCE,
        line="Proxy through which the controller fetches O(renew_signing_cert_metadata_url), such as V(http://proxy.example.com:3128).",
    ),
    Option(
        name="metadata_ca_path",
        type=text(),
        default="",
        group=SOURCE,
        line="File or folder with the authorities that are trusted for reading metadata and calendars, if not those of the system.",
    ),
    Option(
        name="state_host",
        type=text(),
        default="",
        group=SOURCE,
        line="With O(renew_signing_cert_source=metadata), the inventory host that keeps the journal. Without it, the play's host.",
        more=(
            "Given as an extra variable or for all hosts, it is also where the playbooks run.",
            "It must be a permanent host without Windows. The controller itself is refused in jobs of AWX and Automation Controller.",
        ),
    ),
    Option(
        name="state_path",
        type=text(),
        default="~/.local/state/federation.adfs",
        group=SOURCE,
        line="With O(renew_signing_cert_source=metadata), the folder for the journal, which only the account of the connection may use.",
    ),
    Option(
        name="mode",
        leads=True,
        type=choice("apply", "plan", "audit"),
        default="apply",
        group=RENEWAL,
        line="V(apply) does what is safe now; V(plan) only shows it; V(audit) reads and reports.",
    ),
    Option(
        name="drill",
        type=boolean(),
        default=False,
        group=RECOVERY,
        line="V(true) only plans, whatever O(renew_signing_cert_mode) says: what would be done, and the times that it would take. Nothing is changed.",
    ),
    Option(
        name="approved_plan",
        leads=True,
        type=mapping(),
        default={},
        group=WINDOWS,
        line="An approved plan: C(renew_signing_cert_result.plan) of a run with O(renew_signing_cert_mode=plan). Only this plan, or what is left of it, is"
        " carried out.",
        more=("If anything changed meanwhile, only acts that protect sign-in are done, and the run fails and names what changed.",),
    ),
    Option(
        name="plans",
        type=mapping(),
        default={},
        group=WINDOWS,
        line="Approved plans by the identifier of the farm, as C(federation.adfs.plan_signing_cert) hands them on. Each farm takes its own.",
        more=("A farm that has none there does only what protects sign-in, and its run fails.", "Plans and audits take no notice of them."),
    ),
    Option(
        name="plan_max_age",
        type=duration("days"),
        default="7d",
        group=WINDOWS,
        line="How long an approved plan is good, from the moment when it was made. It is good for one application in any case.",
    ),
    Option(
        name="two_people",
        type=boolean(),
        default=False,
        group=WINDOWS,
        line="Whether a plan must be approved by somebody else than who made it.",
        more=(
            "Compares O(renew_signing_cert_planned_by) with O(renew_signing_cert_approved_by) and refuses the plan where one of them is not known.",
            "It compares names that the jobs give; who may launch which job is for the controller to say.",
        ),
    ),
    Option(
        name="planned_by",
        type=text(),
        default="",
        group=WINDOWS,
        line="Who makes the plan; it is kept in the plan. Without it, the user who launched the job of AWX or Automation Controller.",
    ),
    Option(
        name="approved_by",
        type=text(),
        default="",
        group=WINDOWS,
        line="Who approved the plan. Without it, the user who launched the job of AWX or Automation Controller, but not in a workflow.",
    ),
    Option(
        name="wait_for_servers",
        type=number(),
        default=0,
        group=SERVERS,
        line="How many minutes a run waits after a promotion of its own, until every server that it can read signs with the new certificate.",
        more=("Without it, a later run finds that out. Nothing depends on it, since the domains keep both certificates.",),
    ),
    Option(
        name="probes",
        secret=True,
        type=_probes(),
        default=[],
        group=SERVERS,
        line="Places from which the metadata is read too, to tell whether it is publicly accessible. What a probe finds decides nothing and never fails a run.",
        more=("A probe's host needs Python with the libraries of M(federation.adfs.metadata_info).",),
    ),
    Option(
        name="one_certificate_partners",
        type=names(),
        default=[],
        group=SERVERS,
        line="Names or identifiers of relying parties that accept one certificate of the farm at a time; C(*) and C(?) stand for any characters. They are"
        " reported as at risk.",
        more=("Extends a short list of well-known services.",),
    ),
    Option(
        name="pfx_path",
        type=text(),
        default="",
        group=CUSTOM,
        line="A PFX file on the controller with O(renew_signing_cert_successor) and its private key, imported on servers that lack it.",
        more=("AD FS is given the right to read the key. The file may be encrypted with Ansible Vault.",),
    ),
    Option(
        name="pfx_password",
        type=text(),
        default="",
        group=CUSTOM,
        line="The password of that file.",
        secret=True,
    ),
    Option(
        name="change_number",
        type=text(),
        default="",
        group=WINDOWS,
        line="The number of the change under which the run works, such as V(CHG0031234). The ledger's entries name it.",
    ),
    Option(
        name="change_number_pattern",
        type=text(),
        default="",
        group=WINDOWS,
        line="A regular expression that the whole of O(renew_signing_cert_change_number) must match, such as V(CHG[0-9]{7}). Without a number that does, a"
        " run that may act is refused before anything is read.",
    ),
    Option(
        name="ledger_users",
        type=boolean(),
        default=True,
        group=WINDOWS,
        line="Whether the ledger's entries name the user who launched the job of AWX or Automation Controller.",
    ),
    Option(
        name="calendars",
        secret=True,
        type=texts(),
        default=[],
        group=WINDOWS,
        line="Calendars whose events are freezes: files on the controller in the form of iCalendar (C(.ics)), each with its whole path, or https addresses.",
        more=(
            "A calendar that cannot be read counts as a freeze and fails the run; acts that protect sign-in are done in any case.",
            "They, and recurrence rules, need the Python library recurring-ical-events on the controller.",
        ),
    ),
    Option(
        name="hooks",
        type=_hooks(),
        default={},
        group=WINDOWS,
        line="Files with tasks of your own that a run includes, each with its whole path on the controller. They see C(renew_signing_cert_hook).",
        more=("Called with O(renew_signing_cert_mode=apply) only, and not in check mode. Without them, a run is as it was.",),
    ),
    Option(
        name="report_path",
        type=text(),
        default="",
        group=WINDOWS,
        line="A folder on the controller for a report of each run, in every mode: a page, and files for other programs.",
        more=(
            "Given for several hosts, each writes into a folder of its own below it, and the folder itself tells of all of them.",
            "Refused in jobs of AWX and Automation Controller, which delete it when the job ends, unless O(renew_signing_cert_report_host) is set.",
        ),
    ),
    Option(
        name="report_host",
        type=text(),
        default="",
        group=WINDOWS,
        line="A host of the inventory, with Python and without Windows, on which O(renew_signing_cert_report_path) is, instead of the controller.",
    ),
    Option(
        name="since",
        type=moment(or_day=True),
        default="",
        group=WINDOWS,
        line="A day or a time in ISO 8601, such as V(2026-11-01). The summary then tells what the ledger says since: who did what,"
        " and whether sign-in was safe.",
        more=("Without it, a report has the ledger since the beginning of the last year, and the summary says nothing of it.",),
    ),
    Option(
        name="now",
        type=moment(),
        default="",
        group=TIMES,
        line="The time to plan for, in ISO 8601, for tests and drills. Without it, the controller's clock.",
    ),
    Option(
        name="timezone",
        type=text(),
        default="",
        group=TIMES,
        line="Time zone of the times in the summary, such as V(Europe/Berlin). Without it, UTC.",
    ),
    Option(
        name="time_limit",
        type=number(),
        default=300,
        group=TIMES,
        line="How many seconds one call of an AD FS server may take. A call that takes longer is ended, and the run fails.",
    ),
)


def _policy_options() -> tuple[Option, ...]:
    declared = [(f.name, f.metadata["option"]) for f in fields(Policy) if "option" in f.metadata]
    return tuple(replace(declared_option, name=name) for name, declared_option in declared)


POLICY_OPTIONS = _policy_options()
OPTIONS: Mapping[str, Option] = {
    found.name: found for group in GROUPS for found in sorted((*POLICY_OPTIONS, *RUN_OPTIONS), key=lambda found: not found.leads) if found.group == group
}
"""Every role variable by its name without prefix, in the order of the groups."""

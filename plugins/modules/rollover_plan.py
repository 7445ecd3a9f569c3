#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rollover_plan
version_added: 1.0.0
short_description: Plan the next safe acts of a token-signing rollover
description:
  - Compares what AD FS signs with and what each federated domain of Microsoft Entra ID accepts, and returns the acts that are safe now, in order.
  - No act of a plan turns sign-in from working to broken, in the worst case of everything still propagating. A domain whose sign-in is broken is
    repaired first.
  - Changes nothing and connects to nothing. The role P(federation.adfs.renew_signing_cert#role) carries out the first act of a plan and plans again.
author:
  - The federation.adfs contributors (@federation-adfs)
extends_documentation_fragment:
  - federation.adfs._attributes
attributes:
  check_mode:
    support: full
    details:
      - In check mode RV(ignore:changed) tells whether a run would do anything.
  diff_mode:
    support: full
  idempotent:
    support: full
  async:
    support: none
  platform:
    support: full
    platforms: posix
options:
  farm:
    description:
      - The facts of the farm, RV(federation.adfs.farm_info#module:farm) as read on the primary AD FS server.
      - Exactly one of O(farm) and O(provider) is required, except to check O(variables).
    type: dict
  provider:
    description:
      - What another identity provider publishes, RV(federation.adfs.metadata_info#module:metadata), where there is no AD FS farm.
      - The document must be signed by the certificate that O(journal) has pinned, by one that the last document published, or by one that is listed
        in C(known_certificates) of O(policy). Without a journal the signer is pinned. The certificates of an unsigned document must all be listed.
      - Any of the published certificates may sign, so every domain is to hold all of them.
      - Exactly one of O(farm) and O(provider) is required, except to check O(variables).
    type: dict
  domains:
    description: The federated domains, the items of P(federation.adfs.entra_federation#lookup), of all tenants that the farm serves.
    type: list
    elements: dict
    default: []
  metadata:
    description:
      - What each AD FS server publishes itself, RV(federation.adfs.metadata_info#module:servers). A server that is not in the list counts as not seen.
    type: list
    elements: dict
    default: []
  probes:
    description:
      - How the metadata looks from elsewhere. Each entry has C(name), C(where) (V(inside) or V(outside)), C(host), C(url), and C(result), which is all
        that M(federation.adfs.metadata_info) returned there, also if it failed.
      - Tells whether the metadata is publicly accessible, which the decision table asks for. Decides nothing.
    type: list
    elements: dict
    default: []
  sign_ins:
    description:
      - Items of the lookup P(federation.adfs.entra_sign_in#lookup), of four days, to tell whether more sign-ins failed after the last acts than before.
      - A run reads them once; the memory of its plans keeps what was made of them. Decides nothing.
    type: list
    elements: dict
  administrators:
    description:
      - Items of the lookup P(federation.adfs.entra_administrator#lookup), to tell whether somebody could administer the tenants if sign-in failed.
      - A run reads them once; the memory of its plans keeps what was made of them. Decides nothing.
    type: list
    elements: dict
  journal:
    description:
      - What an earlier run noted, in the form of RV(federation.adfs.rollover_journal#module:journal). Without it the journal in O(farm) is used.
      - A journal that is malformed or of another farm is reported in RV(plan.alarms) and not used.
    type: dict
  policy:
    description:
      - The variables of P(federation.adfs.renew_signing_cert#role) without their prefix, for example V(renew_before) or V(promote).
      - Null and empty text mean that a variable is not set. A name that is not known is refused.
    type: dict
    default: {}
  variables:
    description:
      - The other variables of P(federation.adfs.renew_signing_cert#role) without their prefix and without those that may hold a password.
      - They and O(policy) are checked. With neither O(farm) nor O(provider) nothing else is done, and no plan is returned.
      - The files in C(hooks) are looked at with O(mode=apply), and RV(plan.memory) keeps them for the run.
    type: dict
  refuse:
    description: Why nothing can be planned, as the caller found. The task fails with this text. Empty text counts as not set.
    type: str
  now:
    description:
      - The time to plan for, in ISO 8601 with V(Z) or an offset. For tests and drills; without it, the controller's clock.
    type: str
  approved:
    description:
      - A plan that was approved, as RV(plan) showed it. Where what would be done now is neither this plan nor the rest of it, only protective acts
        are planned, and RV(plan.blocked_by) says what moved.
    type: dict
  approval:
    description:
      - What an approval is held to. C(plans) are approved plans by farm identifier, of which the farm takes its own; with C(required) a farm without one
        does only what protects sign-in. Both count with O(mode=apply) only.
      - C(max_age) is how long a plan is good, V(7d) by default. With C(two_people), C(planned_by) and C(approved_by) must be known and differ.
        C(launched_by) stands for both where they are not given, and with C(workflow) only for the first.
    type: dict
    default: {}
  mode:
    description:
      - What this run may do. With V(apply), RV(plan.next) leads to the next act; with the others nothing goes on. In check mode V(apply) counts as V(check).
      - Of a run that only plans, C(run.failures) are those that would be left after its acts.
    type: str
    choices: [apply, check, plan, audit]
    default: plan
  step:
    description:
      - V(pass) plans on a scan. V(begin) is asked before the first scan of a run; it checks O(policy) and says what to read.
      - V(hear) only notes what a server answered, or a probe saw.
      - V(end) is asked where a task of the run failed. It says what was done, and gives the lock back if it is held.
      - V(preflight) plans nothing. It judges the results C(scan), C(metadata) and C(tenants) in O(outcome), and returns C(checks), each with its advice.
    type: str
    choices: [begin, pass, hear, end, preflight]
    default: pass
  source:
    description: What is scanned; for O(step=begin).
    type: str
    choices: [adfs, metadata]
    default: adfs
  previous:
    description: RV(plan.memory) of the last plan of this run. Without it a run begins.
    type: dict
  outcome:
    description:
      - What the tasks that the last plan asked for returned, as Ansible registers them, whether they failed or not.
      - C(act) is the result of the act, and C(of) the first of RV(plan.actions). C(answers) holds for each server its C(result), and as C(asked)
        the entry of RV(plan.asks.hosts). C(probes) holds the C(result) of each probe, and the probe as C(asked).
        For O(step=end) C(tasks) holds the results of the other tasks by name, and C(written) the journal as it was last written.
        C(hooks) lists why hooks of this run failed.
      - Domains that Entra refused are planned around and reported. A domain that was changed by another writer meanwhile is planned again.
    type: dict
    default: {}
  importable:
    description: Whether the run has the certificate that C(successor) of O(policy) names in a file, with its key, to bring it to the servers.
    type: bool
    default: false
  wait_for_servers:
    description: How many minutes to wait for the servers after a promotion.
    type: int
    default: 0
  timezone:
    description:
      - The time zone of the times in RV(plan.summary), for example V(Europe/Berlin). Without it, UTC. Decides nothing.
    type: str
  change_number:
    description: The number of the change under which the run works. The entries of the ledger name it.
    type: str
  ledger_users:
    description: Whether the entries of the ledger name who launched the job of AWX or Automation Controller.
    type: bool
    default: true
  calendars:
    description:
      - Calendars whose events are freezes, for C(step=pass), each as the whole path of an iCalendar file on the controller or as an https address.
      - One that cannot be read counts as a freeze and is among the C(failures) of RV(plan.run).
    type: list
    elements: str
    default: []
  ca_path:
    description: File or folder with the authorities that are trusted for reading O(calendars), if not those of the system.
    type: str
  proxy:
    description: Proxy through which O(calendars) are fetched, such as V(http://proxy.example.com:3128).
    type: str
  farms:
    description: The identifier of the farm of each host in the play. Two hosts of one farm are refused.
    type: dict
    default: {}
seealso:
  - module: federation.adfs.certificate_key
  - module: federation.adfs.farm_info
  - module: federation.adfs.metadata_info
  - module: federation.adfs.rollover_journal
"""

EXAMPLES = r"""
- name: Read the farm
  federation.adfs.farm_info:
  register: adfs

- name: Plan with what both sides hold
  federation.adfs.rollover_plan:
    farm: "{{ adfs.farm }}"
    domains: "{{ query('federation.adfs.entra_federation', all_domains=true) }}"
    policy:
      renew_before: 45d
  register: rollover

- name: Show what a run would do
  ansible.builtin.debug:
    var: rollover.plan.summary
"""

RETURN = r"""
plan:
  description: The plan.
  returned: success
  type: dict
  contains:
    plan_id:
      description: SHA-256 over what the plan depends on. It changes if and only if one of these changes; time alone does not.
      type: str
      sample: 3f0a8b6ad1f6a6f3b1a9f36c3f7a35c1b7ff26dbd35c4f7b4e2b0c6a2d7d9b11
    state:
      description: Where the rollover stands.
      type: str
      sample: published
    farm:
      description: Which certificate AD FS signs with, its successor, and what each server was seen to sign with.
      type: dict
    domains:
      description: One entry for each domain, with its verdict, the row of Microsoft's decision table and the truth matrix.
      type: list
      elements: dict
      returned: where the run does not go on
      contains:
        domain:
          description: The domain.
          type: str
        tenant_id:
          description: Its tenant.
          type: str
        verdict:
          description:
            - One of compromised, broken, wrong_settings, unknown_certificate, settings_changed, successor_missing, successor_published, ready,
              wrong_order, in_sync, inherited, other_farm, unreadable.
            - V(wrong_settings) is a domain with settings that keep users from signing in whatever the certificate, such as no sign-in address.
          type: str
        reason:
          description: The verdict as a sentence.
          type: str
        decision_row:
          description: The row of the decision table, with what the table looks at and the action that it asks for. Null for domains of another farm.
          type: dict
        matrix:
          description: For the primary certificate of AD FS and for its successor, which member of the domain holds it.
          type: dict
        slots:
          description: The thumbprints in the domain's two members.
          type: dict
        to_do:
          description: What is to be done about it.
          type: str
          returned: for a domain that is not well
        excluded:
          description: Whether the policy forbids writing to the domain.
          type: bool
        settings:
          description:
            - For a domain of the farm, each setting that is known of the farm, with C(name) and C(same), and, where both sides are not the same text,
              C(entra) and C(farm).
            - They are compared and reported only. M(federation.adfs.entra_federation) sets them.
          type: list
          elements: dict
        acknowledged:
          description: Whether the operator acknowledged the domain, so that it counts in no state and no guard.
          type: bool
    actions:
      description: The acts in order, of which only the first is certain; the next ones are what would follow.
      type: list
      elements: dict
      contains:
        action:
          description:
            - One of generate, add, publish, repair, suspend_auto_rollover, promote, restore_auto_rollover, restart, reorder, remove_from_entra,
              remove_from_adfs, evict.
          type: str
        targets:
          description: The domains with their new and expected members, or the name of the AD FS server.
          type: list
          elements: raw
        thumbprint:
          description: The certificate that it is about, null where it is several or not made yet.
          type: str
        certificate_type:
          description: V(Token-Signing), or V(Token-Decrypting) where an act on a server is about such a certificate.
          type: str
          returned: for acts on an AD FS server
        certificate:
          description: V(successor) while the certificate is not made yet.
          type: str
          returned: when the certificate is not made yet
        reason:
          description: Why.
          type: str
        module:
          description: The module of this collection that carries it out (C(win_service) is of C(ansible.windows)).
          type: str
        arguments:
          description: The options of that module; for domains its option C(domains) by tenant, because each tenant has its own call.
          type: dict
          returned: for the first act
        said:
          description: The act in a line.
          type: str
        host:
          description: The inventory host of the server to restart.
          type: str
          returned: for restart
        protective:
          description: Whether it protects sign-in and therefore obeys no maintenance window.
          type: bool
        invariants:
          description: For each domain, whether sign-in is safe in the worst case before and after the act.
          type: dict
    watched:
      description:
        - What was made of O(sign_ins) and O(administrators), null for what was not read.
        - C(sign_ins.domains) holds an entry for each domain with more failures C(after) the last act than C(before) it, with C(first) and C(last).
          C(administrators) holds an entry for each tenant, with C(status) V(yes), V(no) or V(unknown), and the C(users).
      type: dict
    probes:
      description:
        - For each of O(probes), whether the metadata is C(reachable), why not (C(kind) as in RV(federation.adfs.metadata_info#module:error_kind), or
          V(probe) if the probe itself could not look; C(reason)), the C(tls_certificate), and whether the content is the same as seen here
          (C(same_content), C(differences)); all of it in a line (C(said)).
      type: list
      elements: dict
    certificates:
      description: The bodies of the certificates that the acts write, each once.
      type: list
      elements: dict
    not_in_adfs:
      description:
        - The certificates that domains of the farm accept and AD FS does not have, at most 200, each as M(federation.adfs.certificate_info) shows it without
          its body. Of a plan that ends a run.
      type: list
      elements: dict
    blocked_by:
      description: What is held back, by which condition, about what, and until when (null where no time ends it).
      type: list
      elements: dict
    must_act:
      description:
        - What must be done before the next scheduled run, each as C(what) and C(reason). Empty where nothing is; a renewal that is merely due is
          begun by the next run.
        - With O(mode=audit), this is what fails the run.
      type: list
      elements: dict
    forecast:
      description:
        - What comes in the next 400 days. Null in the middle of a run that acts, and where the clocks differ.
        - Each event happens once from C(earliest) to C(latest). C(by) is V(run), V(adfs), V(entra) or V(time); C(kind) is an act, or
          V(adfs_generates), V(adfs_promotes), V(known) (every domain accepts the successor everywhere), V(fails) (sign-in, for C(domains) domains),
          V(expires) or V(entra_looks); C(said) says it in words.
      type: dict
      contains:
        attended:
          description: The events while the runs go on.
          type: list
          elements: dict
        attended_until:
          description: Until when these are all. After that, it depends on the times of day of AD FS' checks and of the runs.
          type: str
        unattended:
          description: The events if nothing is run any more.
          type: list
          elements: dict
        unattended_until:
          description: Until when these are all.
          type: str
    deadline:
      description: The latest safe moment to begin the next step as things are now, null where nothing is left to be done in time.
      type: str
    next_run_at:
      description: When the next run is worth while.
      type: str
    emergency:
      description:
        - While stolen keys are replaced. C(containment) says how long it takes until Entra accepts none of them, C(sign_in_gap) how long sign-in may
          stand still, C(next_acts) what is left to people, with the C(objects) of each; null otherwise.
      type: dict
    policy:
      description: The policy as it was given, without what is not set.
      type: dict
    alarms:
      description: What needs attention.
      type: list
      elements: dict
    failures:
      description: What makes the run fail now, by the policy's C(fail_on).
      type: list
      elements: dict
    expected:
      description: The C(state), the C(failures) and the C(deadline) that would be left after the acts.
      type: dict
    asks:
      description: What the caller should find out and plan again with before the first act, if it can.
      type: dict
      contains:
        sync:
          description: Servers whose own answer is wanted.
          type: list
          elements: str
        key_checks:
          description: The thumbprint of a certificate that each of the C(servers) should check, or null.
          type: str
        servers:
          description: The servers that a certificate from elsewhere is checked on.
          type: list
          elements: str
        hosts:
          description:
            - Those of them that are in the inventory, each with C(what) is asked (V(sync) by M(federation.adfs.farm_info), V(key) by
              M(federation.adfs.certificate_key)), C(server), C(host) and, for V(key), C(thumbprint).
          type: list
          elements: dict
    next:
      description:
        - What the caller does now, in this order, by the names of the role's task files. C(pass) is to scan again and to plan with RV(plan.memory).
      type: list
      elements: str
    wait:
      description: Which servers are to be looked at after the act until they sign with a certificate, and how long; null where nothing is waited for.
      type: dict
    imports:
      description: The servers that get the certificate out of its file before the act C(add).
      type: list
      elements: dict
      returned: before an act
    ended:
      description: Whether the run ends after RV(plan.next).
      type: bool
    memory:
      description: What the run has to remember, for O(previous) of the next plan. Its content may change in any release.
      type: dict
    run:
      description:
        - What the run comes to so far, what was C(refused), the C(alarms), the C(failures) that make it fail, and C(fail), what it says then (null
          where it does not fail). The acts that were done are in C(done) of RV(plan.memory).
      type: dict
    hook:
      description:
        - What the role shows its hooks as C(renew_signing_cert_hook), before the acts or after them. Names, thumbprints, times and texts of the plan, and
          no secret.
      type: dict
      returned: where hooks are set and one may be called now
    relying_parties:
      description: The relying party trusts that a promotion may lock out, each with C(name), C(identifiers), C(risk) and C(advice).
      type: list
      elements: dict
    approvable:
      description:
        - The plan as it is handed on for approval, in mode V(plan) only.
        - It holds ids, thumbprints, names, times and plain values of the policy, and the SHA-256 of the policy's other values.
      type: dict
      returned: in mode V(plan)
    journal:
      description: The journal as it must be before the first act, and whether it has to be written.
      type: dict
    summary:
      description: The plan, and what the run did before, in lines for people.
      type: list
      elements: str
      returned: where the run does not go on
"""

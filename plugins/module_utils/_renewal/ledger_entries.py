# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What a run tells its ledger: acts with what came of them, refusals when they come and end, and what a run that died had announced.

The journal keeps, under ``ledger``, where the file ends (``file``, ``size``, ``head``, ``last``: what the module writes), of which ``run`` how many
entries (``count``) are in it, the act that was ``announced`` before it was tried, and which refusals are open (``refused``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import End
from ansible_collections.federation.adfs.plugins.module_utils._write_errors import NOT_KNOWN, NOT_READ_BACK, NOT_TRIED, RACED

DONE = "done"
REFUSED = "refused"
_NO_REFUSAL = {
    RACED: "not done",
    NOT_READ_BACK: "done, and not seen afterwards",
    NOT_KNOWN: "whether it was done is not known",
    NOT_TRIED: "not tried",
}
_END = ("file", "size", "head", "last")


def state_of(content: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a journal's content says of the ledger; what cannot be used counts as nothing, and the file then shows what is there."""
    given = (content or {}).get("ledger")
    given = given if isinstance(given, Mapping) else {}
    refused = given.get("refused")
    count = given.get("count")
    return {
        **_plain(end_of(content)),
        "run": given.get("run") if isinstance(given.get("run"), str) else None,
        "count": count if isinstance(count, int) and count >= 0 else 0,
        "announced": given.get("announced") if isinstance(given.get("announced"), Mapping) else None,
        "refused": [[str(key[0]), str(key[1])] for key in refused if isinstance(key, list) and len(key) == 2] if isinstance(refused, list) else [],
    }


def end_of(content: Mapping[str, Any] | None) -> End:
    """Return where the ledger ends, as a journal's content says it."""
    given = (content or {}).get("ledger")
    given = given if isinstance(given, Mapping) else {}
    file, size, head, last = (given.get(name) for name in _END)
    usable = isinstance(file, str) and isinstance(head, str) and isinstance(size, int) and isinstance(last, int) and size >= last > 0
    return End(str(file), int(size or 0), str(head), int(last or 0)) if usable else End()


def with_end(content: Mapping[str, Any], end: End, told: int) -> dict[str, Any]:
    """Return the content with the ledger's new end, after ``told`` more entries of its run."""
    state = state_of(content)
    return {**content, "ledger": {**state, **_plain(end), "count": state["count"] + told}}


def _plain(end: End) -> dict[str, Any]:
    return {name: getattr(end, name) for name in _END}


def noted(
    entries: Sequence[Mapping[str, Any]], told: int, stored: Mapping[str, Any], run: str, announced: Mapping[str, Any] | None
) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """Return what the journal shall say of the ledger besides its end, and the entries of this run that are not in the file yet.

    ``entries``: of this run, after the first ``told``. ``stored``: of state_of. ``announced``: the act that is tried next.
    """
    count = stored["count"] if stored["run"] == run else 0
    left = list(entries[max(0, count - told) :])
    refused = [list(key) for key in open_refusals(stored, left)]
    return {**stored, "run": run, "count": count, "announced": announced, "refused": refused}, left


def open_refusals(stored: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The acts with their objects that were refused and not done since."""
    left = dict.fromkeys((key[0], key[1]) for key in stored["refused"])
    for entry in entries:
        key = (str(entry["act"]), str(entry["object"]))
        if str(entry["result"]).startswith(REFUSED):
            left[key] = None
        else:
            left.pop(key, None)
    return list(left)


def announce(act: Mapping[str, Any], farm: Mapping[str, Any], run: str, origin: Mapping[str, Any]) -> dict[str, Any]:
    """The act that is tried next, short enough for the journal: domains that change alike stand together. ``farm``: of the plan."""
    told: dict[str, Any] = {"run": run, **_origin(origin), "act": act["action"], "thumbprint": act["thumbprint"]}
    if not isinstance(act["targets"][0], Mapping):
        return {
            **told,
            "object": act["targets"][0],
            "certificate_type": act.get("certificate_type"),
            "certificates": [*farm["certificates"], *(entry["thumbprint"] for entry in farm["decrypting"])],
            "primary": farm["primary"],
        }
    groups: list[dict[str, Any]] = []
    for target in act["targets"]:
        rule = (act.get("invariants") or {}).get(target["domain"]) or {}
        alike = {"before": target["expected"], "after": target["slots"], "rule_before": rule.get("before"), "rule_after": rule.get("after")}
        group = next((g for g in groups if all(g[name] == value for name, value in alike.items())), None)
        if group is None:
            group = {**alike, "objects": []}
            groups.append(group)
        group["objects"].append(target["domain"])
    return {**told, "groups": groups}


def of_domains(act: Mapping[str, Any], results: Mapping[tuple[str, str], Mapping[str, Any]], base: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One entry for each domain of an act. ``results``: what the module returned of each, by tenant and domain."""
    entries = []
    for target in act["targets"]:
        told = results.get((str(target["tenant_id"]), str(target["domain"]))) or {}
        error = told.get("error")
        rule = (act.get("invariants") or {}).get(target["domain"]) or {}
        error_id = told.get("error_id")
        kind = _NO_REFUSAL.get(str(error_id), REFUSED)
        entries.append(
            {
                **base,
                "act": act["action"],
                "object": target["domain"],
                "before": slots_of(told.get("before")) or dict(target["expected"]),
                # Where it was written and not read back, what was read last is from before.
                "after": dict(target["slots"]) if error_id == NOT_READ_BACK else slots_of(told.get("after")) or (None if error else dict(target["slots"])),
                "rule_before": rule.get("before"),
                "rule_after": rule.get("after") if not error else None,
                "request_id": told.get("request_id"),
                "result": f"{kind}: {error}" if error else DONE,
            }
        )
    return entries


def of_server(act: Mapping[str, Any], why: str, seen: Mapping[str, Any] | None, certificates: Sequence[str], base: Mapping[str, Any]) -> dict[str, Any]:
    """The entry for an act on a server. ``why`` it was not done, empty if it was. ``seen``: before it. ``certificates``: there are now."""
    rules = list((act.get("invariants") or {}).values())
    return {
        **base,
        "act": act["action"],
        "object": act["targets"][0],
        **_of_server(act["action"], act["thumbprint"], seen or {}, certificates, not why),
        "rule_before": all(rule["before"] for rule in rules) if rules else None,
        "rule_after": all(rule["after"] for rule in rules) if rules and not why else None,
        "request_id": None,
        "result": why or DONE,
    }


def _of_server(action: str, thumbprint: str | None, seen: Mapping[str, Any], certificates: Sequence[str], done: bool) -> dict[str, Any]:
    """Before and after: thumbprints; for automatic rollover, whether it is on."""
    new = sorted(set(certificates) - set(seen.get("certificates") or certificates))
    before, after = {
        "generate": (None, ", ".join(new) or None),
        "add": (None, thumbprint),
        "promote": (seen.get("primary"), thumbprint),
        "remove_from_adfs": (thumbprint, None),
        "suspend_auto_rollover": (True, False),
        "restore_auto_rollover": (False, True),
    }.get(action, (None, None))
    return {"before": before, "after": after if done else None}


def seen_later(
    announced: Mapping[str, Any], shows: bool, certificates: Sequence[str], slots: Mapping[str, Any], base: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The entries for an act that another run announced and never told, by what is seen now.

    ``shows``: AD FS is as the act was to make it. ``certificates``: there are now. ``slots``: of the domains that could be read.
    """
    told = {**base, **{name: announced.get(name) for name in ("job", "user", "change_number")}, "act": announced.get("act"), "request_id": None}
    says = f"seen later by the run {base['run']}: "
    told["run"] = announced.get("run")
    if "groups" not in announced:
        result = says + (DONE if shows else "it does not show that it was done")
        sides = _of_server(str(announced.get("act")), announced.get("thumbprint"), announced, certificates, shows)
        return [{**told, "object": announced.get("object"), **sides, "rule_before": None, "rule_after": None, "result": result}]
    entries = []
    for group in announced["groups"]:
        for name in group["objects"]:
            now = slots.get(name)
            result = (
                "it could not be read"
                if now is None
                else DONE
                if now == group["after"]
                else "not done"
                if now == group["before"]
                else "neither as before nor done"
            )
            rules = {"rule_before": group.get("rule_before"), "rule_after": group.get("rule_after") if result == DONE else None}
            entries.append({**told, "object": name, "before": group["before"], "after": now, **rules, "result": says + result})
    return entries


def ended(stored: Mapping[str, Any], wanted: Sequence[tuple[str, str]], base: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entries for refusals of earlier runs that ended because what was refused is not planned any more."""
    over = [key for key in open_refusals(stored, ()) if key not in wanted]
    return [{**base, "act": act, "object": name, "result": "not planned any more: what was refused before"} for act, name in over]


def base_of(run: str, now: str, origin: Mapping[str, Any]) -> dict[str, Any]:
    """What every entry of this moment says."""
    return {"time": now, "run": run, **_origin(origin)}


def _origin(origin: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(origin[name]) if origin.get(name) else None for name in ("job", "user", "change_number")}


def slots_of(found: Any) -> dict[str, Any] | None:
    """Both certificates of a domain by thumbprint, as the lookup or the module shows it; None where there is nothing."""
    if not isinstance(found, Mapping):
        return None
    members = {"signing": found.get("signing_certificate"), "next": found.get("next_signing_certificate")}
    return {member: held.get("thumbprint") if isinstance(held, Mapping) else None for member, held in members.items()}

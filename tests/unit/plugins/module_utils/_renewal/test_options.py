# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of the role's variables, and what the core reads from the ways in which people give them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._renewal.options import FAIL_ON, GROUPS, OPTIONS, POLICY_OPTIONS
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import GivenServer, Policy, PolicyError, read_policy

KEY = "AB" * 20


def test_every_variable_is_in_a_group_and_has_a_text() -> None:
    assert all(o.group in GROUPS and o.line.endswith(".") and all(text.endswith(".") for text in o.more) for o in OPTIONS.values())
    assert [name for name, o in OPTIONS.items() if o.policy] and len(OPTIONS) == len({*OPTIONS})


@pytest.mark.parametrize("option", POLICY_OPTIONS, ids=lambda option: option.name)
@pytest.mark.parametrize("empty", [None, "", "  "])
def test_empty_is_not_set_for_every_variable(option, empty) -> None:
    assert read_policy({option.name: empty}) == Policy()


@pytest.mark.parametrize("option", POLICY_OPTIONS, ids=lambda option: option.name)
def test_a_default_as_it_is_written_is_the_default_of_the_core(option) -> None:
    assert read_policy({option.name: option.default}) == Policy()


@pytest.mark.parametrize("text", ["contoso.com,Fabrikam.com", "contoso.com, fabrikam.com,", "contoso.com\nfabrikam.com\n"])
def test_a_list_given_as_text_is_split(text) -> None:
    assert read_policy({"domains": text, "domains_excluded": text}) == Policy(
        domains=frozenset({"contoso.com", "fabrikam.com"}), domains_excluded=frozenset({"contoso.com", "fabrikam.com"})
    )
    assert read_policy({"host_names": "STS.contoso.com"}).host_names == {"sts.contoso.com"}
    assert read_policy({"known_certificates": f"{KEY},{KEY.lower()}"}).known_certificates == {KEY}
    assert read_policy({"fail_on": "broken, held"}).fail_on == {"broken", "held"}


def test_an_empty_list_of_what_fails_a_run_lets_nothing_fail_it() -> None:
    assert read_policy({"fail_on": []}).fail_on == frozenset()
    assert read_policy({}).fail_on == set(FAIL_ON)


def test_a_whole_tenant_may_be_acknowledged_instead_of_a_domain() -> None:
    given = [{"domain": "Contoso.com", "thumbprint": KEY}, {"tenant_id": "11111111-AAAA-2222-3333-444444444444", "thumbprint": KEY.lower(), "domain": ""}]
    assert read_policy({"domains_acknowledged": given}).domains_acknowledged == {
        ("contoso.com", KEY),
        ("tenant:11111111-aaaa-2222-3333-444444444444", KEY),
    }


def test_servers_have_their_marks() -> None:
    given = [{"name": "ADFS1", "gone": "yes"}, {"name": "adfs2", "address": "192.0.2.2", "port": "8443", "key_checked": True, "gone": ""}]
    policy = read_policy({"servers": given})
    assert policy.servers == (GivenServer("adfs1", gone=True), GivenServer("adfs2", "192.0.2.2", 8443, key_checked=True))
    assert (policy.servers_gone, policy.servers_checked) == ({"adfs1"}, {"adfs2"})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"domians": ["contoso.com"]}, "renew_signing_cert_domians is not known"),
        ({"protect": "perhaps"}, "renew_signing_cert_protect must be true or false, not 'perhaps'"),
        ({"propagation": "soon"}, "renew_signing_cert_propagation must be a number of hours"),
        ({"deadline_days": True}, "renew_signing_cert_deadline_days must be a number of days"),
        ({"promote": "us"}, "renew_signing_cert_promote must be one of adfs, role, never, not 'us'"),
        ({"domains": 7}, "renew_signing_cert_domains must be a list"),
        ({"servers": "adfs1,adfs2"}, "renew_signing_cert_servers must be a list of mappings"),
        ({"servers": [{"address": "192.0.2.2"}]}, "renew_signing_cert_servers must be a list of entries with 'name' and, where they are needed, 'address'"),
        ({"servers": [{"name": "adfs1", "prot": 1}]}, "renew_signing_cert_servers: an entry may have name, address, port, gone, key_checked, not prot"),
        ({"servers": [{"name": "adfs1", "gone": "perhaps"}]}, "renew_signing_cert_servers[].gone must be true or false"),
        ({"servers": [{"name": "adfs1", "port": "https"}]}, "renew_signing_cert_servers[].port must be a whole number"),
        ({"fail_on": ["brokn"]}, "renew_signing_cert_fail_on may contain broken, unknown_certificate, "),
        ({"domains_acknowledged": [{"thumbprint": KEY}]}, "'thumbprint' and one of 'domain' and 'tenant_id'"),
        ({"domains_acknowledged": [{"thumbprint": KEY, "domain": "a.example", "tenant_id": "b.example"}]}, "one of 'domain' and 'tenant_id'"),
        ({"windows": [{"start": "2026-12-01T00:00:00Z"}]}, "renew_signing_cert_windows must be a list of entries with 'start' and 'end'"),
        ({"windows": [{"start": "tonight", "end": "2026-12-01T00:00:00Z"}]}, "'start' and 'end' in ISO 8601"),
        ({"freezes": [{"start": "2026-12-02T00:00:00Z", "end": "2026-12-01T00:00:00Z"}]}, "an entry ends at or before its start"),
        ({"successor": "AB"}, "renew_signing_cert_successor: "),
        ({"baseline_approved": "yes"}, "renew_signing_cert_baseline_approved must be true, or the 16 characters"),
        ({"rollback": True, "pause": False}, "renew_signing_cert_rollback pauses the rollover"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(given, said) -> None:
    with pytest.raises(PolicyError) as refused:
        read_policy(given)
    assert said in str(refused.value)


def test_a_span_is_compared_with_a_century_only_with_its_unit() -> None:
    read = OPTIONS["propagation"].type.read
    assert read("propagation", "100000m") == timedelta(minutes=100_000)
    assert read("propagation", "200000h") == timedelta(hours=200_000)
    assert read("propagation", "9" * 30 + "d") == timedelta(days=36525)


@pytest.mark.parametrize("other", [{"pause": True}, {"rollback": True}, {"compromised": ["AB" * 20]}])
def test_who_hands_back_begins_nothing(other: dict[str, object]) -> None:
    with pytest.raises(PolicyError, match="renew_signing_cert_hand_back ends every hold"):
        read_policy({"hand_back": True, **other})
    assert (read_policy({"hand_back": True, "promote": "role"}).promote, read_policy({"hand_back": True}).pause) == ("adfs", False)

# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The farm keeps to the documented behaviour of AD FS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lab.clock import Clock
from lab.farm import TOKEN_DECRYPTING, TOKEN_SIGNING, CmdletError, Farm, ServiceCertificate, StoreEntry
from lab.keys import Authority, KeyedCertificate, self_signed

START = datetime(2026, 3, 1, 9, 0, 0, tzinfo=UTC)


def signing(clock: Clock, days_left: float, days_old: float = 300) -> KeyedCertificate:
    return self_signed("ADFS Signing - sts.contoso.com", clock.now() - timedelta(days=days_old), clock.now() + timedelta(days=days_left))


def make(days_left: float = 200, *, nodes: int = 2, database: str = "wid", switches: dict[str, object] | None = None, **properties: object) -> Farm:
    clock = Clock(START)
    farm = Farm(
        clock,
        "sts.contoso.com",
        [f"adfs{number + 1}.contoso.com" for number in range(nodes)],
        database=database,
        switches=switches,
        properties=dict(properties),
    )
    decrypting = self_signed("ADFS Encryption - sts.contoso.com", START - timedelta(days=100), START + timedelta(days=600))
    farm.install(
        [
            ServiceCertificate(TOKEN_SIGNING, True, "CurrentUser", "My", signing(clock, days_left)),
            ServiceCertificate(TOKEN_DECRYPTING, True, "CurrentUser", "My", decrypting),
        ]
    )
    return farm


def pass_time(farm: Farm, **step: float) -> None:
    """Let time pass as the world does: from event to event."""
    target = farm.clock.now() + timedelta(**step)
    while (moment := farm.next_event()) <= target:
        farm.clock.advance_to(moment)
        farm.tick(moment)
    farm.clock.advance_to(target)
    farm.tick(farm.clock.now())


def thumbprints(farm: Farm, node: int = 0) -> tuple[list[str], list[str]]:
    """Return the primary and the other token-signing thumbprints that a server knows."""
    items = farm.nodes[node].configuration.of_type(TOKEN_SIGNING)
    return [item.thumbprint for item in items if item.is_primary], [item.thumbprint for item in items if not item.is_primary]


def primary(farm: Farm, node: int = 0) -> str:
    (only,) = thumbprints(farm, node)[0]
    return only


def test_adfs_renews_by_its_own_clock_at_the_documented_moments() -> None:
    farm = make(days_left=21)
    old = primary(farm)
    expiry = farm.configuration.of_type(TOKEN_SIGNING)[0].not_after

    pass_time(farm, hours=23)
    assert thumbprints(farm) == ([old], []), "20 days and an hour before the end nothing has happened yet"

    pass_time(farm, hours=14)
    (successor,) = thumbprints(farm)[1]
    assert primary(farm) == old
    born = next(item.not_before for item in farm.every_certificate if item.thumbprint == successor)
    assert timedelta(0) <= born - (expiry - timedelta(days=20)) <= timedelta(hours=12), "found at the next check"
    assert born.strftime("%H:%M") in ("11:00", "23:00")

    pass_time(farm, days=4, hours=12)
    assert primary(farm) == old, "an hour before the successor is five days old"
    pass_time(farm, hours=2)
    assert thumbprints(farm) == ([successor], [old])
    assert farm.nodes[0].signer is not None and farm.nodes[0].signer.thumbprint == successor

    pass_time(farm, days=17)
    assert thumbprints(farm) == ([successor], []), "the expired one is removed"
    codes = [str(event["text"]).split(":", maxsplit=1)[0] for event in farm.events]
    assert codes == ["MSIS10005", "MSIS10004", "MSIS10006"]


def test_at_the_critical_threshold_it_generates_and_promotes_at_once() -> None:
    farm = make(days_left=2.3, CertificateGenerationThreshold=2, CertificateCriticalThreshold=2)
    old = primary(farm)
    pass_time(farm, hours=21)
    assert primary(farm) != old
    assert thumbprints(farm)[1] == [old]


def test_a_waiting_successor_is_promoted_by_its_own_age_not_by_the_end_of_the_primary() -> None:
    farm = make(days_left=100)
    farm.primary_node.update_adfs_certificate(TOKEN_SIGNING)
    (successor,) = thumbprints(farm)[1]
    pass_time(farm, days=4, hours=23)
    assert primary(farm) != successor
    pass_time(farm, hours=14)
    assert primary(farm) == successor


def test_thresholds_are_counted_in_the_farm_s_own_days() -> None:
    farm = make(days_left=100, CertificateThresholdMultiplier=60, CertificateRolloverInterval=10)
    farm.primary_node.update_adfs_certificate(TOKEN_SIGNING)
    (successor,) = thumbprints(farm)[1]
    pass_time(farm, hours=4, minutes=40)
    assert primary(farm) != successor
    pass_time(farm, minutes=40)
    assert primary(farm) == successor


def test_with_rollover_off_nothing_happens_by_itself() -> None:
    farm = make(days_left=10, AutoCertificateRollover=False)
    before = thumbprints(farm)
    pass_time(farm, days=30)
    assert thumbprints(farm) == before


def test_a_stopped_service_renews_nothing() -> None:
    farm = make(days_left=10, nodes=1)
    farm.primary_node.stop_service()
    before = thumbprints(farm)
    pass_time(farm, days=3)
    assert thumbprints(farm) == before
    farm.primary_node.start_service()
    pass_time(farm, days=1)
    assert thumbprints(farm) != before


def test_a_secondary_follows_within_one_poll_and_signs_with_its_own_copy_until_then() -> None:
    farm = make()
    old = primary(farm)
    farm.primary_node.update_adfs_certificate(TOKEN_SIGNING, urgent=True)
    first, second = (node.signer for node in farm.nodes)
    assert first is not None and second is not None
    assert first.thumbprint == primary(farm) and second.thumbprint == old
    pass_time(farm, seconds=301)
    assert primary(farm, 1) == primary(farm) != old
    assert farm.nodes[1].get_adfs_sync_properties()["LastSyncStatus"] == 0


def test_a_secondary_that_cannot_synchronize_says_so_and_keeps_the_old_one() -> None:
    farm = make()
    old = primary(farm)
    last = farm.nodes[1].last_sync_time
    farm.nodes[1].synchronizes = False
    farm.primary_node.update_adfs_certificate(TOKEN_SIGNING, urgent=True)
    pass_time(farm, hours=2)
    properties = farm.nodes[1].get_adfs_sync_properties()
    assert primary(farm, 1) == old
    assert properties["LastSyncStatus"] != 0 and properties["LastSyncTime"] == last


def test_moving_the_clock_by_days_processes_checks_and_synchronizations_in_their_order() -> None:
    """One leap gives what many steps give."""
    leaped, stepped = make(days_left=30), make(days_left=30)
    leaped.clock.advance(timedelta(days=20))
    leaped.tick(leaped.clock.now())
    pass_time(stepped, days=20)
    for farm in (leaped, stepped):
        assert [event["id"] for event in farm.events] == [335, 335]
        assert primary(farm, 1) == primary(farm, 0)
    assert [event["time"] for event in leaped.events] == [event["time"] for event in stepped.events]


@pytest.mark.parametrize(
    "cmdlet",
    [
        lambda node: node.get_adfs_certificate(),
        lambda node: node.get_adfs_properties(),
        lambda node: node.get_adfs_farm_information(),
        lambda node: node.get_adfs_relying_party_trust(),
        lambda node: node.update_adfs_certificate(),
        lambda node: node.set_adfs_properties(AutoCertificateRollover=False),
    ],
)
def test_a_secondary_refuses_and_names_the_primary(cmdlet) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CmdletError) as caught:
        cmdlet(make().nodes[1])
    assert caught.value.id == "PS0033"
    assert "adfs1.contoso.com" in caught.value.message
    assert caught.value.full_id.startswith("PS0033,Microsoft.IdentityServer.Management.Commands.")


def test_on_sql_server_every_server_answers_and_none_lags() -> None:
    farm = make(database="sql")
    farm.nodes[1].update_adfs_certificate(TOKEN_SIGNING, urgent=True)
    assert [item.thumbprint for item in farm.nodes[0].get_adfs_certificate(TOKEN_SIGNING)] == [primary(farm, 1)]


def test_a_second_update_is_refused_while_a_successor_waits() -> None:
    farm = make()
    farm.primary_node.update_adfs_certificate()
    with pytest.raises(CmdletError, match=r"PS0139.*'Signing'.*Friday, March 6, 2026") as caught:
        farm.primary_node.update_adfs_certificate(TOKEN_SIGNING)
    assert caught.value.full_id == "PS0139,Microsoft.IdentityServer.Management.Commands.UpdateCertificateCommand,Update-AdfsCertificate"
    assert len(farm.configuration.of_type(TOKEN_DECRYPTING)) == 2, "without a type both are renewed"


def test_update_needs_rollover_on() -> None:
    farm = make(AutoCertificateRollover=False)
    with pytest.raises(CmdletError, match="disabled"):
        farm.primary_node.update_adfs_certificate(TOKEN_SIGNING)


def test_urgent_leaves_one_certificate_only() -> None:
    farm = make()
    farm.primary_node.update_adfs_certificate(TOKEN_SIGNING)
    before = [item.thumbprint for item in farm.configuration.of_type(TOKEN_SIGNING)]
    farm.primary_node.update_adfs_certificate(TOKEN_SIGNING, urgent=True)
    (new,) = farm.configuration.of_type(TOKEN_SIGNING)
    assert new.is_primary and new.thumbprint not in before


def test_changes_by_hand_need_rollover_off_and_the_primary_stays() -> None:
    farm = make()
    node = farm.primary_node
    node.update_adfs_certificate(TOKEN_SIGNING)
    old, (successor,) = primary(farm), thumbprints(farm)[1]
    for change in (node.set_adfs_certificate, node.remove_adfs_certificate, node.add_adfs_certificate):
        with pytest.raises(CmdletError, match="AutoCertificateRollover is enabled"):
            change(TOKEN_SIGNING, successor)
    node.set_adfs_properties(AutoCertificateRollover=False)
    with pytest.raises(CmdletError, match="is the primary"):
        node.remove_adfs_certificate(TOKEN_SIGNING, old)
    node.set_adfs_certificate(TOKEN_SIGNING, successor.lower())
    assert thumbprints(farm) == ([successor], [old])
    node.remove_adfs_certificate(TOKEN_SIGNING, old)
    assert thumbprints(farm) == ([successor], [])
    with pytest.raises(CmdletError, match="not in the Token-Signing collection"):
        node.set_adfs_certificate(TOKEN_SIGNING, old)


def test_a_custom_certificate_comes_from_the_server_s_own_store() -> None:
    farm = make(AutoCertificateRollover=False)
    authority = Authority("Contoso Issuing CA", START - timedelta(days=1), START + timedelta(days=3650))
    custom = authority.issue("token signing", START, START + timedelta(days=700))
    node = farm.primary_node
    with pytest.raises(CmdletError, match="not found in the store"):
        node.add_adfs_certificate(TOKEN_SIGNING, custom.thumbprint)
    node.store[custom.thumbprint] = StoreEntry(custom)
    node.add_adfs_certificate(TOKEN_SIGNING, custom.thumbprint)
    added = next(item for item in node.get_adfs_certificate(TOKEN_SIGNING) if item.thumbprint == custom.thumbprint)
    assert (added.store_location, added.is_primary) == ("LocalMachine", False)

    node.set_adfs_certificate(TOKEN_SIGNING, custom.thumbprint)
    assert node.service_running
    pass_time(farm, seconds=301)
    assert not farm.nodes[1].service_running, "the secondary has no such key, and stops when the change arrives"
    assert farm.nodes[1].signer is None
    farm.nodes[1].store[custom.thumbprint] = StoreEntry(custom)
    farm.nodes[1].start_service()
    assert [node.signer.thumbprint for node in farm.nodes if node.signer] == [custom.thumbprint] * 2


def test_a_stopped_service_and_a_missing_module_answer_nothing() -> None:
    farm = make()
    farm.primary_node.stop_service()
    with pytest.raises(CmdletError, match=r"net\.tcp://localhost:1500/policy") as caught:
        farm.primary_node.get_adfs_certificate()
    assert caught.value.exception_type == "System.ServiceModel.EndpointNotFoundException"
    assert caught.value.full_id == "Microsoft.IdentityServer.Management.Commands.GetCertificateCommand,Get-AdfsCertificate"
    farm.primary_node.module_present = False
    with pytest.raises(CmdletError) as missing:
        farm.primary_node.get_adfs_certificate()
    assert missing.value.id == "Modules_ModuleNotFound"


def test_set_properties_binds_parameters_like_powershell() -> None:
    node = make().primary_node
    with pytest.raises(CmdletError) as unknown:
        node.set_adfs_properties(NoSuchProperty=1)
    assert unknown.value.id == "NamedParameterNotFound"
    with pytest.raises(CmdletError) as wrong:
        node.set_adfs_properties(CertificatePromotionThreshold="soon")
    assert wrong.value.category == "InvalidData"
    node.set_adfs_properties(AutoCertificateRollover=False, CertificatePromotionThreshold=9)
    properties = node.get_adfs_properties()
    assert (properties["AutoCertificateRollover"], properties["CertificatePromotionThreshold"]) == (False, 9)


def test_switch_urgent_keeps_old() -> None:
    farm = make(switches={"urgent_keeps_old": True})
    old = primary(farm)
    farm.primary_node.update_adfs_certificate(TOKEN_SIGNING, urgent=True)
    assert thumbprints(farm)[1] == [old]


@pytest.mark.parametrize("refuses", [True, False])
def test_switch_expired_secondary_refuses_update(refuses: bool) -> None:
    farm = make(switches={"expired_secondary_refuses_update": refuses})
    expired = signing(farm.clock, days_left=-1, days_old=400)
    farm.put(ServiceCertificate(TOKEN_SIGNING, False, "CurrentUser", "My", expired), replace_primary=False)
    if refuses:
        with pytest.raises(CmdletError, match="PS0139"):
            farm.primary_node.update_adfs_certificate(TOKEN_SIGNING)
    else:
        farm.primary_node.update_adfs_certificate(TOKEN_SIGNING)
        assert expired.thumbprint not in thumbprints(farm)[1] and len(thumbprints(farm)[1]) == 1


def test_switch_restart_needed_after_manual_promotion() -> None:
    farm = make(switches={"restart_needed_after_manual_promotion": True})
    node = farm.primary_node
    node.update_adfs_certificate(TOKEN_SIGNING)
    old, (successor,) = primary(farm), thumbprints(farm)[1]
    node.set_adfs_properties(AutoCertificateRollover=False)
    node.set_adfs_certificate(TOKEN_SIGNING, successor)
    pass_time(farm, hours=1)
    assert [item.signer.thumbprint for item in farm.nodes if item.signer] == [old, old]
    farm.nodes[1].restart_service()
    assert [item.signer.thumbprint for item in farm.nodes if item.signer] == [old, successor]


def test_switch_enabling_rollover_checks_at_once() -> None:
    farm = make(days_left=10, AutoCertificateRollover=False, switches={"enabling_rollover_checks_at_once": True})
    farm.primary_node.set_adfs_properties(AutoCertificateRollover=True)
    assert len(thumbprints(farm)[1]) == 1


def test_switch_secondary_answers_get_certificate() -> None:
    farm = make(switches={"secondary_answers_get_certificate": True})
    assert [item.thumbprint for item in farm.nodes[1].get_adfs_certificate(TOKEN_SIGNING)] == [primary(farm)]


def test_unknown_switches_and_properties_are_refused() -> None:
    with pytest.raises(ValueError, match="no_such"):
        make(switches={"no_such": True})
    with pytest.raises(ValueError, match="NoSuch"):
        make(NoSuch=1)

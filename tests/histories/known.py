# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histories that once went wrong, each as short as it gets, by what goes wrong in it. None may be found wrong again."""

from __future__ import annotations

from histories.certificates import text
from histories.history import DAY, History, on_day


def _span(first: float, last: float) -> dict[str, str]:
    return {"start": text(round(first * DAY)), "end": text(round(last * DAY))}


WEEKLY = 7 * DAY
NAMED = ["d1.contoso.com", "d2.contoso.com", "d3.contoso.com"]
# The promotion comes on day 12 to 16. It is rolled back a while later, and that is lifted.
LIFTED = (on_day(18, "policy", {"rollback": True}), on_day(21, "policy", {"rollback": None, "pause": False}))
KNOWN: dict[str, History] = {
    "an emergency ends although a domain cannot be read": History(left=60, length=20, events=(on_day(4.9, "unreadable", 0), on_day(5, "stolen", "primary"))),
    "an emergency ends although a server cannot be seen": History(left=60, length=20, events=(on_day(4.9, "unreachable", 1), on_day(5, "stolen", "primary"))),
    "a stranger's key in another farm's domain keeps the emergency open, and nothing else is done": History(
        left=24, length=32, elsewhere=1, events=(on_day(0.3, "stranger", 1), on_day(0.35, "stolen", "stranger"))
    ),
    "two certificates by hand before a server synchronises": History(left=200, length=5, lag=9, events=(on_day(3.3736, "urgent_twice"),)),
    "a second controller works inside the lock": History(
        left=28, length=12, clocks=(240, -200), events=(on_day(3.1, "policy", {"rollback": True}, 4.9), on_day(3.2, "kill_and_again", 3))
    ),
    "weekly runs and a freeze around the moment when AD FS makes a successor": History(
        left=21, length=29, interval=WEEKLY, first_run=576, policy={"run_interval": "168h", "freezes": [_span(0, 5)]}
    ),
    "AD FS generates and promotes at once": History(left=45, length=53, generation=40, promotion=0),
    "a certificate of an authority with rollover left on": History(first="ca", left=22, length=30, events=(on_day(5, "stranger", 0),)),
    "a certificate of an authority with rollover left on, weekly": History(first="ca", left=23, length=31, interval=WEEKLY),
    "a named domain becomes managed": History(left=22, length=30, policy={"domains": NAMED}, events=(on_day(1, "managed", 2),)),
    "one tenant cannot be read": History(left=22, length=30, tenants=2, events=(on_day(1, "tenant_unreadable", 1),)),
    "the role promotes, and partners are not acknowledged": History(left=35, length=43, partners=1, policy={"promote": "role"}),
    "an administrator is to promote, and does not": History(left=35, length=43, policy={"promote": "never"}),
    "the role promotes, and there is a freeze": History(left=35, length=43, policy={"promote": "role", "freezes": [_span(5.2, 25)]}),
    "a domain leads here by the service's former name": History(left=60, length=10, alias=1),
    "the service is renamed, and a domain is forgotten": History(left=60, length=10, events=(on_day(2, "rename", "login.contoso.com"),)),
    "a self-signed certificate of an administrator": History(first="local", auto=False, left=25, length=20, policy={"promote": "role"}),
    "a primary that is not valid yet": History(left=60, length=10, events=(on_day(2, "not_yet_valid", 25), on_day(3, "generate"))),
    "rollover off, and said to be wanted on": History(auto=False, left=28, length=36, policy={"auto_rollover": True}),
    "a server's port is closed to the runs": History(left=32, length=40, events=(on_day(1, "unreachable", 1),)),
    "a dead server is still listed": History(left=32, length=40, events=(on_day(1, "dead_server", 1),)),
    "one domain is excluded": History(left=32, length=40, policy={"domains_excluded": ["d1.contoso.com"]}),
    "one domain cannot be read": History(left=32, length=40, events=(on_day(1, "unreadable", 0),)),
    "one domain refuses": History(left=32, length=40, events=(on_day(1, "refuses", 0),)),
    "one domain has a stranger's certificate": History(left=32, length=40, events=(on_day(1, "stranger", 0),)),
    "the journal is lost while the clock is held": History(
        left=24, length=32, events=(on_day(0.1, "unreadable", 0, 6), on_day(5.5, "journal_lost")), policy={"auto_rollover": True}
    ),
    "the clock is held, and no run can use the journal": History(
        left=18, domains=1, servers=1, updater=400, length=18, policy={"auto_rollover": True}, events=(on_day(1, "journal_newer"),)
    ),
    "no run can use the journal, which alone would say that rollover is wanted": History(
        left=18, domains=1, servers=1, updater=400, length=18, events=(on_day(1, "journal_newer"),)
    ),
    "just at the threshold between holding and restoring": History(left=25, length=33, policy={"renew_before": "20d"}),
    "two controllers whose clocks differ": History(left=34, length=42, clocks=(200, -60)),
    "two controllers whose clocks differ, and the role promotes": History(left=21, length=25, first_run=0, clocks=(240, -200), policy={"promote": "role"}),
    "another writer comes between the scan and the write": History(left=30, length=3, gap=3, domains=1, second="ended", events=(on_day(0.3785, "swap", 0),)),
    "a certificate of unknown origin comes between the scan and the write": History(
        left=30, length=3, gap=3, domains=1, events=(on_day(0.3, "generate"), on_day(0.3757, "stranger_first", 0))
    ),
    "no run can use the journal, a server does not follow, and a hand adds a third certificate": History(
        left=32,
        duration=90,
        domains=1,
        length=92,
        policy={"renew_before": "20d"},
        events=(on_day(21, "journal_corrupt"), on_day(78, "stuck", 1, 112), on_day(87, "add", "ca")),
    ),
    "no run can use the journal, and a hand lets a former certificate sign while two more are younger": History(
        servers=1,
        left=28,
        domains=1,
        length=20,
        first_run=0,
        events=(on_day(9, "journal_corrupt"), on_day(13, "generate"), on_day(19.9583, "promote", 2)),
    ),
    "no run can write the journal, and a certificate that came under an earlier one is younger": History(
        left=60,
        promotion=7,
        domains=1,
        length=12,
        events=(on_day(2, "generate"), on_day(3, "add", "local"), on_day(5, "promote", 0), on_day(5.1, "rollover_on"), on_day(5.2, "journal_unwritable")),
    ),
    "a run gives the clock back, renews, and only then finds a domain that refuses": History(
        servers=1,
        left=32,
        domains=1,
        length=9,
        interval=2 * DAY,
        policy={"auto_rollover": True},
        events=(on_day(0, "policy", {"auto_rollover": False}, 6), on_day(3, "refuses", 0)),
    ),
    "the clock is held in a freeze that outlasts the certificate": History(left=24, length=32, promotion=1, policy={"freezes": [_span(0, 60)]}),
    "weekly runs, rollover off, the role promotes": History(auto=False, left=30, length=38, interval=WEEKLY, policy={"promote": "role", "auto_rollover": True}),
    "windows too short for a check of AD FS, and a server stops to copy while one is awaited": History(
        left=31,
        domains=1,
        updater=35,
        length=31,
        policy={"windows": [_span(day + 0.37, day + 0.45) for day in range(0, 40, 7)]},
        events=(on_day(18, "stuck", 3, 36),),
    ),
    "certificates of 45 days, and runs every two weeks": History(left=31, duration=45, domains=1, length=56, interval=14 * DAY),
    "weekly runs, and no run_interval": History(left=34, length=42, interval=WEEKLY),
    "weekly runs, no run_interval, and a freeze": History(left=21, length=29, interval=WEEKLY, domains=1, policy={"freezes": [_span(0, 9)]}),
    "runs every three days, and no run_interval": History(left=34, length=42, interval=3 * DAY),
    "runs every two weeks, and no run_interval": History(left=40, length=48, interval=14 * DAY),
    "an approved plan that is played": History(left=30, length=38, approves=True),
    "a steady farm with one unreadable domain": History(left=200, length=8, events=(on_day(2, "unreadable", 0),)),
    "an unknown certificate, and AD FS promotes by the age of the successor alone": History(left=28, generation=5, critical=0, second="unknown", length=30),
    "an unknown certificate, and AD FS promotes by age, and an administrator promotes": History(
        left=28, generation=5, promotion=10, critical=0, phase=539, second="unknown", length=30, policy={"promote": "never"}
    ),
    "no run lies in a window, and AD FS by itself makes its successor too late": History(
        left=32, generation=5, critical=0, interval=WEEKLY, length=36, policy={"windows": [_span(day + 0.8, day + 0.9) for day in range(40)]}
    ),
    "unknown certificates are to be replaced, and Entra refuses both forms of one alone": History(
        left=200, length=8, equal_ok=False, null_ok=False, policy={"unknown_certificates": "replace"}, events=(on_day(2, "stranger", 0),)
    ),
    "a hand switches rollover on when only AD FS can make a successor": History(
        auto=False, left=28, domains=1, phase=541, length=29, events=(on_day(27.1, "rollover_on"),)
    ),
    "AD FS promotes what a hand added, and a server follows after the next run": History(
        promotion=0, phase=539, domains=1, length=4, events=(on_day(2.2, "add", "local"),)
    ),
    "an administrator's certificate ends, and no run came since its renewal was due": History(
        first="local", left=34, domains=1, interval=14 * DAY, first_run=229, length=42, events=(on_day(14.1, "stops", 0, 40.7),)
    ),
    "protection is given up, and nobody promotes": History(left=34, domains=1, updater=35, length=36, policy={"promote": "never", "protect": False}),
    "several successors": History(left=31, length=39, events=(on_day(4, "generate"), on_day(4.1, "add", "local"))),
    "an emergency over the farm's own key": History(left=60, length=20, events=(on_day(2, "stolen", "primary"),)),
    "an emergency, containment first": History(left=60, length=20, policy={"emergency_priority": "containment"}, events=(on_day(2, "stolen", "primary"),)),
    "an emergency, containment first, and a domain cannot be read": History(
        left=60, length=12, policy={"emergency_priority": "containment"}, events=(on_day(1.9, "unreadable", 0), on_day(2, "stolen", "primary"))
    ),
    "unknown certificates are to be replaced on a steady farm": History(
        left=200, length=14, policy={"unknown_certificates": "replace"}, events=(on_day(2, "stranger", 0),)
    ),
    "the old certificate is to leave AD FS, and the clock comes back": History(
        left=21, length=25, domains=1, policy={"promote": "role", "auto_rollover": True, "remove_old_from_adfs": True}
    ),
    "a domain by another name, and the old certificate is to leave Entra": History(left=28, length=48, alias=1, policy={"remove_old_from_entra": True}),
    "the primary server's own metadata cannot be reached": History(left=22, length=70, duration=60, events=(on_day(3, "unreachable", 0),)),
    "unknown certificates are to be replaced, and Entra refuses an empty member": History(
        left=200, length=14, null_ok=False, policy={"unknown_certificates": "replace"}, events=(on_day(2, "stranger", 0),)
    ),
    "the only domain cannot be read": History(domains=1, updater=35, length=48, policy={"promote": "role"}, events=(on_day(6.8, "unreadable", 0),)),
    "a server comes back after two renewals": History(left=22, length=130, duration=60, events=(on_day(3, "stops", 1, 75),)),
    "a server comes back after the old certificate left Entra": History(
        left=22, length=40, policy={"remove_old_from_entra": True}, events=(on_day(3, "stops", 1, 30),)
    ),
    "a server cannot be seen at the last look of an emergency": History(
        left=200, length=10, servers=1, policy={"emergency_priority": "containment"}, events=(on_day(1, "stolen", "primary"), on_day(2.2, "unreachable", 0, 6))
    ),
    "the role promotes, and the last call leaves an administrator's successor to AD FS": History(
        servers=1, left=21, domains=1, length=20, policy={"promote": "role"}, events=(on_day(0, "add", "ca"),)
    ),
    "an unseen server's last certificate is nowhere any more": History(
        servers=1, left=21, duration=90, domains=1, length=151, policy={"promote": "never"}, events=(on_day(70, "unreachable", 0),)
    ),
    "a server is declared gone, and answers": History(
        left=23,
        domains=1,
        length=16,
        policy={"freezes": [_span(1, 8)]},
        events=(on_day(7, "stuck", 1), on_day(7.1, "stops", 1, 15.1), on_day(11, "acknowledge")),
    ),
    "protection is given up, and runs come outside the windows": History(
        domains=1,
        length=26,
        first_run=1439,
        policy={"promote": "role", "protect": False, "windows": [_span(day + 0.4, day + 0.9) for day in range(40)]},
    ),
    "the clock comes back just before AD FS would have to be held again": History(
        left=34, generation=30, promotion=0, auto=False, length=3, policy={"auto_rollover": True}
    ),
    "the clock comes back the day before the renewal is due, and an administrator promotes": History(
        left=31, auto=False, length=2, policy={"promote": "never", "auto_rollover": True}
    ),
    "a server joins while a domain is broken": History(servers=1, left=25, length=2, events=(on_day(1, "drop_first", 0), on_day(1, "new_server", True))),
    "two certificates by hand within a minute, and both end": History(left=40, duration=45, length=50, events=(on_day(1, "urgent_twice"),)),
    "unknown certificates are to be replaced, and the journal cannot be used": History(
        left=60, length=9, policy={"unknown_certificates": "replace"}, events=(on_day(2, "journal_corrupt", None, 9), on_day(3, "stranger", 0))
    ),
    "unknown certificates are to be replaced, and a server cannot be seen": History(
        left=60, length=9, policy={"unknown_certificates": "replace"}, events=(on_day(2, "unreachable", 0), on_day(3, "stranger", 0))
    ),
    "a hand takes the successor out of a domain, and the next run is the last one": History(
        left=32, length=29, interval=14 * DAY, policy={"promote": "role"}, events=(on_day(15, "drop_second", 0),)
    ),
    "weekly runs, and a domain comes when only the last call is left": History(
        servers=1, left=18, domains=2, length=15, interval=WEEKLY, policy={"domains_excluded": ["d1.contoso.com"]}, events=(on_day(12, "new_domain"),)
    ),
    "the successor that signs after the end ends itself the next day": History(
        left=23, duration=45, domains=1, updater=400, phase=539, first_run=0, length=92, events=(on_day(47, "add", "ca"),)
    ),
    "an administrator's certificate, and rollover is said to be wanted": History(
        first="local", left=34, promotion=1, length=42, domains=1, policy={"auto_rollover": True}
    ),
    "another server becomes the primary one while the former cannot be seen": History(
        left=34, domains=1, length=30, events=(on_day(10, "unreachable", 0), on_day(29, "primary_moves", 1))
    ),
    "the journal is unreadable while the clock is held": History(
        servers=1, left=28, domains=1, updater=35, length=29, policy={"promote": "never"}, events=(on_day(18, "journal_corrupt"), on_day(22, "unreachable", 0))
    ),
    "the old certificate is to leave Entra, and no run ever saw that it was the farm's": History(
        left=31, servers=1, domains=1, length=34, events=(on_day(0, "no_runs", None, 24), on_day(12, "urgent_twice")), policy={"remove_old_from_entra": True}
    ),
    "another hand takes the successor out of a domain, and it is put back before the next run": History(
        servers=1, left=34, domains=1, updater=400, length=9, policy={"promote": "never"}, events=(on_day(8, "drop_second", 0),)
    ),
    "the server's clock is set forward by less than what is allowed while Entra spreads a change": History(
        servers=1, left=21, domains=1, length=4, events=(on_day(1, "server_clock", 280, 3),)
    ),
    "the server's clock was behind when the successor was published, and is set right": History(
        servers=1, left=21, domains=1, length=4, events=(on_day(0.1, "server_clock", -280, 1),)
    ),
    "a server cannot be seen, and for minutes another one still shows the ended certificate": History(
        servers=3, left=31, duration=45, domains=1, length=75, events=(on_day(1, "dead_server", 1),)
    ),
    "a certificate ends with which a server that cannot be seen was last seen to sign, and the next renewal is due": History(
        servers=1, left=31, duration=48, domains=1, length=52, events=(on_day(3, "unreachable", 0),)
    ),
    "several successors, and unknown certificates are to be replaced": History(
        servers=1,
        left=40,
        domains=1,
        length=12,
        policy={"unknown_certificates": "replace"},
        events=(on_day(1, "generate"), on_day(1.1, "add", "local"), on_day(5, "stranger", 0)),
    ),
    "a hand promotes the old certificate between the run's look and its removal from Entra": History(
        left=34, domains=1, first_run=0, gap=1, length=10, policy={"promote": "role", "remove_old_from_entra": True}, events=(on_day(9, "promote", 0),)
    ),
    "a snapshot brings an authority's certificate back that has ended": History(
        servers=1, first="ca", left=21, domains=1, length=24, policy={"auto_rollover": True}, events=(on_day(24, "restore_snapshot", 10),)
    ),
    "a stolen certificate ends, and AD FS would promote a new one at once": History(
        servers=1, left=32, promotion=0, domains=1, length=32, events=(on_day(21, "stolen", "primary"),)
    ),
    "weekly runs, and AD FS promoted the younger of two that came since the last one": History(
        servers=1, left=21, duration=90, domains=1, length=147, interval=WEEKLY, policy={"remove_old_from_adfs": True}, events=(on_day(71, "urgent_twice"),)
    ),
    "just after a run's look a stranger takes the successor out of a domain, and Entra's updater puts it back": History(
        servers=1, left=25, domains=1, updater=35, length=4, events=(on_day(2.375, "stranger", 0),)
    ),
    "unknown certificates are to be replaced, and another domain is excluded and broken": History(
        servers=1,
        left=18,
        domains=2,
        length=21,
        policy={"unknown_certificates": "replace", "domains_excluded": ["d1.contoso.com"]},
        events=(on_day(16, "urgent"), on_day(17, "stranger", 1)),
    ),
    "a domain refuses an act of the approved plan, and the next one is done": History(
        servers=1,
        left=28,
        domains=2,
        length=5,
        approves=True,
        policy={"promote": "role", "remove_old_from_entra": True},
        events=(on_day(2, "refuses", 0, 15),),
    ),
    "a certificate that is no longer primary waits beside a successor that an administrator added": History(
        servers=1,
        left=21,
        domains=1,
        length=27,
        events=(on_day(2, "not_yet_valid", 0), on_day(21, "promote", 0), on_day(26, "add", "local")),
    ),
    "a server stops to copy, and goes on publishing what stood beside the primary certificate": History(
        left=18, duration=45, generation=5, domains=1, length=46, interval=2 * DAY, events=(on_day(12, "stuck", 1, 60),)
    ),
    "every ten days, and the certificate before this one ends shortly before its successor has to be made": History(
        left=25, duration=45, domains=1, length=46, interval=10 * DAY
    ),
    "a successor is stolen with the primary, containment first, and a server comes back": History(
        left=23, domains=1, length=11, policy={"emergency_priority": "containment"}, events=(on_day(1, "stops", 1, 11), on_day(6, "stolen", "successor"))
    ),
    "a server comes back after two certificates by hand": History(
        left=18, domains=1, length=18, events=(on_day(10, "stops", 1, 18), on_day(15, "urgent_twice"))
    ),
    "no run can use the journal, and a server comes back after two certificates by hand": History(
        left=18, domains=1, length=18, events=(on_day(10, "stops", 1, 18), on_day(11, "journal_corrupt", None, 28), on_day(15, "urgent_twice"))
    ),
    "the same certificate is declared stolen again while it is replaced": History(
        servers=1, left=25, domains=1, length=23, events=(on_day(18, "stolen", "primary"), on_day(19, "stolen", "primary"))
    ),
    "a snapshot takes the published successor away, and only one run more comes in time": History(
        servers=1, first="local", left=18, partners=1, domains=1, length=16, policy={"promote": "role"}, events=(on_day(14, "restore_snapshot", 10),)
    ),
    "an unknown certificate holds the place of the successor, and nobody could give AD FS its clock back": History(
        servers=1, left=36, domains=1, second="unknown", length=21, events=(on_day(16, "journal_corrupt", None, 35),)
    ),
    "certificates of 45 days, weekly runs, and after the last call AD FS would make and promote one more before the next run": History(
        servers=1, left=21, duration=45, domains=1, length=120, interval=WEEKLY, events=(on_day(80, "add", "local"),)
    ),
    "an emergency with a domain that refuses, and after the last call AD FS would make and promote one more before the next run": History(
        servers=1,
        left=36,
        duration=90,
        domains=2,
        length=113,
        interval=2 * WEEKLY,
        policy={"emergency_priority": "containment"},
        events=(on_day(1, "refuses", 0), on_day(10, "stolen", "primary")),
    ),
    "weekly runs, nobody could give AD FS its clock back, and AD FS would make and promote a certificate between two of them": History(
        servers=1, left=23, duration=90, domains=1, length=84, interval=WEEKLY, events=(on_day(49, "journal_corrupt"),)
    ),
    "an administrator's certificate came under the one before, is not taken for the successor, and nothing else is left at the end": History(
        servers=1,
        left=23,
        duration=60,
        domains=1,
        length=141,
        policy={"windows": [_span(day + 0.26, day + 0.85) for day in range(150)]},
        events=(on_day(96, "add", "ca"), on_day(128, "rollover_on")),
    ),
    "every domain is excluded, and Entra's own updater brings the successor to them": History(
        servers=1, left=21, domains=1, updater=35, length=21, policy={"domains_excluded": ["d1.contoso.com"]}
    ),
    "automatic rollover was found off and is wanted, and a domain is excluded: no run gives AD FS its clock back and holds it again": History(
        servers=1, left=25, generation=10, promotion=10, auto=False, domains=2, length=1, policy={"auto_rollover": True, "domains_excluded": NAMED[:1]}
    ),
    "AD FS' own certificate is to follow an administrator's, and AD FS would promote what the next run makes within a freeze": History(
        servers=1,
        first="local",
        left=31,
        auto=False,
        domains=2,
        length=10,
        interval=3 * DAY,
        policy={"auto_rollover": True, "freezes": [_span(14, 16)]},
        events=(on_day(4, "unreadable", 0),),
    ),
    "runs come every ten days, which nobody declared, and an unknown certificate is in the way when the first comes": History(
        servers=1, left=18, domains=1, second="unknown", length=18, interval=10 * DAY
    ),
    "a rollback's pause was lifted, the renewal was done after all, and the next one comes; the role promotes": History(
        left=40, duration=90, domains=1, length=130, policy={"promote": "role", "auto_rollover": False}, events=LIFTED
    ),
    "a rollback's pause was lifted, the renewal was done after all, and the next one comes; AD FS promotes": History(
        left=40, duration=90, domains=1, length=130, events=LIFTED
    ),
    "a rollback's pause was lifted, the renewal was done after all, and the next one comes; runs every ten days": History(
        left=40, duration=90, domains=1, length=130, interval=10 * DAY, events=LIFTED
    ),
    "AD FS gets its clock back for good while a domain is excluded": History(
        left=40, length=42, domains=2, policy={"domains_excluded": NAMED[:1]}, events=(on_day(27, "policy", {"hand_back": True}),)
    ),
    "AD FS gets its clock back for good while a server cannot be seen": History(
        left=40, length=42, domains=2, events=(on_day(6, "unreachable", 1), on_day(27, "policy", {"hand_back": True}))
    ),
    "the server's clock was more than a year ahead while a run published": History(
        left=40, length=42, domains=1, policy={"promote": "role", "auto_rollover": False}, events=(on_day(10.376, "server_clock", 400 * 24 * 3600, 12),)
    ),
    "the server's clock was more than a year ahead at one look at a farm in which nothing is due": History(
        left=300, length=30, domains=1, policy={"auto_rollover": True}, events=(on_day(9, "server_clock", 400 * 24 * 3600, 9.9),)
    ),
    "the server's clock was more than a year ahead in an emergency": History(
        left=300, length=60, domains=1, events=(on_day(5, "stolen", "primary"), on_day(9, "server_clock", 400 * 24 * 3600, 9.9))
    ),
    "a renewal with nothing in its way": History(left=50, length=50),
    "a renewal with nothing in its way, and the old certificate leaves AD FS": History(left=32, length=60, policy={"remove_old_from_adfs": True}),
    "a run is killed between two acts": History(left=32, length=34, gap=1, events=(on_day(2, "kill", 3),)),
    "the role promotes, and all partners are acknowledged": History(
        left=32, length=40, partners=1, policy={"promote": "role", "relying_parties_acknowledged": ["*"]}
    ),
    "an administrator promotes what the runs prepared, and the next renewal comes": History(
        left=30, duration=60, length=100, policy={"promote": "never"}, events=(on_day(15, "promote", 0),)
    ),
    "an administrator's certificate gets a successor by hand, and the role promotes": History(
        first="ca", auto=False, winrm=True, left=30, length=34, policy={"promote": "role"}, events=(on_day(2, "add", "ca"),)
    ),
    "an acknowledged domain can be read again before AD FS promotes": History(
        left=32, length=34, promotion=10, events=(on_day(0.1, "unreadable", 0, 9.1), on_day(4, "acknowledge"))
    ),
    "an emergency with nothing in its way": History(left=60, length=20, events=(on_day(5, "stolen", "primary"),)),
}

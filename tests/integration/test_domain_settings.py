# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a domain besides its certificates: the role tells where they are wrong or differ from the farm's, and writes nothing for it."""

from __future__ import annotations

from collections.abc import Callable

from lab.running import Lab
from playing import play


def test_settings_that_let_nobody_in_and_those_that_differ_are_told_and_not_written(start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    other = "https://old.contoso.com/adfs/services/trust/mex"
    lab.entra(domain="contoso.com", settings={"passiveSignInUri": "http://sts.contoso.com/adfs/ls/", "metadataExchangeUri": other})
    lab.clear_log()
    run = play(lab)
    assert run.code == 0 and run.done == [], run.output
    assert [write["operation"] for write in lab.writes()] == ["write_journal"]
    (domain,) = run.result["domains"]
    assert domain["verdict"] == "wrong_settings", run.output
    rows = {row["name"]: row for row in domain["settings"]}
    assert rows["metadata_exchange_uri"] == {
        "name": "metadata_exchange_uri",
        "entra": other,
        "farm": "https://sts.contoso.com/adfs/services/trust/mex",
        "same": False,
    }
    assert run.summary[0].startswith("Act: contoso.com has 'http://sts.contoso.com/adfs/ls/' as passive_sign_in_uri"), run.output
    assert any(line.startswith(f"Differs from AD FS: metadata_exchange_uri of contoso.com is {other} in Entra") for line in run.summary), run.output

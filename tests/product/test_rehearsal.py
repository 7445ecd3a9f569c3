# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rehearsal of a real farm: what is played from its report, and what is said of a file that is none."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from loading import load_collection

load_collection()

from histories import certificates  # noqa: E402
from histories.certificates import make  # noqa: E402
from histories.history import DAY  # noqa: E402
from rehearsal import plays  # noqa: E402
from rehearsal.__main__ import main  # noqa: E402
from rehearsal.snapshot import read  # noqa: E402

MADE = "2027-03-01T08:00:00Z"
MADE_AT = datetime(2027, 3, 1, 8, tzinfo=timezone.utc)
THRESHOLDS = {"generation": 20 * DAY, "promotion": 5 * DAY, "critical": 2 * DAY, "check": 720, "duration": 365 * DAY}


@pytest.fixture(autouse=True)
def _beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "START", MADE_AT)


def report(**more: Any) -> dict[str, Any]:
    """A farm of two servers with three domains, 40 days before its certificate ends."""
    mine = make("mine", -325 * DAY, 40 * DAY)
    shown = {
        "made_at": MADE,
        "farm": {
            "name": "sts.example.com",
            "identifier": "http://sts.example.com/adfs/services/trust",
            "server": "adfs1.example.com",
            "primary": mine.thumbprint,
            "auto_certificate_rollover": True,
            "thresholds": THRESHOLDS,
        },
        "policy": {"run_interval": "24h", "servers": [{"name": "ADFS2.example.com", "address": "192.0.2.2"}], "pause": True},
        "domains": [{"domain": f"d{n}.example.com", "tenant": "tenant-1", "verdict": "in_sync", "signing": mine.thumbprint, "next": None} for n in (1, 2, 10)],
        "servers": [{"name": name, "seen": True, "primary": mine.thumbprint} for name in ("adfs2.example.com", "adfs1.example.com")],
        "certificates": [{"thumbprint": mine.thumbprint, "der": mine.der, "self_signed": True, "store_location": "CurrentUser"}],
        "partners": [],
    }
    return {**shown, **more}


def written(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "report.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_the_renewal_the_rollback_and_the_emergency_are_played_with_dates(tmp_path: Path) -> None:
    renewal, back, availability, containment = plays.rehearse(read(written(tmp_path, report())))
    of = {line.what: line for line in renewal.lines}
    made, promoted = of["the run has AD FS make new certificate 1"], of["new certificate 1 signs; AD FS promoted it"]
    published = next(line for line in renewal.lines if "(publish)" in line.what)
    assert published.about == ("d1.example.com", "d10.example.com", "d2.example.com")
    assert made.first < published.first and promoted.first - published.last >= 24 * 60
    assert 10 * DAY - 1 <= made.first <= 12 * DAY  # thirty days before the end
    assert promoted.last - promoted.first == 2 * 720 // 3  # AD FS checks at another moment in each play
    assert (renewal.refused, back.refused, availability.refused) == ((), (), ())
    assert back.lines[0].what == "the operator asks for a rollback" and back.lines[0].first > promoted.first
    old = report()["farm"]["primary"]
    assert back.lines[-1].what == f"{old} signs; the run promoted it"
    assert set(containment.refused) == {"d1.example.com", "d2.example.com", "d10.example.com"}
    gone = "no domain accepts a stolen key any more, wherever Entra is asked"
    first, second = (next(line.first for line in play.lines if line.what == gone) for play in (containment, availability))
    assert 24 * 60 <= first - 60 < 26 * 60 < 48 * 60 <= second - 60 < 52 * 60
    assert [play.found for play in (renewal, back, availability, containment)] == [()] * 4


def test_what_is_printed_has_dates_intervals_and_the_farms_own_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(written(tmp_path, report()))]) == 0
    said = capsys.readouterr().out
    assert said.startswith("sts.example.com as it was at 2027-03-01 08:00 UTC: 3 domains, 2 servers.")
    assert re.search(r"2027-03-1\d \d\d:\d\d +\+\d+ min  the run writes [0-9A-F]{40} and new certificate 1 \(publish\): all 3 domains", said)
    assert re.search(r"2027-\d\d-\d\d \d\d:\d\d to \d\d-\d\d \d\d:\d\d +\+\d+\.\d d  new certificate 1 signs", said)
    assert "contoso" not in said


def test_what_was_broken_or_foreign_when_the_report_was_made_is_played_so(tmp_path: Path) -> None:
    shown = report()
    shown["domains"][0]["signing"] = "AB" * 20
    shown["domains"][0]["verdict"] = "broken"
    shown["domains"][1]["verdict"] = "other_farm"
    renewal = plays.rehearse(read(written(tmp_path, shown)))[0]
    assert renewal.lines[0] == plays.Line(0, 0, "SIGN-IN FAILS", ("d1.example.com",), plays.PHASES)
    assert renewal.refused == ("d1.example.com",)
    assert "d2.example.com" not in {name for line in renewal.lines for name in line.about}
    assert next(line for line in renewal.lines if line.what == "sign-in works again").about == ("d1.example.com",)


def _without(name: str) -> dict[str, Any]:
    shown = report()
    del shown[name]
    return shown


def _farm(**more: Any) -> dict[str, Any]:
    shown = report()
    return {**shown, "farm": {**shown["farm"], **more}}


def _certificate(**more: Any) -> dict[str, Any]:
    shown = report()
    return {**shown, "certificates": [{**shown["certificates"][0], **more}]}


NONE: dict[str, tuple[Callable[[], Any], str]] = {
    "no JSON": (lambda: "{", "is no report of a run"),
    "nested": (lambda: "[" * 100_000, "nested too deeply"),
    "a list": (list, "is not of type 'object'"),
    "no farm": (lambda: _without("farm"), "'farm' is a required property"),
    "no domain": (lambda: report(domains=[]), "domains:"),
    "no time": (lambda: report(made_at="today"), "is no report of a run"),
    "a clock of nothing": (lambda: _farm(thresholds={**THRESHOLDS, "check": 0}), "farm/thresholds/check"),
    "a clock of text": (lambda: _farm(thresholds={**THRESHOLDS, "check": "720"}), "farm/thresholds/check"),
    "another provider": (lambda: _farm(auto_certificate_rollover=None), "farm/auto_certificate_rollover"),
    "no primary": (lambda: _farm(primary="0" * 40), "does not hold the primary certificate"),
    "no certificate": (lambda: _certificate(der=base64.b64encode(b"nothing").decode()), "cannot be read"),
    "no base64": (lambda: _certificate(der="\u00fc"), "cannot be read"),
    "another certificate": (lambda: _certificate(thumbprint="1" * 40), " is "),
    "an unknown policy": (lambda: report(policy={"renew_befor": "30d"}), "renew_signing_cert_renew_befor is not known"),
    "a wrong policy": (lambda: report(policy={"promote": "\x1b[31mthem"}), "renew_signing_cert_promote must be one of"),
}


@pytest.mark.parametrize("what", NONE)
def test_a_file_that_is_no_report_is_told_in_one_line(what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, said = NONE[what]
    assert main([str(written(tmp_path, content()))]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("Nothing was played. ") and said in err
    assert err.count("\n") == 1 and err.rstrip("\n").isprintable()


def test_a_file_that_is_not_there_or_endless_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path / "none.json", Path("/dev/zero"), tmp_path):
        assert main([str(path)]) == 2
        assert "cannot be read" in capsys.readouterr().err


def test_hostile_names_are_played_and_printed_harmlessly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = _farm(name="\x1b]0;sts\x07")
    shown["domains"][0]["domain"] = "two\nlines\x1b[2J.example.com"
    assert main([str(written(tmp_path, shown))]) == 0
    out = capsys.readouterr().out
    assert "two lines\\x1b[2J.example.com" in out or "all 3 domains" in out
    assert all(line.isprintable() for line in out.splitlines())

# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from other systems is shown on one line, and nothing in it acts or hides."""

from __future__ import annotations

import sys
import time
import unicodedata

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._text import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CN=ADFS Signing - sts.contoso.com", "CN=ADFS Signing - sts.contoso.com"),
        ("Größe 漢字 Ελληνικά עברית", "Größe 漢字 Ελληνικά עברית"),
        ("  two\r\n lines\tand\u00a0more\u2028here\x85there ", "two lines and more here there"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("moc.osotnoc\u202etxt", "moc.osotnoc\\u202etxt"),
        ("a\u200bb\ufeffc\u200ed\u2066e", "a\\u200bb\\ufeffc\\u200ed\\u2066e"),
        ("a\x00b\x08c\x7f", "a\\x00b\\x08c\\x7f"),
        ("lone \ud800", "lone \\ud800"),
        ("tag \U000e0041, private \ue000, filler \u3164, selector \ufe0f", "tag \\U000e0041, private \\ue000, filler \\u3164, selector \\ufe0f"),
        ("", ""),
        (None, "None"),
        (407, "407"),
    ],
)
def test_what_would_act_or_hide_is_written_as_an_escape(text, shown):
    assert printable(text) == shown


def test_no_character_at_all_comes_through_that_a_terminal_obeys():
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    shown = printable(everything)
    shown.encode("utf-8")
    assert {unicodedata.category(character) for character in shown}.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    assert {character for character in shown if character.isspace()} == {" "}


def test_texts_that_differ_look_different():
    assert printable("contoso\u200b.com") != printable("contoso.com")


@pytest.mark.parametrize("limit", [0, 1, 3, 4, 10, 300])
def test_a_limit_holds_also_for_what_is_written_as_escapes(limit):
    for text in ("x" * 5000, "\x1b" * 5000, "\U000e0041" * 5000, " " * 5000 + "x" * 5000):
        shown = printable(text, limit)
        assert len(shown) <= limit
        assert shown.endswith("..."[:limit])


def test_what_fits_is_not_cut():
    assert printable("1234567890", 10) == "1234567890"
    assert printable("12345678901", 10) == "1234567..."
    assert printable("a    b", 3) == "a b"


def test_megabytes_cost_no_more_than_what_is_shown():
    begun = time.process_time()
    printable("\x1b " * 8_000_000, 300)
    assert time.process_time() - begun < 1

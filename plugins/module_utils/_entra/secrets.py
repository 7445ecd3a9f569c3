# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Taking secrets out of texts that others wrote, in whatever form they repeat one: raw, percent-encoded, escaped for JSON or HTML, base64."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from html.entities import codepoint2name

HIDDEN = "********"
# More of a text is never shown; what is longer is cut before it is searched, and the end of it, where a secret may be cut in two, is dropped.
MAX_CHARACTERS = 100_000
_MARGIN = 50_000
# The base64 of a shorter piece is found in too many texts that have nothing to do with it.
_SHORTEST_BASE64 = 6
# The parts of a token count as secrets of their own from this length on: an error may repeat only one of them.
_SHORTEST_PART = 40


class Scrubber:
    """Knows secrets, more of them as they come up, and takes them out of texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._values: list[str] = []
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.add(secret)

    def __repr__(self) -> str:
        """Say how many, never which."""
        return f"Scrubber({len(self._values)} secrets)"

    def add(self, secret: str) -> None:
        """Hide this one too from now on. Empty text is no secret."""
        parts = secret.split(".")
        tokens = [part for part in parts[1:] if len(part) >= _SHORTEST_PART] if len(parts) in (3, 5) else []
        for value in (secret, *tokens, *_lines(secret)):
            if value.strip() and value not in self._values:
                self._values.append(value)
                self._pattern = None

    def values(self) -> list[str]:
        """Return every secret value."""
        return list(self._values)

    def scrub(self, text: str) -> str:
        """Return the text with stars in the place of each secret, in any of its forms."""
        if len(text) > MAX_CHARACTERS + _MARGIN:
            text = text[:MAX_CHARACTERS]
            whole = False
        else:
            whole = True
        if self._values:
            if self._pattern is None:
                # The longest first, as one may be part of another.
                forms = [form for value in sorted(self._values, key=len, reverse=True) for form in _forms(value)]
                self._pattern = re.compile("|".join(forms))
            text = self._pattern.sub(HIDDEN, text)
        return text if whole else text[: max(len(text) - _MARGIN, 0)]


def _lines(secret: str) -> list[str]:
    """Return the lines of a private key: a text on one line has them one by one."""
    if "PRIVATE KEY" not in secret:
        return []
    return [line.strip() for line in secret.splitlines() if len(line.strip()) >= _SHORTEST_PART]


def _forms(secret: str) -> list[str]:
    return ["".join(map(_character, secret)), *_base64_forms(secret)]


def _character(character: str) -> str:
    """Return a pattern for one character in every form; each form begins differently, so that nothing is tried twice."""
    forms = [re.escape(character)]
    if character.isascii() and (character.isalnum() or character in "-_"):
        # Nothing escapes these by itself; the percent form is what an overzealous server makes of them.
        return f"(?:{forms[0]}|%(?i:{ord(character):02x}))"
    units = character.encode("utf-16-be", "surrogatepass")
    codes = [units[index] << 8 | units[index + 1] for index in range(0, len(units), 2)]
    # Percent-encoded, also twice.
    forms.append("".join(f"%(?:25)?(?i:{byte:02x})" for byte in character.encode("utf-8", "surrogatepass")))
    # Escaped for JSON, also twice.
    forms.append("".join(rf"\\{{1,3}}u(?i:{code:04x})" for code in codes))
    if character in "\"\\/'":
        forms.append(r"\\{1,3}" + re.escape(character))
    if character in "\n\r\t":
        forms.append(r"\\{1,3}" + {"\n": "n", "\r": "r", "\t": "t"}[character])
    # Escaped for HTML or XML.
    number = ord(character)
    names = [re.escape(codepoint2name[number])] if number in codepoint2name else ["apos"] if character == "'" else []
    forms.append("&(?:" + "|".join([rf"#0*{number}", rf"#[xX]0*(?i:{number:x})", *names]) + ");")
    if character == " ":
        forms.append(r"\+")
    return "(?:" + "|".join(forms) + ")"


def _base64_forms(secret: str) -> list[str]:
    """Return patterns for base64 of the secret at the beginning, or anywhere inside, of something longer: there are three ways to lie in groups of three."""
    raw = secret.encode("utf-8", "surrogatepass")
    forms: list[str] = []
    for before in range(3):
        # Characters that depend on what stands before and after the secret as well are left out.
        start = (8 * before + 5) // 6
        end = (8 * (before + len(raw))) // 6
        text = base64.b64encode(b"\0" * before + raw + b"\0\0").decode("ascii")[start:end]
        if len(text) >= _SHORTEST_BASE64:
            forms.append("".join({"+": r"(?:[+\-]|%2[bB])", "/": r"(?:[/_]|\\/|%2[fF])"}.get(character, character) for character in text))
    return forms

# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Text from other systems, made fit to be shown. Pure functions.

Only what is shown goes through here. What is compared, kept or written back stays as it came.
"""

from __future__ import annotations

# Letters and marks that Unicode counts as visible although they show nothing: fillers, the blank of Braille, variation selectors.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))


def printable(text: object, limit: int | None = None) -> str:
    """Return the text on one line, without anything that a terminal, a log or a browser would obey or hide.

    White space of any kind becomes single spaces. Control characters (with them the ESC that begins a terminal's commands), direction
    marks, characters of no width, lone surrogates, private and unassigned characters are written as escapes such as ``\\x1b`` and
    ``\\u202e``: two texts that differ still look different. ``limit``: the most characters to return; what is longer ends in ``...``.
    Secrets have to be removed before, since what is cut cannot be recognised any more.
    """
    text = text if isinstance(text, str) else str(text)
    if (limit is None or len(text) <= limit) and text.isprintable() and (text.isascii() or _BLANK.isdisjoint(text)):
        # As nearly all is: nothing to escape, and of white space only spaces.
        return " ".join(text.split()) if "  " in text or text[:1] == " " or text[-1:] == " " else text
    cut = False
    if limit is not None:
        # No more work than what is shown is worth; runs of white space count as one character.
        enough = 16 * limit + 64
        text, rest = text[:enough], text[enough:]
        cut = bool(rest.strip())
    text = " ".join(text.split())
    if limit is not None:
        cut = cut or len(text) > limit
        text = text[:limit]
    if not text.isprintable() or not _BLANK.isdisjoint(text):
        text = "".join(character if character.isprintable() and character not in _BLANK else _escape(character) for character in text)
    if limit is not None and (cut or len(text) > limit):
        return (text[: max(limit - 3, 0)] + "...")[:limit]
    return text


def printable_line(text: object) -> str:
    """Return the text as ``printable`` does, but with its spaces as they are: what stands in columns stays there."""
    return " ".join(printable(part) for part in str(text).split(" "))


def _escape(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"

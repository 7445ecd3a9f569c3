# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of AADSTS numbers: each has advice with its fields filled in, and a source."""

from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra.sign_in_errors import CAUSES, Cause, advice

FIELDS = {
    "client": "the-app",
    "tenant": "the-tenant",
    "cloud": "usgov",
    "scope": "https://graph.microsoft.us/.default",
    "audience": "api://AzureADTokenExchangeUSGov",
    "source": "the options",
}


def test_numbers_are_there_once_and_there_are_the_thirty_that_an_app_meets() -> None:
    numbers = [cause.number for cause in CAUSES]
    assert len(numbers) == len(set(numbers)) >= 30
    met = {900382, 7000112, 65001, 7000215, 7000222, 53003, 700027, 90002, 700016, 500011, 700024, 70021, 700211, 700212, 700213, 90033, 500021}
    assert met <= set(numbers)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: str(cause.number))
def test_each_has_advice_and_a_source(cause: Cause) -> None:
    text = advice([cause.number], **FIELDS)
    assert text and text.isprintable() and "{" not in text and text.endswith((".", "?", ")"))
    assert cause.source.startswith("https://l")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (900382, "Set cloud to that of the tenant"),
        (7000112, "App the-app is disabled. Enable it"),
        (65001, "grant admin consent"),
        (7000222, "has expired. Create a new client secret for app the-app"),
        (53003, "Conditional Access policy for workload identities"),
        (700027, "Upload the certificate to app the-app"),
        (90002, "Check tenant_id the-tenant"),
        (700212, "api://AzureADTokenExchangeUSGov"),
        (500011, "https://graph.microsoft.us/.default"),
    ],
)
def test_the_advice_names_what_to_do(number: int, words: str) -> None:
    assert words in (advice([number], **FIELDS) or "")


def test_the_first_number_that_is_known_counts_and_odd_ones_do_no_harm() -> None:
    assert advice([1, None, "x", 7000112, 65001], **FIELDS) == advice([7000112], **FIELDS)
    assert advice([], **FIELDS) is None and advice([{"a": 1}, [2]], **FIELDS) is None
    assert "(not given)" in (advice([7000112], **{**FIELDS, "client": None}) or "")

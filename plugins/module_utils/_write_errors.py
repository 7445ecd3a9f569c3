# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""How a write to a domain can end other than well: the C(error_id) that entra_federation returns, and plans and ledger judge.

A refusal of the values has none.
"""

from __future__ import annotations

RACED = "not_as_expected"
"""The domain differed from what the plan had seen: somebody else wrote meanwhile, and nothing was tried or refused."""
NOT_READ_BACK = "not_read_back"
"""It was written, and could not be read afterwards."""
NOT_KNOWN = "not_known"
"""Nobody knows whether it was written."""
NOT_TRIED = "not_tried"
"""No write was sent."""
UNSEEN = (NOT_READ_BACK, NOT_KNOWN, NOT_TRIED)
"""Those after which the domain is not as planned, as far as is seen, and nobody refused anything."""
DENIED, NOT_FOUND, CONFLICT, THROTTLED = "denied", "not_found", "conflict", "throttled"
ELSEWHERE = {401: DENIED, 403: DENIED, 404: NOT_FOUND, 407: DENIED, 409: CONFLICT, 412: CONFLICT, 424: THROTTLED, 429: THROTTLED}
"""By HTTP status, refusals that have nothing to do with the values: the same domain refuses others, too, until the cause is gone."""

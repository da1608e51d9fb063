"""Every slip in a mapping there is, so that a changed word is seen by whoever changes it."""

from __future__ import annotations

from tests.carrier.reply_faults import SLIPS_IN_REPLIES
from tests.carrier.request_faults import SLIPS_IN_REQUESTS

SLIPS = SLIPS_IN_REQUESTS + SLIPS_IN_REPLIES

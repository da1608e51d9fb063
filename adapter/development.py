"""The secrets that everybody knows: what `dev` and `push` share on a loopback address.

They are printed, documented and worth nothing; `serve` refuses to start with any of them.
"""

from __future__ import annotations

APP_ID = "wxde5e10b3e4de5e10"
TOKEN = "waybridgedevelopment"  # noqa: S105 - published on purpose
ENCODING_AES_KEY = "waybridge0development0only0never0production"  # 43 letters and digits

"""README.md for the wheel: its links into the repository made absolute."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

# A link to a file of the repository: neither a page elsewhere nor a heading of the same page.
_LINK = re.compile(r"\]\((?!https?://|#)([^)]+)\)")


class ReadmeHook(MetadataHookInterface):
    """Sets `readme` to what an index page can show."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Write the readme into the project's metadata."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        files = f"{metadata['urls']['Homepage']}/blob/main/"
        text = _LINK.sub(lambda link: f"]({files}{link[1]})", text)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}

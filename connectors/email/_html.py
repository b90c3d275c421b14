"""What people would see of an HTML mail, as text."""

from __future__ import annotations

import html
import re

_ENDS = re.compile(r"</(?:p|h[1-6]|li|div|tr|table|blockquote)>|<br\s*/?>", re.IGNORECASE)
_DROPPED = re.compile(r"<(script|style|head|title)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_LONGEST = 400_000  # characters of markup that are looked at


def text(markup: str) -> str:
    """A line for each paragraph, without tags."""
    ends = _ENDS.sub("\n", _DROPPED.sub("", markup[:_LONGEST]))
    plain = html.unescape(re.sub("<[^>]*>", "", ends))
    return "\n".join(line for line in (" ".join(one.split()) for one in plain.split("\n")) if line)

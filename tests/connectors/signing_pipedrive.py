"""Pipedrive signs nothing: HTTP Basic with what was entered at creation. https://pipedrive.readme.io/docs/guide-for-webhooks-v2"""

from __future__ import annotations

import base64

RINGS_ONLY = True


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"patchbay:{secret}".encode()).decode()}

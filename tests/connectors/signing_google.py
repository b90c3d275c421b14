"""Google's channels sign nothing: a message has the token that the channel was made with.

https://developers.google.com/workspace/calendar/api/guides/push#understanding-the-notification-message-format . Which token that
is we choose ourselves: the HMAC of "channel " and the channel's id with our secret, in hexadecimal.
"""

from __future__ import annotations

import hashlib
import hmac

RINGS_ONLY = True
CHANNEL = "01234567-89ab-cdef-0123456789ab"


def signed(body: bytes, secret: str, now: float) -> dict[str, str]:
    return {
        "x-goog-channel-id": CHANNEL,
        "x-goog-channel-token": hmac.new(secret.encode(), f"channel {CHANNEL}".encode(), hashlib.sha256).hexdigest(),
        "x-goog-channel-expiration": "Fri, 04 Dec 2026 01:13:52 GMT",
        "x-goog-resource-id": "ret08u3rv24htgh289g",
        "x-goog-resource-uri": "https://www.googleapis.com/calendar/v3/calendars/my_calendar@gmail.com/events?alt=json",
        "x-goog-resource-state": "exists",
        "x-goog-message-number": "10",
    }

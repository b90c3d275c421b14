"""Google's channels: how it tells us that something happened in a calendar. https://developers.google.com/workspace/calendar/api/guides/push

A message has no body and no signature; what it has is the token that we gave the channel. Ours is made of our secret and the id
of the channel, so that a message is known by it that comes before the answer to our request, or after one that got lost. Google
lists no channels and renews none: what we know of them stands among the secrets of the connection, and each is followed by a new
one before it ends.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets as random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.contract import BadSignature, Received, Refused
from connectors.google._calendars import watched
from connectors.google._client import Google, reasons_of, status_of
from connectors.google._refusals import explain

LIFE = 7 * 86_400.0  # seconds that we ask for
AHEAD = 2 * 86_400.0  # seconds before its end in which a channel is followed by a new one
_RECORD = re.compile(r"channel (\S+) (\S+) (\d+) (\S+)")
_NO_ADDRESS = {"webhookUrlUnauthorized", "webhookUrlNotHttps"}
_NO_PUSH = "pushNotSupportedForRequestedResource"


@dataclass(frozen=True)
class Channel:
    """`ends`: ms UTC."""

    id: str
    resource: str
    ends: int
    calendar: str

    def __str__(self) -> str:
        return f"channel {self.id} {self.resource} {self.ends} {self.calendar}"


def known(secrets: Sequence[str]) -> list[Channel]:
    found = [_RECORD.fullmatch(secret) for secret in secrets]
    return [Channel(one[1], one[2], int(one[3]), one[4]) for one in found if one]


def token(secret: str, channel: str) -> str:
    """What a channel shows us (at most 256 characters)."""
    return hmac.new(secret.encode(), f"channel {channel}".encode(), hashlib.sha256).hexdigest()


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """A message of a channel of ours: the polls run at once. Raises `BadSignature`.

    `now` is not looked at: a message that is played again makes the hub look again, and nothing else.
    """
    channel = headers.get("x-goog-channel-id", "")
    _check(channel, headers.get("x-goog-channel-token", ""), secrets)
    resource = headers.get("x-goog-resource-id", "")
    if any(one.id == channel and one.resource != resource for one in known(secrets)):
        raise BadSignature("The message is about another calendar than this channel watches.")
    return Received(catch_up=headers.get("x-goog-resource-state") != "sync")  # that one only says that it begins


def _check(channel: str, given: str, secrets: Sequence[str]) -> None:
    shown = given.encode("utf-8", "backslashreplace")
    for secret in secrets:
        ours = channel and secret and not _RECORD.fullmatch(secret)
        if ours and hmac.compare_digest(token(secret, channel).encode(), shown):
            return
    raise BadSignature("The message did not come through a channel of this connection.")


def keep(client: Google, address: str, secrets: Sequence[str]) -> list[str]:
    """Sees to it that each watched calendar has a channel to `address` that lives on for two days; the others of ours are
    stopped after that. What Google does not send about (other people's holidays) is found by the looks."""
    if not address:
        return list(secrets)
    own = [secret for secret in secrets if not _RECORD.fullmatch(secret)]
    soon, here = (time.time() + AHEAD) * 1000, _mark(address, own[0])
    calendars = watched(client)
    good = {one.calendar: one for one in known(secrets) if one.ends > soon and one.id.startswith(here)}
    stays = {calendar: good[calendar] for calendar in calendars if calendar in good}
    fresh = _made(client, address, own[0], [one for one in calendars if one not in stays])
    old = [one for one in known(secrets) if one not in stays.values()]
    left = [one for one in old if not _stop(client, one)]
    return [*own, *map(str, [*stays.values(), *fresh, *left])]


def _mark(address: str, secret: str) -> str:
    """Channels that were made for another address of this hub, or with another secret, are known by their id."""
    return f"hub-{hmac.new(secret.encode(), f'address {address}'.encode(), hashlib.sha256).hexdigest()[:12]}-"


def _made(client: Google, address: str, secret: str, calendars: Sequence[str]) -> list[Channel]:
    """What was made before one failed is kept; the rest follows in the next round."""
    made: list[Channel] = []
    for calendar in calendars:
        try:
            channel = _watch(client, address, secret, calendar)
        except Exception:
            if not made:
                raise
            break
        made += [channel] if channel else []
    return made


def _watch(client: Google, address: str, secret: str, calendar: str) -> Channel | None:
    own = f"{_mark(address, secret)}{random.token_hex(12)}"  # one that was used already is refused
    ends = int((time.time() + LIFE) * 1000)
    body = {"id": own, "type": "web_hook", "address": address, "token": token(secret, own), "expiration": str(ends)}
    try:
        answer = client.calendar.events().watch(calendarId=calendar, body=body).execute(num_retries=0)
    except Exception as error:
        if _NO_PUSH in reasons_of(error):
            return None
        if reasons_of(error) & _NO_ADDRESS:  # said with a 401, which is about the address and not about the account
            raise Refused(explain(400, getattr(error, "content", b"")) or "") from error
        raise
    return Channel(own, str(answer["resourceId"]), int(answer.get("expiration") or ends), calendar)


def _stop(client: Google, channel: Channel) -> bool:
    """Whether it is over. One that ended by itself, or that another account made, cannot be stopped and need not be."""
    if channel.ends <= time.time() * 1000:
        return True
    body = {"id": channel.id, "resourceId": channel.resource}
    try:
        client.calendar.channels().stop(body=body).execute(num_retries=0)
    except Exception as error:
        return status_of(error) in (400, 403, 404)
    return True

"""Text as Slack wants it and as it comes from there. https://docs.slack.dev/messaging/formatting-message-text"""

from __future__ import annotations

import re

from connectors.contract import JSON, Refused

NOT_SENT = "not sent"  # the id of what was only drawn
LONGEST = 40_000  # characters; Slack cuts off what is longer
_LINK = re.compile(r"<((?:https?|mailto|tel):[^|>]*)(?:\|([^>]*))?>")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,20}")
_STAMP = re.compile(r"\d{1,12}\.\d{1,6}")


def escaped(text: str) -> str:
    """Nothing in it can call people (<!channel>, <@U1>) or hide an address behind other words."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> str:
    """What people read: addresses that Slack wrapped are unwrapped, characters that it replaced are put back."""
    unwrapped = _LINK.sub(lambda found: _link(found[1], found[2] or ""), text)
    return unwrapped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _link(address: str, words: str) -> str:
    """Words that are not the address itself stand beside it, so that nobody is led elsewhere."""
    bare = address.removeprefix("mailto:").removeprefix("tel:")
    shown = bare.removeprefix("https://").removeprefix("http://")
    return bare if words in ("", bare, shown, address) else f"{words} ({bare})"


def body_text(text: JSON) -> str:
    """A message's text, ready to send. Raises `Refused` for none, or for too much."""
    found = str(text or "").strip()
    if not found:
        raise Refused("There is nothing in the message. Give it a text in the recipe, then run this again.")
    sent = escaped(found)
    if len(sent) > LONGEST:
        raise Refused("The message is too long for Slack, which takes 40,000 characters. Shorten it in the recipe.")
    return sent


def channel_id(text: JSON) -> str:
    """Slack takes names, too, but a channel can be renamed. Raises `Refused` for anything but an id."""
    if not isinstance(text, str) or not _CHANNEL.fullmatch(text):
        raise Refused(f"“{str(text)[:60]}” is not a Slack channel. Choose one in the recipe's settings.")
    return text


def named(text: JSON) -> tuple[str, str]:
    """(channel, ts) of a message's name, as events and results give it: "C0123:1793000000.000100".

    A `ts` is always text: as a number it would lose its last digits. Raises `Refused` for anything else.
    """
    if text == NOT_SENT:
        return NOT_SENT, NOT_SENT  # drawn by a rehearsal, which sends nothing; Slack has no such channel
    channel, _, ts = text.partition(":") if isinstance(text, str) else ("", "", "")
    if not (_CHANNEL.fullmatch(channel) and _STAMP.fullmatch(ts)):
        raise Refused(f"“{str(text)[:60]}” does not name a Slack message. Give the `id` of one.")
    return channel, ts


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def cut_escaped(text: str, most: int) -> str:
    """Escaped text of at most `most` characters, with no half of a replaced character at its end."""
    sent, kept = escaped(text), text
    while len(sent) > most:
        kept = kept[: len(kept) - max(1, (len(sent) - most + 1) // 5)]
        sent = escaped(kept) + "…"
    return sent

"""Buttons below a message. https://docs.slack.dev/reference/block-kit/block-elements/button-element"""

from __future__ import annotations

from connectors.contract import JSON, Refused

OPEN = "patchbay_open"  # the name of a card's button, which only opens a page
_TEXT, _NAME, _LABEL, _VALUE, _MOST = 3000, 255, 75, 2000, 25


def with_buttons(text: str, buttons: JSON) -> list[JSON]:
    """The blocks of a message with buttons. Raises `Refused` for what Slack would not take."""
    if len(text) > _TEXT:
        raise Refused("A message with buttons may have 3,000 characters. Shorten it in the recipe.")
    if not isinstance(buttons, list | tuple) or len(buttons) > _MOST:
        raise Refused(f"The buttons of a message are a list of at most {_MOST} with a name and a label each.")
    elements = [_element(one) for one in buttons]
    if len({one["action_id"] for one in elements}) < len(elements):
        raise Refused(
            "Two buttons of the message have the same name. Give each its own, so that they can be told apart."
        )
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": text}},
        {"type": "actions", "elements": elements},
    ]


def _element(one: JSON) -> dict[str, JSON]:
    given = one if isinstance(one, dict) else {}
    name, label, value = (str(given.get(part) or "").strip() for part in ("name", "label", "value"))
    if not name or not label or set(given) - {"name", "label", "value"}:
        raise Refused("Each button needs a name and a label, and may have a value, and nothing else.")
    if name.startswith("patchbay") or len(name) > _NAME or len(label) > _LABEL or len(value) > _VALUE:
        raise Refused(
            f"The button “{label[:40]}” does not fit: its label may have {_LABEL} characters, its value {_VALUE}, its name "
            f"{_NAME}, and names that begin with patchbay are ours."
        )
    shown = {"type": "plain_text", "text": label, "emoji": True}
    element: dict[str, JSON] = {"type": "button", "action_id": name, "text": shown}
    return {**element, "value": value} if value else element

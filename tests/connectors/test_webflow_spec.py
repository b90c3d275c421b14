"""Every request that we send to Webflow fits what Webflow's own SDK, which is made from its description, sends."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.webflow import connector
from tests.connectors import webflow_sdk
from tests.connectors.stand import KEY, Stand, standing

ITEM = {"collection": "65b1aa", "name": "Open day", "fields": {"Date": "2026-12-06", "Text": "Come **in**."}}


def everything(stand: Stand) -> None:
    """Whatever the connector can do, once."""
    stand.check()
    made = stand.prepared("create_item", **ITEM)
    item = stand.send("create_item", KEY, made)
    for name, given in (("update_item", {"fields": {"Text": "Later."}}), ("publish_item", {})):
        arguments = stand.prepared(name, item=item["id"], **given)
        before = stand.before(name, **arguments)
        sent = stand.send(name, KEY, arguments)
        find = stand.action(name).find
        assert find
        assert find(stand.client, KEY, arguments)
        assert stand.undo(name, arguments, sent, before) is None
    second = stand.prepared("create_item", **{**ITEM, "name": "Second"})
    assert stand.undo("create_item", second, stand.send("create_item", "hub-second-second-second", second)) is None
    for lookup in connector.lookups:
        stand.choices(lookup, "o")
    for poll in connector.polls:
        poll.run(stand.client, poll.run(stand.client, None)[1])
    assert connector.hook
    assert connector.hook.subscription
    connector.hook.subscription.keep(stand.client, "https://hub.example/hooks/webflow/key", ["s"])
    connector.hook.subscription.keep(stand.client, "https://hub.example/hooks/webflow/other", ["s"])


def test_our_requests_fit_webflows_own_sdk() -> None:
    with standing("webflow") as stand:
        everything(stand)
        checked = {webflow_sdk.check(one) for one in stand.asked()}
    assert checked == {
        ("GET", "/collections/{}"),
        ("GET", "/collections/{}/items"),
        ("POST", "/collections/{}/items"),
        ("POST", "/collections/{}/items/publish"),
        ("GET", "/collections/{}/items/{}"),
        ("PATCH", "/collections/{}/items/{}"),
        ("DELETE", "/collections/{}/items/{}/live"),
        ("GET", "/forms/{}/submissions"),
        ("GET", "/sites"),
        ("GET", "/sites/{}/collections"),
        ("GET", "/sites/{}/forms"),
        ("GET", "/sites/{}/webhooks"),
        ("POST", "/sites/{}/webhooks"),
    }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"path": "/v2/collections/1/rows"}, "not described"),
        ({"query": "skipInvalid=1"}, "takes no"),
        ({"body": '{"isDraft": true}'}, "takes no"),
    ],
)
def test_what_does_not_fit_is_noticed(change: dict[str, Any], says: str) -> None:
    asked = {"method": "POST", "path": "/v2/collections/1/items", "query": "", "body": ""}
    with pytest.raises(Exception, match=says):
        webflow_sdk.check({**asked, **change})

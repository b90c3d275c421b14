"""Every request that we send to Asana fits Asana's own description of its interface."""

from __future__ import annotations

import pytest

from connectors.asana import connector
from tests.connectors import asana_spec
from tests.connectors.asana_app import app_token
from tests.connectors.stand import KEY, Stand, reopened, standing


def everything(stand: Stand) -> None:
    """Whatever the connector can do, once."""
    stand.check()
    task = stand.served.control("asana_task", {"name": "Old"})
    arguments: dict[str, object]
    made = stand.prepared("create_task", project="1301", name="New", assignee="Ana Silva", due_on="2026-11-30")
    result = stand.send("create_task", KEY, made)
    for name, given in (("update_task", {"name": "Newer"}), ("complete_task", {}), ("comment", {"text": "Hello"})):
        arguments = stand.prepared(name, task=task["gid"], **given)
        before = stand.before(name, **arguments) if stand.action(name).snapshot else None
        sent = stand.send(name, KEY, arguments)
        find = stand.action(name).find
        assert find
        assert find(stand.client, KEY, arguments)
        if not (name == "comment" and stand.client.signed_in):  # no scope for it
            assert stand.undo(name, arguments, sent, before) is None
    find = stand.action("create_task").find
    assert find
    assert find(stand.client, KEY, made)
    stand.action("get_task").run(stand.client, task=result["id"])
    assert stand.undo("create_task", made, result) is None
    for lookup in connector.lookups:
        stand.choices(lookup, "a")
    stand.resolve("project", "1301")
    stand.resolve("task", task["gid"])
    poll = connector.polls[0].run
    poll(stand.client, poll(stand.client, None)[1])


@pytest.mark.skipif(asana_spec.FILE is None, reason="ASANA'S DESCRIPTION (asana_oas.yaml) IS NOT HERE")
def test_our_requests_fit_asanas_own_description() -> None:
    with standing("asana") as stand:
        everything(stand)
        everything(reopened(stand, access_token=app_token(stand)))
        hook = connector.hook
        assert hook
        assert hook.subscription
        with pytest.raises(Exception, match="400"):  # nobody is there to answer the question
            hook.subscription.keep(stand.client, "http://127.0.0.1:9/hooks/asana/key", ["s"])
        sent = [one for one in stand.asked() if one["path"].startswith("/api/1.0/")]
        checked = {
            (one["method"], asana_spec.check(one["method"], asana_spec.below(one["path"]), one["query"], one["body"]))
            for one in sent
        }
    assert checked == {
        ("GET", "/users/{user_gid}"),
        ("GET", "/users/{user_gid}/favorites"),
        ("GET", "/users"),
        ("GET", "/projects"),
        ("GET", "/projects/{project_gid}"),
        ("GET", "/workspaces/{workspace_gid}/typeahead"),
        ("GET", "/tasks"),
        ("POST", "/tasks"),
        ("GET", "/tasks/{task_gid}"),
        ("PUT", "/tasks/{task_gid}"),
        ("DELETE", "/tasks/{task_gid}"),
        ("GET", "/tasks/{task_gid}/stories"),
        ("POST", "/tasks/{task_gid}/stories"),
        ("GET", "/stories/{story_gid}"),
        ("DELETE", "/stories/{story_gid}"),
        ("GET", "/webhooks"),
        ("POST", "/webhooks"),
    }


@pytest.mark.skipif(asana_spec.FILE is None, reason="ASANA'S DESCRIPTION (asana_oas.yaml) IS NOT HERE")
def test_the_scopes_that_are_asked_for_are_on_asanas_list() -> None:
    assert connector.oauth
    schemes = asana_spec.described()["components"]["securitySchemes"]
    assert set(connector.oauth.scopes) <= set(schemes["oauth2"]["flows"]["authorizationCode"]["scopes"])

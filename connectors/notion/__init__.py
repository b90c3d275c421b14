"""Notion: pages and rows of databases, written and watched. https://developers.notion.com/reference/intro"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from connectors.contract import Account, ApiKey, Connector, Field, Hook, Http, Lookup, OAuth2, Poll, Trigger
from connectors.notion import _changes, _hook, _lookups
from connectors.notion._actions import ACTIONS
from connectors.notion._client import VERSION, Notion
from connectors.notion._explain import explain


def connect(credentials: Mapping[str, str], http: Http) -> Notion:
    """The SDK behind our door: no retries of its own, and nothing of what is written in its log."""
    from notion_client import Client

    sdk = Client(
        auth=credentials.get("access_token") or credentials["token"].strip(),
        base_url=http.url("api"),  # the SDK adds /v1/
        client=http.httpx(),
        notion_version=VERSION,
        retry=False,
        logger=logging.getLogger("patchbay.notion"),  # without one, each Client adds another handler
        log_level=logging.ERROR,  # its warnings quote Notion's answers
    )
    return Notion(sdk)


def check(client: Notion) -> Account:
    """The bot user of the token, named by its workspace."""
    me = client.get("users/me")
    bot = me.get("bot") or {}
    return Account(me["id"], bot.get("workspace_name") or me.get("name") or "Notion")


connector = Connector(
    slug="notion",
    title="Notion",
    says="Starts recipes when pages are created or changed, and writes pages, rows and comments.",
    hosts={"api": "https://api.notion.com"},
    auth=ApiKey(
        fields=(Field("token", "Internal connection secret", "Starts with “ntn_”."),),
        guide=(
            "Sign in to Notion as somebody who may add connections, and open notion.so/profile/integrations.",
            "Click “New integration” (newer pages call it “New connection”), name it Patchbay, choose your workspace, "
            "choose the type Internal, and save.",
            "Under Capabilities tick Read content, Update content and Insert content; to comment on pages Read comments and "
            "Insert comments, too; to see who edited a page Read user information. Save.",
            "Under Configuration click Show beside the internal secret, copy it, and paste it here.",
            "In Notion open each database that Patchbay should write to or start recipes from, click ••• at the top right, "
            "then Connections, search for Patchbay, and add it. Pages inside of it are shared with it.",
        ),
    ),
    oauth=OAuth2(
        authorize="{api}/v1/oauth/authorize",
        token="{api}/v1/oauth/token",  # noqa: S106 (an address)
        revoke="{api}/v1/oauth/revoke",
        scopes={},  # capabilities are set in the app, and pages are picked while one signs in
        guide=(
            "The secret of an internal connection does the same with fewer clicks. Sign in where your workspace does not allow "
            "internal connections.",
            "Open notion.so/profile/integrations, click “New integration” (newer pages call it “New connection”), name it "
            "Patchbay, and choose the type Public.",
            "Enter the return address from here under Redirect URIs, and what else the form asks for.",
            "Under Capabilities tick Read content, Update content and Insert content; for comments, Read comments and Insert "
            "comments; to see who edited a page, Read user information. Save.",
            "Under Configuration copy OAuth client ID and OAuth client secret into the fields here.",
            "When you sign in, pick the pages and databases that Patchbay works with.",
        ),
        pkce=False,  # not documented
        json=True,
        ask={"owner": "user"},
        headers={"Notion-Version": VERSION},
    ),
    open=connect,
    check=check,
    explain=explain,
    hook=Hook(
        receive=_hook.receive,
        secret_label="Verification token",  # noqa: S106 (a label)
        guide=(
            "Open notion.so/profile/integrations, choose the Patchbay connection, and open its tab Webhooks.",
            "Click “Create a subscription” and paste this connection's address as the webhook URL.",
            "Tick the events Page created, Page content updated, Page properties updated, Page moved and Page undeleted, and "
            "create it. Notion sends a verification token here.",
            "Reload this page, copy the verification token that stands here now, click Verify at Notion, and paste it.",
            "Until then, and if a message gets lost, changes are looked for every five minutes.",
        ),
        hands_over=True,
        pasted_back=True,
    ),
    triggers=(
        Trigger(_changes.CREATED, "A page is created", _changes.shape, _changes.FIELDS),
        Trigger(_changes.CHANGED, "A page is changed", _changes.shape, _changes.FIELDS),
    ),
    # One request, one more for each shared database, and one for each changed page whose minute is not over.
    polls=(Poll(_changes.KINDS, _changes.changes, every=300.0),),
    actions=ACTIONS,
    lookups={
        "data_source": Lookup(run=_lookups.search, resolve=_lookups.resolve, label="Notion database"),
        "page": Lookup(run=_lookups.search_pages, resolve=_lookups.resolve_page, label="Notion page"),
    },
    rate=3.0,  # an average of three a second: https://developers.notion.com/reference/request-limits
    burst=3,
    limits="Three requests a second on average, 500 KB a request, 100 blocks at once: "
    "https://developers.notion.com/reference/request-limits",
    practice={"token": "{token}"},
)

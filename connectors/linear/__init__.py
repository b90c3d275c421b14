"""Linear: issues and comments. https://linear.app/developers"""

from __future__ import annotations

from connectors.contract import Action, ApiKey, Connector, Field, Hook, OAuth2, Subscription
from connectors.linear import _comments, _issues, _lookups
from connectors.linear._client import check, connect
from connectors.linear._events import POLLS, TRIGGERS, receive
from connectors.linear._refusals import explain
from connectors.linear._webhooks import keep

connector = Connector(
    slug="linear",
    title="Linear",
    says="Creates and moves issues, comments on them, and starts recipes when they change.",
    hosts={"api": "https://api.linear.app", "app": "https://linear.app"},
    auth=ApiKey(
        fields=(Field("key", "Personal API key", "Starts with “lin_api_”."),),
        guide=(
            "Sign in to Linear as an administrator of the workspace and open Settings, Security & access.",
            "Under Personal API keys click New API key and name it Patchbay.",
            "Choose full access, or Read and Write, for every team that recipes should reach.",
            "Click Create, copy the key, and paste it here. What Patchbay writes then stands under your name.",
        ),
    ),
    oauth=OAuth2(
        authorize="{app}/oauth/authorize",
        token="{api}/oauth/token",  # noqa: S106 (an address)
        revoke="{api}/oauth/revoke",
        scopes={
            "read": "see issues, teams and people",
            "write": "change issues, and take back what was written",
            "issues:create": "create issues",
            "comments:create": "comment on issues",
        },
        guide=(
            "What Patchbay writes then stands under its own name, and goes on when you leave the workspace.",
            "In Linear open Settings, API, and under OAuth applications click New.",
            "Name it Patchbay, enter the return address as Callback URL, and save.",
            "Copy Client ID and Client secret into the fields here.",
        ),
        separator=",",
        client="body",
        ask={"actor": "app", "prompt": "consent"},
    ),
    open=connect,
    check=check,
    explain=explain,
    hook=Hook(
        receive=receive,
        secret_label="Signing secret",  # noqa: S106 (a label)
        guide=(
            "With an administrator's key there is nothing to do: Patchbay sets its webhook up when this connection is saved, "
            "and looks twice a day whether it is still there.",
            "Otherwise let an administrator open Settings, API, Webhooks in Linear and click New webhook.",
            "Paste this connection's address into URL, tick Issues and Comments, choose the teams, and click Create.",
            "Open the webhook again, copy its Signing secret into the field here, and save.",
        ),
        refused=401,
        subscription=Subscription(keep),
    ),
    triggers=TRIGGERS,
    polls=POLLS,
    actions={
        "create_issue": _issues.CREATE,
        "update_issue": _issues.UPDATE,
        "add_comment": _comments.ADD_COMMENT,
        "add_link": _comments.ADD_LINK,
        "read_issue": Action(run=_lookups.read_issue, label="Read an issue", says="reads the issue {issue}"),
        "delete_issue": _issues.DELETE,
        "restore_issue": _issues.RESTORE,
        "delete_comment": _comments.DELETE_COMMENT,
        "delete_link": _comments.DELETE_LINK,
    },
    lookups=_lookups.LOOKUPS,
    rate=1.0,
    burst=10,
    limits="So many calls and so much work in each hour for a person or an app, 1,500 calls or more, which every answer tells; "
    "Linear asks not to be asked for news all the time: https://linear.app/developers/rate-limiting",
    lacks={"handshake": "Linear asks nothing before it sends."},
    practice={"key": "{token}"},
)

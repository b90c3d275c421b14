"""Pipedrive: deals, the people and organizations behind them, and notes on them. https://developers.pipedrive.com/docs/api/v1"""

from __future__ import annotations

from connectors.contract import Action, ApiKey, Connector, Field, Hook, Life, OAuth2, Role, Safety, Subscription
from connectors.pipedrive import _contacts, _deals, _fields, _lookups, _notes, _records
from connectors.pipedrive._client import check, connect
from connectors.pipedrive._events import POLLS, TRIGGERS, receive
from connectors.pipedrive._explain import explain
from connectors.pipedrive._uninstall import uninstalled
from connectors.pipedrive._webhooks import keep

# None of these has an undo of its own: an empty field harms nobody, and the others are how things are taken back.
_add_key_field = Action(
    run=_fields.add_key_field,
    label="Add the field “Patchbay key”",
    says="adds the text field “Patchbay key”, by which Patchbay recognises its own records, to every {kind}",
    safety=Safety.SET,
    roles={"kind": Role.PLAIN},
    find=_fields.find_key_field,
    settle=10.0,
    internal=True,
)
_delete_record = Action(
    run=_records.delete_record,
    label="Delete",
    says="deletes the {kind} {record}",
    safety=Safety.SET,
    roles={"kind": Role.PLAIN, "record": Role.WHERE},
    find=_records.find_deleted,
    settle=5.0,
    internal=True,
)
_restore = Action(
    run=_records.restore,
    label="Put the old values back",
    says="puts the old values of the {kind} {record} back",
    safety=Safety.SET,
    roles={"kind": Role.PLAIN, "record": Role.WHERE, "values": Role.CONTENT},
    find=_records.find_restored,
    settle=5.0,
    internal=True,
)
_find_person = Action(
    run=_contacts.find_person, label="Look a person up by e-mail address", says="looks for {email} in Pipedrive"
)
_read_deal = Action(run=_lookups.read_deal, label="Read a deal", says="reads the deal {deal}")

connector = Connector(
    slug="pipedrive",
    title="Pipedrive",
    says="Creates and moves deals, keeps people and notes, and starts recipes when deals change.",
    # The company's own address, which a person enters or the sign-in tells, takes the place of the first one.
    hosts={"api": "https://api.pipedrive.com", "oauth": "https://oauth.pipedrive.com"},
    auth=ApiKey(
        fields=(
            Field(
                "api_domain", "Your company's address at Pipedrive", "Like https://acme.pipedrive.com.", secret=False
            ),
            Field("token", "Personal API token", "40 letters and digits."),
        ),
        guide=(
            "Sign in to Pipedrive as somebody who may see every deal and add fields, best an administrator.",
            "Copy the beginning of the address that the browser shows, up to pipedrive.com, into the first field here.",
            "Click your picture at the top right, then Personal preferences, then API.",
            "Copy the token into the second field here. Do not click “Generate new token”: it stops everything that uses "
            "the old one.",
            "If there is no API tab, an administrator has to allow API use under Company settings, Manage users, "
            "Permission sets.",
        ),
    ),
    oauth=OAuth2(
        authorize="{oauth}/oauth/authorize",
        token="{oauth}/oauth/token",  # noqa: S106 (an address)
        revoke="{oauth}/oauth/revoke",
        scopes={},  # they are set in the app: nothing of them stands in the address
        guide=(
            "In Pipedrive's Developer Hub (developers.pipedrive.com) click Create an app, then Private app.",
            "Enter the return address as Callback URL: an app has only one.",
            "Under OAuth & access scopes tick Deals full access, Contacts full access, Activities full access, Search for all "
            "data, Webhooks full access, Read users data and Administer account, and save.",
            "Copy Client ID and Client secret into the fields here.",
        ),
        pkce=False,
        kept=("api_domain",),
        idle=Life(60),
        uninstalled=uninstalled,
    ),
    open=connect,
    check=check,
    explain=explain,
    hook=Hook(
        receive=receive,
        secret_label="Password of the webhook",  # noqa: S106 (a label)
        guide=(
            "There is nothing to do: Patchbay sets its webhook up when this connection is saved, and looks twice a day "
            "whether it is still there.",
            "If Pipedrive refuses that, connect the token of an administrator, or set it up by hand: make up a password of 30 "
            "letters or more, enter it here and save.",
            "In Pipedrive open Company settings, Tools and apps, Webhooks, and click Create new webhook.",
            "Leave Event action and Event object at * and paste this connection's address into Endpoint URL.",
            "Enter patchbay as HTTP Auth username and the same password as HTTP Auth password, choose version 2, and save.",
        ),
        refused=401,
        subscription=Subscription(keep),
    ),
    triggers=TRIGGERS,
    polls=POLLS,
    actions={
        "create_deal": _deals.CREATE,
        "update_deal": _deals.UPDATE,
        "save_person": _contacts.SAVE_PERSON,
        "save_organization": _contacts.SAVE_ORGANIZATION,
        "add_note": _notes.ADD_NOTE,
        "add_activity": _notes.ADD_ACTIVITY,
        "find_person": _find_person,
        "read_deal": _read_deal,
        "add_key_field": _add_key_field,
        "delete_record": _delete_record,
        "restore": _restore,
    },
    lookups=_lookups.LOOKUPS,
    rate=5.0,  # half of what the smallest plan takes, so that other tools keep their share
    burst=5,
    limits="20 calls in two seconds for a token on the smallest plan, ten of them searches, and a budget for each day that "
    "all tools of the company share: https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting",
    lacks={"handshake": "Pipedrive asks nothing before it sends."},
    typed_host="api_domain",
    practice={"api_domain": "https://practice.pipedrive.com", "token": "{token}"},
)

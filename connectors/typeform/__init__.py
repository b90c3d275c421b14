"""Typeform: responses to forms, by webhook and by catching up. https://www.typeform.com/developers/"""

from __future__ import annotations

from connectors.contract import ApiKey, Choice, Connector, Field, Hook, Lookup, OAuth2, Poll, Subscription, Trigger
from connectors.typeform._answers import FIELDS, shape
from connectors.typeform._catch_up import responses
from connectors.typeform._client import Typeform, check, open_account, read_form, segment
from connectors.typeform._delivery import RESPONSE, keep, receive
from connectors.typeform._explain import explain


def forms(client: Typeform, query: str) -> list[Choice]:
    """Forms whose title holds what was typed."""
    found = [(str(form["id"]), str(form.get("title") or "Untitled")) for form in client.all_forms()]
    return [Choice(form, title) for form, title in found if query.strip().lower() in title.lower()]


def pasted_form(client: Typeform, text: str) -> list[Choice]:
    form = client.get(f"/forms/{segment(read_form(text))}")
    return [Choice(str(form["id"]), str(form.get("title") or "Untitled"))]


connector = Connector(
    slug="typeform",
    title="Typeform",
    says="Starts recipes when somebody has filled in a form.",
    hosts={"api": "https://api.typeform.com", "eu": "https://api.eu.typeform.com", "eu2": "https://api.typeform.eu"},
    auth=ApiKey(
        fields=(
            Field("token", "Personal token", "Starts with “tfp_”."),
            Field(
                "forms",
                "Forms",
                "The addresses of the forms that recipes start on, with commas between them. Leave it empty for all of them.",
                secret=False,
                optional=True,
            ),
            Field(
                "region",
                "Data centre",
                "Leave it empty. For accounts whose data lies in the EU: eu, or eu2 for api.typeform.eu.",
                secret=False,
                optional=True,
            ),
        ),
        guide=(
            "Sign in to Typeform and open admin.typeform.com/user/tokens (your picture at the top right, Account, Personal tokens).",
            "Click Generate a new token and name it Patchbay.",
            "Choose Custom scopes and tick accounts:read, forms:read, responses:read, webhooks:read and webhooks:write.",
            "Click Generate token, copy it now (Typeform shows it only once), and paste it here.",
            "If recipes start on some forms only, open each and copy its address into Forms.",
        ),
    ),
    oauth=OAuth2(
        authorize="{api}/oauth/authorize",
        token="{api}/oauth/token",  # noqa: S106 (an address)
        scopes={
            "accounts:read": "see whose account it is",
            "forms:read": "see forms and their questions",
            "responses:read": "see what was filled in",
            "webhooks:read": "look after its webhooks",
            "webhooks:write": "be told when a form is filled in",
            "offline": "stay connected; without it the sign-in would end after a while",
        },
        client="body",
        pkce=False,  # not documented there
        guide=(
            "Sign in to Typeform and open admin.typeform.com/user/apps (your picture at the top right, Account, Developer apps).",
            "Click Register a new app, name it Patchbay, and enter the address of this hub as its website.",
            "Enter the return address that is shown here as Redirect URI, and click Register app.",
            "Copy Client ID and Client secret into the fields here: Typeform shows the secret only once.",
            "Accounts whose data lies in the EU connect with a personal token instead.",
        ),
        life=7 * 86400.0,
    ),
    open=open_account,
    check=check,
    explain=explain,
    hook=Hook(
        receive=receive,
        secret_label="Webhook secret",  # noqa: S106 (a label)
        guide=(
            "Nothing needs to be clicked: Patchbay sets up a signed webhook for each form, under a tag that begins with "
            "hub-, and switches it on again if Typeform has switched it off.",
            "To see it, open the form in Typeform, then Connect, then Webhooks. Send test request there tries it.",
            "If Typeform cannot reach this hub, responses are fetched every half hour instead.",
        ),
        subscription=Subscription(keep, every=24 * 3600.0),
    ),
    triggers=(Trigger(RESPONSE, "Somebody has filled in a form", shape, FIELDS),),
    polls=(Poll((RESPONSE,), responses, every=1800.0),),
    lookups={"form": Lookup(run=forms, resolve=pasted_form, label="Typeform form")},
    rate=2.0,
    burst=2,
    limits="Two requests a second for each account: https://www.typeform.com/developers/get-started/",
    lacks={
        "handshake": "Typeform sends without asking first.",
        "actions": "Nothing is written into Typeform but its webhooks.",
    },
    practice={"token": "{token}"},
)

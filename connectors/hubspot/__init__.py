"""HubSpot: contacts, companies and deals, with notes and tasks. https://developers.hubspot.com/docs/api-reference/latest/overview"""

from __future__ import annotations

from connectors.contract import Action, ApiKey, Connector, Field, Hook, OAuth2, Role, Safety
from connectors.hubspot import _lookups, _notes, _properties, _records, _saves
from connectors.hubspot._client import VERSION, check, connect
from connectors.hubspot._delivery import receive
from connectors.hubspot._events import POLLS, TRIGGERS
from connectors.hubspot._explain import explain

SCOPES = {
    "crm.objects.contacts.read": "read contacts, and notes and tasks",
    "crm.objects.contacts.write": "write contacts, and notes and tasks",
    "crm.objects.companies.read": "read companies",
    "crm.objects.companies.write": "write companies",
    "crm.objects.deals.read": "read deals, their pipelines and stages",
    "crm.objects.deals.write": "write deals",
    "crm.objects.owners.read": "list the people whom records may belong to",
    "crm.schemas.contacts.read": "know the properties of contacts",
    "crm.schemas.contacts.write": "add the property “Patchbay key” to notes and tasks",
    "crm.schemas.companies.read": "know the properties of companies",
    "crm.schemas.companies.write": "add the property “Patchbay key” to companies",
    "crm.schemas.deals.read": "know the properties of deals",
    "crm.schemas.deals.write": "add the property “Patchbay key” to deals",
}
# None of these has an undo of its own: an empty property harms nobody, and the others are how things are taken back.
_add_key_property = Action(
    run=_properties.add_key_property,
    label="Add the property “Patchbay key”",
    says="adds the property “Patchbay key”, by which Patchbay recognises its own records, to every {kind}",
    safety=Safety.SET,
    roles={"kind": Role.PLAIN, "group": Role.PLAIN},
    find=_properties.find_key_property,
    settle=10.0,
    prepare=_properties.prepare_key,
    internal=True,
)
_archive = Action(
    run=_records.archive,
    label="Archive",
    says="archives the {kind} {record}",
    safety=Safety.SET,
    roles={"kind": Role.PLAIN, "record": Role.WHERE},
    find=_records.find_archived,
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

connector = Connector(
    slug="hubspot",
    title="HubSpot",
    says="Keeps contacts, companies and deals, adds notes and tasks, and starts recipes when records change.",
    hosts={"api": "https://api.hubapi.com", "app": "https://app.hubspot.com"},
    auth=ApiKey(
        fields=(Field("token", "Service key", "Starts with “pat-”. The token of an older private app works, too."),),
        guide=(
            "Sign in to HubSpot as a super admin and open Settings (the cog), Integrations, Service Keys.",
            "Click Create service key and name it Patchbay.",
            f"Under Scopes add {', '.join(SCOPES)}.",
            "Click Create, then Show, copy the key, and paste it here.",
        ),
    ),
    oauth=OAuth2(
        authorize="{app}/oauth/authorize",
        token=f"{{api}}/oauth/{VERSION}/token",
        revoke=f"{{api}}/oauth/{VERSION}/token/revoke",
        scopes=SCOPES,
        guide=(
            "Needed only for webhooks: without them Patchbay asks HubSpot every five minutes what has changed.",
            "Install HubSpot's command line (npm install -g @hubspot/cli), run hs project create, and choose an app with "
            "OAuth.",
            "In the app's file enter the return address under redirectUrls and the scopes under requiredScopes, then run hs "
            "project upload.",
            "In HubSpot open Development, Projects, your app, Auth, and copy Client ID and Client secret into the fields here.",
        ),
        client="body",
        kept=("hub_id",),
    ),
    open=connect,
    check=check,
    explain=explain,
    hook=Hook(
        receive=receive,
        secret_label="Client secret of your app",  # noqa: S106 (a label)
        guide=(
            "A service key has no webhooks; an app of your own, or an older private app, has. Without them everything works "
            "all the same, up to five minutes later.",
            "In the app's file for webhooks enter this connection's address as targetUrl, and subscribe to creation and "
            "propertyChange of contacts, companies and deals. For an older private app do the same on its page, under Webhooks.",
            "Copy the Client secret from the app's Auth page into the field here and save.",
        ),
    ),
    triggers=TRIGGERS,
    polls=POLLS,
    actions={
        "save_contact": _saves.SAVE_CONTACT,
        "save_company": _saves.SAVE_COMPANY,
        "save_deal": _saves.SAVE_DEAL,
        "update_deal": _saves.UPDATE_DEAL,
        "add_note": _notes.ADD_NOTE,
        "add_task": _notes.ADD_TASK,
        "find_contact": Action(
            run=_lookups.find_contact, label="Look a contact up by e-mail address", says="looks for {email} in HubSpot"
        ),
        "read_deal": Action(run=_lookups.read_deal, label="Read a deal", says="reads the deal {deal}"),
        "add_key_property": _add_key_property,
        "archive": _archive,
        "restore": _restore,
    },
    lookups=_lookups.LOOKUPS,
    rate=4.0,  # the pace of the search, which is slower than the rest
    burst=4,
    limits="100 calls in ten seconds on free and starter plans, 190 on larger ones, searches five a second, and 250,000 calls a "
    "day or more: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines",
    lacks={"handshake": "HubSpot asks nothing before it sends."},
    practice={"token": "{token}"},
)

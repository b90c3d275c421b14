"""Airtable: records of its tables, their changes, and writing them. https://airtable.com/developers/web/api/introduction"""

from __future__ import annotations

from connectors.airtable import _changes, _hook, _lookups, _records
from connectors.airtable._client import check, connect
from connectors.airtable._explain import explain
from connectors.contract import (
    Action,
    ApiKey,
    Connector,
    Field,
    Hook,
    Life,
    Lookup,
    OAuth2,
    Poll,
    Role,
    Safety,
    Subscription,
    Trigger,
    Undo,
)

_ROLES = {"table": Role.WHERE, "fields": Role.CONTENT}

_create_record = Action(
    run=_records.create_record,
    label="Create a record",
    says="creates a record in {table}",
    safety=Safety.FINDABLE,
    roles=_ROLES,
    find=_records.find_created,
    settle=10.0,  # how far its lists lag is not documented
    prepare=_records.prepare,
    before=_records.key_column_first,
    undo=Undo(changed=_records.create_changed, call=_records.uncreate),
)
_update_record = Action(
    run=_records.update_record,
    label="Change a record",
    says="changes the record {record} in {table}",
    safety=Safety.SET,
    roles={**_ROLES, "record": Role.WHERE},
    find=_records.find_updated,
    settle=10.0,
    prepare=_records.prepare,
    snapshot=_records.cells_before,
    undo=Undo(changed=_records.update_changed, call=_records.update_back),
)
_upsert_record = Action(
    run=_records.upsert_record,
    label="Change the record with this value, or create it",
    says="changes or creates the record in {table} that has the same “{by}”",
    safety=Safety.SET,
    roles={**_ROLES, "by": Role.PLAIN},
    find=_records.find_upserted,
    settle=10.0,
    prepare=_records.prepare_upsert,
    snapshot=_records.upsert_before,
    undo=Undo(changed=_records.upsert_changed, call=_records.upsert_back),
)
_delete_record = Action(
    run=_records.delete_record,
    label="Delete a record",
    says="moves the record {record} to the trash of its Airtable base",
    safety=Safety.SET,
    roles={"table": Role.WHERE, "record": Role.WHERE},
    find=_records.find_deleted,
    settle=10.0,
    internal=True,  # only takes back what we created: nothing but a person can restore it
)
_add_key_column = Action(
    run=_records.add_key_column,
    label="Add the column “Patchbay key”",
    says="adds the text column “Patchbay key”, by which Patchbay recognises its own records, to {table}",
    safety=Safety.SET,
    roles={"table": Role.WHERE},
    find=_records.find_key_column,
    settle=10.0,
    internal=True,
)

connector = Connector(
    slug="airtable",
    title="Airtable",
    says="Starts recipes when a record is made or changed, and writes records into your tables.",
    hosts={
        "api": "https://api.airtable.com",
        "site": "https://airtable.com",
    },  # /v0/… and /oauth2/v1/… are added to them
    auth=ApiKey(
        fields=(
            Field("token", "Personal access token", "Starts with “pat”."),
            Field(
                "watch",
                "Tables to watch",
                "The addresses of the tables on whose changes recipes start, from the browser, with commas between them. "
                "Leave it empty if recipes only write.",
                secret=False,
                optional=True,
            ),
        ),
        guide=(
            "Sign in at airtable.com as a creator of the bases that Patchbay works with, and open airtable.com/create/tokens.",
            "Click Create new token and name it Patchbay.",
            "Under Scopes add data.records:read, data.records:write, schema.bases:read, schema.bases:write, webhook:manage "
            "and user.email:read.",
            "Under Access add the bases that Patchbay works with.",
            "Click Create token, copy it now (Airtable shows it only once), and paste it here.",
            "For recipes that start in Airtable, open each table in the browser and copy its address into Tables to watch.",
        ),
    ),
    oauth=OAuth2(
        authorize="{site}/oauth2/v1/authorize",
        token="{site}/oauth2/v1/token",  # noqa: S106 (an address)
        scopes={
            "data.records:read": "see records",
            "data.records:write": "create and change records",
            "schema.bases:read": "see tables and their columns",
            "schema.bases:write": "add the column “Patchbay key”",
            "webhook:manage": "be told of changes",
            "user.email:read": "see whose account it is",
        },
        guide=(
            "Sign in at airtable.com and open airtable.com/create/oauth.",
            "Click Register new OAuth integration, name it Patchbay, and enter the return address that is shown here as OAuth "
            "redirect URL.",
            "Click Generate client secret, and copy Client ID and Client secret into the fields here.",
            "Tick the scopes that are shown here, enter the support address of your business, and save.",
            "When you sign in, pick the bases that Patchbay works with, at most ten: recipes may start on changes in all their tables.",
        ),
        life=3600.0,
        idle=Life(60, "refresh_expires_in"),
    ),
    open=connect,
    check=check,
    explain=explain,
    hook=Hook(
        receive=_hook.receive,
        secret_label="Webhook secret",  # noqa: S106 (a label)
        guide=(
            "Nothing needs to be clicked: Patchbay sets up one webhook for each base in Tables to watch, renews it before "
            "its week is over, and replaces it if Airtable has switched it off.",
            "If Airtable cannot reach this hub, changes are fetched every three hours instead.",
        ),
        quiet=True,  # it wants 200 or 204 with nothing in it
        subscription=Subscription(_hook.keep, every=24 * 3600.0, days=7),
    ),
    triggers=(
        Trigger(_changes.CREATED, "A record was created", _changes.shape, _changes.FIELDS),
        Trigger(_changes.CHANGED, "A record was changed", _changes.shape, _changes.FIELDS),
    ),
    # Two calls for each base and look: on the free plan a workspace has a thousand in a month.
    polls=(Poll((_changes.CREATED, _changes.CHANGED), _changes.changes, every=10800.0),),
    actions={
        "create_record": _create_record,
        "update_record": _update_record,
        "upsert_record": _upsert_record,
        "find_records": Action(
            run=_records.find_records,
            label="Find records",
            says="finds the records in {table} with this “{column}”",
            roles={"table": Role.WHERE, "column": Role.PLAIN, "value": Role.PLAIN},
        ),
        "delete_record": _delete_record,
        "add_key_column": _add_key_column,
    },
    lookups={"table": Lookup(run=_lookups.search, resolve=_lookups.resolve, label="Airtable table")},
    rate=5.0,
    burst=5,
    limits="Five calls a second for each base, then half a minute of silence, and a number of calls a month for each "
    "workspace that its plan sets: https://airtable.com/developers/web/api/rate-limits",
    lacks={"handshake": "Airtable sends its pings without asking first."},
    practice={"token": "{token}", "watch": "apppractice000001/tblorders00000001"},
)

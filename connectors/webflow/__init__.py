"""Webflow: items of the CMS as drafts, published after approval; forms and changed items start recipes.

https://developers.webflow.com/data/reference
"""

from __future__ import annotations

from connectors.contract import (
    Action,
    ApiKey,
    Connector,
    Field,
    Hook,
    Lookup,
    OAuth2,
    Poll,
    Role,
    Safety,
    Subscription,
    Trigger,
    Undo,
)
from connectors.webflow import _catch_up, _events, _items, _lookups, _webhooks
from connectors.webflow._client import Webflow, accounts, check
from connectors.webflow._refusals import explain

_TOKEN_GUIDE = (
    "In Webflow open the settings of the site, then Apps & integrations, and go down to API access.",
    "Click Generate API token, name it Patchbay, and choose read and write for CMS and for Sites, and read for Forms.",
    "Click Generate token, copy it (it is shown once), and paste it here.",
)
_APP_GUIDE = (
    "In Webflow open the settings of your workspace, then Apps & integrations, and click Create an app under App development.",
    "Name it Patchbay, and switch Data client on: add the return address from here, and choose read and write for CMS and for "
    "Sites, and read for Forms.",
    "Copy Client ID and Client secret into the fields here.",
)
_HOOK_GUIDE = (
    "There is nothing to click: Patchbay sets the webhooks up and looks after them by itself. Webhooks that are made on Webflow's "
    "own pages are not signed, and are refused.",
)

_create_item = Action(
    run=_items.create_item,
    label="Put an item into a collection, as a draft",
    says="puts the draft “{name}” into {collection}",
    safety=Safety.FINDABLE,
    roles={"collection": Role.WHERE, "name": Role.CONTENT, "fields": Role.CONTENT},
    find=_items.find_item,
    settle=20.0,
    prepare=_items.prepare_item,
    undo=Undo(changed=_items.item_changed, call=_items.undo_item),
)
_update_item = Action(
    run=_items.update_item,
    label="Change an item, as a draft",
    says="changes the item {item}",
    safety=Safety.SET,
    roles={"item": Role.WHERE, "name": Role.CONTENT, "fields": Role.CONTENT, "version": Role.PLAIN},
    find=_items.find_updated,
    settle=10.0,
    prepare=_items.prepare_update,
    snapshot=_items.before_update,
    undo=Undo(changed=_items.update_changed, call=_items.undo_update),
)
_publish_item = Action(
    run=_items.publish_item,
    label="Publish an item",
    says="publishes the item {item}",
    safety=Safety.SET,
    roles={"item": Role.WHERE, "published": Role.PLAIN, "version": Role.PLAIN},
    find=_items.find_published,
    settle=20.0,
    prepare=_items.prepare_publish,
    snapshot=_items.before_publish,
    undo=Undo(changed=_items.publish_changed, call=_items.undo_publish),
    judgment=True,
)
_get_item = Action(run=_items.get_item, label="Read an item", says="reads the item {item}", roles={"item": Role.WHERE})
_archive_item = Action(
    run=_items.archive_item,
    label="Archive an item",
    says="archives the item {item}",
    safety=Safety.SET,
    roles={"item": Role.WHERE},
    find=_items.find_archived,
    settle=10.0,
    internal=True,
)
_restore_item = Action(
    run=_items.restore_item,
    label="Give an item its old values back",
    says="gives the item {item} its old values back",
    safety=Safety.SET,
    roles={"item": Role.WHERE, "values": Role.CONTENT},
    find=_items.find_restored,
    settle=10.0,
    snapshot=_items.before_restore,
    internal=True,
)
_unpublish_item = Action(
    run=_items.unpublish_item,
    label="Unpublish an item",
    says="unpublishes the item {item}",
    safety=Safety.SET,
    roles={"item": Role.WHERE},
    find=_items.find_unpublished,
    settle=20.0,
    internal=True,
)

connector = Connector(
    slug="webflow",
    title="Webflow",
    says="Puts items into your collections as drafts, publishes them after approval, and notices forms and changes.",
    hosts={"api": "https://api.webflow.com", "login": "https://webflow.com"},  # /v2/… is added to the first
    auth=ApiKey(fields=(Field("token", "Site token", "Shown once when it is made."),), guide=_TOKEN_GUIDE),
    oauth=OAuth2(
        authorize="{login}/oauth/authorize",
        token="{api}/oauth/access_token",  # noqa: S106 - an address
        scopes={
            "sites:read": "see the site and its webhooks",
            "sites:write": "be told of what happens on the site",
            "cms:read": "see collections and items",
            "cms:write": "put items into collections, and publish single ones",
            "forms:read": "see answers to forms",
        },
        guide=_APP_GUIDE,
        client="body",
        pkce=False,
        accounts=accounts,
    ),
    open=Webflow,
    check=check,
    explain=explain,
    hook=Hook(
        receive=_events.receive,
        secret_label="Secret",  # noqa: S106 - a label
        guide=_HOOK_GUIDE,
        subscription=Subscription(_webhooks.keep, every=21600.0, app_signs=True),
    ),
    triggers=(
        Trigger(_events.SUBMITTED, "Somebody fills in a form", _events.shape_submission, _events.FORM_FIELDS),
        Trigger(_events.CREATED, "An item is made", _events.shape_item, _events.ITEM_FIELDS),
        Trigger(_events.CHANGED, "An item is changed", _events.shape_item, _events.ITEM_FIELDS),
        Trigger(_events.PUBLISHED, "An item goes live", _events.shape_item, _events.ITEM_FIELDS),
    ),
    polls=(
        Poll((_events.SUBMITTED,), _catch_up.submissions, every=900.0),
        Poll(_catch_up.ITEM_KINDS, _catch_up.items, every=1800.0),
    ),
    actions={
        "create_item": _create_item,
        "update_item": _update_item,
        "publish_item": _publish_item,
        "get_item": _get_item,
        "archive_item": _archive_item,
        "restore_item": _restore_item,
        "unpublish_item": _unpublish_item,
    },
    lookups={
        "collection": Lookup(run=_lookups.collections, resolve=_lookups.resolve_collection, label="Webflow collection"),
        "item": Lookup(run=_lookups.items, resolve=_lookups.resolve_item, label="Webflow item"),
        "form": Lookup(run=_lookups.forms, resolve=_lookups.resolve_form, label="Webflow form"),
    },
    rate=1.0,
    burst=10,
    limits="60 requests a minute on the Starter and Basic plans, 120 on CMS, eCommerce and Business: "
    "https://developers.webflow.com/data/reference/rate-limits",
    lacks={
        "handshake": "Webflow does not ask before it sends.",
    },
    practice={"token": "{token}"},
)

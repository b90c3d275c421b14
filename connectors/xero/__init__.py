"""Xero: bank transactions are coded again, draft bills and invoices and contacts made, changes start recipes.

https://developer.xero.com/documentation/api/accounting/overview
"""

from __future__ import annotations

from connectors.contract import (
    Action,
    ApiKey,
    Connector,
    Hook,
    Life,
    Lookup,
    OAuth2,
    Poll,
    Role,
    Safety,
    Trigger,
    Undo,
)
from connectors.xero import _coding, _contacts, _documents, _names, _reads, _shapes
from connectors.xero._catch_up import changes
from connectors.xero._client import check, open_organisation, organisations
from connectors.xero._delivery import receive
from connectors.xero._refusals import explain

_KEY_LIFE = 300.0  # seconds; Xero says that it remembers keys, and not for how long
_APP_GUIDE = (
    "Sign in at developer.xero.com/app/manage with the Xero login of your business and click New app.",
    "Enter Patchbay as its name, choose Web app, and enter the address of your business's site.",
    "As redirect URI enter the return address shown here, exactly as it stands, and click Create app.",
    "Open Configuration, copy the Client id, click Generate a secret, and copy both into the fields here. The secret is shown once.",
    "Sign in, choose the organisation, and leave all permissions ticked. Whoever signs in may do in Xero what Patchbay does.",
)
_HOOK_GUIDE = (
    "In your app at developer.xero.com/app/manage open Webhooks.",
    "Tick Contacts and Invoices, and paste this connection's address as the delivery address. One address serves all "
    "organisations of the app: if you connect several, enter the address of one of them.",
    "Click Save. Copy the Webhooks key into the field here and save it here, too, before the next step.",
    "Click Send Intent to receive: Xero tries right and wrong signatures for a minute, then shows the status OK.",
    "If Xero cannot reach the hub for a day, it switches the webhook off; this button switches it on again.",
)
_DOCUMENT = {"contact": Role.WHERE, "lines": Role.MONEY, "date": Role.PLAIN, "due": Role.PLAIN, "amounts": Role.PLAIN}

_recode = Action(
    run=_coding.recode_bank_transaction,
    label="Code a bank transaction again",
    says="codes the bank transaction {transaction} to the account {account}",
    safety=Safety.SET,
    roles={
        **dict.fromkeys(("transaction", "account", "line", "tax_type", "tracking", "contact"), Role.WHERE),
        **dict.fromkeys(("version", "change"), Role.PLAIN),
    },
    find=_coding.find,
    settle=5.0,
    prepare=_coding.prepare,
    snapshot=_coding.before,
    undo=Undo(changed=_coding.changed, call=_coding.back),
)
_restore = Action(
    run=_coding.restore_bank_transaction,
    label="Give a bank transaction its old coding back",
    says="gives the bank transaction {transaction} its old coding back",
    safety=Safety.SET,
    roles={"transaction": Role.WHERE, "change": Role.PLAIN},
    find=_coding.find,
    settle=5.0,
    snapshot=_coding.present,
    internal=True,
)
_create_contact = Action(
    run=_contacts.create_contact,
    label="Make a contact",
    says="makes the contact {name}",
    safety=Safety.KEYED,
    key_life=_KEY_LIFE,
    roles=dict.fromkeys(("name", "email", "first_name", "last_name"), Role.CONTENT),
    find=_contacts.find,
    settle=10.0,
    prepare=_contacts.prepare,
    undo=Undo(changed=_contacts.changed, call=_contacts.back),
)
_archive_contact = Action(
    run=_contacts.archive_contact,
    label="Archive a contact",
    says="archives the contact {contact}",
    safety=Safety.SET,
    roles={"contact": Role.WHERE},
    find=_contacts.find_archived,
    settle=5.0,
    snapshot=_contacts.status,
    internal=True,
)
_create_bill = Action(
    run=_documents.create_bill,
    label="Make a draft bill",
    says="makes a draft bill of {contact}",
    safety=Safety.KEYED,
    key_life=_KEY_LIFE,
    roles={**_DOCUMENT, "number": Role.CONTENT},
    find=_documents.find,
    settle=10.0,
    prepare=_documents.prepare,
    undo=Undo(changed=_documents.changed, call=_documents.back),
)
_create_invoice = Action(
    run=_documents.create_invoice,
    label="Make a draft invoice",
    says="makes a draft invoice for {contact}",
    safety=Safety.KEYED,
    key_life=_KEY_LIFE,
    roles={**_DOCUMENT, "reference": Role.CONTENT},
    find=_documents.find,
    settle=10.0,
    prepare=_documents.prepare,
    undo=Undo(changed=_documents.changed, call=_documents.back),
)
_delete_draft = Action(
    run=_documents.delete_draft,
    label="Delete a draft",
    says="deletes the draft {draft}",
    safety=Safety.SET,
    roles={"draft": Role.WHERE},
    find=_documents.find_deleted,
    settle=5.0,
    snapshot=_documents.status,
    internal=True,
)

connector = Connector(
    slug="xero",
    title="Xero",
    says="Codes bank transactions, makes draft bills, draft invoices and contacts, and notices changes.",
    hosts={"api": "https://api.xero.com", "login": "https://login.xero.com", "token": "https://identity.xero.com"},
    auth=ApiKey(()),
    oauth=OAuth2(
        authorize="{login}/identity/connect/authorize",
        token="{token}/connect/token",  # noqa: S106 (an address)
        revoke="{token}/connect/revocation",
        scopes={
            "offline_access": "stay connected while you are not signed in",
            "accounting.banktransactions": "read and code bank transactions",
            "accounting.invoices": "read bills and invoices, and make drafts",
            "accounting.contacts": "read and make contacts",
            "accounting.settings.read": "read accounts, tax rates and tracking categories",
        },
        guide=_APP_GUIDE,
        accounts=organisations,
        life=1800,
        idle=Life(60),
    ),
    open=open_organisation,
    check=check,
    explain=explain,
    hook=Hook(receive=receive, secret_label="Webhooks key", guide=_HOOK_GUIDE, refused=401, quiet=True),  # noqa: S106 (a label)
    triggers=(
        Trigger(
            "bank_transaction.changed",
            "A bank transaction was made or changed",
            _shapes.shape,
            _shapes.fields("BankTransactions"),
        ),
        Trigger("invoice.changed", "A bill or invoice was made or changed", _shapes.shape, _shapes.fields("Invoices")),
        Trigger("contact.changed", "A contact was made or changed", _shapes.shape, _shapes.fields("Contacts")),
    ),
    polls=(
        Poll(("bank_transaction.changed",), changes("bank_transaction"), every=900.0),
        Poll(("invoice.changed",), changes("invoice"), every=1800.0),
        Poll(("contact.changed",), changes("contact"), every=1800.0),
    ),
    actions={
        "recode_bank_transaction": _recode,
        "create_contact": _create_contact,
        "create_bill": _create_bill,
        "create_invoice": _create_invoice,
        "read_record": Action(_reads.read_record, "Read a document", "reads the {kind} {id}"),
        "list_accounts": Action(_reads.list_accounts, "List the accounts", "lists the accounts to code to"),
        "find_contact": Action(_contacts.find_contact, "Look for a contact", "looks for a contact called {name}"),
        "transactions_in": Action(
            _reads.transactions_in,
            "List the bank transactions on an account",
            "lists the bank transactions on the account {account}",
        ),
        "restore_bank_transaction": _restore,
        "archive_contact": _archive_contact,
        "delete_draft": _delete_draft,
    },
    lookups={
        "account": Lookup(run=_names.accounts, resolve=_names.resolve_account, label="Xero account"),
        "bank_account": Lookup(
            run=_names.bank_accounts, resolve=_names.resolve_bank_account, label="Xero bank account"
        ),
        "tax_type": Lookup(run=_names.tax_rates, resolve=_names.resolve_tax, label="Xero tax rate"),
        "tracking": Lookup(run=_names.tracking, resolve=_names.resolve_tracking, label="Xero tracking option"),
        "contact": Lookup(run=_names.contacts, resolve=_names.resolve_contact, label="Xero contact"),
        "transaction": Lookup(run=_reads.latest, resolve=_reads.resolve, label="Xero bank transaction"),
    },
    rate=1.0,
    burst=5,
    limits="60 calls a minute, 5 at once and 1,000 a day (5,000 on paid tiers) for each organisation; Patchbay looks for changes "
    "about 200 times a day: https://developer.xero.com/documentation/guides/oauth2/limits/",
    practice={"access_token": "{token}", "account": "c2a5f1d0-0000-4000-8000-000000000001"},
)

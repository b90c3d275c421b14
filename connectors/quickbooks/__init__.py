"""QuickBooks Online: purchases and bills are coded again, bills, invoices and people made, changes start recipes.

https://developer.intuit.com/app/developer/qbo/docs/develop
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
from connectors.quickbooks import _coding, _documents, _names, _notes, _people, _reads, _shapes
from connectors.quickbooks._catch_up import ENTITIES, KINDS, changes
from connectors.quickbooks._client import check, open_company
from connectors.quickbooks._delivery import receive
from connectors.quickbooks._refusals import explain

_SCOPE = "com.intuit.quickbooks.accounting"
_APP_GUIDE = (
    "Sign in at developer.intuit.com with an Intuit account of your business, open My Hub, App dashboard, and create an "
    "app of the kind QuickBooks Online and Payments. Tick the scope Accounting and nothing else.",
    "In the app open Production, Keys and credentials. Intuit asks for the addresses of your terms and privacy pages and for "
    "its questionnaire first, also for an app that only you use.",
    "Under Redirect URIs add the return address shown here, exactly as it stands; it must begin with https.",
    "Under App URLs enter this hub's address as launch and disconnect address, and as the reconnect address.",
    "Copy Client ID and Client secret of Production into the fields here. Those of Development open only sandbox companies.",
    "Sign in as an administrator of the QuickBooks company, and choose the company on Intuit's page.",
)
_HOOK_GUIDE = (
    "In your app at developer.intuit.com open Production, Webhooks.",
    "Paste this connection's address as the endpoint. One address serves all companies of the app: if you connect several, "
    "enter the address of one of them.",
    "Tick Purchase, Bill, Invoice, Customer and Vendor with all their operations, choose the format CloudEvents, and save.",
    "Click Show verifier token, copy it into the field here, and save. It is not the client secret.",
    "Click Send test events there: Patchbay then fetches what has changed.",
)
_CODES = {
    "account": Role.WHERE,
    "line": Role.WHERE,
    "class_name": Role.WHERE,
    "tax_code": Role.WHERE,
    "customer": Role.WHERE,
    "location": Role.WHERE,
    "change": Role.PLAIN,
}
_PERSON = {"name": Role.CONTENT, "company": Role.CONTENT, "email": Role.CONTENT, "phone": Role.CONTENT}
_DOCUMENT = {
    "lines": Role.MONEY,
    "date": Role.PLAIN,
    "due": Role.PLAIN,
    "number": Role.CONTENT,
    "memo": Role.CONTENT,
    "location": Role.WHERE,
}
_SAID = {
    "Purchase": "A purchase was made or changed",
    "Bill": "A bill was made or changed",
    "Invoice": "An invoice was made or changed",
    "Customer": "A customer was made or changed",
    "Vendor": "A vendor was made or changed",
}

_recode_purchase = Action(
    run=_coding.recode_purchase,
    label="Code a purchase again",
    says="codes line {line} of the purchase {purchase} to the account {account}",
    safety=Safety.CONDITIONAL,
    roles={"purchase": Role.WHERE, "vendor": Role.WHERE, **_CODES},
    find=_coding.find_purchase,
    still=_coding.purchase_unmoved,
    settle=0.0,
    prepare=_coding.prepare_purchase,
    snapshot=_coding.purchase_before,
    undo=Undo(changed=_coding.purchase_changed, call=_coding.purchase_back),
)
_recode_bill = Action(
    run=_coding.recode_bill,
    label="Code a bill again",
    says="codes line {line} of the bill {bill} to the account {account}",
    safety=Safety.CONDITIONAL,
    roles={"bill": Role.WHERE, **_CODES},
    find=_coding.find_bill,
    still=_coding.bill_unmoved,
    settle=0.0,
    prepare=_coding.prepare_bill,
    snapshot=_coding.bill_before,
    undo=Undo(changed=_coding.bill_changed, call=_coding.bill_back),
)
_restore_purchase = Action(
    run=_coding.restore_purchase,
    label="Give a purchase its old coding back",
    says="gives the purchase {purchase} its old coding back",
    safety=Safety.CONDITIONAL,
    roles={"purchase": Role.WHERE, "change": Role.PLAIN},
    find=_coding.find_purchase,
    still=_coding.purchase_unmoved,
    settle=0.0,
    prepare=_coding.current_purchase,
    internal=True,
)
_restore_bill = Action(
    run=_coding.restore_bill,
    label="Give a bill its old coding back",
    says="gives the bill {bill} its old coding back",
    safety=Safety.CONDITIONAL,
    roles={"bill": Role.WHERE, "change": Role.PLAIN},
    find=_coding.find_bill,
    still=_coding.bill_unmoved,
    settle=0.0,
    prepare=_coding.current_bill,
    internal=True,
)
_create_vendor = Action(
    run=_people.create_vendor,
    label="Make a vendor",
    says="makes the vendor {name}",
    safety=Safety.KEYED,
    roles=_PERSON,
    find=_people.find_vendor,
    settle=0.0,
    prepare=_people.prepare_person,
    undo=Undo(changed=_people.vendor_changed, call=_people.vendor_back),
)
_create_customer = Action(
    run=_people.create_customer,
    label="Make a customer",
    says="makes the customer {name}",
    safety=Safety.KEYED,
    roles=_PERSON,
    find=_people.find_customer,
    settle=0.0,
    prepare=_people.prepare_person,
    undo=Undo(changed=_people.customer_changed, call=_people.customer_back),
)
_deactivate_vendor = Action(
    run=_people.deactivate_vendor,
    label="Make a vendor inactive",
    says="makes the vendor {vendor} inactive",
    safety=Safety.CONDITIONAL,
    roles={"vendor": Role.WHERE, "change": Role.PLAIN},
    find=_people.find_inactive_vendor,
    still=_people.vendor_unmoved,
    settle=0.0,
    prepare=_people.current_vendor,
    internal=True,
)
_deactivate_customer = Action(
    run=_people.deactivate_customer,
    label="Make a customer inactive",
    says="makes the customer {customer} inactive",
    safety=Safety.CONDITIONAL,
    roles={"customer": Role.WHERE, "change": Role.PLAIN},
    find=_people.find_inactive_customer,
    still=_people.customer_unmoved,
    settle=0.0,
    prepare=_people.current_customer,
    internal=True,
)
_create_bill = Action(
    run=_documents.create_bill,
    label="Enter a bill",
    says="enters a bill of the vendor {vendor}, unpaid",
    safety=Safety.KEYED,
    roles={"vendor": Role.WHERE, **_DOCUMENT},
    find=_documents.find_bill,
    settle=0.0,
    prepare=_documents.prepare_bill,
    undo=Undo(changed=_documents.bill_changed, call=_documents.bill_back),
)
_create_invoice = Action(
    run=_documents.create_invoice,
    label="Make an invoice without sending it",
    says="makes an invoice for the customer {customer}, which is not sent",
    safety=Safety.KEYED,
    roles={"customer": Role.WHERE, "email": Role.WHERE, **_DOCUMENT},
    find=_documents.find_invoice,
    settle=0.0,
    prepare=_documents.prepare_invoice,
    undo=Undo(changed=_documents.invoice_changed, call=_documents.invoice_back),
)
_delete_bill = Action(
    run=_documents.delete_bill,
    label="Delete a bill",
    says="deletes the bill {bill}",
    safety=Safety.CONDITIONAL,
    roles={"bill": Role.WHERE, "change": Role.PLAIN},
    find=_documents.find_deleted_bill,
    still=_documents.bill_unmoved,
    settle=0.0,
    prepare=_documents.current_bill,
    internal=True,
)
_delete_invoice = Action(
    run=_documents.delete_invoice,
    label="Delete an invoice",
    says="deletes the invoice {invoice}",
    safety=Safety.CONDITIONAL,
    roles={"invoice": Role.WHERE, "change": Role.PLAIN},
    find=_documents.find_deleted_invoice,
    still=_documents.invoice_unmoved,
    settle=0.0,
    prepare=_documents.current_invoice,
    internal=True,
)
_attach_note = Action(
    run=_notes.attach_note,
    label="Attach a note",
    says="attaches a note to the {to} {id}",
    safety=Safety.KEYED,
    roles={"to": Role.WHERE, "id": Role.WHERE, "text": Role.CONTENT},
    find=_notes.find_note,
    settle=0.0,
    prepare=_notes.prepare_note,
    undo=Undo(changed=_notes.note_changed, call=_notes.note_back),
)
_delete_note = Action(
    run=_notes.delete_note,
    label="Delete a note",
    says="deletes the note {note}",
    safety=Safety.CONDITIONAL,
    roles={"note": Role.WHERE, "change": Role.PLAIN},
    find=_notes.find_deleted,
    still=_notes.note_unmoved,
    settle=0.0,
    internal=True,
)

connector = Connector(
    slug="quickbooks",
    title="QuickBooks",
    says="Codes purchases and bills, makes bills, invoices, vendors and customers, and notices changes.",
    hosts={
        "api": "https://quickbooks.api.intuit.com",
        "login": "https://appcenter.intuit.com",
        "token": "https://oauth.platform.intuit.com",
        "revoke": "https://developer.api.intuit.com",
    },
    auth=ApiKey(()),
    oauth=OAuth2(
        authorize="{login}/connect/oauth2",
        token="{token}/oauth2/v1/tokens/bearer",  # noqa: S106 (an address)
        scopes={_SCOPE: "read and change the books; QuickBooks has no smaller permission"},
        guide=_APP_GUIDE,
        revoke="{revoke}/v2/oauth2/tokens/revoke",
        json_revoke=True,
        pkce=False,  # Intuit's own clients do not use it
        headers={"x-include-refresh-token-hard-expires-in": "true"},
        callback=("realmId",),
        idle=Life(100, "x_refresh_token_expires_in"),
        hard=Life(5 * 365, "x_refresh_token_hard_expires_in"),
    ),
    open=open_company,
    check=check,
    explain=explain,
    hook=Hook(receive=receive, secret_label="Verifier token", guide=_HOOK_GUIDE),  # noqa: S106 (a label)
    triggers=tuple(
        Trigger(kind, _SAID[entity], _shapes.shape, _shapes.fields(entity))
        for kind, entity in zip(KINDS, ENTITIES, strict=True)
    ),
    polls=(Poll(KINDS, changes, every=900.0),),
    actions={
        "recode_purchase": _recode_purchase,
        "recode_bill": _recode_bill,
        "create_vendor": _create_vendor,
        "create_customer": _create_customer,
        "create_bill": _create_bill,
        "create_invoice": _create_invoice,
        "attach_note": _attach_note,
        "read_record": Action(_reads.read_record, "Read a document", "reads the {kind} {id}"),
        "list_accounts": Action(_reads.list_accounts, "List the accounts", "lists the accounts to code to"),
        "find_name": Action(_people.find_name, "Look for a name", "looks for a {kind} called {name}"),
        "purchases_in": Action(
            _reads.purchases_in, "List the purchases on an account", "lists the purchases on the account {account}"
        ),
        "restore_purchase": _restore_purchase,
        "restore_bill": _restore_bill,
        "deactivate_vendor": _deactivate_vendor,
        "deactivate_customer": _deactivate_customer,
        "delete_bill": _delete_bill,
        "delete_invoice": _delete_invoice,
        "delete_note": _delete_note,
    },
    lookups={
        **{
            "class_name" if kind == "class" else kind: Lookup(
                run=_names.lookup(kind), resolve=_names.resolver(kind), label=f"QuickBooks {made.noun}"
            )
            for kind, made in _names.KINDS.items()
        },
        "purchase": Lookup(
            run=_reads.lookup("Purchase"), resolve=_reads.resolver("Purchase"), label="QuickBooks purchase"
        ),
        "bill": Lookup(run=_reads.lookup("Bill"), resolve=_reads.resolver("Bill"), label="QuickBooks bill"),
    },
    rate=8.0,
    burst=5,
    limits="500 calls a minute for each company and 10 at once; on Intuit's free tier 500,000 reads a month: "
    "https://developer.intuit.com/app/developer/qbo/docs/learn/rest-api-features",
    lacks={
        "handshake": "QuickBooks does not ask before it sends.",
    },
    practice={"access_token": "{token}", "realmId": "9130350000000001"},
)

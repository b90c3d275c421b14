"""Stripe: customers, invoices and refunds, and news of payments. https://docs.stripe.com/api"""

from __future__ import annotations

from connectors.contract import Action, ApiKey, Connector, Field, Hook, Lookup, Poll, Role, Safety, Undo
from connectors.stripe import _customers, _invoices, _lines, _lookups, _refunds
from connectors.stripe._catch_up import KINDS, events
from connectors.stripe._client import check, open_account
from connectors.stripe._delivery import receive
from connectors.stripe._events import TRIGGERS
from connectors.stripe._refusals import explain

_KEY_GUIDE = (
    "Sign in at dashboard.stripe.com and choose the account. To try things first, switch to a sandbox or to test mode.",
    "Open Developers, then API keys, and click Create restricted key. If Stripe asks how you use it, choose your own "
    "integration. Call it Patchbay.",
    "Set to Write: Customers, Invoices; and Charges and Refunds if recipes may give money back.",
    "Set to Read: Charges, PaymentIntents, Payouts, Disputes, Events. Leave everything else at None.",
    "Click Create key, copy the key, which is shown only once, and paste it here.",
)
_HOOK_GUIDE = (
    "In Stripe open Developers, then Webhooks, and click Add destination (in the same account and mode as the key).",
    "Choose Your account and the API version 2026-10-28.endive or the newest one that is offered.",
    "Tick invoice.paid, invoice.payment_failed, invoice.finalized, invoice.voided, payment_intent.succeeded, "
    "payment_intent.payment_failed, charge.refunded, charge.dispute.created, payout.paid, payout.failed and "
    "customer.created. Do not tick invoice.created: Stripe would then hold subscription invoices back while this hub is away.",
    "Click Continue, choose Webhook endpoint, paste this connection's address into Endpoint URL, leave the payload style at "
    "Snapshot, and click Create destination.",
    "Click Reveal under Signing secret, copy what starts with whsec_ into the field here, then save.",
)
_LINE = {
    **dict.fromkeys(("customer", "invoice"), Role.WHERE),
    **dict.fromkeys(("currency", "amount"), Role.MONEY),
    "description": Role.CONTENT,
}
_PERSON = dict.fromkeys(("name", "email", "phone", "description"), Role.CONTENT)

# Writes are keyed: Stripe keeps the answer to a key for a day at least and plays it again instead of doing it twice
# (https://docs.stripe.com/api/idempotent_requests). Its lists show at once what was written, so nothing has to settle.
_CUSTOMERS = {
    "create_customer": Action(
        run=_customers.create_customer,
        label="Create a customer",
        says="creates the customer {name} {email}",
        safety=Safety.KEYED,
        roles=_PERSON,
        find=_customers.find_created,
        settle=0,
        prepare=_customers.prepare_customer,
        undo=Undo(changed=_customers.used_or_changed, call=_customers.delete_call),
    ),
    "upsert_customer": Action(
        run=_customers.upsert_customer,
        label="Find a customer by e-mail address, or create one",
        says="finds or creates the customer {email}",
        safety=Safety.KEYED,
        roles={**_PERSON, "customer": Role.WHERE},
        find=_customers.find_upserted,
        settle=0,
        prepare=_customers.prepare_upsert,
        undo=Undo(changed=_customers.upsert_changed, call=_customers.upsert_back),
    ),
    "unfill_customer": Action(
        run=_customers.unfill_customer,
        label="Empty what was filled in at a customer",
        says="empties what was filled in at the customer {customer}",
        safety=Safety.KEYED,
        roles={"customer": Role.WHERE, "fields": Role.PLAIN},
        find=_customers.find_unfilled,
        settle=0,
        internal=True,
    ),
    "update_customer": Action(
        run=_customers.update_customer,
        label="Change a customer",
        says="changes the customer {customer}",
        safety=Safety.KEYED,
        roles={"customer": Role.WHERE, **_PERSON},
        find=_customers.find_updated,
        settle=0,
        snapshot=_customers.before_update,
        undo=Undo(changed=_customers.update_changed, call=_customers.update_back),
    ),
    "delete_customer": Action(
        run=_customers.delete_customer,
        label="Delete a customer",
        says="deletes the customer {customer}",
        safety=Safety.SET,
        roles={"customer": Role.WHERE},
        find=_customers.find_deleted,
        settle=0,
        internal=True,
    ),
    "find_customers": Action(
        run=_customers.find_customers,
        label="Find customers by their e-mail address",
        says="looks for customers with the address {email}",
    ),
}
_INVOICES = {
    "create_invoice": Action(
        run=_invoices.create_invoice,
        label="Draft an invoice",
        says="drafts an invoice for {customer}",
        safety=Safety.KEYED,
        roles={
            "customer": Role.WHERE,
            "currency": Role.MONEY,
            "lines": Role.MONEY,
            "days_until_due": Role.PLAIN,
            "description": Role.CONTENT,
        },
        find=_invoices.find_invoice,
        settle=0,
        prepare=_invoices.prepare_invoice,
        after=_invoices.then_lines,
        undo=Undo(changed=_invoices.invoice_changed, call=_invoices.take_back),
    ),
    "add_lines": Action(
        run=_lines.add_lines,
        label="Add the lines of an invoice",
        says="adds the lines to the draft {invoice}",
        safety=Safety.KEYED,
        roles={"invoice": Role.WHERE, "currency": Role.MONEY, "lines": Role.MONEY},
        find=_lines.find_lines,
        settle=0,
        internal=True,
    ),
    "add_invoice_line": Action(
        run=_lines.add_invoice_line,
        label="Add a line to a drafted invoice",
        says="adds “{description}” for {amount} {currency} to the draft {invoice}",
        safety=Safety.KEYED,
        roles=_LINE,
        find=_lines.find_line,
        settle=0,
        undo=Undo(changed=_lines.line_changed, call=_lines.line_back),
    ),
    "remove_invoice_line": Action(
        run=_lines.remove_invoice_line,
        label="Remove a line of a drafted invoice",
        says="removes a line of the draft {invoice}",
        safety=Safety.SET,
        roles={"line": Role.WHERE, "invoice": Role.WHERE, "how": Role.PLAIN},
        find=_lines.find_removed,
        settle=0,
        prepare=_lines.how_to_remove,
        snapshot=_lines.line_there,
        internal=True,
    ),
    "finalize_invoice": Action(
        run=_invoices.finalize_invoice,
        label="Make an invoice final",
        says="makes the invoice {invoice} final, so that it can be paid",
        safety=Safety.KEYED,
        roles={"invoice": Role.WHERE},
        find=_invoices.find_final,
        settle=0,
        undo=Undo(changed=_invoices.final_changed, call=_invoices.take_back),
        judgment=True,
    ),
    "send_invoice": Action(
        run=_invoices.send_invoice,
        label="Send an invoice to the customer",
        says="mails the invoice {invoice} to the customer",
        safety=Safety.KEYED,
        roles={"invoice": Role.WHERE},
        find=_invoices.find_sent,
        judgment=True,
    ),
    "withdraw_invoice": Action(
        run=_invoices.withdraw_invoice,
        label="Delete the draft of an invoice, or void the invoice",
        says="withdraws the invoice {invoice}",
        safety=Safety.SET,
        roles={"invoice": Role.WHERE, "how": Role.PLAIN},
        find=_invoices.find_withdrawn,
        settle=0,
        prepare=_invoices.how_to_withdraw,
        snapshot=_invoices.standing,
        internal=True,
    ),
    "read_invoice": Action(
        run=_invoices.read_invoice,
        label="Read an invoice with all its lines",
        says="reads the invoice {invoice}",
    ),
    "read_payments": Action(
        run=_invoices.read_payments,
        label="Read what was paid on an invoice",
        says="reads the payments of the invoice {invoice}",
    ),
}
_REFUNDS = {
    "refund": Action(
        run=_refunds.refund,
        label="Give money back",
        says="gives {amount} {currency} of the payment {payment} back",
        safety=Safety.KEYED,
        roles={"payment": Role.WHERE, "amount": Role.MONEY, "currency": Role.MONEY, "reason": Role.PLAIN},
        find=_refunds.find,
        settle=0,
        prepare=_refunds.prepare,
        judgment=True,
    ),
}

connector = Connector(
    slug="stripe",
    title="Stripe",
    says="Starts recipes when invoices and payments come in or fail; drafts invoices and looks after customers.",
    hosts={"api": "https://api.stripe.com"},
    auth=ApiKey(
        fields=(Field("key", "Restricted key", "Starts with rk_live_, or with rk_test_ to try things."),),
        guide=_KEY_GUIDE,
    ),
    open=open_account,
    check=check,
    explain=explain,
    hook=Hook(receive=receive, secret_label="Signing secret", guide=_HOOK_GUIDE),  # noqa: S106 (a label)
    triggers=TRIGGERS,
    polls=(Poll(KINDS, events, every=900.0),),
    actions={**_CUSTOMERS, **_INVOICES, **_REFUNDS},
    lookups={
        "customer": Lookup(run=_lookups.customers, resolve=_lookups.resolve_customer, label="Stripe customer"),
        "invoice": Lookup(run=_lookups.invoices, resolve=_lookups.resolve_invoice, label="Stripe invoice"),
    },
    rate=20.0,  # a sandbox takes 25 a second, a live account 100
    burst=10,
    limits="100 calls a second, 25 in test mode and to one address: https://docs.stripe.com/rate-limits",
    lacks={
        "handshake": "Stripe asks nothing before it sends to an address.",
        "undo send_invoice": "A mail that was sent cannot be called back; the invoice itself can be voided.",
        "undo refund": "Money that was given back can only be asked for again by a person.",
    },
    practice={"key": "rk_test_{token}"},
)

"""Any website or service without a connector of its own: its webhooks in, signed messages out.

https://www.standardwebhooks.com, https://docs.github.com/en/webhooks
"""

from __future__ import annotations

from connectors.contract import Action, ApiKey, Connector, Field, Hook, Role, Safety, Trigger
from connectors.web import _secrets, _sending
from connectors.web._delivery import FIELDS, KIND, is_vouched, receive, shape
from connectors.web._schemes import HEADER, SCHEMES, USER

_NOT_BACK = "A message that was received cannot be called back; send another one that says so."

connector = Connector(
    slug="web",
    title="Any website or service",
    says="Starts recipes when a website or service calls, and sends signed messages to one address.",
    hosts={"api": _sending.NOWHERE},  # the typed address takes its place
    auth=ApiKey(
        fields=(
            Field(
                "scheme",
                "How the sender proves itself",
                "Look into the sender's settings for webhooks and take the first of these that it knows. After the first two "
                "nobody on the way can have changed a message; after the others, changes that send, publish or move money "
                "always wait for a person.",
                secret=False,
                choices={name: scheme.words for name, scheme in SCHEMES.items()},
            ),
            Field(
                "header",
                "Name of the header",
                f"Only for a secret in a header of its own. {HEADER} if you leave it empty.",
                secret=False,
                optional=True,
            ),
            Field(
                "user", "User name", f"Only for HTTP Basic. {USER} if you leave it empty.", secret=False, optional=True
            ),
            Field(
                "id_field",
                "Field that numbers a message",
                "Like id or order.id, if the sender puts a number into each message: the same number counts once. Without "
                "any number equal messages within 10 minutes count as one.",
                secret=False,
                optional=True,
            ),
            Field(
                "address",
                "Address to send to",
                "Only if recipes send messages. Begins with https://.",
                secret=False,
                optional=True,
            ),
            Field(
                "signing_secret",
                "Signing secret",
                "What sent messages are signed with. Leave it empty to have one made on the next page, unless the receiver "
                "gave you one that begins with whsec_.",
                optional=True,
                makes=_secrets.for_sending,
                goes_with="address",
            ),
        ),
        guide=(
            "For messages that come in: find the webhook settings of the service (often under Developers, Integrations or "
            "Notifications) and see how it proves itself. Choose that here.",
            "If the service shows a secret of its own there, copy it into “Secret of the sender”. If it lets you choose one, "
            "leave that empty and have one made on the next page.",
            "A secret in the address is the last resort: it stands in the logs of every machine on the way. A service that "
            "takes only an address often takes a user name and password in it, which is better.",
            "For messages that go out: ask for the https address of the receiver and enter it under Address to send to.",
            "Press Test and connect. The next page has the address to paste at the sender, and makes the secrets.",
        ),
    ),
    open=_sending.open_site,
    check=_sending.check,
    explain=_sending.explain,
    hook=Hook(
        receive=receive,
        secret_label="Secret of the sender",  # noqa: S106 (a label)
        guide=(
            "If the service did not give you a secret, press “Make a new secret of the sender” and copy what appears: it is "
            "shown only once.",
            "In the service's webhook settings click New webhook or Add endpoint and paste the address from here.",
            "Enter the secret, or the header with it, in the place the service has for it.",
            "If you can choose a content type, take application/json.",
            "Choose which events are sent, save, and send a test message if there is a button for it.",
            "To change a secret, make a new one here and enter it there: the one before goes on working until you make the "
            "next one.",
        ),
        content_types=("*",),
        refused=401,
        quiet=True,
        told=("scheme", "header", "user", "id_field"),
        makes=_secrets.for_hook,
        vets=_secrets.wrong,
    ),
    triggers=(Trigger(KIND, "A message arrived", shape, FIELDS, is_vouched),),
    actions={
        "send_message": Action(
            run=_sending.send,
            label="Send a signed message",
            says="sends a signed message to the address of the connection",
            safety=Safety.KEYED,
            roles={"message": Role.CONTENT},
            prepare=_sending.ready,
            # The longest pause of the standard's example schedule: who keeps to it knows a number at least that long.
            key_life=86400.0,
        ),
        "send_message_once": Action(
            run=_sending.send,
            label="Send a signed message to a receiver that does not notice repeats",
            says="sends a signed message to the address of the connection, once",
            safety=Safety.OPAQUE,
            roles={"message": Role.CONTENT},
            prepare=_sending.ready,
        ),
    },
    rate=2.0,
    burst=5,
    limits="Receivers differ; one that is in a hurry answers 429, and the hub waits as long as it says: "
    "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    lacks={
        f"poll {KIND}": "Nothing tells what such a sender sent before, so what it never delivered stays lost.",
        "undo send_message": _NOT_BACK,
        "undo send_message_once": _NOT_BACK,
    },
    typed_hosts=_sending.hosts,
    practice={
        "scheme": "standard",
        "address": "https://website.practice.example/messages?key={token}",
        "signing_secret": "whsec_cHJhY3RpY2Ugd2Vic2l0ZSwgc2lnbmVkIGJ5IGh1Yi4=",
    },
)

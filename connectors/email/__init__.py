"""Any mailbox that is reached by IMAP and SMTP: new mail starts recipes, drafts are put there, mails are sent after approval.

RFC 3501 and RFC 6409; for Gmail's own interface see the Google connector.
"""

from __future__ import annotations

from connectors.contract import Action, ApiKey, Connector, Field, Poll, Role, Safety, Trigger, Undo
from connectors.email import _drafts, _sending, _sign_in
from connectors.email._client import check, open_mailbox, typed
from connectors.email._inbox import FIELDS, RECEIVED, received, shape
from connectors.email._refusals import explain

_GUIDE = (
    "Find the names of the servers in your provider's help under IMAP: Gmail has imap.gmail.com and smtp.gmail.com.",
    "Providers with sign-in in two steps want an app password: at Gmail open myaccount.google.com/apppasswords, call it "
    "Patchbay and click Create; iCloud, Yahoo and Fastmail have the same under Security.",
    "Enter address, servers and password here. Patchbay signs in at both servers and sends nothing.",
    "Microsoft 365 and outlook.com let programs read mailboxes only through a sign-in at Microsoft: use that one.",
)
_WORDS = {
    "to": Role.WHERE,
    "cc": Role.WHERE,
    "subject": Role.CONTENT,
    "text": Role.CONTENT,
    "answers": Role.PLAIN,
    "thread": Role.PLAIN,
    "date": Role.PLAIN,
    "sender": Role.PLAIN,
    "folder": Role.PLAIN,
}

connector = Connector(
    slug="email",
    title="Email",
    says="Starts recipes on new mail, puts drafts into your mailbox, and sends mails after approval.",
    # Every mailbox has its own servers: `typed_hosts`.
    hosts={"imap": "imaps://mail.invalid", "smtp": "smtps://mail.invalid", "login": _sign_in.HOST},
    auth=ApiKey(
        fields=(
            Field("address", "Mail address", "Under which mails are sent.", secret=False),
            Field("password", "Password", "Mostly an app password, not the one to sign in with."),
            Field("imap", "IMAP server", "Such as imap.example.com, port 993 or 143.", secret=False),
            Field("smtp", "SMTP server", "Such as smtp.example.com or smtp.example.com:587.", secret=False),
            Field("user", "User name", "Where it is not the mail address.", secret=False, optional=True),
            Field("name", "Name of the sender", "Stands beside the address.", secret=False, optional=True),
            Field("drafts", "Folder for drafts", "Where the server does not say it.", secret=False, optional=True),
            Field("sent", "Folder of sent mail", "Where the server does not say it.", secret=False, optional=True),
        ),
        guide=_GUIDE,
    ),
    oauth=_sign_in.MICROSOFT,
    open=open_mailbox,
    check=check,
    explain=explain,
    triggers=(Trigger(RECEIVED, "A mail comes in", shape, FIELDS),),
    polls=(Poll((RECEIVED,), received, every=180.0),),
    actions={
        "draft": Action(
            run=_drafts.draft,
            label="Put a draft into the mailbox",
            says="drafts a mail to {to} about {subject}",
            safety=Safety.FINDABLE,
            roles=_WORDS,
            find=_drafts.find_draft,
            settle=60.0,  # until all machines of a large provider know it
            prepare=_drafts.prepare,
            undo=Undo(changed=_drafts.draft_changed, call=_drafts.undo_draft),
        ),
        "send": Action(
            run=_sending.send,
            label="Send a mail",
            says="sends a mail to {to} about {subject}",
            safety=Safety.OPAQUE,
            roles=_WORDS,
            find=_sending.find_sent,
            settle=300.0,  # until a copy is in the folder of sent mail, where the server files one
            prepare=_sending.prepare,
            after=_sending.after,
            delay=60.0,
            judgment=True,
        ),
        "file_copy": Action(
            run=_sending.file_copy,
            label="File a copy of a sent mail",
            says="files a copy of the mail about {subject}",
            safety=Safety.FINDABLE,
            roles={**_WORDS, "id": Role.PLAIN, "uid": Role.PLAIN, "uidvalidity": Role.PLAIN},
            find=_sending.find_copy,
            settle=60.0,
            prepare=_sending.prepare_copy,
            internal=True,
        ),
        "discard_draft": Action(
            run=_drafts.discard_draft,
            label="Discard a draft",
            says="discards the draft {id}",
            safety=Safety.SET,
            roles={"folder": Role.PLAIN, "uid": Role.PLAIN, "uidvalidity": Role.PLAIN, "id": Role.PLAIN},
            find=_drafts.find_discarded,
            settle=10.0,
            internal=True,
        ),
    },
    seconds=60.0,
    rate=1.0,
    burst=4,
    limits="Gmail takes 500 mails a day from a personal account and 2,000 from Workspace, web hosts often 100 an hour; Patchbay "
    "makes one connection at a time: https://support.google.com/mail/answer/22839",
    lacks={
        "webhooks": "Mail servers send nothing by themselves; the inbox is looked into every three minutes.",
        "pickers": "A mailbox has no list of people, so that recipients are written into the recipe.",
        "undo send": "Nothing takes back a mail that was sent: it waits a minute first, in which the run can be stopped.",
    },
    typed_hosts=typed,
    practice={
        "address": "office@practice.example",
        "password": "{token}",
        "imap": "practice.example",
        "smtp": "practice.example",
    },
)

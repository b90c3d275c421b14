"""What the connector offers of Gmail: the event, the actions, and the fields that a person fills in."""

from __future__ import annotations

from connectors.contract import Action, Field, Poll, Role, Safety, Trigger, Undo
from connectors.google import _mail
from connectors.google._mail_message import prepare
from connectors.google._mail_watch import FIELDS, RECEIVED, received, shape

_WORDS = {
    "to": Role.WHERE,
    "cc": Role.WHERE,
    "subject": Role.CONTENT,
    "text": Role.CONTENT,
    **dict.fromkeys(("answers", "references", "thread", "date", "sender"), Role.PLAIN),
}

OPTIONS = (
    Field(
        "mail_search",
        "Mails to watch",
        "What you would type into Gmail's search, such as in:inbox from:acme.com has:attachment. Recipes start on mails that come "
        "in from now on. Leave it empty if they do not start on mail.",
        secret=False,
        optional=True,
    ),
)
CLICKS = (
    "For recipes that start on mail: open mail.google.com, try a search at the top until it finds what you want and nothing else, "
    "and copy it into Mails to watch.",
)
LACKS = {
    "undo send_mail": "Nothing takes back a mail that was sent: it waits a minute first, in which the run can be stopped. A draft "
    "that did not leave after all stands in Gmail.",
}
TRIGGERS = (Trigger(RECEIVED, "A mail comes in that the search finds", shape, FIELDS),)
POLLS = (Poll((RECEIVED,), received, every=180.0),)
ACTIONS = {
    "draft_mail": Action(
        run=_mail.draft_mail,
        label="Put a draft into Gmail",
        says="drafts a mail to {to} about {subject}",
        safety=Safety.FINDABLE,
        roles=_WORDS,
        find=_mail.find_draft,
        settle=60.0,  # until Gmail's search knows it
        prepare=prepare,
        undo=Undo(changed=_mail.draft_changed, call=_mail.undo_draft),
    ),
    "send_mail": Action(
        run=_mail.send_mail,
        label="Send a mail with Gmail",
        says="sends a mail to {to} about {subject}",
        safety=Safety.FINDABLE,
        roles=_WORDS,
        find=_mail.find_draft,
        settle=60.0,
        prepare=prepare,
        after=_mail.then_send,
        delay=60.0,
        judgment=True,
    ),
    "send_draft": Action(
        run=_mail.send_draft,
        label="Send the draft",
        says="sends the draft {draft}",
        safety=Safety.STAGED,
        roles={"draft": Role.WHERE, "message": Role.PLAIN},
        find=_mail.find_sent,
        still=_mail.still_draft,
        settle=10.0,
        internal=True,
    ),
    "discard_draft": Action(
        run=_mail.discard_draft,
        label="Discard a draft",
        says="discards the draft {draft}",
        safety=Safety.SET,
        roles={"draft": Role.WHERE},
        find=_mail.find_discarded,
        settle=10.0,
        internal=True,
    ),
}

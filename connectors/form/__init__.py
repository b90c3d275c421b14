"""Forms that the hub itself puts on the internet, for businesses that have no tool for it. Each form is a connection."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Account, ApiKey, Connector, Field, Http, Trigger
from connectors.form import definition
from connectors.form.definition import Form, Question
from connectors.form.submission import FIELDS, SUBMITTED, shape


def open_form(credentials: Mapping[str, str], http: Http) -> Form:
    """The form itself: nobody else has to be asked."""
    return definition.read(credentials.get("definition", ""))


def check(form: Form) -> Account:
    return Account("", form.title)


def explain(status: int, body: bytes) -> str | None:
    return None


_PRACTICE = Form(
    title="Ask for a quote",
    owner="Practice Workshop",
    words="Tell us what you have in mind. This is a form to practise with: nobody reads what is sent.",
    questions=(
        Question("name", "Your name", required=True),
        Question("email", "E-mail address", "email", required=True),
        Question("what", "What is it about?", "choice", True, ("A repair", "A new piece", "Something else")),
        Question("budget", "Budget in euros", "number"),
        Question("by", "Until when?", "date"),
        Question("call", "May we call you?", "yes_no"),
        Question("message", "Anything else", "long_text"),
    ),
)

connector = Connector(
    slug="form",
    title="Form",
    says="Puts a form on the internet; what visitors send starts recipes.",
    hosts={},
    auth=ApiKey(
        fields=(Field("definition", "Definition", "JSON, as the Forms page writes it.", secret=False),),
        guide=(
            "Open Connections, press New beside Form, and give the form a title and the name of your business.",
            "Write one question in each row, and choose what kind of answer it takes. Rows that stay empty are left out.",
            "Press Save. The page shows the form's public address: copy it to your website or into a mail.",
            "Recipes that begin with `form.submitted` read the answers as event.answers and the name beside each question.",
            "Close the form on the same page when you want no more answers. What was sent stays.",
        ),
    ),
    open=open_form,
    check=check,
    explain=explain,
    triggers=(Trigger(SUBMITTED, "Somebody has filled in the form", shape, FIELDS),),
    limits="Twelve submissions in a row from one address, then one every ten seconds; from all together sixty, then one "
    "every three seconds. At most 64 KB each. Patchbay keeps these limits itself.",
    place="forms",
    lacks={
        "webhooks": "Visitors send the page of the hub itself, which stores it before it says thanks.",
        "poll submitted": "There is nobody to ask again: what was not stored was not received, and the visitor sees that.",
        "actions": "Nothing is written into a form but what its owner writes on its page.",
        "pickers": "Each form is a connection of its own, which is chosen on the recipe's page.",
        "practice": "The practice form is a real page of this hub, so nothing has to stand in for it.",
    },
    practice={"definition": definition.written(_PRACTICE)},
)

"""What Patchbay asks for when somebody signs in to Google, each with what it is for: the least that does it.

https://developers.google.com/identity/protocols/oauth2/scopes . Whoever signs in may untick some of it.
"""

from __future__ import annotations

_AUTH = "https://www.googleapis.com/auth/"
OPENID, EMAIL = "openid", f"{_AUTH}userinfo.email"
EVENTS, CALENDARS = f"{_AUTH}calendar.events", f"{_AUTH}calendar.calendarlist.readonly"
READ_MAIL, COMPOSE = f"{_AUTH}gmail.readonly", f"{_AUTH}gmail.compose"
SHEETS, FILES = f"{_AUTH}spreadsheets", f"{_AUTH}drive.file"

# Google answers with the long names, so that the long names are asked for: "email" would seem to be left out.
SCOPES = {
    OPENID: "see which account this is",
    EMAIL: "see its e-mail address",
    EVENTS: "see events of your calendars, and make and change them",
    CALENDARS: "list your calendars",
    READ_MAIL: "find and read mail in Gmail",
    COMPOSE: "write drafts in Gmail, and send mail that a person has approved",
    SHEETS: "read and change the spreadsheets that recipes name",
    FILES: "see and change files in Drive that Patchbay has made, and no others",
}
NEEDED = (OPENID, EMAIL)

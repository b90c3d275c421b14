"""What the connector offers of Google Calendar: the events, the channels, the actions, and the field that a person fills in."""

from __future__ import annotations

from connectors.contract import Action, Field, Hook, Lookup, Poll, Role, Safety, Subscription, Trigger, Undo
from connectors.google import _calendar_reads, _calendar_watch, _calendars, _channels, _event_changes, _events
from connectors.google._event_shape import FIELDS, shape

_FOREVER = 3650 * 86_400.0  # an id is never free again, not even after the event was deleted
_WHERE = {"calendar": Role.WHERE, "event": Role.WHERE}
_WORDS = {
    "title": Role.CONTENT,
    "start": Role.CONTENT,
    "end": Role.CONTENT,
    "location": Role.CONTENT,
    "description": Role.CONTENT,
    "time_zone": Role.PLAIN,
}
_SETTLE = 5.0

OPTIONS = (
    Field(
        "calendars",
        "Calendars that start recipes",
        "Their names as Google Calendar shows them, with commas between. Empty: this account's own calendar.",
        secret=False,
        optional=True,
    ),
)
HOOK = Hook(
    receive=_channels.receive,
    secret_label="Secret of the channels",  # noqa: S106 (a label)
    guide=("There is nothing to do: Patchbay asks Google to tell it of changes, and renews that every few days.",),
    content_types=("application/json", ""),
    subscription=Subscription(_channels.keep, days=7),
)
TRIGGERS = (
    Trigger(_calendar_watch.CREATED, "An event is added to a calendar", shape, FIELDS),
    Trigger(_calendar_watch.CHANGED, "An event is moved or edited, or a guest answers", shape, FIELDS),
    Trigger(_calendar_watch.CANCELLED, "An event is cancelled", shape, FIELDS),
)
POLLS = (Poll(_calendar_watch.KINDS, _calendar_watch.changes, every=900.0),)
LOOKUPS = {
    "calendar": Lookup(run=_calendars.choices, resolve=_calendars.resolve, label="Google calendar"),
    "event": Lookup(run=_calendar_reads.choices, resolve=_calendar_reads.resolve, label="Event in Google Calendar"),
}

_create_event = Action(
    run=_events.create_event,
    label="Add an event to a calendar",
    says="adds the event “{title}” on {start} to the calendar {calendar}",
    safety=Safety.KEYED,
    roles={"calendar": Role.WHERE, **_WORDS},
    find=_events.find_created,
    settle=_SETTLE,
    key_life=_FOREVER,
    prepare=_events.prepare_event,
    undo=Undo(changed=_events.created_changed, call=_events.undo_event),
)
_create_meeting = Action(
    run=_events.create_meeting,
    label="Add a meeting to a calendar and invite guests",
    says="adds the meeting “{title}” on {start} to the calendar {calendar} and mails an invitation to {guests}",
    safety=Safety.KEYED,
    roles={"calendar": Role.WHERE, "guests": Role.WHERE, **_WORDS},
    find=_events.find_created,
    settle=_SETTLE,
    key_life=_FOREVER,
    prepare=_events.prepare_event,
    undo=Undo(changed=_events.created_changed, call=_events.undo_meeting),
    judgment=True,
)
_update_event = Action(
    run=_event_changes.update_event,
    label="Change an event",
    says="changes the event {event} in the calendar {calendar}",
    safety=Safety.CONDITIONAL,
    roles={**_WHERE, **_WORDS, "etag": Role.PLAIN},
    find=_event_changes.find_updated,
    still=_event_changes.still,
    settle=_SETTLE,
    prepare=_event_changes.prepare_update,
    snapshot=_event_changes.before_update,
    undo=Undo(changed=_event_changes.update_changed, call=_event_changes.undo_update),
)
_update_meeting = Action(
    run=_event_changes.update_meeting,
    label="Change a meeting and tell the guests",
    says="changes the event {event} in the calendar {calendar} and mails that to its guests",
    safety=Safety.CONDITIONAL,
    roles={**_WHERE, **_WORDS, "etag": Role.PLAIN},
    find=_event_changes.find_updated,
    still=_event_changes.still,
    settle=_SETTLE,
    prepare=_event_changes.prepare_update_meeting,
    snapshot=_event_changes.before_update,
    undo=Undo(changed=_event_changes.update_changed, call=_event_changes.undo_update_meeting),
    judgment=True,
)
_cancel_event = Action(
    run=_events.cancel_event,
    label="Cancel an event",
    says="cancels the event {event} in the calendar {calendar}",
    safety=Safety.SET,
    roles=_WHERE,
    find=_events.find_deleted,
    settle=_SETTLE,
    prepare=_events.prepare_cancel,
    snapshot=_events.before_delete,
    undo=Undo(changed=_events.cancel_changed, call=_events.undo_cancel),
)
_cancel_meeting = Action(
    run=_events.cancel_meeting,
    label="Cancel a meeting and tell the guests",
    says="cancels the event {event} in the calendar {calendar} and mails that to its guests",
    safety=Safety.SET,
    roles=_WHERE,
    find=_events.find_deleted,
    settle=_SETTLE,
    prepare=_events.prepare_cancel_meeting,
    snapshot=_events.before_delete,
    undo=Undo(changed=_events.cancel_changed, call=_events.undo_cancel_meeting),
    judgment=True,
)
_delete_event = Action(
    run=_events.delete_event,
    label="Take an event back",
    says="takes the event {event} out of the calendar {calendar}",
    safety=Safety.SET,
    roles={**_WHERE, "tell": Role.PLAIN},
    find=_events.find_deleted,
    settle=_SETTLE,
    snapshot=_events.before_delete,
    internal=True,
)
_restore_event = Action(
    run=_events.restore_event,
    label="Bring an event back",
    says="brings the event {event} back to the calendar {calendar}",
    safety=Safety.SET,
    roles={**_WHERE, "tell": Role.PLAIN},
    find=_events.find_restored,
    settle=_SETTLE,
    internal=True,
)
_put_event_back = Action(
    run=_event_changes.put_event_back,
    label="Give an event its old values back",
    says="gives the event {event} in the calendar {calendar} its old values back",
    safety=Safety.SET,
    roles={**_WHERE, "values": Role.CONTENT, "tell": Role.PLAIN},
    find=_event_changes.find_put_back,
    settle=_SETTLE,
    snapshot=_event_changes.before_put_back,
    internal=True,
)
ACTIONS = {
    "create_event": _create_event,
    "create_meeting": _create_meeting,
    "update_event": _update_event,
    "update_meeting": _update_meeting,
    "cancel_event": _cancel_event,
    "cancel_meeting": _cancel_meeting,
    "get_event": Action(
        run=_calendar_reads.get_event, label="Read an event", says="reads the event {event}", roles=_WHERE
    ),
    "find_events": Action(
        run=_calendar_reads.find_events,
        label="Look which events there are",
        says="looks for events in the calendar {calendar}",
        roles={"calendar": Role.WHERE, "after": Role.PLAIN, "before": Role.PLAIN, "search": Role.CONTENT},
    ),
    "delete_event": _delete_event,
    "restore_event": _restore_event,
    "put_event_back": _put_event_back,
}

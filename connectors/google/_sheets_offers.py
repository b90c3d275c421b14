"""What the connector offers of Google Sheets: the event, the actions, the picker, and the field that a person fills in."""

from __future__ import annotations

from connectors.contract import Action, Field, Lookup, Poll, Role, Safety, Trigger, Undo
from connectors.google import _sheets, _sheets_lookups, _sheets_updates
from connectors.google._sheets_watch import ADDED, FIELDS, added, shape

OPTIONS = (
    Field(
        "sheets",
        "Sheets to watch",
        "The addresses of the sheets on whose new rows recipes start, from the browser, with commas between them. After an address you "
        "may name the column by which rows are told apart, such as “by Order number”; without one all cells are compared. Leave it "
        "empty if recipes only write.",
        secret=False,
        optional=True,
    ),
)
CLICKS = (
    "For recipes that start on new rows: open the sheet at docs.google.com, click its name at the bottom, and copy the address from "
    "the browser into Sheets to watch. Its first row, or the last one that is frozen, must hold the headings.",
)
TRIGGERS = (Trigger(ADDED, "A row was added to a sheet", shape, FIELDS),)
POLLS = (Poll((ADDED,), added, every=180.0),)
LOOKUPS = {"sheet": Lookup(run=_sheets_lookups.search, resolve=_sheets_lookups.resolve, label="Google sheet")}
ACTIONS = {
    "append_rows": Action(
        run=_sheets.append_rows,
        label="Add rows to a sheet",
        says="adds rows to the sheet {sheet}",
        safety=Safety.FINDABLE,
        roles={"sheet": Role.WHERE, "rows": Role.CONTENT, "columns": Role.PLAIN, "span": Role.PLAIN},
        find=_sheets.find_appended,
        settle=10.0,  # how far its reads lag is not documented
        prepare=_sheets.prepare,
        before=_sheets.key_column_first,
        snapshot=_sheets.headings_now,
        undo=Undo(changed=_sheets.append_changed, call=_sheets.unappend),
    ),
    "update_rows": Action(
        run=_sheets_updates.update_rows,
        label="Change a row of a sheet",
        says="changes the row of the sheet {sheet} that has {value} in “{by}”",
        safety=Safety.SET,
        roles={
            "sheet": Role.WHERE,
            "fields": Role.CONTENT,
            # As with an address by which a contact is found: what a form says may name the row, and an undo puts it back.
            "value": Role.CONTENT,
            **dict.fromkeys(("by", "several", "rows", "places", "title"), Role.PLAIN),
        },
        find=_sheets_updates.find_updated,
        settle=10.0,
        prepare=_sheets_updates.prepare,
        snapshot=_sheets_updates.before,
        undo=Undo(changed=_sheets_updates.changed, call=_sheets_updates.back),
    ),
    "find_rows": Action(
        run=_sheets_updates.find_rows,
        label="Find rows of a sheet",
        says="finds the rows of the sheet {sheet} that have {value} in “{by}”",
        roles={"sheet": Role.WHERE, "by": Role.PLAIN, "value": Role.PLAIN},
    ),
    "add_key_column": Action(
        run=_sheets.add_key_column,
        label="Add the column “Patchbay key”",
        says="adds the column “Patchbay key”, by which Patchbay recognises its own rows, to the sheet {sheet}",
        safety=Safety.SET,
        roles={"sheet": Role.WHERE, **dict.fromkeys(("column", "heading", "grow"), Role.PLAIN)},
        find=_sheets.find_key_column,
        settle=10.0,
        prepare=_sheets.prepare_key_column,
        internal=True,
    ),
    "delete_rows": Action(
        run=_sheets.delete_rows,
        label="Delete rows that Patchbay has added",
        says="deletes the rows {rows} of the sheet {sheet}",
        safety=Safety.SET,
        roles={"sheet": Role.WHERE, "mark": Role.PLAIN, "rows": Role.PLAIN},
        find=_sheets.find_deleted,
        settle=10.0,
        prepare=_sheets.prepare_delete,
        snapshot=_sheets.rows_now,
        internal=True,  # only takes back what we added
    ),
    "restore_cells": Action(
        run=_sheets_updates.restore_cells,
        label="Give cells of a sheet their old values back",
        says="gives cells of the sheet {sheet} their old values back",
        safety=Safety.SET,
        roles={"sheet": Role.WHERE, "title": Role.PLAIN, "cells": Role.CONTENT},
        find=_sheets_updates.find_restored,
        settle=10.0,
        snapshot=_sheets_updates.present,
        internal=True,
    ),
}
PRACTICE = "https://docs.google.com/spreadsheets/d/1PracticeBook_PracticeBook_PracticeBook-00/edit#gid=0"
"""The sheet that the practice account watches."""

"""What recipes can do in Notion, and the steps that only other actions use."""

from __future__ import annotations

from connectors.contract import Action, Role, Safety, Undo
from connectors.notion import _appends, _comments, _pages, _prepare, _rows, _updates, _upsert, _writing

_create_page = Action(
    run=_pages.create_page,
    label="Create a page",
    says="creates the page “{title}” in {data_source}",
    safety=Safety.FINDABLE,
    roles={"data_source": Role.WHERE, "title": Role.CONTENT, "markdown": Role.CONTENT, "properties": Role.CONTENT},
    find=_pages.find_page,
    settle=30.0,  # the index behind a query may lag a minute; with the deadline, two looks wait longer than that
    prepare=_prepare.prepare,
    before=_prepare.key_first,
    after=_pages.after,
    undo=Undo(changed=_pages.changed, call=_pages.undo_call),
)

# No undo of their own: the blocks go to the trash with their page, and an empty text column harms nobody.
_append_blocks = Action(
    run=_appends.append_blocks,
    label="Write the next part of a page",
    says="writes the next part of the page",
    safety=Safety.FINDABLE,
    roles={
        "parent": Role.WHERE,
        "blocks": Role.CONTENT,
        "path": Role.PLAIN,
        "start": Role.PLAIN,
        "alike": Role.PLAIN,
    },
    find=_appends.find_blocks,
    settle=10.0,
    prepare=_appends.prepare,
    internal=True,
)
_add_key_property = Action(
    run=_prepare.add_key_property,
    label="Add the column “Patchbay key”",
    says="adds the text column “Patchbay key”, by which Patchbay recognises its own pages, to {data_source}",
    safety=Safety.SET,
    roles={"data_source": Role.WHERE},
    find=_prepare.find_key_property,
    settle=10.0,
    internal=True,
)
_trash_page = Action(
    run=_pages.trash_page,
    label="Move a page to the trash",
    says="moves the page {page} to Notion's trash",
    safety=Safety.SET,
    roles={"page": Role.WHERE},
    find=_pages.find_trashed,
    settle=10.0,
    internal=True,
)

_update_page = Action(
    run=_updates.update_page,
    label="Change the properties of a page",
    says="changes properties of the page “{title}”",
    safety=Safety.SET,
    roles={"page": Role.WHERE, "properties": Role.CONTENT, "title": Role.CONTENT, "was": Role.PLAIN},
    find=_updates.find_updated,
    settle=10.0,
    prepare=_updates.prepare_update,
    snapshot=_updates.before_update,
    undo=Undo(changed=_updates.update_changed, call=_updates.undo_update),
)
_restore_page = Action(
    run=_updates.restore_page,
    label="Give a page its old values back",
    says="gives the page {page} its old values back",
    safety=Safety.SET,
    roles={"page": Role.WHERE, "properties": Role.CONTENT},
    find=_updates.find_updated,
    settle=10.0,
    snapshot=_updates.before_restore,
    internal=True,
)
_append = Action(
    run=_writing.append_markdown,
    label="Add text to a page",
    says="adds text to the end of the page {page}",
    safety=Safety.FINDABLE,
    roles={"page": Role.WHERE, "markdown": Role.CONTENT, "last": Role.PLAIN, "start": Role.PLAIN},
    find=_writing.find_appended,
    settle=10.0,
    prepare=_writing.prepare,
    after=_writing.after,
    undo=Undo(changed=_writing.appended_changed, call=_writing.undo_append),
)
_append_more = Action(
    run=_writing.append_more,
    label="Add the next part of a text to a page",
    says="adds the next part of the text to the page {page}",
    safety=Safety.FINDABLE,
    roles={"page": Role.WHERE, "blocks": Role.CONTENT, "last": Role.PLAIN},
    find=_writing.find_more,
    settle=10.0,
    prepare=_writing.prepare_more,
    undo=Undo(changed=_writing.appended_changed, call=_writing.undo_append),
    internal=True,
)
_trash_block = Action(
    run=_writing.trash_block,
    label="Move lines of a page to the trash",
    says="moves lines that it added to Notion's trash",
    safety=Safety.SET,
    roles={"block": Role.WHERE, "rest": Role.WHERE},
    find=_writing.find_trashed_block,
    settle=10.0,
    after=_writing.trash_rest,
    internal=True,
)
_comment = Action(
    run=_comments.comment,
    label="Comment on a page",
    says="comments on the page {page}",
    safety=Safety.FINDABLE,
    roles={"page": Role.WHERE, "text": Role.CONTENT, "since": Role.PLAIN},
    find=_comments.find_comment,
    settle=20.0,
    prepare=_comments.prepare,
    undo=Undo(changed=_comments.changed, call=_comments.undo_call),
)
_delete_comment = Action(
    run=_comments.delete_comment,
    label="Delete a comment",
    says="deletes the comment {comment}",
    safety=Safety.SET,
    roles={"comment": Role.WHERE},
    find=_comments.find_deleted,
    settle=10.0,
    internal=True,
)
_upsert_row = Action(
    run=_upsert.upsert_row,
    label="Change the row with this value, or make it",
    says="changes or makes the row in {data_source} that has the same “{by}”",
    safety=Safety.SET,
    roles={
        "data_source": Role.WHERE,
        "by": Role.PLAIN,
        "properties": Role.CONTENT,
        "title": Role.CONTENT,
        **dict.fromkeys(("row", "mark", "twins", "was"), Role.PLAIN),
    },
    find=_upsert.find,
    settle=10.0,
    prepare=_upsert.prepare,
    before=_upsert.before,
    after=_upsert.after,
    snapshot=_upsert.snapshot,
    undo=Undo(changed=_updates.update_changed, call=_updates.undo_update),
)
_make_row = Action(
    run=_upsert.make_row,
    label="Make a row",
    says="makes a row in {data_source}",
    safety=Safety.FINDABLE,
    roles={"data_source": Role.WHERE, "by": Role.PLAIN, "mark": Role.PLAIN, "properties": Role.CONTENT},
    find=_upsert.find_made,
    settle=30.0,
    undo=Undo(changed=_upsert.make_changed, call=_upsert.unmake),
    internal=True,
)

ACTIONS = {
    "create_page": _create_page,
    "update_page": _update_page,
    "append": _append,
    "comment": _comment,
    "upsert_row": _upsert_row,
    "query_rows": Action(
        run=_rows.query_rows,
        label="Find rows",
        says="finds rows in {data_source}",
        roles={"data_source": Role.WHERE, "where": Role.PLAIN, "sort": Role.PLAIN, "most": Role.PLAIN},
    ),
    "get_page": Action(
        run=_rows.get_page, label="Read a page", says="reads the page {page}", roles={"page": Role.WHERE}
    ),
    "append_blocks": _append_blocks,
    "append_more": _append_more,
    "add_key_property": _add_key_property,
    "make_row": _make_row,
    "restore_page": _restore_page,
    "trash_page": _trash_page,
    "trash_block": _trash_block,
    "delete_comment": _delete_comment,
}

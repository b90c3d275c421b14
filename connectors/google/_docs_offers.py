"""What the connector offers of Google Docs and Drive: documents, folders, and the picker for those."""

from __future__ import annotations

from connectors.contract import Action, Lookup, Role, Safety, Undo
from connectors.google import _docs

LACKS = {
    "undo create_folder": "People may have put things into the folder that Patchbay does not see; delete it in Drive if it is empty."
}
LOOKUPS = {"folder": Lookup(run=_docs.folders, resolve=_docs.resolve_folder, label="Google Drive folder")}
ACTIONS = {
    "create_doc": Action(
        run=_docs.create_doc,
        label="Make a Google document",
        says="makes the document “{title}”",
        safety=Safety.FINDABLE,
        roles={"title": Role.CONTENT, "markdown": Role.CONTENT, "folder": Role.WHERE},
        find=_docs.find_created,
        settle=30.0,  # how far Drive's lists lag is not documented
        prepare=_docs.prepare,
        after=_docs.then_write,
        undo=Undo(changed=_docs.changed, call=_docs.undo_call),
    ),
    "create_folder": Action(
        run=_docs.create_folder,
        label="Make a folder in Google Drive",
        says="makes the folder “{title}”",
        safety=Safety.FINDABLE,
        roles={"title": Role.CONTENT, "folder": Role.WHERE},
        find=_docs.find_created,
        settle=30.0,
        prepare=_docs.prepare,
    ),
    "write_doc": Action(
        run=_docs.write_doc,
        label="Write the text of a new document",
        says="writes the text of the document {document}",
        safety=Safety.CONDITIONAL,
        roles={"document": Role.WHERE, "markdown": Role.CONTENT, "revision": Role.PLAIN},
        find=_docs.find_written,
        still=_docs.still_empty,
        settle=10.0,
        prepare=_docs.prepare_text,
        internal=True,
    ),
    "trash_doc": Action(
        run=_docs.trash_doc,
        label="Move a document to the trash",
        says="moves the document {document} to the trash",
        safety=Safety.SET,
        roles={"document": Role.WHERE},
        find=_docs.find_trashed,
        settle=10.0,
        internal=True,
    ),
}

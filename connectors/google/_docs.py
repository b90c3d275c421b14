"""Google documents: made in Drive, written in one piece, taken back to the trash.

https://developers.google.com/workspace/docs/api/how-tos/overview . Made with our key among the properties that only this app sees, by
which the document is found again. Then the text is written on the condition that nobody has written there before, so that a copy of
the request that comes late changes nothing. With `drive.file` Google shows us what we made, and nothing else of the Drive.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from connectors.contract import JSON, Call, Choice, Refused
from connectors.google import _docs_text
from connectors.google._client import Google, status_of, there
from connectors.google._scopes import FILES

Arguments = dict[str, JSON]
LONGEST = 200_000  # characters of a text
MARK = "patchbay"
_DOCUMENT, _FOLDER = "application/vnd.google-apps.document", "application/vnd.google-apps.folder"
_TITLE = 300  # characters
_ID = re.compile(r"[\w-]{20,}")
_FOLDER_ADDRESS = re.compile(r"drive\.google\.com/drive/(?:u/\d+/)?(?:mobile/)?folders/([\w-]{20,})")
_BODY = "documentId,revisionId,body(content(paragraph(elements(textRun(content))),table,tableOfContents))"
_TOUCHED = 120_000  # ms after our last request in which Drive may still note it
_UNSEEN = (
    "Google shows Patchbay only folders that it has made itself. Choose one of those, or leave the folder out: documents can be moved "
    "anywhere in Drive afterwards. A recipe makes folders with google.create_folder, and they can be moved, too."
)


def create_doc(client: Google, key: str, *, title: str, markdown: str = "", folder: str = "") -> JSON:
    """An empty document; `write_doc` writes the text into it. `folder`: an id, "" for My Drive."""
    return _create(client, key, title, _DOCUMENT, folder)


def create_folder(client: Google, key: str, *, title: str, folder: str = "") -> JSON:
    """A folder, in another one of ours or in My Drive."""
    return _create(client, key, title, _FOLDER, folder)


def _create(client: Google, key: str, title: str, kind: str, folder: str) -> JSON:
    body: dict[str, JSON] = {"name": title, "mimeType": kind, "appProperties": {MARK: key}}
    if folder:
        body["parents"] = [folder]
    ask = client.drive.files().create(body=body, fields="id,webViewLink", supportsAllDrives=True)
    return _result(ask.execute(num_retries=0))


def _result(file: JSON) -> dict[str, JSON]:
    return {"id": str(file["id"]), "url": str(file.get("webViewLink") or "")}


def find_created(client: Google, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    q = f"appProperties has {{ key='{MARK}' and value='{key}' }} and trashed=false"
    ask = client.drive.files().list(
        q=q, fields="files(id,webViewLink)", supportsAllDrives=True, includeItemsFromAllDrives=True
    )
    return [_result(one) for one in ask.execute(num_retries=0).get("files") or []]


def prepare(client: Google, arguments: Arguments) -> Arguments:
    """Raises `Refused` for a folder that is not to be seen, or a text that is too long."""
    client.require(FILES, what="make files in your Drive")
    title = " ".join(_docs_text.clean(str(arguments["title"])).split())[:_TITLE]
    if not title:
        raise Refused("A document or folder needs a name. Give it one in the recipe.")
    if len(str(arguments.get("markdown") or "")) > LONGEST:
        raise Refused(f"The text of a document has {LONGEST} characters at most. Shorten it, or write several.")
    folder = str(arguments.get("folder") or "").strip()
    found = [one.id for one in resolve_folder(client, folder)] if folder else [""]
    return {**arguments, "title": title, "folder": found[0]}


# --- the text ---------------------------------------------------------------------------------------------------------


def then_write(arguments: Arguments, made: dict[str, JSON]) -> list[Call]:
    text = str(arguments.get("markdown") or "")
    return [Call("write_doc", {"document": made["id"], "markdown": text})] if _docs_text.requests(text) else []


def write_doc(client: Google, key: str, *, document: str, markdown: str, revision: str = "") -> JSON:
    """The whole text, or nothing of it. Raises `Refused` where the document is no longer at that revision."""
    body = {"requests": _docs_text.requests(markdown), "writeControl": {"requiredRevisionId": revision}}
    try:
        answer = client.docs.documents().batchUpdate(documentId=document, body=body).execute(num_retries=0)
    except Exception as error:
        if status_of(error) == 400 and b"revision" in getattr(error, "content", b"").lower():
            raise Refused(
                "Somebody wrote into the document before Patchbay could, so nothing was written. Undo this run and start the event "
                "over."
            ) from error
        raise
    if answer.get("documentId") != document:
        raise ValueError("an answer that does not name the document")
    return {"id": document, "url": _url(document)}


def _url(document: str) -> str:
    return f"https://docs.google.com/document/d/{document}/edit"


def prepare_text(client: Google, arguments: Arguments) -> Arguments:
    """The revision at which the document stands. One that was only drawn has none."""
    if not _ID.fullmatch(str(arguments["document"])):
        return {**arguments, "revision": ""}
    return {**arguments, "revision": str(_read(client, arguments["document"]).get("revisionId") or "")}


def _read(client: Google, document: str) -> Any:
    return client.docs.documents().get(documentId=document, fields=_BODY).execute(num_retries=0)


def text_in(document: JSON) -> str:
    """The text of its paragraphs; tables and the like, which we never make, as one mark each."""
    parts = []
    for one in (document.get("body") or {}).get("content") or []:
        for element in (one.get("paragraph") or {}).get("elements") or []:
            parts.append(str((element.get("textRun") or {"content": "\ufffc"}).get("content")))
        if "table" in one or "tableOfContents" in one:
            parts.append("\ufffc")
    return "".join(parts)


def find_written(client: Google, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    ours = text_in(_read(client, arguments["document"])) == _docs_text.plain(arguments["markdown"]) + "\n"
    return [{"id": arguments["document"], "url": _url(arguments["document"])}] if ours else []


def still_empty(client: Google, arguments: Arguments) -> bool:
    found = _read(client, arguments["document"])
    return found.get("revisionId") == arguments["revision"] and text_in(found).strip() == ""


# --- taking back ------------------------------------------------------------------------------------------------------


def changed(client: Google, arguments: Arguments, made: dict[str, JSON], sent_at: int) -> str | None:
    file = _file(client, str(made["id"]))
    if file is None or file.get("trashed"):
        return "Somebody has deleted the document since. There is nothing to take back."
    text = text_in(_read(client, str(made["id"]))).removesuffix("\n")
    written = text in ("", _docs_text.plain(str(arguments.get("markdown") or "")))
    late = _ms(str(file.get("modifiedTime") or "")) > sent_at + _TOUCHED
    if file.get("name") != arguments["title"] or not written or late:
        return "Somebody has changed the document since. Delete it in Drive if it is not wanted."
    return None


def _file(client: Google, id: str) -> JSON:
    ask = client.drive.files().get(
        fileId=id, fields="id,name,mimeType,trashed,modifiedTime,webViewLink", supportsAllDrives=True
    )
    return there(lambda: ask.execute(num_retries=0))


def _ms(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp() * 1000
    except ValueError:
        return 0.0


def undo_call(arguments: Arguments, made: dict[str, JSON], before: JSON) -> Call:
    return Call("trash_doc", {"document": made["id"]})


def trash_doc(client: Google, key: str, *, document: str) -> JSON:
    """To the trash of Drive, from which a person can bring it back."""
    ask = client.drive.files().update(
        fileId=document, body={"trashed": True}, fields="id,webViewLink", supportsAllDrives=True
    )
    return _result(ask.execute(num_retries=0))


def find_trashed(client: Google, key: str, arguments: Arguments) -> list[dict[str, JSON]]:
    file = _file(client, arguments["document"])
    gone = file is None or bool(file.get("trashed"))
    return [{"id": arguments["document"], "url": _url(arguments["document"])}] if gone else []


# --- folders ----------------------------------------------------------------------------------------------------------


def folders(client: Google, query: str) -> list[Choice]:
    """Folders of ours whose name holds what was typed."""
    client.require(FILES, what="see the folders that it has made")
    q = f"mimeType='{_FOLDER}' and trashed=false"
    if wanted := query.strip():
        escaped = wanted.replace("\\", "\\\\").replace("'", "\\'")
        q += f" and name contains '{escaped}'"
    ask = client.drive.files().list(
        q=q,
        pageSize=100,
        orderBy="modifiedTime desc",
        fields="files(id,name)",
        supportsAllDrives=True,
        includeItemsFromAllDrives=True,
    )
    return [Choice(str(one["id"]), str(one["name"])) for one in ask.execute(num_retries=0).get("files") or []]


def resolve_folder(client: Google, text: str) -> list[Choice]:
    """The folder behind an address or an id. Raises `Refused` where Google does not show it to us."""
    address = _FOLDER_ADDRESS.search(text)
    given = address[1] if address else text.strip()
    found = _file(client, given) if _ID.fullmatch(given) else None
    if found is None or found.get("mimeType") != _FOLDER or found.get("trashed"):
        raise Refused(_UNSEEN)
    return [Choice(str(found["id"]), str(found["name"]))]

"""Comments on issues, and links beside them. Both are made under an id of our own."""

from __future__ import annotations

from contextlib import suppress

from connectors.contract import Action, Call, Refused, Role, Safety, Undo
from connectors.linear._client import NOT_SENT, Linear, NotThere, Record
from connectors.linear._issues import own_id, read

_COMMENT = "query Comment($id: String!) { comment(id: $id) { id url body } }"
_ADD = "mutation Say($input: CommentCreateInput!) { commentCreate(input: $input) { success comment { id url body } } }"
_TAKE = "mutation Unsay($id: String!) { commentDelete(id: $id) { success } }"
_LINKS = "query Links($url: String!) { attachmentsForURL(url: $url) { nodes { id url title issue { id } } } }"
_LINK = "mutation Link($input: AttachmentCreateInput!) { attachmentCreate(input: $input) { success attachment { id url title } } }"
_UNLINK = "mutation Unlink($id: String!) { attachmentDelete(id: $id) { success } }"


def prepare(client: Linear, arguments: Record) -> Record:
    """The issue's own id for its number. Raises `Refused` where it is gone."""
    if arguments["issue"] == NOT_SENT:
        return arguments
    issue = read(client, str(arguments["issue"]))
    if issue is None:
        raise Refused(
            f"The issue {str(arguments['issue'])[:60]} was deleted in Linear. Restore it or choose another one."
        )
    return {**arguments, "issue": issue["id"]}


# --- comments ---------------------------------------------------------------------------------------------------------


def add_comment(client: Linear, key: str, *, issue: str, text: str) -> Record:
    """A comment in Markdown."""
    answer = client.change(_ADD, input={"id": own_id(key, "comment"), "issueId": issue, "body": text})
    return _said(answer["comment"])


def _said(comment: Record) -> Record:
    return {"id": str(comment["id"]), "url": str(comment.get("url") or ""), "body": str(comment["body"])}


def _comment(client: Linear, id: str) -> Record | None:
    try:
        return dict(client.ask(_COMMENT, id=id)["comment"])
    except NotThere:
        return None


def find_comment(client: Linear, key: str, arguments: Record) -> list[Record]:
    found = _comment(client, own_id(key, "comment"))
    return [_said(found)] if found else []


def comment_touched(client: Linear, arguments: Record, made: Record, sent_at: int) -> str | None:
    found = _comment(client, made["id"])
    if found is None or found["body"] == made["body"]:
        return None
    return "Somebody has changed the comment in Linear since, so it is left there."


def delete_comment(client: Linear, key: str, *, comment: str) -> Record:
    """For good: comments have no trash."""
    with suppress(NotThere):
        client.change(_TAKE, id=comment)
    return {"id": comment, "url": ""}


def find_comment_deleted(client: Linear, key: str, arguments: Record) -> list[Record]:
    return [] if _comment(client, arguments["comment"]) else [{"id": arguments["comment"], "url": ""}]


# --- links ------------------------------------------------------------------------------------------------------------


def add_link(client: Linear, key: str, *, issue: str, url: str, title: str) -> Record:
    """A link beside the issue. An issue has one for each address: a second one with it changes the first."""
    made = client.change(_LINK, input={"issueId": issue, "url": url, "title": title})["attachment"]
    return {"id": str(made["id"]), "url": str(made["url"])}


def _link(client: Linear, issue: str, url: str) -> Record | None:
    found = client.ask(_LINKS, url=url)["attachmentsForURL"]["nodes"]
    return next((one for one in found if (one.get("issue") or {}).get("id") == issue), None)


def find_link(client: Linear, key: str, arguments: Record) -> list[Record]:
    there = _link(client, arguments["issue"], arguments["url"])
    same = there is not None and there["title"] == arguments["title"]
    return [{"id": str(there["id"]), "url": str(there["url"])}] if there is not None and same else []


def link_before(client: Linear, arguments: Record) -> str | None:
    """The title of the link that was there with this address, or None."""
    there = _link(client, arguments["issue"], arguments["url"])
    return str(there["title"]) if there else None


def link_touched(client: Linear, arguments: Record, made: Record, sent_at: int) -> str | None:
    present = link_before(client, arguments)
    if present is None or present == arguments["title"]:
        return None
    return "Somebody has changed the link in Linear since, so it is left there."


def link_back(arguments: Record, made: Record, before: str | None) -> Call:
    where = {"issue": arguments["issue"], "url": arguments["url"]}
    if before is None:
        return Call("delete_link", {**where, "link": made["id"]})
    return Call("add_link", {**where, "title": before})


def delete_link(client: Linear, key: str, *, link: str, issue: str, url: str) -> Record:
    with suppress(NotThere):
        client.change(_UNLINK, id=link)
    return {"id": link, "url": url}


def find_link_deleted(client: Linear, key: str, arguments: Record) -> list[Record]:
    there = _link(client, arguments["issue"], arguments["url"])
    return [] if there else [{"id": arguments["link"], "url": arguments["url"]}]


ADD_COMMENT = Action(
    run=add_comment,
    label="Comment on an issue",
    says="comments on {issue}",
    safety=Safety.FINDABLE,
    roles={"issue": Role.WHERE, "text": Role.CONTENT},
    find=find_comment,
    settle=0.0,  # read by its id
    prepare=prepare,
    undo=Undo(comment_touched, lambda arguments, made, before: Call("delete_comment", {"comment": made["id"]})),
)
DELETE_COMMENT = Action(
    run=delete_comment,
    label="Delete a comment",
    says="deletes the comment {comment}",
    safety=Safety.SET,
    roles={"comment": Role.WHERE},
    find=find_comment_deleted,
    settle=5.0,
    internal=True,
)
ADD_LINK = Action(
    run=add_link,
    label="Put a link beside an issue",
    says="puts the link “{title}” beside {issue}",
    safety=Safety.SET,
    roles={"issue": Role.WHERE, "url": Role.WHERE, "title": Role.CONTENT},
    find=find_link,
    settle=5.0,
    prepare=prepare,
    snapshot=link_before,
    undo=Undo(link_touched, link_back),
)
DELETE_LINK = Action(
    run=delete_link,
    label="Remove a link",
    says="removes the link {url}",
    safety=Safety.SET,
    roles={"link": Role.WHERE, "issue": Role.WHERE, "url": Role.WHERE},
    find=find_link_deleted,
    settle=5.0,
    internal=True,
)

"""Drafts of posts and pages: made under an address of ours, found by it, moved to the trash if nobody has touched them.

https://developer.wordpress.org/rest-api/reference/posts/
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence

from connectors.contract import JSON, Call, Refused
from connectors.wordpress._blocks import blocks, words
from connectors.wordpress._client import Site, code_of, status_of
from connectors.wordpress._terms import resolved

ROUTES = {"post": "/wp/v2/posts", "page": "/wp/v2/pages"}
EVERY_STATUS = "publish,future,draft,pending,private,trash"  # a list leaves all but "publish" out unless they are named
_FIELDS = "id,type,slug,status,link,modified_gmt,title,content,excerpt"
_NOTHING: Sequence[str] = ()


def create_draft(
    client: Site,
    key: str,
    *,
    title: str,
    markdown: str = "",
    excerpt: str = "",
    kind: str = "post",
    categories: Sequence[str] = _NOTHING,
    tags: Sequence[str] = _NOTHING,
    picture: str = "",
    root: str = "",
) -> dict[str, JSON]:
    """A draft, from prepared arguments: `kind` post or page; `categories` and `tags` as ids; `picture` the id of an uploaded
    one. `status` is always sent: without it two drafts may share one slug."""
    body: dict[str, JSON] = {
        "title": words(title),
        "content": blocks(markdown),
        "excerpt": words(excerpt),
        "slug": slug(title, key),
        "status": "draft",
        **({"categories": [int(one) for one in categories]} if categories else {}),
        **({"tags": [int(one) for one in tags]} if tags else {}),
        **({"featured_media": int(picture)} if picture else {}),
    }
    return result(client.write("POST", root, ROUTES[kind], body))


def prepare_draft(client: Site, arguments: dict[str, JSON]) -> dict[str, JSON]:
    """Names become ids. Raises `Refused` for what the site has not."""
    kind = str(arguments.get("kind") or "post").strip().lower()
    if kind not in ROUTES:
        raise Refused(f"WordPress has posts and pages, but no “{kind[:40]}”. Write post or page.")
    terms = {name: resolved(client, name, arguments.get(name) or ()) for name in ("categories", "tags")}
    if kind == "page" and any(terms.values()):
        raise Refused("WordPress pages have no categories and tags. Leave them out, or make a post.")
    picture = str(arguments.get("picture") or "")
    if picture and not picture.isdigit():
        raise Refused("The picture of a post is the number of one that was uploaded before.")
    return {**arguments, **terms, "kind": kind, "picture": picture, "root": client.root}


def slug(title: str, key: str) -> str:
    """The last part of the post's address: readable, and ours alone, so that it finds the draft again."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    topic = re.sub("[^a-z0-9]+", "-", plain)[:60].strip("-") or "post"
    return f"{topic}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def find_draft(client: Site, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """Those with our slug, also in the trash, where WordPress adds "__trashed" to it."""
    own = slug(arguments["title"], key)
    query = {"slug": f"{own},{own}__trashed", "status": EVERY_STATUS, "context": "edit", "_fields": _FIELDS}
    return [result(post) for post in client.read(ROUTES[arguments.get("kind") or "post"], **query)]


def draft_changed(client: Site, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    """Who touched the draft after us. One that is gone or in the trash has nothing left to protect."""
    post = present(client, made["id"])
    if post is None or post["status"] == "trash":
        return None
    if post["status"] != "draft":
        return f"“{shown(post)}” is no longer a draft ({post['status']}). Set it back to draft in WordPress first."
    return edited(post, made)


def undo_draft(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("trash_post", {"post": made["id"], "root": arguments.get("root") or ""})


def trash_post(client: Site, key: str, *, post: str, root: str = "") -> dict[str, JSON]:
    """To the trash, from where it can be restored; never for good. One that is gone is as good."""
    try:
        return result(client.write("DELETE", root, path(post)))
    except Exception as error:
        if not _gone(error) and code_of(error) != "rest_already_trashed":
            raise
        return {"id": post, "url": "", "status": "trash"}


def find_trashed(client: Site, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    post = present(client, arguments["post"])
    if post is not None and post["status"] != "trash":
        return []
    return [{"id": arguments["post"], "url": "", "status": "trash"}]


# --- one post ---------------------------------------------------------------------------------------------------------


def path(post: str) -> str:
    """Its route: "12" is a post, "page:12" a page. Raises `Refused` for anything else."""
    kind, _, number = str(post).strip().rpartition(":")
    if (kind or "post") not in ROUTES or not (number.isascii() and number.isdigit()):
        raise Refused(f"“{str(post)[:40]}” is no post of this site. Choose one, or give the id that a step made.")
    return f"{ROUTES[kind or 'post']}/{int(number)}"


def present(client: Site, post: str) -> JSON:
    """The post as an editor sees it (with `raw`), or None if it is gone."""
    try:
        return client.read(path(post), context="edit", _fields=_FIELDS)
    except Exception as error:
        if _gone(error):
            return None
        raise


def _gone(error: Exception) -> bool:
    return status_of(error) in (404, 410) and code_of(error) == "rest_post_invalid_id"


def result(post: JSON) -> dict[str, JSON]:
    """What later steps and undo need of a post."""
    return {
        "id": f"page:{post['id']}" if post.get("type") == "page" else str(post["id"]),
        "url": post.get("link") or "",
        "slug": post.get("slug") or "",
        "status": post["status"],
        "version": post.get("modified_gmt") or "",
        "written": fingerprint(post),
    }


def fingerprint(post: JSON) -> str:
    """Of its own words. Not of the time: that moves with every change of status, also ours."""
    own = [raw(post, name) for name in ("title", "content", "excerpt")]
    return hashlib.sha256(json.dumps(own).encode()).hexdigest()[:32]


def raw(post: JSON, name: str) -> str:
    """What an editor wrote. Never `rendered`: writing that back would destroy blocks and shortcodes."""
    part = post.get(name)
    return str(part.get("raw") or "") if isinstance(part, dict) else ""


def shown(post: JSON) -> str:
    return raw(post, "title") or "Untitled"


def edited(post: JSON, made: dict[str, JSON]) -> str | None:
    if fingerprint(post) == made.get("written"):
        return None
    return f"Somebody edited “{shown(post)}” (last change {post.get('modified_gmt')} UTC)."

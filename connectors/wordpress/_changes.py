"""Changes of posts that are there: publishing after approval, and new words.

WordPress has no version check, so what a person approved is compared with what stands there just before it is sent.
"""

from __future__ import annotations

from connectors.contract import JSON, Call, Refused
from connectors.wordpress._blocks import blocks, words
from connectors.wordpress._client import Site
from connectors.wordpress._posts import edited, fingerprint, path, present, raw, result, shown

PUBLIC = ("publish", "future")  # one whose date lies ahead becomes "future" by itself


def prepare(client: Site, arguments: dict[str, JSON]) -> dict[str, JSON]:
    """Notes what the post says now (`version`). Raises `Refused` where it is gone or in the trash."""
    post = _there(client, arguments["post"])
    return {**arguments, "post": str(arguments["post"]).strip(), "version": fingerprint(post), "root": client.root}


def _there(client: Site, which: str) -> JSON:
    post = present(client, which)
    if post is None:
        raise Refused("This post is no longer there: it was deleted in WordPress. Choose another one.")
    if post["status"] == "trash":
        raise Refused(f"“{shown(post)}” lies in WordPress's trash. Restore it there, or choose another post.")
    return post


def _as_approved(client: Site, arguments: dict[str, JSON]) -> JSON:
    """The post, if it still says what it said when this change was prepared."""
    post = _there(client, arguments["post"])
    if arguments.get("version") and fingerprint(post) != arguments["version"]:
        raise Refused(
            f"“{shown(post)}” was edited in WordPress since this was prepared (last change "
            f"{post.get('modified_gmt')} UTC). Read it there, then start this event over."
        )
    return post


# --- publishing -------------------------------------------------------------------------------------------------------


def publish_post(client: Site, key: str, *, post: str, version: str = "", root: str = "") -> dict[str, JSON]:
    """Public from now on, or from its own date on if that lies ahead."""
    return result(client.write("POST", root, path(post), {"status": "publish"}))


def status_before(client: Site, arguments: dict[str, JSON]) -> JSON:
    return _as_approved(client, arguments)["status"]


def find_published(client: Site, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    post = present(client, arguments["post"])
    return [result(post)] if post is not None and post["status"] in PUBLIC else []


def publish_changed(client: Site, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    post = present(client, made["id"])
    if post is None or post["status"] == "trash":
        return "The post is no longer there, or lies in the trash. There is nothing to take back."
    if post["status"] not in PUBLIC:
        return f"“{shown(post)}” is no longer public ({post['status']}). There is nothing to take back."
    return edited(post, made)


def unpublish(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    """Back to what it was. Feeds, search engines and newsletters may already have it."""
    status = before if before and before not in PUBLIC else "draft"
    return Call("set_status", {"post": made["id"], "status": status, "root": arguments.get("root") or ""})


def set_status(client: Site, key: str, *, post: str, status: str, root: str = "") -> dict[str, JSON]:
    return result(client.write("POST", root, path(post), {"status": status}))


def find_status(client: Site, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    post = present(client, arguments["post"])
    return [result(post)] if post is not None and post["status"] == arguments["status"] else []


def plain_status(client: Site, arguments: dict[str, JSON]) -> JSON:
    return _there(client, arguments["post"])["status"]


# --- words ------------------------------------------------------------------------------------------------------------


def update_post(
    client: Site,
    key: str,
    *,
    post: str,
    title: str = "",
    markdown: str = "",
    excerpt: str = "",
    version: str = "",
    root: str = "",
) -> dict[str, JSON]:
    """New words for what is given; what is empty stays as it is. WordPress keeps the old ones as a revision."""
    return result(client.write("POST", root, path(post), _fields(title, markdown, excerpt)))


def prepare_update(client: Site, arguments: dict[str, JSON]) -> dict[str, JSON]:
    if not any(str(arguments.get(name) or "").strip() for name in ("title", "markdown", "excerpt")):
        raise Refused("There are no new words for this post. Give a title, a text or an excerpt.")
    return prepare(client, arguments)


def _fields(title: str, markdown: str, excerpt: str) -> dict[str, str]:
    made = {"title": words(title), "content": blocks(markdown), "excerpt": words(excerpt)}
    return {name: text for name, text in made.items() if text}


def _new(arguments: dict[str, JSON]) -> dict[str, str]:
    return _fields(*(arguments.get(name) or "" for name in ("title", "markdown", "excerpt")))


def words_before(client: Site, arguments: dict[str, JSON]) -> JSON:
    post = _as_approved(client, arguments)
    return {name: raw(post, name) for name in _new(arguments)}


def find_updated(client: Site, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    return _like(client, arguments["post"], _new(arguments))


def _like(client: Site, which: str, fields: dict[str, str]) -> list[dict[str, JSON]]:
    post = present(client, which)
    same = post is not None and all(raw(post, name).strip() == text.strip() for name, text in fields.items())
    return [result(post)] if same else []


def update_changed(client: Site, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    post = present(client, made["id"])
    if post is None or post["status"] == "trash":
        return "The post is no longer there, or lies in the trash. There is nothing to take back."
    return edited(post, made)


def words_back(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("restore_words", {"post": made["id"], "words": before or {}, "root": arguments.get("root") or ""})


def restore_words(client: Site, key: str, *, post: str, words: dict[str, str], root: str = "") -> dict[str, JSON]:
    """The raw words as they were: blocks, shortcodes and all."""
    return result(client.write("POST", root, path(post), words))


def find_restored(client: Site, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    return _like(client, arguments["post"], arguments["words"])


def words_now(client: Site, arguments: dict[str, JSON]) -> JSON:
    post = _there(client, arguments["post"])
    return {name: raw(post, name) for name in arguments["words"]}

"""Posts and pages of the practice site. https://developer.wordpress.org/rest-api/reference/posts/"""

from __future__ import annotations

import re
from typing import Any

from flask import request

from app.practice.door import done, root
from app.practice.vendors.wordpress.site import JSON, Answer, Site, now, only, page_of, refuse, slugged

STATUSES = ("publish", "future", "draft", "pending", "private", "trash")
OPEN = ("publish", "future")
_TEXTS = ("title", "content", "excerpt")
_PLAIN = ("categories", "tags", "featured_media")


def handle(site: Site, route: list[str]) -> Answer:
    kind, rest = route[0], route[1:]
    if not rest:
        return _create(site, kind) if request.method == "POST" else _list(site, kind)
    post = site.get(kind, rest[0])
    if len(rest) > 1 or post is None:
        refuse(404, "rest_post_invalid_id", "Invalid post ID.")
    if request.method == "GET":
        return Answer(_read(site, post))
    return _trash(site, post) if request.method == "DELETE" else _change(site, post)


# --- reading ----------------------------------------------------------------------------------------------------------


def _list(site: Site, kind: str) -> Answer:
    query = request.args.to_dict()
    wanted = query.get("status", "publish").split(",")
    if not set(wanted) <= {*STATUSES, "any"}:
        refuse(
            400, "rest_invalid_param", "Invalid parameter(s): status", params={"status": "status[0] is not one of …"}
        )
    if wanted != ["publish"] and not site.may(_editing(kind)):
        refuse(400, "rest_invalid_param", "Invalid parameter(s): status", params={"status": "Status is forbidden."})
    found = [post for post in site.all(kind) if _matches(post, wanted, query)]
    by = {"date": "date_gmt", "modified": "modified_gmt"}.get(query.get("orderby", "date"), "date_gmt")
    found.sort(key=lambda post: (post[by], post["number"]), reverse=query.get("order", "desc") == "desc")
    shown, totals = page_of(found, query)
    return Answer([_read(site, post) for post in shown], headers=totals)


def _matches(post: JSON, statuses: list[str], query: dict[str, str]) -> bool:
    slugs = [one for one in query.get("slug", "").split(",") if one]
    words = query.get("search", "").lower()
    return (
        post["status"] in statuses
        and (not slugs or post["slug"] in slugs)
        and words in f"{post['title']} {post['content']}".lower()
        and post["date_gmt"] > query.get("after", "").rstrip("Z")
        and post["modified_gmt"] > query.get("modified_after", "").rstrip("Z")
    )


def _read(site: Site, post: JSON) -> JSON:
    query = request.args.to_dict()
    editing = query.get("context") == "edit"
    if editing and not site.may(_editing(post["kind"])):
        refuse(
            401 if not site.person else 403, "rest_forbidden_context", "Sorry, you are not allowed to edit this post."
        )
    if post["status"] not in OPEN and not site.may(_editing(post["kind"])):
        refuse(401 if not site.person else 403, "rest_forbidden", "Sorry, you are not allowed to do that.")
    return only(shown(post, editing), query)


def shown(post: JSON, editing: bool) -> JSON:
    """As the interface shows it: `rendered` for readers, `raw` for those who edit."""
    texts = {
        name: {**({"raw": post[name]} if editing else {}), "rendered": _rendered(name, post[name]), "protected": False}
        for name in _TEXTS
    }
    link = f"{root('wordpress')}/?{'page_id' if post['kind'] == 'pages' else 'p'}={post['number']}"
    own = {name: post[name] for name in ("slug", "status", "date_gmt", "modified_gmt", "author", *_PLAIN)}
    return {"id": post["number"], "type": post["kind"][:-1], "link": link, "date": post["date_gmt"], **own, **texts}


def _rendered(name: str, raw: str) -> str:
    """Block comments are gone and shortcodes have run: what may never be written back."""
    text = re.sub(r"<!--.*?-->\n?", "", raw)
    return re.sub(r"\[[a-z_]+[^\]]*\]", "<div>shortcode</div>", text) if name == "content" else text


# --- writing ----------------------------------------------------------------------------------------------------------


def _create(site: Site, kind: str) -> Answer:
    if not site.may(_editing(kind)):
        refuse(
            401 if not site.person else 403,
            "rest_cannot_create",
            "Sorry, you are not allowed to create posts as this user.",
        )
    given = _given(site, kind)
    with site.ground.ledger.write():
        stamp = now()
        blank = {"kind": kind, "status": "draft", "slug": "", "title": "", "content": "", "excerpt": "", "author": 2}
        post = {**blank, "categories": [1], "tags": [], "featured_media": 0, "number": site.number(), **given}
        post |= {"date_gmt": given.get("date_gmt") or stamp, "modified_gmt": stamp}
        # The slug is made unique only where a status is sent: two drafts without one may share it.
        post["slug"] = _unique(site, post) if "status" in given else post["slug"]
        site.keep(kind, _timed(post))
        done(site.ground, f"{kind[:-1]}.create", str(post["number"]))
    return Answer(only(shown(post, True), request.args.to_dict()), 201)


def _change(site: Site, post: JSON) -> Answer:
    if not site.may(_editing(post["kind"])) or (post["author"] != 2 and not site.may("edit_others_posts")):
        refuse(403, "rest_cannot_edit", "Sorry, you are not allowed to edit this post.")
    given = _given(site, post["kind"])
    with site.ground.ledger.write():
        changed = _timed({**post, **given, "modified_gmt": now()})
        site.keep(post["kind"], changed)
        done(site.ground, f"{post['kind'][:-1]}.update", str(post["number"]))
    return Answer(only(shown(changed, True), request.args.to_dict()))


def _trash(site: Site, post: JSON) -> Answer:
    if request.args.get("force") == "true":
        forget(site, post["number"])
        done(site.ground, f"{post['kind'][:-1]}.delete", str(post["number"]))
        return Answer({"deleted": True, "previous": shown(post, True)})
    if post["status"] == "trash":
        refuse(410, "rest_already_trashed", "The post has already been deleted.")
    with site.ground.ledger.write():
        gone = {**post, "status": "trash", "slug": f"{post['slug']}__trashed", "modified_gmt": now()}
        site.keep(post["kind"], gone)
        done(site.ground, f"{post['kind'][:-1]}.trash", str(post["number"]))
    return Answer(shown(gone, True))


def _given(site: Site, kind: str) -> dict[str, JSON]:
    """The fields of a request, as WordPress takes them. Terms by id only."""
    body: Any = request.get_json(silent=True)
    if not isinstance(body, dict):
        refuse(400, "rest_invalid_json", "Invalid JSON body passed.")
    for name in ("categories", "tags"):
        if not all(isinstance(one, int) for one in body.get(name, [])):
            refuse(
                400,
                "rest_invalid_param",
                f"Invalid parameter(s): {name}",
                params={name: f"{name}[0] is not of type integer."},
            )
    status = body.get("status")
    if status in (*OPEN, "private") and not site.may("publish_pages" if kind == "pages" else "publish_posts"):
        refuse(403, "rest_cannot_publish", "Sorry, you are not allowed to publish posts in this post type.")
    return {name: body[name] for name in (*_TEXTS, *_PLAIN, "status", "slug", "date_gmt") if name in body}


def _timed(post: JSON) -> JSON:
    """A date that lies ahead makes a published post a scheduled one; publishing a draft dates it now."""
    if post["status"] == "publish" and post["date_gmt"] > post["modified_gmt"]:
        post["status"] = "future"
    return post


def _unique(site: Site, post: JSON) -> str:
    """As if it were public already (wp_unique_post_slug): a second one does not fail, it gets a number."""
    wanted = slugged(post["slug"] or post["title"]) or str(post["number"])
    taken = {other["slug"] for other in site.all(post["kind"])}
    tries = (wanted if n == 1 else f"{wanted}-{n}" for n in range(1, 10_000))
    return next(one for one in tries if one not in taken)


def _editing(kind: str) -> str:
    return "edit_pages" if kind == "pages" else "edit_posts"


# --- people -----------------------------------------------------------------------------------------------------------


def by_hand(site: Site, body: dict[str, JSON]) -> JSON:
    """What a person does in the editor. Without "number" it is a new post."""
    kind = str(body.get("kind", "posts"))
    with site.ground.ledger.write():
        old = site.get(kind, str(body["number"])) if "number" in body else None
        blank = {"kind": kind, "status": "publish", "title": "By hand", "content": "", "excerpt": "", "author": 1}
        more = {
            "categories": [1],
            "tags": [],
            "featured_media": 0,
            "slug": "",
            "date_gmt": now(),
            "modified_gmt": now(),
        }
        post = {**(old or {**blank, **more, "number": site.number()}), "modified_gmt": now(), **body}
        post["slug"] = post["slug"] or f"by-hand-{post['number']}"
        site.keep(kind, post)
    return post


def forget(site: Site, number: int) -> int:
    return site.ground.ledger.change("delete from objects where slug='wordpress' and id=?", f"posts-{number}")

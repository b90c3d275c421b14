"""Pictures of the practice site: names, sizes and descriptions, not the bytes.

https://developer.wordpress.org/rest-api/reference/media/
"""

from __future__ import annotations

import hashlib
import re

from flask import request

from app.practice.door import done, root
from app.practice.vendors.wordpress.site import JSON, Answer, Site, now, only, page_of, refuse


def handle(site: Site, route: list[str]) -> Answer:
    query = request.args.to_dict()
    if len(route) == 1:
        return _upload(site, query) if request.method == "POST" else _list(site, query)
    media = site.get("media", route[1])
    if media is None:
        refuse(404, "rest_post_invalid_id", "Invalid post ID.")
    return _describe(site, media) if request.method == "POST" else Answer(only(_shown(media), query))


def _list(site: Site, query: dict[str, str]) -> Answer:
    words = query.get("search", "").lower()
    shown, totals = page_of([one for one in site.all("media") if words in one["file"].lower()], query)
    return Answer([only(_shown(one), query) for one in shown], headers=totals)


def _upload(site: Site, query: dict[str, str]) -> Answer:
    if not site.may("upload_files"):
        refuse(403, "rest_cannot_create", "Sorry, you are not allowed to upload media on this site.")
    data = request.get_data()
    named = re.search('filename="([^"]+)"', request.headers.get("Content-Disposition", ""))
    if not named or not data:
        refuse(400, "rest_upload_no_data", "No data supplied.")
    if len(data) > int(site.note("largest", 2 << 20)):
        refuse(413, "rest_upload_file_too_big", "This file is too big. Files must be less than 2048 KB in size.")
    with site.ground.ledger.write():
        file = {"file": _free(site, named[1]), "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        media = {**file, "number": site.number(), "title": query.get("title", ""), "alt_text": "", "made": now()}
        site.keep("media", media)
        done(site.ground, "media.create", str(media["number"]))
    return Answer(_shown(media), 201)


def _free(site: Site, wanted: str) -> str:
    stem, _, ending = wanted.rpartition(".")
    taken = {one["file"] for one in site.all("media")}
    return next(name for name in (wanted, *(f"{stem}-{n}.{ending}" for n in range(1, 99))) if name not in taken)


def _describe(site: Site, media: JSON) -> Answer:
    with site.ground.ledger.write():
        changed = {**media, "alt_text": request.get_json().get("alt_text", media["alt_text"])}
        site.keep("media", changed)
        done(site.ground, "media.update", str(media["number"]))
    return Answer(_shown(changed))


def _shown(media: JSON) -> JSON:
    address = f"{root('wordpress')}/wp-content/uploads/{media['file']}"
    return {
        "id": media["number"],
        "type": "attachment",
        "source_url": address,
        "link": address,
        "alt_text": media["alt_text"],
    }

"""Pictures: the raw bytes in one request, found again by a file name of ours.

https://developer.wordpress.org/rest-api/reference/media/
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import unicodedata

from connectors.contract import JSON, Call, Refused
from connectors.wordpress._client import Site, good

LARGEST = 8 * 1024 * 1024  # bytes; more than that belongs into the site's own upload page
_TYPES = {
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "jpg": ("image/jpeg", b"\xff\xd8\xff"),
    "gif": ("image/gif", b"GIF8"),
    "webp": ("image/webp", b"RIFF"),
}


def upload_picture(
    client: Site, key: str, *, name: str, content: str, alt: str = "", root: str = ""
) -> dict[str, JSON]:
    """`content` is the picture in base64, `name` its file name as `prepare` left it. The description follows in `after`."""
    data = base64.b64decode(content)
    file = file_name(name, key)
    headers = {
        "Content-Type": _TYPES[file.rpartition(".")[2]][0],
        "Content-Disposition": f'attachment; filename="{file}"',
    }
    url = client.url(root, "/wp/v2/media", {"title": file.rpartition(".")[0]})
    return _result(good(client.session.post(url, data=data, headers=headers)).json())


def prepare(client: Site, arguments: dict[str, JSON]) -> dict[str, JSON]:
    """The file name gets the ending that its bytes have. Raises `Refused` for what is no picture that WordPress takes."""
    try:
        data = base64.b64decode(arguments["content"], validate=True)
    except (binascii.Error, ValueError) as problem:
        raise Refused(
            "The picture did not arrive whole: its content is no base64. Pass on the file as it came."
        ) from problem
    ending = next((end for end, (_, head) in _TYPES.items() if data.startswith(head)), "")
    if not ending:
        raise Refused("WordPress takes PNG, JPEG, GIF and WebP pictures; this is none of them. Convert it first.")
    if len(data) > LARGEST:
        raise Refused("This picture is larger than 8 MB. Make it smaller, or upload it under Media in WordPress.")
    stem = str(arguments["name"]).rpartition("/")[2]
    stem = re.sub(r"\.(png|jpe?g|gif|webp)$", "", stem, flags=re.IGNORECASE)
    return {**arguments, "name": f"{stem}.{ending}", "root": client.root}


def file_name(name: str, key: str) -> str:
    """Ours alone: WordPress keeps the letters a-z, digits and dashes of a file name as they are."""
    stem, _, ending = name.rpartition(".")
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    topic = re.sub("[^a-z0-9]+", "-", plain)[:60].strip("-") or "picture"
    return f"{topic}-{hashlib.sha256(key.encode()).hexdigest()[:8]}.{ending}"


def find_picture(client: Site, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """By the name of the file, which is in its address. A 5xx may come after the file was stored."""
    own = file_name(arguments["name"], key)
    found = client.read("/wp/v2/media", search=own.rpartition(".")[0], per_page=100, _fields="id,source_url,link")
    return [_result(one) for one in found if _is(one, own)]


def _is(one: JSON, own: str) -> bool:
    """WordPress may add "-scaled" (large pictures), "-rotated", or a number where the name was taken."""
    stem, _, ending = own.rpartition(".")
    file = str(one.get("source_url") or "").rpartition("/")[2]
    return re.fullmatch(re.escape(stem) + r"(-\d+|-scaled|-rotated)*\." + ending, file) is not None


def _result(media: JSON) -> dict[str, JSON]:
    return {"id": str(media["id"]), "url": media.get("source_url") or media.get("link") or ""}


def after(arguments: dict[str, JSON], result: dict[str, JSON]) -> list[Call]:
    alt = " ".join(str(arguments.get("alt") or "").split())
    described = {"picture": result["id"], "alt": alt, "root": arguments.get("root") or ""}
    return [Call("describe_picture", described)] if alt else []


def describe_picture(client: Site, key: str, *, picture: str, alt: str, root: str = "") -> dict[str, JSON]:
    return _result(client.write("POST", root, f"/wp/v2/media/{int(picture)}", {"alt_text": alt}))


def find_described(client: Site, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    media = client.read(f"/wp/v2/media/{int(arguments['picture'])}", _fields="id,source_url,link,alt_text")
    return [_result(media)] if media.get("alt_text") == arguments["alt"] else []

"""What the owner should do when WordPress, or what stands before it, says no.

https://developer.wordpress.org/rest-api/ ; codes as in class-wp-rest-posts-controller.php and wp-includes/user.php.
"""

from __future__ import annotations

import html
import json
import re

_MAKE_ONE = (
    "In WordPress open Users, Profile, Application Passwords, add one named Patchbay, and enter it here (not the "
    "password that you sign in with)."
)
_BY_CODE = {
    "rest_not_logged_in": "WordPress did not see the application password. Either it was revoked, or the web server drops "
    "it on the way: add the line CGIPassAuth On, or RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}], "
    "to the site's .htaccess file (the host's support knows how), then connect again.",
    "incorrect_password": f"WordPress does not accept this application password. {_MAKE_ONE}",
    "invalid_username": "WordPress knows no user of this name. Enter the name that the user signs in with.",
    "invalid_email": "WordPress knows no user with this e-mail address. Enter the name that the user signs in with.",
    "application_passwords_disabled": "This site has application passwords switched off. Switch them on, usually in the "
    "settings of a security plug-in, then connect again.",
    "application_passwords_disabled_for_user": "Application passwords are switched off for this user. Allow them, or "
    "use another user.",
    "rest_cannot_publish": "This WordPress user may not publish. Give it the role Author, or publish the draft in WordPress.",
    "rest_cannot_edit": "This WordPress user may not change this post, because somebody else wrote it. Give the user the "
    "role Editor, or change the post in WordPress.",
    "rest_cannot_create": "This WordPress user may not write here. Posts need the role Contributor or Author, pages the "
    "role Editor, pictures the role Author.",
    "rest_cannot_delete": "This WordPress user may not delete this post. Move it to the trash in WordPress.",
    "rest_forbidden_context": "This WordPress user may not edit posts. Give it the role Author.",
    "rest_post_invalid_id": "This post is no longer there: it was deleted in WordPress. Choose another one.",
    "rest_no_route": "WordPress does not know this part of its REST interface: it is switched off, or the site has moved. "
    "Check the connection, and allow the REST API in the settings of security plug-ins.",
    "rest_upload_file_too_big": "The file is larger than this site takes. Use a smaller one, or raise upload_max_filesize.",
    "rest_upload_sideload_error": "WordPress does not take files of this kind. Use a PNG, JPEG, GIF or WebP picture.",
}
_BY_CODE["rest_cannot_edit_others"] = _BY_CODE["rest_cannot_edit"]
_BY_STATUS = {
    401: f"WordPress no longer accepts this application password. {_MAKE_ONE}",
    403: "WordPress, or a firewall before it, does not allow this. Allow Patchbay there (a security plug-in, Cloudflare, or "
    "the host's support), or give the user more rights.",
    404: "WordPress has nothing under this address any more. Choose another post, or check the connection.",
    406: "A firewall before the site turned this away. Ask the host's support to allow the REST API.",
    410: "This post lies in WordPress's trash. Restore it there, or choose another one.",
    413: "This is more than the site takes at once. Use a smaller file, or raise upload_max_filesize and post_max_size.",
}


def explain(status: int, body: bytes) -> str | None:
    """A sentence for the statuses that a person can do something about, else None."""
    code, words, field = _read(body)
    if code == "rest_invalid_param":
        return f"WordPress did not accept {field or 'what was sent'}{_quoted(words)}. Change it in the recipe."
    if 300 <= status < 400:
        return "The site sent us on to another address. Open it in a browser and enter the address that it ends at."
    if status == 429 or status >= 500:  # waiting helps
        return None
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status in _BY_STATUS:
        return f"{_BY_STATUS[status]}{_said(words)}"
    return f"WordPress did not accept this{_quoted(words)}." if status >= 400 and words else None


def _read(body: bytes) -> tuple[str, str, str]:
    """Code, words, and the names of the fields that are wrong. Of an HTML page its first words."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return "", _first_line(body), ""
    if not isinstance(said, dict):
        return "", "", ""
    data = said.get("data")
    params = data.get("params") if isinstance(data, dict) else None
    fields = ", ".join(f"“{name}”" for name in params) if isinstance(params, dict) else ""
    return str(said.get("code") or ""), _plain(str(said.get("message") or "")), fields


def _first_line(page: bytes) -> str:
    text = page[:4000].decode("utf-8", "replace")
    titled = re.search("<title[^>]*>([^<]*)", text, re.IGNORECASE)
    return _plain(titled[1] if titled else re.sub("<[^>]*>", " ", text))


def _plain(text: str) -> str:
    shown = "".join(c if c.isprintable() else " " for c in html.unescape(re.sub("<[^>]*>", "", text)))
    return " ".join(shown.split())[:200]


def _quoted(words: str) -> str:
    return f": “{words}”" if words else ""


def _said(words: str) -> str:
    return f" The site's words: “{words}”" if words else ""

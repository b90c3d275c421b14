"""One WordPress site behind our door: where its REST interface is, who we are there, reading and writing.

https://developer.wordpress.org/rest-api/using-the-rest-api/discovery/
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import requests

from connectors.contract import JSON, Account, Http, Refused

ROOT_LINK = "https://api.w.org/"
_JSON = {"Content-Type": "application/json"}
_FRONT_PAGE = "Enter the address of the site's front page as the browser shows it, for example https://example.com."


class Site:
    """`base` is the front page without a trailing slash. Roots are what comes between it and "/wp/v2/…": "/wp-json", or
    "/?rest_route=" on sites with plain permalinks."""

    def __init__(self, http: Http, user: str, password: str) -> None:
        self.base, self.session = http.url("api"), http.session
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.session.headers["Authorization"] = f"Basic {login}"
        self._root = ""

    @property
    def root(self) -> str:
        """Found once per opened connection. Raises `Refused` where there is no REST interface."""
        self._root = self._root or _discover(self)
        return self._root

    def read(self, path: str, **query: str | int) -> JSON:
        """The JSON at `path` ("/wp/v2/posts"), past caches. HTTP errors pass through as `requests.HTTPError`."""
        return self.answer(path, **query).json()

    def answer(self, path: str, **query: str | int) -> requests.Response:
        """The whole answer of a read, for its headers."""
        try:
            return self._ask(path, query)
        except requests.HTTPError as refusal:
            if code_of(refusal) != "rest_no_route":
                raise
        self._root = ""  # the site has moved its interface since: look for it once more
        return self._ask(path, query)

    def _ask(self, path: str, query: Mapping[str, str | int]) -> requests.Response:
        fresh = {**query, "_cb": time.time_ns()}  # page caches and CDNs may serve old answers
        return good(self.session.get(self.url(self.root, path, fresh), headers={"Cache-Control": "no-cache"}))

    def write(self, method: str, root: str, path: str, body: JSON = None) -> JSON:
        """One change; the same bytes for the same `body`. `root` comes from the arguments, so that nothing is asked here."""
        data = None if body is None else json.dumps(body, sort_keys=True).encode()
        return good(self.session.request(method, self.url(root, path), data=data, headers=_JSON)).json()

    def url(self, root: str, path: str, query: Mapping[str, str | int] | None = None) -> str:
        joined = f"{self.base}{root}{path}"
        return f"{joined}{'&' if '?' in joined else '?'}{urlencode(query)}" if query else joined


def good(response: requests.Response) -> requests.Response:
    """A redirect is no answer either: what it would lead to may be another site, and a write would become a read."""
    if response.status_code >= 300:
        raise requests.HTTPError(f"{response.status_code} for {response.request.method}", response=response)
    return response


def status_of(error: Exception) -> int | None:
    """The HTTP status of a refusal, else None."""
    response = getattr(error, "response", None)
    return response.status_code if isinstance(response, requests.Response) else None


def code_of(error: Exception) -> str:
    """WordPress's own name for a refusal ("rest_post_invalid_id"), or ""."""
    try:
        said = error.response.json()  # type: ignore[attr-defined] # an HTTPError, or the AttributeError below
    except (AttributeError, ValueError):
        return ""
    return str(said.get("code") or "") if isinstance(said, dict) else ""


# --- connecting -------------------------------------------------------------------------------------------------------


def open_site(credentials: Mapping[str, str], http: Http) -> Site:
    """Raises `Refused` for an address with more than a front page in it, or a name that no login can hold."""
    typed = urlsplit(credentials["site"])
    if typed.query or typed.fragment or typed.username or not typed.hostname:
        raise Refused(f"“{credentials['site'][:80]}” is not the address of a site. {_FRONT_PAGE}")
    user = credentials["user"].strip()
    if ":" in user:
        raise Refused("A WordPress user name holds no colon. Enter the name that this user signs in with.")
    return Site(http, user, "".join(credentials["password"].split()))


def check(site: Site) -> Account:
    """The user behind the application password; asks the site whether that may write posts."""
    _offers_passwords(site.read("/"))
    me = site.read("/wp/v2/users/me", context="edit")
    may = me.get("capabilities") or {}
    if not may.get("edit_posts"):
        raise Refused(
            f"The WordPress user “{me.get('name')}” may not write posts. In WordPress open Users, choose this user, "
            "give it the role Author, and try again."
        )
    where = urlsplit(site.base)
    return Account(f"{where.netloc}{where.path}#{me['id']}", f"{me.get('name')} at {where.netloc}")


def _offers_passwords(about: JSON) -> None:
    """The site's description of itself lists application passwords, unless they are switched off, or it is reached by http."""
    offered = about.get("authentication") if isinstance(about, dict) else None
    if not (isinstance(offered, dict) and "application-passwords" in offered):
        raise Refused(
            "This site has application passwords switched off. Often a security plug-in does that (Wordfence: Login "
            "Security and Brute Force Protection have a box for it), or the site thinks it is reached without https. "
            "Switch them on there, then connect again."
        )


# --- where the interface is -------------------------------------------------------------------------------------------


def _discover(site: Site) -> str:
    """By the site's own `Link`, else by asking. "/wp-json" comes last: it is a guess that plain permalinks disprove."""
    front = site.session.head(f"{site.base}/")
    link = front.links.get(ROOT_LINK)
    if link and link.get("url"):
        return _relative(site, link["url"])
    for root in ("/?rest_route=", "/wp-json"):
        answer = site.session.get(site.url(root, "/"))
        if answer.status_code < 300 and _describes(answer):
            return root
        if answer.status_code in (401, 403) and _is_wordpress(answer):
            raise requests.HTTPError("the REST interface is closed", response=answer)
    raise Refused(_nothing_there(site, front))


def _relative(site: Site, advertised: str) -> str:
    """What of the advertised root follows our base. Sites behind a proxy may call themselves http; the host must be ours."""
    ours, theirs = urlsplit(site.base), urlsplit(advertised)
    below = theirs.path.removeprefix(ours.path) if theirs.path.startswith(ours.path) else None
    if theirs.netloc.lower() != ours.netloc.lower() or below is None or below[:1] not in ("", "/"):
        front = advertised.partition("/wp-json")[0].partition("?")[0].removesuffix("index.php").rstrip("/")
        raise Refused(f"This site calls itself {front}. Enter that address instead of {site.base}.")
    return f"{below or '/'}?{theirs.query.rstrip('/')}" if theirs.query else below.rstrip("/")


def _describes(answer: requests.Response) -> bool:
    try:
        about = answer.json()
    except ValueError:
        return False
    return isinstance(about, dict) and "wp/v2" in (about.get("namespaces") or [])


def _is_wordpress(answer: requests.Response) -> bool:
    try:
        about = answer.json()
    except ValueError:
        return False
    return isinstance(about, dict) and isinstance(about.get("code"), str)


def _nothing_there(site: Site, front: requests.Response) -> str:
    target = front.headers.get("location", "")
    if 300 <= front.status_code < 400 and target.startswith("http"):
        return f"{site.base} leads to {target[:200]}. If that is the site's front page, enter it as the site's address."
    return (
        f"There is no WordPress REST interface at {site.base}. {_FRONT_PAGE} If it is right, a plug-in or the host has "
        "switched the REST API off: allow it there for signed-in users."
    )

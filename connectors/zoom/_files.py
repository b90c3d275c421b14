"""Downloading a file of a recording, with everything that may come instead of it.

A download's address leads on to another one of Zoom's that is good for a while by itself:
https://developers.zoom.us/docs/api/using-zoom-apis/#downloading-recordings . Our door follows nothing by itself, so each step is
looked at here: it must lie at Zoom's own hosts.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import requests

from connectors.contract import JSON, Refused, Unavailable
from connectors.zoom._client import Zoom
from connectors.zoom._plain import line, whole

CAP = 4_000_000  # bytes of one transcript: some three days of talk
STEPS = 4
_LED_ON = (301, 302, 303, 307, 308)
_AWAY = (
    "Zoom points to an address outside of zoom.us for this file, and Patchbay does not go there. Download it in Zoom."
)
_NOT_ALLOWED = (
    "Zoom does not let this app download the recording. In Zoom's settings under Recording, let hosts download cloud "
    "recordings, and let the app's owner be the host or an administrator."
)


def download(zoom: Zoom, file: dict[str, JSON]) -> bytes:
    """The content of one of `recording_files`. Raises `Refused` for what Zoom does not give out, `Unavailable` for what came
    incomplete, and lets HTTP errors through."""
    size = whole(file.get("file_size"))
    if size > CAP:
        raise Refused(f"This file has {size // 1_000_000} MB, more than Patchbay reads. Download it in Zoom.")
    response = _followed(zoom, line(file.get("download_url")))
    if response.status_code in (
        401,
        403,
    ):  # the account's own reading has just worked: this file is what is not allowed
        raise Refused(_NOT_ALLOWED)
    if response.status_code in (404, 410):
        raise Refused(
            "This recording was deleted in Zoom. Take it out of the trash there within 30 days, or stop this run."
        )
    response.raise_for_status()
    content = response.content
    # Zoom says no with status 200 and a page ("Only the host can download").
    if "html" in response.headers.get("content-type", "").lower() or content[:200].lstrip().lower().startswith(b"<"):
        raise Refused(_NOT_ALLOWED)
    if len(content) > CAP or (size and len(content) != size):
        raise Unavailable("Zoom's file did not come as it is announced; this is tried again later.")
    return content


def _followed(zoom: Zoom, url: str) -> requests.Response:
    proven = True
    for _ in range(STEPS):
        if not zoom.reaches(url):
            raise Refused(_AWAY)
        response = zoom.visit(url, proven=proven)
        if response.status_code in (401, 403) and not proven:  # not every region's addresses are good by themselves
            response = zoom.visit(url, proven=True)
        if response.status_code not in _LED_ON:
            return response
        following = urljoin(url, response.headers.get("location", ""))
        proven = proven and urlsplit(following).netloc == urlsplit(url).netloc
        url = following
    raise Unavailable("Zoom sends from one address to the next without giving the file; this is tried again later.")

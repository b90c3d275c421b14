"""A token as an app of one's own is given it by the practice Asana."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qsl, urlsplit

import requests

from connectors.asana import connector
from tests.connectors.stand import Stand


def app_token(stand: Stand) -> str:
    """As after signing in at the stand-in's page; tests of that are in tests/oauth."""
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    back, base = "https://hub.example/oauth/asana/callback", f"{stand.served.url}/asana/-"
    assert connector.oauth
    asked = {"client_id": "practice", "redirect_uri": back, "scope": " ".join(connector.oauth.scopes)}
    asked |= {"code_challenge": challenge, "code_challenge_method": "S256", "response_type": "code", "state": "s"}
    form = {"answer": "allow", "scope": list(connector.oauth.scopes)}
    sent = requests.post(f"{base}/oauth_authorize", params=asked, data=form, allow_redirects=False, timeout=5)
    code = dict(parse_qsl(urlsplit(sent.headers["Location"]).query))["code"]
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
    app = {"client_id": "practice", "client_secret": stand.served.token}
    answer = requests.post(f"{base}/oauth_token", data={**given, **app}, timeout=5)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])

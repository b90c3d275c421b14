"""Reading forms and responses from Typeform: https://www.typeform.com/developers/"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from urllib.parse import quote, urlsplit

import requests

from connectors.contract import JSON, Account, Http, Refused, Unavailable

MOST_FORMS = 50
"""Forms that are listened to without being named: each costs a call a day and two in each round of catching up."""
_PAGE = 200
_ID = re.compile(r"[A-Za-z0-9_-]{4,40}")
_REGIONS = {"": "api", "us": "api", "eu": "eu", "eu2": "eu2"}


class Typeform:
    """One Typeform account. `named`: the forms a person chose to listen to; none means all."""

    def __init__(self, http: Http, token: str, region: str, named: tuple[str, ...]) -> None:
        self._http, self._host, self.named = http, _REGIONS[region], named
        self._session = http.session
        self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: str | int) -> dict[str, JSON]:
        """The JSON object at `path`. HTTP errors pass through as `requests.HTTPError`."""
        return _object(self._ask("GET", path, query))

    def put(self, path: str, body: JSON) -> None:
        self._ask("PUT", path, {}, body)

    def _ask(self, method: str, path: str, query: Mapping[str, str | int], body: JSON = None) -> requests.Response:
        response = self._session.request(method, f"{self._http.url(self._host)}{path}", params=query, json=body)
        response.raise_for_status()
        return response

    def all_forms(self) -> list[dict[str, JSON]]:
        """Every form of the account, with "id" and "title". A page that fails ends it: half a list is none."""
        found: list[dict[str, JSON]] = []
        for page in range(1, 101):
            answer = self.get("/forms", page=page, page_size=_PAGE)
            found += answer.get("items") or []
            if page >= int(answer.get("page_count") or 1):
                return found
        raise Unavailable("Typeform's list of forms does not end; this is tried again later.")

    def form_ids(self) -> list[str]:
        """The forms that are listened to. Raises `Refused` where nobody chose and there are too many."""
        if self.named:
            return list(self.named)
        found = [str(form["id"]) for form in self.all_forms()]
        if len(found) > MOST_FORMS:
            raise Refused(
                f"This account has {len(found)} forms. Open this connection and enter the addresses of those that recipes "
                "start on under Forms, with commas between them."
            )
        return found

    def is_known_elsewhere(self) -> str:
        """The data centre that knows this token, if this one does not."""
        for region, host in (("eu", "eu"), ("eu2", "eu2"), ("us", "api")):
            if host != self._host:
                response = self._session.get(f"{self._http.url(host)}/me")
                if response.status_code == 200:
                    return region
        return ""


def open_account(credentials: Mapping[str, str], http: Http) -> Typeform:
    """Raises `Refused` for a data centre or a form that is none."""
    region = credentials.get("region", "").strip().lower()
    if "typeform" in region:
        region = {"api.typeform.eu": "eu2", "api.eu.typeform.com": "eu"}.get(region.split("://")[-1].strip("/"), "us")
    if region not in _REGIONS:
        raise Refused("The data centre is us, eu or eu2. Leave the field empty if you do not know it.")
    named = tuple(dict.fromkeys(read_form(part) for part in re.split(r"[,\s]+", credentials.get("forms", "")) if part))
    token = credentials.get("access_token") or credentials["token"].strip()
    return Typeform(http, token, region, named)


def check(client: Typeform) -> Account:
    """Whose token it is; looks whether it may read responses and webhooks, so that a missing scope is told at once."""
    try:
        me = client.get("/me")
    except requests.HTTPError as refusal:
        _say_where(client, refusal)
        raise
    for form in client.named or [str(form["id"]) for form in client.all_forms()[:1]]:
        client.get(f"/forms/{segment(form)}/responses", page_size=1)
        client.get(f"/forms/{segment(form)}/webhooks")
    name = next((me[key] for key in ("alias", "email") if isinstance(me.get(key), str) and me[key]), "Typeform")
    return Account(str(me.get("user_id") or me.get("email") or ""), str(name))


def _say_where(client: Typeform, refusal: requests.HTTPError) -> None:
    if refusal.response.status_code in (401, 404) and (region := client.is_known_elsewhere()):
        raise Refused(
            f"This token belongs to another data centre of Typeform. Enter {region} under Data centre and try again."
        ) from refusal


def read_form(text: str) -> str:
    """The form's id in an address (…/to/A1b2C3, …/form/A1b2C3/create) or as it is. Raises `Refused`."""
    parts = [part for part in urlsplit(text).path.split("/") if part] if "://" in text else [text.strip()]
    after = [b for a, b in pairwise(parts) if a in ("to", "form", "forms")]
    found = after[0] if after else parts[0] if len(parts) == 1 and "://" not in text else ""
    if not _ID.fullmatch(found):
        raise Refused(
            f"“{text[:80]}” is not the address of a form. Open the form in Typeform and copy the address from the browser "
            "or from Share: it holds /form/ or /to/."
        )
    return found


def segment(name: str) -> str:
    """An id as one part of an address, whatever it holds."""
    return quote(name, safe="")


def _object(response: requests.Response) -> dict[str, JSON]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Unavailable("Typeform answered with something that is not what it documents; this is tried again later.")
    return answer

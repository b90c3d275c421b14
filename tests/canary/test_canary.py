"""No secret of any connector can be seen anywhere once it was typed in or handed over, even if the vendor repeats it."""

from __future__ import annotations

import html
import io
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

import connectors
from app.core import accounts, apps, intake, polling
from app.core import connections as core
from connectors.contract import Account, Connector
from tests.canary.conftest import Echo, Watch, canary, fields, found

KNOWN = connectors.load()
BY_KEY = pytest.mark.parametrize("slug", [slug for slug, one in KNOWN.items() if one.takes_key])
SIGNED_IN = pytest.mark.parametrize("slug", [slug for slug, one in KNOWN.items() if one.oauth])
HOUR = 3_600_000
PAGES = ("/", "/connections", "/inbox", "/runs", "/recipes", "/settings", "/health", "/metrics")


def secrets_of(connector: Connector) -> list[str]:
    typed = [canary(connector.slug, f.name) for f in connector.auth.fields if f.secret]
    shown = (
        connector.hook is not None and connector.hook.pasted_back
    )  # a person has to read it to type it in at the vendor
    return [*typed, *([] if shown else [canary(connector.slug, "hook_secret")])]


@BY_KEY
def test_what_is_typed_into_a_form_comes_out_nowhere(
    watch: Watch, echo: Echo, log: io.StringIO, tmp_path: Path, slug: str
) -> None:
    """First refused by the vendor, then saved and used."""
    connector, given = KNOWN[slug], fields(KNOWN[slug])
    hook = canary(slug, "hook_secret")
    for _ in watch.all_statuses():
        watch.post(f"/connections/new/{slug}", **given, hook_secret=hook, connection_name="Ours")
    made = core.create(watch.site.hub, slug, given, hook_secret=hook, check_first=False)["id"]
    use(watch, connector, made)
    watch.post(f"/connections/{made}", **given, hook_secret=hook, connection_name="Ours")
    watch.look(*PAGES)
    watch.post(f"/connections/{made}/remove")
    watch.files(tmp_path)
    watch.keep("log", log.getvalue())
    assert found(watch.seen, secrets_of(connector)) == []
    secret = [f for f in connector.auth.fields if f.secret and not f.makes]  # what the hub makes is never sent
    # Without this the test would prove nothing: the secret did leave, and the vendor did repeat it. Mail servers are greeted
    # before they are told a password, and this vendor does not greet.
    assert not secret or slug == "email" or any(canary(slug, f.name) in echo.sent() for f in secret)


def use(watch: Watch, connector: Connector, connection_id: str) -> None:
    """Everything that makes the hub call the vendor, with every kind of refusal."""
    hub, here = watch.site.hub, f"/connections/{connection_id}"
    for status in watch.all_statuses():
        watch.as_well(connection_id)
        watch.post(f"{here}/check")
        watch.as_well(connection_id)
        if status in (400, 401):
            for lookup in connector.lookups:
                watch.look(f"{here}/choices/{lookup}?q=x")
        hub.db.write(lambda conn: intake.all_soon(conn, connection_id, 0))
        for one, kind in polling.due(hub):
            if one == connection_id:
                watch.as_well(connection_id)
                polling.poll(hub, one, kind)
        watch.look(here, "/inbox")


@SIGNED_IN
def test_what_a_sign_in_brings_comes_out_nowhere(
    watch: Watch, echo: Echo, log: io.StringIO, tmp_path: Path, slug: str
) -> None:
    """The secret of the app, the code, and the tokens: taken, used, renewed and given back."""
    connector, hub = KNOWN[slug], watch.site.hub
    app = canary(slug, "client_secret")
    watch.post(f"/oauth/{slug}/app", client_id="ours", client_secret=app)
    watch.look(f"/connections/new/{slug}")
    for _ in watch.all_statuses():
        _come_back(watch, slug)
    tokens = {"access_token": canary(slug, "access"), "refresh_token": canary(slug, "refresh")}
    made = accounts.add(
        hub, connector, Account("a", "Acme"), {**tokens, **_more(connector)}, _times(hub, 0), name="", by=""
    )
    use(watch, connector, made)
    for _ in watch.all_statuses():
        watch.as_well(made)
        accounts.renew(hub, made, Account("a", "Acme"), {**tokens, **_more(connector)}, _times(hub, -1), by="")
        watch.post(f"/connections/{made}/check")
        watch.look(f"/connections/{made}", "/inbox")
    watch.as_well(made)
    watch.look(*PAGES)
    watch.post(f"/connections/{made}/remove")
    watch.files(tmp_path)
    watch.keep("log", log.getvalue())
    assert found(watch.seen, [app, canary(slug, "code"), *tokens.values()]) == []
    sent = echo.sent()
    silent = [tokens["access_token"]] if slug == "email" else []  # as above
    assert [one for one in (app, canary(slug, "code"), *tokens.values()) if one not in sent] == silent


def _come_back(watch: Watch, slug: str) -> None:
    page = watch.took("start", watch.visitor.post(f"/oauth/{slug}/start", connection="", sign_in_name=""))
    there = re.search(r'content="0; url=([^"]+)"', page.text)
    assert there, page.text
    state = dict(parse_qsl(urlsplit(html.unescape(there[1])).query))["state"]
    oauth = KNOWN[slug].oauth
    assert oauth
    more = "".join(f"&{name}=1" for name in oauth.callback)
    code = canary(slug, "code").replace("+", "%2B")
    watch.took("back", watch.visitor.get(f"/oauth/{slug}/callback?state={state}&code={code}{more}"))


def _more(connector: Connector) -> dict[str, str]:
    named = connector.oauth.callback + connector.oauth.kept if connector.oauth else ()
    return {
        "account": "a",
        **dict.fromkeys(named, "1"),
        **({"api_domain": "https://acme.pipedrive.com"} if "api_domain" in named else {}),
    }


def _times(hub: Any, hours: int) -> dict[str, Any]:
    now = hub.now()
    return {"consented_at": now - 2 * HOUR, "renewed_at": now - 2 * HOUR, "expires_at": now + (hours or 5) * HOUR}


def test_the_secret_of_an_app_is_dots_in_its_form(watch: Watch) -> None:
    """Coming back, they keep what is saved."""
    slug = next(slug for slug, one in KNOWN.items() if one.oauth and one.oauth.client != "none")
    for typed in ("the real secret".replace(" ", "-"), apps.HIDDEN):
        watch.post(f"/oauth/{slug}/app", client_id="ours", client_secret=typed)
    saved = apps.get(watch.site.hub, slug)
    assert saved is not None
    assert saved.client_secret == "the-real-secret"
    assert apps.HIDDEN in watch.visitor.get(f"/connections/new/{slug}").text

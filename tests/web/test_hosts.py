"""To which names the hub answers: none but its own, or a foreign page could be served under a foreign name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.hub import Hub
from app.main import create_app


@pytest.mark.parametrize(
    ("public", "trusted", "host", "status"),
    [
        ("", (), "127.0.0.1", 200),
        ("", (), "patchbay.example.com", 400),
        ("https://patchbay.example.com", (), "patchbay.example.com", 200),
        ("https://patchbay.example.com", (), "10.0.0.5", 400),
        ("https://patchbay.example.com", ("10.0.0.5",), "10.0.0.5", 200),
        ("https://patchbay.example.com", ("10.0.0.5",), "patchbay.example.com", 200),  # further names, not other ones
        ("https://patchbay.example.com", ("10.0.0.5",), "evil.example", 400),
    ],
)
def test_it_answers_to_its_own_names_only(
    hub: Hub, public: str, trusted: tuple[str, ...], host: str, status: int
) -> None:
    app = create_app(replace(hub.settings, public_url=public, trusted_hosts=trusted))
    try:
        assert app.test_client().get("/healthz", headers={"Host": host}).status_code == status
    finally:
        app.extensions["hub"].close()

"""The practice Grants.gov: opportunities, behind its own interface and behind that of Simpler.Grants.gov.

Settings a test may change: `grants_maintenance` (a page instead of answers), `grants_spelling` ("documented").
"""

from __future__ import annotations

from flask import Blueprint

from app.practice.control import Command
from app.practice.door import Ground, Vendor, interface
from app.practice.vendors.grants import federal, shelf, simpler


def blueprint(ground: Ground) -> Blueprint:
    api = interface("grants", ground)
    federal.add(api, ground)
    simpler.add(api, ground)
    return api


def commands(ground: Ground) -> dict[str, Command]:
    """`grants_keep` {…}: an agency posts or changes an opportunity; `grants_forget` {"id"}: it is gone."""
    return {
        "grants_keep": lambda body: shelf.keep(ground, body),
        "grants_forget": lambda body: shelf.forget(ground, body["id"]),
    }


vendor = Vendor(
    slug="grants",
    title="Grants.gov",
    says="Federal funding opportunities that searches find.",
    paths=("/v1/",),
    blueprint=blueprint,
    commands=commands,
    seed=shelf.seed,
)

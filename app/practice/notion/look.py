"""Pages of the practice Notion for people to look at."""

from __future__ import annotations

from flask import Blueprint

from app.practice.notion.shelf import Shelf


def add_pages(shelf: Shelf) -> Blueprint:
    return Blueprint("notion_pages", __name__, url_prefix="/notion")

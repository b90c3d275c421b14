"""Who works in the practice Notion, and its bot."""

from __future__ import annotations

BOT = "99999999-9999-4999-8999-999999999999"
PEOPLE = {
    "a0000000-0000-4000-8000-00000000000a": "Ana Silva",
    "b0000000-0000-4000-8000-00000000000b": "Ben Ortiz",
    "c0000000-0000-4000-8000-00000000000c": "Chloe Park",
}
ANA = next(iter(PEOPLE))

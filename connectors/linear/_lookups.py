"""What people choose from: teams, states, people, projects and issues; and what recipes may read."""

from __future__ import annotations

import re
from collections.abc import Callable

from connectors.contract import Choice, Lookup, Refused
from connectors.linear._client import Linear, Record
from connectors.linear._issues import read

_PAGED = "pageInfo { hasNextPage endCursor }"
_HEAD = "($first: Int, $after: String)"
_TEAMS = f"query Teams{_HEAD} {{ teams(first: $first, after: $after) {{ nodes {{ id key name }} {_PAGED} }} }}"
_STATES = (
    f"query States{_HEAD} {{ workflowStates(first: $first, after: $after) "
    f"{{ nodes {{ id name team {{ id name }} }} {_PAGED} }} }}"
)
_USERS = f"query Users{_HEAD} {{ users(first: $first, after: $after) {{ nodes {{ id name active }} {_PAGED} }} }}"
_PROJECTS = f"query Projects{_HEAD} {{ projects(first: $first, after: $after) {{ nodes {{ id name }} {_PAGED} }} }}"
_SEARCH = "query Search($term: String!) { searchIssues(term: $term, first: 50) { nodes { id identifier title } } }"
_NEWEST = "query Newest { issues(first: 50, orderBy: updatedAt) { nodes { id identifier title } } }"
_NUMBER = re.compile(r"(?:^|/issue/)([A-Za-z0-9]+-\d+)(?:/|$)")


def _listed(query: str, label: Callable[[Record], str]) -> Callable[[Linear, str], list[Choice]]:
    def run(client: Linear, typed: str) -> list[Choice]:
        found = [one for one in client.listed(query) if one.get("active") is not False]
        choices = [Choice(str(one["id"]), label(one)) for one in found]
        return [choice for choice in choices if typed.strip().lower() in choice.label.lower()]

    return run


def _issues(client: Linear, typed: str) -> list[Choice]:
    """Those that match, or the ones that changed last."""
    term = typed.strip()
    (found,) = (client.ask(_SEARCH, term=term) if term else client.ask(_NEWEST)).values()
    return [Choice(str(one["id"]), f"{one['identifier']} {one['title']}") for one in found["nodes"]]


def _pasted(client: Linear, text: str) -> list[Choice]:
    """The issue that an address or a number ("ENG-12") means."""
    number = _NUMBER.search(text.strip())
    issue = read(client, number[1].upper()) if number else None
    if issue is None:
        raise Refused("Linear has no issue at this address. Open the issue there, copy its link, and paste it here.")
    return [Choice(str(issue["id"]), f"{issue['identifier']} {issue['title']}")]


def read_issue(client: Linear, *, issue: str) -> Record:
    """An issue by its id or number: {found, id, identifier, title, description, priority, url, labels}."""
    found = read(client, str(issue))
    plain = {name: str((found or {}).get(name) or "") for name in ("id", "identifier", "title", "description", "url")}
    labels = [str(one["name"]) for one in found["labels"]["nodes"]] if found else []
    return {"found": found is not None, **plain, "priority": (found or {}).get("priority") or 0, "labels": labels}


LOOKUPS = {
    "team": Lookup(_listed(_TEAMS, lambda one: f"{one['name']} ({one['key']})"), label="Team"),
    "state": Lookup(_listed(_STATES, lambda one: f"{one['team']['name']}: {one['name']}"), label="State of an issue"),
    "user": Lookup(_listed(_USERS, lambda one: str(one["name"])), label="Person"),
    "project": Lookup(_listed(_PROJECTS, lambda one: str(one["name"])), label="Project"),
    "issue": Lookup(_issues, _pasted, "Issue"),
}

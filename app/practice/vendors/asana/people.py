"""People, projects and workspaces of the practice Asana: read only. https://developers.asana.com/reference/users"""

from __future__ import annotations

from flask import Response, jsonify, request

from app.practice.vendors.asana.office import ME, PEOPLE, PROJECTS, WORKSPACE, Office, listed, refuse, shown


def handle(office: Office, parts: list[str]) -> Response:
    match parts:
        case ["users", who]:
            return jsonify(data=_person(who))
        case ["users", who, "favorites"]:
            return _favorites(office, who)
        case ["users"]:
            return listed(office, [shown(person, "user") for person in PEOPLE.values()])
        case ["projects"]:
            return listed(office, [shown(project, "project") for project in PROJECTS.values()])
        case ["projects", gid] if gid in PROJECTS:
            return jsonify(data=shown(PROJECTS[gid], "project"))
        case ["workspaces", gid, "typeahead"] if gid == WORKSPACE["gid"]:
            if office.signed_in:
                refuse(
                    403, "Your app is not authorized with a required scope. Required scopes: workspaces.typeahead:read"
                )
            words = request.args.get("query", "").lower()
            return jsonify(data=[shown(task, "task") for task in office.all("task") if words in task["name"].lower()])
    return refuse(404, f"{parts[0]}: Not a recognized ID: {parts[-1]}")


def _person(who: str) -> dict[str, object]:
    person = PEOPLE.get(ME if who == "me" else who)
    if person is None:
        refuse(404, f"user: Not a recognized ID: {who}")
    own = {"workspaces": [WORKSPACE]} if person["gid"] == ME else {}
    return dict(shown({**person, **own}, "user"))


def _favorites(office: Office, who: str) -> Response:
    if request.args.get("resource_type") != "project" or request.args.get("workspace") != WORKSPACE["gid"]:
        refuse(400, "resource_type: Missing input")
    starred = office.note("starred", ["1301"])
    return listed(office, [shown(PROJECTS[gid], "project") for gid in starred])

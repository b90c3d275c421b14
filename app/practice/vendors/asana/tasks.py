"""Tasks and their comments in the practice Asana. https://developers.asana.com/reference/tasks"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from flask import Blueprint, Response, jsonify, render_template, request

from app.practice.door import Ground, done
from app.practice.vendors.asana.office import JSON, ME, PEOPLE, PROJECTS, Office, data, listed, now, refuse, shown

_WORDS = ("name", "notes", "assignee", "due_on", "due_at", "completed", "custom_fields", "external")
Answer = Response | tuple[Response, int]


def handle(office: Office, verb: str, parts: list[str]) -> Answer:
    if not parts:
        return _create(office) if verb == "POST" else _list(office)
    task = _find(office, parts[0])
    if parts[1:] == ["stories"]:
        return _comment(office, task) if verb == "POST" else _stories(office, task)
    if parts[1:]:
        refuse(404, "No such endpoint")
    if verb == "PUT":
        return _change(office, task)
    return _delete(office, task) if verb == "DELETE" else jsonify(data=_shown(office, task))


def _find(office: Office, gid: str) -> JSON:
    """By gid, or by what an app of one's own keeps there: "external:<id>"."""
    external = gid.removeprefix("external:")
    if external != gid and office.signed_in:
        found = next((t for t in office.all("task") if (t.get("external") or {}).get("gid") == external), None)
    else:
        found = office.get("task", gid)
    if found is None:
        refuse(404, f"task: Unknown object: {gid}")
    return found


def _shown(office: Office, task: JSON) -> JSON:
    """`external` is for the app that wrote it."""
    full = {**task, "num_subtasks": task.get("num_subtasks", 0)}
    return shown(full if office.signed_in else {k: v for k, v in full.items() if k != "external"}, "task")


def _list(office: Office) -> Response:
    given = request.args
    project = given.get("project", "")
    if not project:
        refuse(400, "You should specify one of project, section, tag, user_task_list, or assignee + workspace")
    if project in office.note("hidden", []):
        refuse(403, "You do not have access to this project.")
    if project not in PROJECTS:
        refuse(404, f"project: Unknown object: {project}")
    since = _moment(given.get("modified_since", "1970-01-01T00:00:00Z"))
    until = _moment(
        now() if given.get("completed_since") == "now" else given.get("completed_since", "1970-01-01T00:00:00Z")
    )
    found = [
        _shown(office, task)
        for task in office.all("task")
        if project in task["projects"]
        and _moment(task["modified_at"]) >= since
        and (not task["completed"] or _moment(task["completed_at"]) >= until)
    ]
    return listed(office, found)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        refuse(400, f"modified_since: Not a valid date: {text}")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# --- writing ----------------------------------------------------------------------------------------------------------


def _create(office: Office) -> Answer:
    given = _checked(office, data())
    projects = given.pop("projects", [])
    if not projects or any(one not in PROJECTS for one in projects):
        refuse(400, "You should specify one of workspace, parent, projects")
    with office.ground.ledger.write():
        task = _made(office, projects, given)
        done(office.ground, "task.create", task["gid"])
    return jsonify(data=_shown(office, task)), 201


def _made(office: Office, projects: list[str], given: dict[str, JSON]) -> JSON:
    gid, stamp = office.gid(), now()
    blank: dict[str, JSON] = {
        "name": "",
        "notes": "",
        "assignee": None,
        "due_on": None,
        "due_at": None,
        "custom_fields": [],
    }
    task = {**blank, "gid": gid, "projects": projects, "completed": False, **given}
    task |= {"created_at": given.get("created_at", stamp), "modified_at": given.get("modified_at", stamp)}
    task["completed_at"] = task["modified_at"] if task["completed"] else None
    task["permalink_url"] = f"https://app.asana.com/1/1100/project/{projects[0]}/task/{gid}"
    office.keep("task", task)
    _note_event(office, "added", task, "")
    return task


def _change(office: Office, task: JSON) -> Answer:
    given = _checked(office, data())
    with office.ground.ledger.write():
        changed = _changed(office, task, given)
        done(office.ground, "task.update", task["gid"])
    return jsonify(data=_shown(office, changed))


def _changed(office: Office, task: JSON, given: dict[str, JSON]) -> JSON:
    changed = {**task, **given, "modified_at": given.get("modified_at", now())}
    if "completed" in given and given["completed"] != task["completed"]:
        changed["completed_at"] = changed["modified_at"] if given["completed"] else None
    office.keep("task", changed)
    for name in set(given) & set(_WORDS):
        _note_event(office, "changed", changed, name)
    return changed


def _checked(office: Office, given: dict[str, JSON]) -> dict[str, JSON]:
    if unknown := set(given) - {*_WORDS, "projects"}:
        refuse(400, f"{sorted(unknown)[0]}: Cannot write this property")
    if "external" in given and not office.signed_in:
        refuse(403, "external: Only apps may use external data")
    if given.get("due_on"):
        try:
            date.fromisoformat(given["due_on"])
        except ValueError:
            refuse(400, f"due_on: Not a valid date: {given['due_on']}")
    if given.get("assignee"):
        given["assignee"] = _assignee(given["assignee"])
    return given


def _assignee(given: str) -> JSON:
    wanted = ME if given == "me" else given
    for person in PEOPLE.values():
        if wanted in (person["gid"], person["email"]):
            return {"gid": person["gid"], "name": person["name"], "resource_type": "user"}
    return refuse(400, f"assignee: Not an email, gid or me: {given}")


def _delete(office: Office, task: JSON) -> Answer:
    with office.ground.ledger.write():
        office.drop(task["gid"])
        _note_event(office, "deleted", task, "")
        done(office.ground, "task.delete", task["gid"])
    return jsonify(data={})


def _note_event(office: Office, action: str, task: JSON, changed: str) -> None:
    """What webhooks will tell: ids only. https://developers.asana.com/reference/events"""
    event: dict[str, JSON] = {
        "user": {"gid": ME, "resource_type": "user"},
        "created_at": now(),
        "action": action,
        "resource": {"gid": task["gid"], "resource_type": "task", "resource_subtype": "default_task"},
        "parent": {"gid": task["projects"][0], "resource_type": "project"} if action == "added" else None,
    }
    if changed:
        event["change"] = {"field": changed, "action": "changed"}
    office.keep("event", {"gid": f"e{office.gid()}", "project": task["projects"][0], "event": event})


# --- comments ---------------------------------------------------------------------------------------------------------


def _stories(office: Office, task: JSON) -> Response:
    return listed(office, [shown(one, "story") for one in office.all("story") if one["task"] == task["gid"]])


def _comment(office: Office, task: JSON) -> Answer:
    given = data()
    if not given.get("text"):
        refuse(400, "text: Missing input")
    with office.ground.ledger.write():
        story = _said(office, task, given["text"], ME)
        done(office.ground, "story.create", story["gid"])
    return jsonify(data=shown(story, "story")), 201


def _said(office: Office, task: JSON, text: str, who: str) -> JSON:
    by = {"gid": who, "name": PEOPLE[who]["name"], "resource_type": "user"}
    story = {
        "gid": office.gid(),
        "task": task["gid"],
        "type": "comment",
        "text": text,
        "created_by": by,
        "created_at": now(),
    }
    office.keep("story", story)
    office.keep("task", {**task, "modified_at": now()})  # comments count as changes of the task
    return story


def story(office: Office, verb: str, gid: str) -> Answer:
    found = office.get("story", gid)
    if found is None:
        refuse(404, f"story: Unknown object: {gid}")
    if verb != "DELETE":
        return jsonify(data=shown(found, "story"))
    if office.signed_in:
        refuse(403, "Your app is not authorized with a required scope. Required scopes: stories:delete")
    with office.ground.ledger.write():
        office.drop(gid)
        done(office.ground, "story.delete", gid)
    return jsonify(data={})


# --- people -----------------------------------------------------------------------------------------------------------


def by_hand(office: Office, body: dict[str, JSON]) -> JSON:
    """A person makes a task, or changes the one with this "gid". `ago`: seconds before now."""
    ago = timedelta(seconds=float(body.pop("ago", 0)))
    if ago:
        stamp = (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        body |= {"created_at": stamp, "modified_at": stamp}
    if body.get("assignee"):
        body["assignee"] = _assignee(body["assignee"])
    with office.ground.ledger.write():
        gid = body.pop("gid", "")
        if gid and "text" in body:
            office.keep("story", {**office.get("story", gid), **body})
            return office.get("story", gid)
        return (
            _changed(office, office.get("task", gid), body)
            if gid
            else _made(office, body.pop("projects", ["1301"]), body)
        )


def comment_by_hand(office: Office, gid: str, text: str) -> JSON:
    with office.ground.ledger.write():
        return _said(office, office.get("task", gid), text, "1202")


def forget(office: Office, gid: str) -> None:
    office.drop(gid)


def add_page(site: Blueprint, ground: Ground) -> Blueprint:
    @site.get("/")
    def index() -> str:
        office = Office(ground)
        comments: dict[str, list[JSON]] = {}
        for one in office.all("story"):
            comments.setdefault(one["task"], []).append(one)
        found = reversed(office.all("task"))
        return render_template("practice/asana.html", tasks=list(found)[:100], projects=PROJECTS, comments=comments)

    return site

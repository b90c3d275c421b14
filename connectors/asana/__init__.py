"""Asana: tasks from meetings, forms and mail; recipes that start when tasks change. https://developers.asana.com/"""

from __future__ import annotations

from connectors.asana import _changes, _comments, _lookups, _tasks, _watch, _webhooks
from connectors.asana._client import Asana, check
from connectors.asana._refusals import explain
from connectors.contract import (
    Action,
    ApiKey,
    Connector,
    Field,
    Hook,
    Lookup,
    OAuth2,
    Poll,
    Role,
    Safety,
    Subscription,
    Trigger,
    Undo,
)

_TOKEN_GUIDE = (
    "Sign in to Asana as the user in whose name Patchbay shall work, and open app.asana.com/0/my-apps.",
    "Click Create new token, name it Patchbay, agree, click Create token, and copy it into the field here.",
    "In Asana, star the projects whose tasks start recipes (the star beside the project's name).",
    "Tasks that Patchbay makes with a token carry a line of its own at the end of their notes; signing in does without.",
)
_APP_GUIDE = (
    "Open app.asana.com/0/my-apps, click Create new app, name it Patchbay, and agree.",
    "Under OAuth, add the return address from here, and tick the permission scopes that stand here, each of them.",
    "Under Manage distribution choose your workspace, and save.",
    "Copy Client ID and Client secret into the fields here.",
    "In Asana, star the projects whose tasks start recipes (the star beside the project's name).",
)
_HOOK_GUIDE = (
    "Star the projects in Asana that shall start recipes: Patchbay sets the webhooks up and looks after them by itself.",
)

_create_task = Action(
    run=_tasks.create_task,
    label="Make a task",
    says="makes the task “{name}” in {project}",
    safety=Safety.FINDABLE,
    roles={
        "project": Role.WHERE,
        "name": Role.CONTENT,
        "notes": Role.CONTENT,
        "assignee": Role.WHERE,
        "due_on": Role.PLAIN,
        "mark": Role.PLAIN,
        "since": Role.PLAIN,
    },
    find=_tasks.find_task,
    settle=20.0,
    prepare=_tasks.prepare_task,
    undo=Undo(changed=_tasks.task_changed, call=_tasks.undo_task),
)
_update_task = Action(
    run=_changes.update_task,
    label="Change a task",
    says="changes the task {task}",
    safety=Safety.SET,
    roles={
        "task": Role.WHERE,
        "name": Role.CONTENT,
        "notes": Role.CONTENT,
        "assignee": Role.WHERE,
        "due_on": Role.PLAIN,
        "version": Role.PLAIN,
    },
    find=_changes.find_updated,
    settle=10.0,
    prepare=_changes.prepare_update,
    snapshot=_changes.before_update,
    undo=Undo(changed=_changes.update_changed, call=_changes.undo_update),
)
_complete_task = Action(
    run=_changes.complete_task,
    label="Tick a task off",
    says="ticks the task {task} off",
    safety=Safety.SET,
    roles={"task": Role.WHERE, "completed": Role.PLAIN},
    find=_changes.find_completed,
    settle=10.0,
    prepare=_changes.prepare_completion,
    snapshot=_changes.before_completion,
    undo=Undo(changed=_changes.completion_changed, call=_changes.undo_completion),
)
_comment = Action(
    run=_comments.comment,
    label="Comment on a task",
    says="comments on the task {task}",
    safety=Safety.FINDABLE,
    roles={"task": Role.WHERE, "text": Role.CONTENT, "since": Role.PLAIN},
    find=_comments.find_comment,
    settle=20.0,
    prepare=_comments.prepare,
    undo=Undo(changed=_comments.changed, call=_comments.undo_call),
)
_get_task = Action(run=_tasks.get_task, label="Read a task", says="reads the task {task}", roles={"task": Role.WHERE})
_delete_task = Action(
    run=_tasks.delete_task,
    label="Move a task to the trash",
    says="moves the task {task} to the trash",
    safety=Safety.SET,
    roles={"task": Role.WHERE},
    find=_tasks.find_deleted,
    settle=10.0,
    internal=True,
)
_restore_task = Action(
    run=_changes.restore_task,
    label="Give a task its old values back",
    says="gives the task {task} its old values back",
    safety=Safety.SET,
    roles={"task": Role.WHERE, "values": Role.CONTENT},
    find=_changes.find_restored,
    settle=10.0,
    snapshot=_changes.before_restore,
    internal=True,
)
_delete_comment = Action(
    run=_comments.delete_comment,
    label="Delete a comment",
    says="deletes the comment {comment}",
    safety=Safety.SET,
    roles={"comment": Role.WHERE},
    find=_comments.find_deleted,
    settle=10.0,
    internal=True,
)

connector = Connector(
    slug="asana",
    title="Asana",
    says="Makes tasks, comments on them and ticks them off; tasks that change start recipes.",
    hosts={"api": "https://app.asana.com"},  # /api/1.0/… is added to it
    auth=ApiKey(fields=(Field("token", "Personal access token", "Shown once when it is made."),), guide=_TOKEN_GUIDE),
    oauth=OAuth2(
        authorize="{api}/-/oauth_authorize",
        token="{api}/-/oauth_token",  # noqa: S106 - an address
        revoke="{api}/-/oauth_revoke",
        client="body",
        # Asana's description of its calls names two more (stories:delete, workspaces.typeahead:read), but its list of scopes
        # does not have them, and asking for an unknown one ends the sign-in.
        scopes={
            "tasks:read": "see tasks",
            "tasks:write": "make and change tasks",
            "tasks:delete": "take back a task that it made",
            "stories:read": "see comments",
            "stories:write": "comment on tasks",
            "projects:read": "list projects",
            "users:read": "list people, and the starred projects",
            "workspaces:read": "list workspaces",
            "webhooks:read": "look after its webhooks",
            "webhooks:write": "be told when tasks change",
            "webhooks:delete": "remove its webhooks",
        },
        guide=_APP_GUIDE,
        life=3600.0,
    ),
    open=Asana,
    check=check,
    explain=explain,
    hook=Hook(
        receive=_webhooks.receive,
        secret_label="Secret",  # noqa: S106 - a label
        guide=_HOOK_GUIDE,
        content_types=("application/json", ""),
        subscription=Subscription(_webhooks.keep, every=3600.0),
    ),
    triggers=(
        Trigger(_watch.ADDED, "A task is added to a starred project", _watch.shape, _watch.FIELDS),
        Trigger(_watch.COMPLETED, "A task is ticked off", _watch.shape, _watch.FIELDS),
        Trigger(_watch.CHANGED, "The words, person, date or fields of a task change", _watch.shape, _watch.FIELDS),
    ),
    polls=(Poll(_watch.KINDS, _watch.changes, every=900.0),),
    actions={
        "create_task": _create_task,
        "update_task": _update_task,
        "complete_task": _complete_task,
        "comment": _comment,
        "get_task": _get_task,
        "delete_task": _delete_task,
        "restore_task": _restore_task,
        "delete_comment": _delete_comment,
    },
    lookups={
        "project": Lookup(run=_lookups.projects, resolve=_lookups.resolve_project, label="Asana project"),
        "task": Lookup(run=_lookups.tasks, resolve=_lookups.resolve_task, label="Asana task"),
        "assignee": Lookup(run=_lookups.users, resolve=_lookups.resolve_user, label="Person in Asana"),
    },
    rate=2.0,
    burst=5,
    limits="150 requests a minute on the free plan, 1,500 on paid ones, refused ones counted: "
    "https://developers.asana.com/docs/rate-limits",
    practice={"token": "{token}"},
)

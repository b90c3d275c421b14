"""WordPress: drafts on a site of your own, published after approval. https://developer.wordpress.org/rest-api/"""

from __future__ import annotations

from connectors.contract import Action, ApiKey, Connector, Field, Lookup, Poll, Role, Safety, Trigger, Undo
from connectors.wordpress import _changes, _lookups, _pictures, _posts, _published, _terms
from connectors.wordpress._client import check, open_site
from connectors.wordpress._refusals import explain

_GUIDE = (
    "In WordPress open Users, Add New User, and make a user for Patchbay with the role Author (Contributor if it only "
    "puts drafts there; Editor if it changes what others wrote, or pages). It can do all that this role can.",
    "Sign in as this user, open Users, Profile, and go down to Application Passwords. If that part is missing, a security "
    "plug-in has switched it off, or the site is not reached by https.",
    "Enter Patchbay as the name, click Add Application Password, and copy the password of six groups of four: it is shown "
    "once.",
    "Here, enter the address of the site's front page, the user's name and this password (not the one to sign in with).",
)

_create_draft = Action(
    run=_posts.create_draft,
    label="Put a draft on the site",
    says="puts the draft “{title}” on the site",
    safety=Safety.FINDABLE,
    roles={
        "title": Role.CONTENT,
        "markdown": Role.CONTENT,
        "excerpt": Role.CONTENT,
        "kind": Role.PLAIN,
        "categories": Role.WHERE,
        "tags": Role.WHERE,
        "picture": Role.WHERE,
        "root": Role.PLAIN,
    },
    find=_posts.find_draft,
    settle=30.0,  # a host may still be at it after the answer was lost
    prepare=_posts.prepare_draft,
    undo=Undo(changed=_posts.draft_changed, call=_posts.undo_draft),
)
_publish_post = Action(
    run=_changes.publish_post,
    label="Publish a post",
    says="publishes the post {post}",
    safety=Safety.SET,
    roles={"post": Role.WHERE, "version": Role.PLAIN, "root": Role.PLAIN},
    find=_changes.find_published,
    settle=10.0,
    prepare=_changes.prepare,
    snapshot=_changes.status_before,
    undo=Undo(changed=_changes.publish_changed, call=_changes.unpublish),
    judgment=True,
)
_update_post = Action(
    run=_changes.update_post,
    label="Change the words of a post",
    says="gives the post {post} new words",
    safety=Safety.SET,
    roles={
        "post": Role.WHERE,
        "title": Role.CONTENT,
        "markdown": Role.CONTENT,
        "excerpt": Role.CONTENT,
        "version": Role.PLAIN,
        "root": Role.PLAIN,
    },
    find=_changes.find_updated,
    settle=10.0,
    prepare=_changes.prepare_update,
    snapshot=_changes.words_before,
    undo=Undo(changed=_changes.update_changed, call=_changes.words_back),
    judgment=True,  # the post may be public, and then the words are at once
)
_upload_picture = Action(
    run=_pictures.upload_picture,
    label="Upload a picture",
    says="uploads the picture {name}",
    safety=Safety.FINDABLE,
    roles={"name": Role.CONTENT, "content": Role.CONTENT, "alt": Role.CONTENT, "root": Role.PLAIN},
    find=_pictures.find_picture,
    settle=30.0,  # an error may come after the file was stored, while its sizes are made
    prepare=_pictures.prepare,
    after=_pictures.after,
)
_describe_picture = Action(
    run=_pictures.describe_picture,
    label="Describe a picture",
    says="describes the picture {picture} for people who do not see it",
    safety=Safety.SET,
    roles={"picture": Role.WHERE, "alt": Role.CONTENT, "root": Role.PLAIN},
    find=_pictures.find_described,
    settle=10.0,
    internal=True,
)
_trash_post = Action(
    run=_posts.trash_post,
    label="Move a post to the trash",
    says="moves the post {post} to WordPress's trash",
    safety=Safety.SET,
    roles={"post": Role.WHERE, "root": Role.PLAIN},
    find=_posts.find_trashed,
    settle=10.0,
    internal=True,
)
_set_status = Action(
    run=_changes.set_status,
    label="Set the status of a post",
    says="sets the post {post} back to {status}",
    safety=Safety.SET,
    roles={"post": Role.WHERE, "status": Role.PLAIN, "root": Role.PLAIN},
    find=_changes.find_status,
    settle=10.0,
    snapshot=_changes.plain_status,
    internal=True,
)
_restore_words = Action(
    run=_changes.restore_words,
    label="Give a post its old words back",
    says="gives the post {post} its old words back",
    safety=Safety.SET,
    roles={"post": Role.WHERE, "words": Role.CONTENT, "root": Role.PLAIN},
    find=_changes.find_restored,
    settle=10.0,
    snapshot=_changes.words_now,
    internal=True,
)

connector = Connector(
    slug="wordpress",
    title="WordPress",
    says="Puts drafts on your site, publishes them after approval, and notices new posts.",
    hosts={"api": "https://wordpress.invalid"},  # every site has its own: `typed_host`
    auth=ApiKey(
        fields=(
            Field("site", "Address of the site", "Its front page, for example https://example.com.", secret=False),
            Field("user", "User name", "Of the user that you made for Patchbay.", secret=False),
            Field("password", "Application password", "Six groups of four letters and digits."),
        ),
        guide=_GUIDE,
    ),
    open=open_site,
    check=check,
    explain=explain,
    triggers=(
        Trigger(_published.PUBLISHED, "A post is published", _published.shape, _published.FIELDS),
        Trigger(_published.UPDATED, "A published post is changed", _published.shape, _published.FIELDS),
    ),
    polls=(
        Poll((_published.PUBLISHED,), _published.published, every=300.0),
        Poll((_published.UPDATED,), _published.updated, every=900.0),
    ),
    actions={
        "create_draft": _create_draft,
        "publish_post": _publish_post,
        "update_post": _update_post,
        "upload_picture": _upload_picture,
        "describe_picture": _describe_picture,
        "trash_post": _trash_post,
        "set_status": _set_status,
        "restore_words": _restore_words,
    },
    lookups={
        "post": Lookup(run=_lookups.posts, resolve=_lookups.resolve, label="WordPress post or page"),
        "category": Lookup(run=_terms.categories, label="WordPress category"),
        "tag": Lookup(run=_terms.tags, label="WordPress tag"),
    },
    rate=2.0,
    burst=1,
    limits="WordPress has none; hosts and security plug-ins have their own, mostly without saying so, and sites take files "
    "of 2 to 64 MB: https://developer.wordpress.org/rest-api/using-the-rest-api/pagination/",
    lacks={
        "webhooks": "WordPress sends nothing by itself; new posts are looked for every five minutes.",
        "undo upload_picture": "WordPress has no trash for pictures, so taking one back would delete it for good: do that "
        "under Media if you want it.",
    },
    typed_host="site",
    practice={"site": "https://practice.example", "user": "patchbay", "password": "{token}"},
)

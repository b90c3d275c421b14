"""What a recipe is, once read: frozen records, used by the engine, the pages and the command."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.core.answer import Answer
from app.core.condition import Condition
from app.core.schedule import Schedule
from app.core.template import Template
from connectors.contract import JSON

SettingType = str
"""`text`, `number`, `yes_no`, `list`, `choice`, or a picker `<slug>.<lookup>` such as `notion.data_source`."""


@dataclass(frozen=True)
class Setting:
    """One field of the form on the recipe's page. `default` is None where there is none."""

    name: str
    label: str
    type: SettingType
    default: JSON = None
    help: str = ""
    optional: bool = False
    choices: tuple[str, ...] = ()

    @property
    def picker(self) -> tuple[str, str] | None:
        """(slug, lookup) if the field is filled from a connection."""
        slug, dot, lookup = self.type.partition(".")
        return (slug, lookup) if dot else None


@dataclass(frozen=True)
class Replaces:
    """The work people no longer do: what, how many minutes each time, and whose."""

    work: str = ""
    minutes: int = 0
    who: str = ""


@dataclass(frozen=True)
class Given:
    """What a step is given: names to templates, fixed values, or lists and groups of them."""

    values: Mapping[str, GivenValue] = field(default_factory=dict)

    def render(self, scope: Mapping[str, JSON]) -> dict[str, JSON]:
        """Plain JSON. Raises `TemplateProblem`."""
        return {name: _render(value, scope) for name, value in self.values.items()}


@dataclass(frozen=True)
class Fixed:
    """A value written in the recipe itself."""

    value: JSON


GivenValue = Template | Fixed | Given | tuple["GivenValue", ...]


def _render(value: GivenValue, scope: Mapping[str, JSON]) -> JSON:
    if isinstance(value, Fixed):
        return value.value
    if isinstance(value, tuple):
        return [_render(entry, scope) for entry in value]
    return value.render(scope)


@dataclass(frozen=True)
class Wait:
    """What a `wait` step waits for: a length of time (`span`), a moment (`until`), or an event of a `kind` whose parts are as
    `where` says, for `at_most` a length of time; `otherwise` is what follows if it does not come."""

    span: Template | None = None
    until: Template | None = None
    kind: str = ""
    where: Given = field(default_factory=Given)
    at_most: Template | None = None
    otherwise: Literal["go_on", "fail", "hold"] = "go_on"


@dataclass(frozen=True)
class Step:
    """One step. `do` has an `action` ("notion.create_page"), `ask` a question and the `answer` it needs, `wait` a `wait`.

    `condition` decides about the whole step, before `each`; a step that is left out is nil for later ones."""

    id: str
    kind: Literal["do", "ask", "wait"]
    line: int
    action: str = ""
    ask: Template | None = None
    given: Given = field(default_factory=Given)
    answer: Answer | None = None
    condition: Condition | None = None
    each: Template | None = None
    wait: Wait | None = None

    @property
    def uses(self) -> str:
        """The connector it needs, by slug; empty for none."""
        if self.kind == "ask":
            return "openai"
        return (self.wait.kind if self.wait else self.action).partition(".")[0]


@dataclass(frozen=True)
class Check:
    """Something that must hold when the steps are done; else hold the run, undo what it wrote, or tell the owner."""

    that: Condition
    otherwise: Literal["hold", "undo", "tell"]


@dataclass(frozen=True)
class Recipe:
    """A whole recipe; `text` is the file as it was read, and its `version` follows from the text alone.

    `releases`: while a run waits for a person, the next ones of its serial key go ahead.
    `trigger` is a kind of event ("zoom.meeting.summary_completed"), or `time` where a `schedule` starts it. `reads`: the full
    names of all values that its templates use ("event.topic")."""

    slug: str
    title: str
    purpose: str
    overview: str
    replaces: Replaces
    settings: Mapping[str, Setting]
    trigger: str
    only_if: Condition | None
    serial: Template | None
    steps: tuple[Step, ...]
    checks: tuple[Check, ...]
    text: str
    schedule: Schedule | None = None
    releases: bool = False
    reads: frozenset[str] = frozenset()

    @property
    def sha256(self) -> str:
        """Hash of the text, in hex."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def version(self) -> str:
        """The name of this version: the first 12 characters of the hash."""
        return self.sha256[:12]

    @property
    def slugs(self) -> tuple[str, ...]:
        """The connectors it needs, each once: the trigger's unless it is a time, then the steps' in order, and `openai` for a
        question."""
        begins = "" if self.schedule else self.trigger.partition(".")[0]
        return tuple(dict.fromkeys(filter(None, [begins, *(step.uses for step in self.steps)])))

    def problems_with(self, settings: Mapping[str, JSON]) -> list[str]:
        """What is wrong with what was filled in, one sentence per field; empty when the recipe can run with it."""
        unknown = [f"This recipe has no setting called {name}." for name in settings if name not in self.settings]
        return unknown + [said for s in self.settings.values() if (said := _wrong(s, settings.get(s.name, s.default)))]


def _wrong(setting: Setting, value: JSON) -> str:
    """What is wrong with the value of one field, in a sentence that says what to do."""
    if value is None or value == "" or value == []:
        return "" if setting.optional or setting.type in ("list", "yes_no") else f"{setting.label}: fill this in."
    if setting.type == "yes_no":
        return "" if isinstance(value, bool) else f"{setting.label}: choose yes or no."
    if setting.type == "number":
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return "" if number else f"{setting.label}: write a number."
    if setting.type == "list":
        texts = isinstance(value, list) and len(value) <= 200 and all(isinstance(v, str) for v in value)
        return "" if texts else f"{setting.label}: write one entry per line, at most 200."
    if setting.type == "choice":
        return "" if value in setting.choices else f"{setting.label}: choose one of {', '.join(setting.choices)}."
    short = isinstance(value, str) and len(value) <= 2_000
    return "" if short else f"{setting.label}: write a text of at most 2000 characters."

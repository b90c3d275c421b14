"""What is wrong with a template, in plain words and at the character where it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from liquid.exceptions import (
    BlockNestingError,
    FilterArgumentError,
    LiquidError,
    LiquidTypeError,
    LoopIterationLimitError,
    ResourceLimitError,
    UndefinedError,
    UnknownFilterError,
)
from liquid.token import TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG, Token

from app.core.filters import FILTERS
from app.core.liquid_limits import ENVIRONMENT, LOOP_LIMIT, OUTPUT_LIMIT, SOURCE_LIMIT, TAGS
from app.core.recipe_problems import suggest

OPENING = {"if", "unless", "case", "for", "capture"}
INNER = {"else", "elsif", "when"}


def said(error: LiquidError) -> str:
    """The sentence for a reader who has never seen Liquid's own messages."""
    message = str(error.message or "unreadable")
    if isinstance(error, UndefinedError):
        return f"`{message.removesuffix(' is undefined').strip(chr(39))}` is not there."
    if isinstance(error, UnknownFilterError):
        return f"there is no filter {message.removeprefix('unknown filter ').replace(chr(39), '`')}."
    if isinstance(error, LoopIterationLimitError):
        return f"the loops go round more than {LOOP_LIMIT:,} times; shorten the list with `limit`."
    if isinstance(error, BlockNestingError):
        return "this is nested too deeply; use fewer `if` and `for` inside each other."
    if isinstance(error, ResourceLimitError):
        return f"this makes more than {OUTPUT_LIMIT // 1000} KB of text; shorten it with `truncate` or `limit`."
    if isinstance(error, (FilterArgumentError, LiquidTypeError)):
        return f"this cannot be worked out: {_arguments(message)}."
    return f"this is not valid Liquid: {message}"


def _arguments(message: str) -> str:
    """Python's words about a wrong number of arguments, in ours."""
    if "argument" in message:
        return f"`{message.split(':')[0]}` got the wrong number of values"
    return message


def hint(error: LiquidError) -> str:
    """What to write instead, where that can be known."""
    message = str(error.message or "")
    if tag := re.fullmatch(r"unexpected tag '(.*)'", message):
        return suggest(tag[1], TAGS, say="The tags are")
    if isinstance(error, UnknownFilterError):
        return suggest(message.split("'")[1], FILTERS, say="The filters are")
    return ""


def unclosed(text: str) -> tuple[str, int] | None:
    """(sentence, index) of a `{{` or `{%` that is never closed, or of too long a text: Liquid is slow on these."""
    if len(text) > SOURCE_LIMIT:
        return f"this value is longer than {SOURCE_LIMIT:,} characters; split it over two steps.", 0
    for begin, end in (("{{", "}}"), ("{%", "%}")):
        if text.rfind(begin) > text.rfind(end):
            return f"`{begin}` is never closed with `{end}`.", text.rfind(begin)
    return None


def index(error: LiquidError, text: str) -> int:
    """Where in the text the fault is; Liquid itself does not know when it ran off the end of something."""
    if error.token and error.token.start_index >= 0 and error.token.source == text:
        return error.token.start_index
    try:
        return next(_suspects(text), 0)
    except LiquidError:
        return 0


def _suspects(text: str) -> Iterator[int]:
    """Each expression that fails when it stands alone, then each block that is never ended."""
    open_blocks: list[int] = []
    tokens = list(ENVIRONMENT.tokenizer()(text))
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        expression = after.value if after and after.kind == TOKEN_EXPRESSION else ""
        if token.kind == TOKEN_OUTPUT and _fails("{{" + expression + "}}"):
            yield token.start_index
        elif token.kind == TOKEN_TAG:
            if _fails(_alone(token, expression)):
                yield token.start_index
            if token.value in OPENING:
                open_blocks.append(token.start_index)
            elif token.value.startswith("end") and open_blocks:
                open_blocks.pop()
    yield from reversed(open_blocks)


def _alone(tag: Token, expression: str) -> str:
    """A template in which this tag stands alone and whole."""
    name = tag.value
    if name == "case":
        return f"{{% case {expression} %}}{{% endcase %}}"
    if name == "elsif":
        return f"{{% if {expression} %}}{{% endif %}}"
    if name in INNER or name.startswith("end"):
        return ""
    return f"{{% {name} {expression} %}}" + (f"{{% end{name} %}}" if name in OPENING else "")


def _fails(text: str) -> bool:
    try:
        ENVIRONMENT.from_string(text)
    except LiquidError:
        return True
    return False

"""`every: monday at 07:00` and the like, as a cron line."""

from __future__ import annotations

import re

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_OF_MONTH = re.compile(rf"({'|'.join(_NTH)}|last) ({'|'.join(DAYS)}) of the month")
_ON_DAY = re.compile(r"month on (?:the )?(?:(\d{1,2})(?:st|nd|rd|th)?|(last day))")
HINT = (
    "Write it like: monday at 07:00, weekday at 8:30, day at 7:00 and 19:00, monday and thursday at 09:00, "
    "month on the 1st at 09:00, last friday of the month at 16:00, hour, or 15 minutes. A cron line goes under `cron:`."
)


class NoSuchTime(ValueError):
    """What is wrong, in a few words; `hint` says what to write."""

    def __init__(self, message: str, hint: str = HINT) -> None:
        super().__init__(message)
        self.hint = hint


def cron_of(text: str) -> tuple[str, str]:
    """(cron line, the words a page shows). Raises NoSuchTime."""
    words = " ".join(text.lower().split()).removeprefix("every ")
    if short := _often(words):
        return short, f"Every {words}"
    day, at, times = words.rpartition(" at ")
    if not at:
        raise NoSuchTime(
            f"`{text}` does not say at what time" if _days(words) else f"`{text}` is no time this hub knows"
        )
    fields, shown = _days(day) or ("", "")
    if not fields:
        raise NoSuchTime(f"`{day}` is no day this hub knows")
    minute, hours, clock = _times(times)
    return f"{minute} {hours} {fields}", f"{shown} at {clock}"


def is_time(text: str) -> bool:
    """Whether somebody meant a time."""
    try:
        return bool(cron_of(text))
    except NoSuchTime:
        return text.lower().startswith("every ")


def _often(words: str) -> str:
    match = re.fullmatch(r"(?:(\d{1,2}) )?(minute|hour)s?", words)
    if not match:
        return ""
    number, whole = int(match[1] or 1), 60 if match[2] == "minute" else 24
    if not number or whole % number or number == whole:
        hint = f"Write a number that divides {whole}, so that each {'hour' if whole == 60 else 'day'} is alike."
        raise NoSuchTime(
            f"every {words} would not come at the same times each {'hour' if whole == 60 else 'day'}", hint
        )
    step = "*" if number == 1 else f"*/{number}"
    return f"{step} * * * *" if whole == 60 else f"0 {step} * * *"


def _days(words: str) -> tuple[str, str] | None:
    """The last three fields, and the days in words."""
    if words in ("day", "weekday"):
        return ("* * *", "Every day") if words == "day" else ("* * 1-5", "Monday to Friday")
    names = re.split(r", | and |,", words)
    if set(names) <= set(DAYS):
        shown = [name.title() for name in names]
        listed = ", ".join(shown[:-1]) + " and " + shown[-1] if len(shown) > 1 else shown[0]
        return f"* * {','.join(str(DAYS.index(name) + 1) for name in names)}", f"Every {listed}"
    if match := _OF_MONTH.fullmatch(words):
        number = DAYS.index(match[2]) + 1
        which = f"{number}L" if match[1] == "last" else f"{number}#{_NTH[match[1]]}"
        return f"* * {which}", f"Every {match[1]} {match[2].title()} of the month"
    return _of_month(words)


def _of_month(words: str) -> tuple[str, str] | None:
    match = _ON_DAY.fullmatch(words)
    if not match:
        return None
    if match[2]:
        return "L * *", "On the last day of every month"
    if not 1 <= int(match[1]) <= 28:
        raise NoSuchTime(f"not every month has a day {match[1]}", "Write a day from 1 to 28, or: month on the last day")
    return f"{int(match[1])} * *", f"On day {int(match[1])} of every month"


def _times(words: str) -> tuple[str, str, str]:
    """(minute, hours, in words). A cron line has one minute for all its hours."""
    found = [_TIME.fullmatch(each) for each in re.split(r", | and |,", words)]
    good = [(int(match[1]), match[2]) for match in found if match]
    if len(good) < len(found):
        raise NoSuchTime(f"`{words}` is no time of day", "Write it like 07:00, or 7:00 and 19:00.")
    if len({minute for _, minute in good}) > 1:
        raise NoSuchTime("the times have different minutes", "Give them the same minute, or make two recipes of it.")
    shown = " and ".join(f"{hour:02}:{minute}" for hour, minute in good)
    return str(int(good[0][1])), ",".join(str(hour) for hour in sorted({hour for hour, _ in good})), shown

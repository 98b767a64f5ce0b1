"""Whether one value meets a predicate, said plainly in Python: of facts as they arrive, one by one."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from .formula import Contains, Equals, IsSet, NumberRange, Predicate, Relative, TimeRange, Where
from .vocabulary import ValueType


def meets(payload: Mapping[str, object], where: Where, offset: timedelta) -> bool:
    """Whether a fact's payload meets all the conditions."""
    for name, type_, predicate in where:
        held = holds(predicate, payload.get(name.removeprefix("!")), type_, None, offset)
        if held is name.startswith("!"):
            return False
    return True


def holds(
    predicate: Predicate, value: object, type_: ValueType, now: datetime | None, offset: timedelta
) -> bool:
    """Whether `value`, of a trait or a field of a fact, meets `predicate` at `now`; what is blank meets nothing.

    Without `now` nothing is met that depends on it. Dates begin `offset` before UTC's.
    """
    if isinstance(value, str) and type_ is ValueType.TIME:  # in a payload
        value = datetime.fromisoformat(value)
    elif isinstance(value, str) and type_ is ValueType.NUMBER:
        value = float(value)
    if value is None or value == "" or value == [] or value == ():
        return False
    match predicate:
        case IsSet():
            return True
        case Equals(values=values):
            having: Sequence[object] = value if isinstance(value, list | tuple) else [value]
            return any(each in values for each in having)
        case Contains(text=text, start=start):
            folded = str(value).lower()
            return folded.startswith(text.lower()) if start else text.lower() in folded
        case NumberRange(low=low, high=high):
            number = float(value)  # type: ignore[arg-type]
            return (low is None or number >= low) and (high is None or number <= high)
        case TimeRange(low=begin, high=end):
            moment = moment_of(value, offset)
            if moment is not None and not isinstance(value, datetime):
                moment += timedelta(hours=12)  # a day's noon lies in the day, whatever the clocks do at night
            return moment is not None and (begin is None or moment >= begin) and (end is None or moment < end)
        case Relative(after=after, upto=upto):
            moment = moment_of(value, offset)
            if moment is None or now is None:
                return False
            return (after is None or moment > now + timedelta(days=after)) and (
                upto is None or moment <= now + timedelta(days=upto)
            )


def moment_of(value: object, offset: timedelta) -> datetime | None:
    """A time, or the beginning of a date; None of anything else."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time(), tzinfo=UTC) - offset
    return None

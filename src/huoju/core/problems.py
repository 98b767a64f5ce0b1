"""What is wrong with somebody's input, in words that can be translated later."""

from typing import Self


class Problem(str):
    """An English sentence that remembers how it was made: `Problem("unknown field %(field)s", field="x")`.

    Code without Django returns problems as plain text; whoever shows them translates `template` and fills in `params`
    again (`huoju.core.rules.translated`). Parameters may be problems themselves.
    """

    template: str
    params: dict[str, object]

    def __new__(cls, template: str, **params: object) -> Self:
        """`template % params`, where there are any."""
        made = super().__new__(cls, template % params if params else template)
        made.template, made.params = template, params
        return made


def within(where: str, problem: str) -> Problem:
    """The problem, with the part of the rules in which it was found."""
    return Problem("%(where)s: %(problem)s", where=where, problem=problem)

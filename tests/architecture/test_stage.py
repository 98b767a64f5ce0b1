"""One writer: only the lifecycle operation of `qualify.leads` sets the stage of a lead."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.tree import Module, modules

WRITER = "qualify/leads/operations"
_SQL = re.compile(
    r"UPDATE\s+(?:ONLY\s+)?\"?leads_lead\"?\b(?:(?!\bWHERE\b).)*?\bstage\s*=", re.IGNORECASE | re.DOTALL
)


def test_only_the_lifecycle_sets_a_stage() -> None:
    found = [
        f"{module.name}:{line} {what}"
        for module in modules()
        if not module.name.startswith(WRITER) and "policy" not in module.name  # which has no rows to change
        for line, what in _writes(module)
    ]
    assert found == []


def _writes(module: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr == "stage" and _is_lead(target.value):
                    yield node.lineno, "assigns a lead's stage"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            names = {keyword.arg for keyword in node.keywords}
            if node.func.attr in {"update", "aupdate"} and "stage" in names and _is_lead(node.func.value):
                yield node.lineno, "updates leads' stages"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.search(node.value):
            yield node.lineno, "updates leads' stages in SQL"


def _is_lead(node: ast.expr) -> bool:
    """Whether the expression speaks of leads: `lead`, `self.lead`, `Lead.objects.filter(…)`."""
    words = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    words |= {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    return bool({word.lower() for word in words} & {"lead", "leads"})

"""What the operations page shows of the lake."""

from collections.abc import Mapping
from typing import Any

from huoju.core.facts.panels import OperationsPanel

from .queries import COUNTED, list_states


def _state() -> Mapping[str, Any]:
    return {"states": list_states(), "counted": COUNTED}


OPERATIONS_PANEL = OperationsPanel("lake", "lake/_operations.html", _state)

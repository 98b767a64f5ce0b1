"""What other rooms show on a person's page, registered in `site/wiring.py`.

Places: `mark` beside the name (the stage), `glance` a figure of the row that is read first, `next` the strip with the
one next action, `main` a card above the tabs, `side` a card beside them.
"""

from dataclasses import dataclass, field
from typing import Any

from huoju.core.ui.panels import Panels

from .policy import Field
from .queries import Known, TagShown


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A human being as the page shows them: the profile's own person, all members, the golden fields, the tags.

    `memo` is for panels that share what they look up.
    """

    id: int
    person: Any
    members: list[int]
    fields: dict[Field, Known]
    tags: list[TagShown]
    memo: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the person is called; without a name, what else is known."""
        return self.fields[Field.NAME].value or str(self.person)


PROFILE_PANELS: Panels[Profile] = Panels()

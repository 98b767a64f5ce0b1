"""Facts of cleaning."""

from huoju.core.facts.kinds import fact


@fact("cleaning_rules.activated")
class CleaningActivated:
    """A version of the cleaning rules began to decide."""

    version: int

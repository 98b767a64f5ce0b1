"""Facts of recognition."""

from huoju.core.facts.kinds import fact


@fact("mql_criteria.activated")
class CriteriaActivated:
    """A version of the MQL criteria began to decide; every lead at the first stage is judged anew."""

    version: int

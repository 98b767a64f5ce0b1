"""What this room reports to the log."""

from huoju.core.facts.kinds import fact


@fact("import.finished")
class ImportFinished:
    """A file has been imported to its end. `counts` by outcome."""

    import_id: int
    target: str
    file_name: str
    counts: dict[str, int]


@fact("import.rolled_back")
class ImportRolledBack:
    """An import has been undone. `kept`: rows that could not be, because somebody changed them since."""

    import_id: int
    target: str
    undone: int
    kept: int

"""Who stands back while facts flood in: what nobody waits for must not slow an import down."""

from .readers import Reader

FLOOD_FACTS = 500
"""So many facts in one batch are a flood, for `FLOOD_SECONDS` after it."""
FLOOD_SECONDS = 2.0


class Tide:
    """What a worker process knows of floods. Times are seconds of one clock (`time.monotonic`)."""

    def __init__(self) -> None:
        self._flood_ends = 0.0
        self._waiting_since: dict[str, float] = {}

    def holds(self, name: str, patience: float, now: float) -> bool:
        """Whether who has something to do stands back; never for longer than its patience, in seconds."""
        if now >= self._flood_ends:
            self._waiting_since.pop(name, None)
            return False
        if now - self._waiting_since.setdefault(name, now) < patience:
            return True
        del self._waiting_since[name]  # its turn; the next wait begins anew
        return False

    def rest(self, now: float, idle: float) -> float:
        """How long to sleep at most: `idle` seconds, or until who stands back may go on."""
        return min(self._flood_ends - now, idle) if now < self._flood_ends else idle

    def note(self, reader: Reader, handled: int, now: float) -> None:
        """`reader` has handled a batch of so many facts."""
        if handled >= FLOOD_FACTS and not reader.patience:
            self._flood_ends = now + FLOOD_SECONDS


TIDE = Tide()
"""That of this process: its reading thread says what it sees, its jobs ask."""

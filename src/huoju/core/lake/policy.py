"""When files are worth merging. Pure."""

from collections.abc import Sequence

FILES_AT_LEAST = 8
"""So many files of like size are merged; fewer cost a reader little."""
ROWS_AT_MOST = 2_000_000
"""A file of so many rows is never touched again but for erasure."""
CHANGES_AT_MOST = 0.2
"""A table is written anew when its changes are more than this share of its rows."""
CHANGE_FILES_AT_MOST = 16


def files_to_merge(rows: Sequence[int]) -> list[int]:
    """Which files of one month to merge, by their index, given the rows of each; none if it is not worth it.

    The smallest ones are taken, as far as none is much bigger than all before it together: a row is rewritten a number
    of times that grows with the logarithm of its file, not with the number of flows.

    >>> files_to_merge([10, 10, 10, 10, 10, 10, 10, 10, 100_000])
    [0, 1, 2, 3, 4, 5, 6, 7]
    >>> files_to_merge([10, 20])
    []
    """
    chosen: list[int] = []
    total = 0
    for index in sorted(range(len(rows)), key=lambda each: (rows[each], each)):
        if total + rows[index] > ROWS_AT_MOST or (len(chosen) >= FILES_AT_LEAST and rows[index] > total):
            break
        chosen.append(index)
        total += rows[index]
    return sorted(chosen) if len(chosen) >= FILES_AT_LEAST else []


def table_wants_rewriting(rows: int, changes: int, change_files: int) -> bool:
    """Whether a table of `rows` live rows, with `changes` rows in `change_files` files of changes, is written anew."""
    return changes > 0 and (change_files > CHANGE_FILES_AT_MOST or changes > rows * CHANGES_AT_MOST + 1000)

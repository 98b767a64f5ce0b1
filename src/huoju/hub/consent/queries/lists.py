"""Which lists there are, and who is on them."""

from collections.abc import Iterator, Mapping

from django.db.models import Count

from ..models import Suppression, SuppressionList, SuppressionUpload, UploadFault
from ..policy import EntryProblem, read_entry


def list_lists() -> list[SuppressionList]:
    """All lists, those that come with Huoju first."""
    return list(SuppressionList.objects.order_by("id"))


def get_list(pk: int) -> SuppressionList | None:
    """One list."""
    return SuppressionList.objects.filter(pk=pk).first()


def count_entries() -> Mapping[int, int]:
    """How many addresses each list has."""
    rows = Suppression.objects.values("list_id").annotate(n=Count("id")).order_by()
    return {row["list_id"]: row["n"] for row in rows}


def list_entries(list_id: int, *, wanted: str = "", limit: int) -> list[Suppression]:
    """The newest entries of a list, or those that `wanted` names."""
    rows = Suppression.objects.filter(list_id=list_id)
    if wanted:
        entry = read_entry(wanted)
        rows = (
            rows.none()
            if isinstance(entry, EntryProblem)
            else rows.filter(kind=entry.kind.value, value=entry.value)
        )
    return list(rows.order_by("-id")[:limit])


def get_upload(pk: int) -> SuppressionUpload | None:
    """An upload with its list."""
    return SuppressionUpload.objects.select_related("list").filter(pk=pk).first()


def list_uploads(list_id: int) -> list[SuppressionUpload]:
    """The uploads to a list, the latest first."""
    return list(SuppressionUpload.objects.filter(list_id=list_id).order_by("-id")[:50])


def iter_faults(upload_id: int) -> Iterator[UploadFault]:
    """The lines of an upload that name nothing, in their order; there may be millions."""
    return UploadFault.objects.filter(upload_id=upload_id).order_by("line").iterator(chunk_size=2000)

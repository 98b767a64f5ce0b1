"""Forms of segments and lists."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .queries import list_segments

MAX_BYTES = 20_000_000


class ListForm(forms.Form):
    """A list: of a segment's members as they are now, or of what is pasted or uploaded."""

    name = forms.CharField(label=_("Name"), max_length=120)
    segment = forms.ModelChoiceField(
        label=_("Everybody who is in this segment now"), queryset=list_segments(), required=False
    )
    people = forms.CharField(
        label=_("Mail addresses, mobile numbers or ids, one a line"),
        widget=forms.Textarea(attrs={"rows": 6}),
        required=False,
        max_length=1_000_000,
    )
    file = forms.FileField(
        label=_("Or a text or CSV file with one in the first column of each line"), required=False
    )

    def clean(self) -> dict[str, Any]:
        """One source at least; the file as text."""
        data: dict[str, Any] = super().clean() or {}
        file = data.get("file")
        lines: list[str] = data.get("people", "").splitlines()
        if file is not None:
            if file.size > MAX_BYTES:
                raise forms.ValidationError(_("The file is too large: 20 MB at most."))
            raw = file.read()
            try:
                lines += raw.decode("utf-8-sig").splitlines()
            except UnicodeDecodeError:
                lines += raw.decode("gb18030", "replace").splitlines()
        data["lines"] = [line for line in lines if line.strip()]
        if not data["lines"] and not data.get("segment"):
            raise forms.ValidationError(_("Choose a segment, or give people."))
        return data

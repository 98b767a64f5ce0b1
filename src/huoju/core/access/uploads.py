"""Whose files are taken in at all, asked before the first byte is written to disk."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

STRANGERS = 1024 * 1024
"""Bytes of a form with files that somebody unknown may send: it stays in memory."""


class UploadGate(FileUploadHandler):
    """Stands before Django's own handlers and refuses what is too large for its sender.

    The check against forged requests reads a form, files and all, before a page can ask who sends it: without this
    anybody could fill the disk through the sign-in page.
    """

    def handle_raw_input(
        self,
        input_data: Any,  # noqa: ARG002
        META: dict[str, str],  # noqa: ARG002, N803
        content_length: int,
        boundary: str,  # noqa: ARG002
        encoding: str | None = None,  # noqa: ARG002
    ) -> None:
        """Raises `RequestDataTooBig`, which is answered with 413."""
        user = getattr(self.request, "user", None)
        # A program's key is read before its body (`gate.ApiKeyAuth`).
        known = getattr(self.request, "auth", None) or (user is not None and user.is_authenticated)
        if content_length > (settings.UPLOAD_MAX_SIZE if known else STRANGERS):
            raise RequestDataTooBig("upload too large")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002
        """On to the next handler."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler makes the file."""

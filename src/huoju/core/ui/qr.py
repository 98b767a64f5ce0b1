"""QR codes, as SVG for the screen and PNG for print."""

import io

import segno
from django.http import HttpResponse

from huoju.core.export import attachment

PRINT_SCALE = 12
"""Pixels a module of the PNG: sharp on a poster."""


def qr_response(text: str, kind: str, *, name: str) -> HttpResponse:
    """`text` as a QR code of `kind` svg or png; the PNG is a download called after `name`."""
    out = io.BytesIO()
    code = segno.make(text, micro=False, error="m")
    if kind == "svg":
        code.save(out, kind="svg", scale=4, border=2, dark="#1d1d22", light="#ffffff")
        return HttpResponse(out.getvalue(), content_type="image/svg+xml")
    code.save(out, kind="png", scale=PRINT_SCALE, border=4)
    response = HttpResponse(out.getvalue(), content_type="image/png")
    response.headers["Content-Disposition"] = attachment(f"qr-{name}", "png")
    return response

"""Tables out: CSV and XLSX, written as a stream, safe to open.

Every export goes through here. A text that a spreadsheet program would run as a formula (`=`, `+`, `-`, `@`, tab,
carriage return at its start, in half or full width) is made harmless: in CSV by a leading apostrophe, which our imports
take off again (`undefuse`); in XLSX the cell is text and marked to stay text, so its content is unchanged.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from django.utils.functional import Promise
from django.utils.timezone import get_current_timezone

type Cell = str | int | float | Decimal | bool | datetime | date | Promise | None

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_SHEET_ROWS = 1_048_576
MAX_CELL_CHARS = 32_767

# Leading blanks do not stop a spreadsheet from seeing the formula behind them.
_FORMULA = re.compile("^[\\s\u200b\ufeff\x00]*[=+@\t\r\n＝＋－＠﹢﹣﹦﹫−-]")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FLUSH_ROWS = 500


def is_formula(text: str) -> bool:
    """Whether a spreadsheet program could take `text` for a formula."""
    return bool(text) and (text[0] in "\t\r\n" or _FORMULA.match(text) is not None)


def defuse(text: str) -> str:
    """The text for a CSV cell: with an apostrophe before it where it could be taken for a formula."""
    # Also where only apostrophes stand before the formula, so that `undefuse` gives back exactly what there was.
    return f"'{text}" if is_formula(text.lstrip("'")) else text


def undefuse(text: str) -> str:
    """The text as it was before `defuse`."""
    return text[1:] if text[:1] == "'" and is_formula(text.lstrip("'")) else text


def iter_csv(
    header: Sequence[str], rows: Iterable[Sequence[Cell]], *, zone: tzinfo | None = None
) -> Iterator[bytes]:
    """A CSV file in UTF-8 with byte order mark (Excel needs it for Chinese), some hundred rows a piece.

    Moments are written in `zone` (the current one if None), amounts with a point, blanks as nothing.
    """
    zone = zone or get_current_timezone()
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")

    def taken() -> bytes:
        piece = buffer.getvalue().encode("utf-8", "replace")
        buffer.seek(0)
        buffer.truncate()
        return piece

    writer.writerow([defuse(title) for title in header])
    first = "\ufeff".encode()
    for number, row in enumerate(rows, start=1):
        writer.writerow([_csv_cell(cell, zone) for cell in row])
        if number % _FLUSH_ROWS == 0:
            yield first + taken()
            first = b""
    yield first + taken()


def _csv_cell(cell: Cell, zone: tzinfo) -> str:
    match cell:
        case None:
            return ""
        case str():
            return defuse(cell)
        case bool():
            return "TRUE" if cell else "FALSE"
        case datetime():
            return _local(cell, zone).strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return cell.isoformat()
        case Decimal():
            return f"{cell:f}"
        case int() | float():
            return str(cell)
        case _:
            return defuse(str(cell))


def _local(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone) if moment.tzinfo else moment


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_PART = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = f"""{_XML}
<styleSheet xmlns="{_MAIN}">
<numFmts count="2">
<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/>
<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/>
</numFmts>
<fonts count="2">
<font><sz val="11"/><name val="Calibri"/></font>
<font><b/><sz val="11"/><name val="Calibri"/></font>
</fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="5">
<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/>
</cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"""
_HEADER, _MOMENT, _DAY, _QUOTED = 1, 2, 3, 4
_TYPES = f"""{_XML}
<Types xmlns="{_PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml" ContentType="{_PART}.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_PART}.worksheet+xml"/>
<Override PartName="/xl/styles.xml" ContentType="{_PART}.styles+xml"/>
</Types>"""
_ROOT_RELATIONS = f"""{_XML}
<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"""
_BOOK_RELATIONS = f"""{_XML}
<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>"""
_SHEET_START = f"""{_XML}
<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">
<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>"""
_SHEET_END = "</sheetData></worksheet>"


def write_xlsx(
    file: IO[bytes],
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    sheet: str = "Sheet1",
    zone: tzinfo | None = None,
) -> int:
    """Write a workbook of one sheet into `file` (which need not be seekable) and return the number of rows written.

    Memory does not grow with the rows. Rows beyond what a sheet can hold raise `ValueError`.
    """
    zone = zone or get_current_timezone()
    name = re.sub(r"[\[\]:*?/\\]", " ", sheet)[:31] or "Sheet1"
    workbook = (
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f'<sheets><sheet name={quoteattr(name)} sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    count = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _ROOT_RELATIONS)
        archive.writestr("xl/workbook.xml", workbook)
        archive.writestr("xl/_rels/workbook.xml.rels", _BOOK_RELATIONS)
        archive.writestr("xl/styles.xml", _STYLES)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            titles = "".join(_text_cell(str(title), _HEADER) for title in header)
            pieces = [_SHEET_START, f"<row>{titles}</row>"]
            for row in rows:
                count += 1
                if count >= MAX_SHEET_ROWS:
                    raise ValueError(f"a sheet holds {MAX_SHEET_ROWS - 1} rows")
                pieces.append(f"<row>{''.join([_xlsx_cell(cell, zone) for cell in row])}</row>")
                if count % _FLUSH_ROWS == 0:
                    part.write("".join(pieces).encode())
                    pieces = []
            pieces.append(_SHEET_END)
            part.write("".join(pieces).encode())
    return count


def _text_cell(text: str, style: int = 0) -> str:
    if not text:
        return "<c/>"
    if is_formula(text):
        style = style or _QUOTED
    shown = escape(_NOT_XML.sub("", text[:MAX_CELL_CHARS]))
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{shown}</t></is></c>'


def _xlsx_cell(cell: Cell, zone: tzinfo) -> str:
    match cell:
        case None | "":
            return "<c/>"
        case str():
            return _text_cell(cell)
        case bool():
            return f'<c t="b"><v>{int(cell)}</v></c>'
        case datetime():
            local = _local(cell, zone)
            if local.year < 1901:
                return _text_cell(local.strftime("%Y-%m-%d %H:%M:%S"))
            seconds = local.hour * 3600 + local.minute * 60 + local.second
            return f'<c s="{_MOMENT}"><v>{_day_number(local.date()) + seconds / 86_400:.10f}</v></c>'
        case date():
            return (
                f'<c s="{_DAY}"><v>{_day_number(cell)}</v></c>'
                if cell.year > 1900
                else _text_cell(cell.isoformat())
            )
        case int() | Decimal() | float():
            # Excel keeps 15 digits; a longer number is an id and would lose its tail.
            shown = f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
            if (
                shown.lstrip("-").replace(".", "").isdecimal()
                and len(shown.replace(".", "").lstrip("-0")) <= 15
            ):
                return f"<c><v>{shown}</v></c>"
            return _text_cell(shown)
        case _:
            return _text_cell(str(cell))


def _day_number(day: date) -> int:
    return day.toordinal() - 693_594


def attachment(name: str, extension: str) -> str:
    """The `Content-Disposition` header for a download, correct for Chinese names too."""
    plain = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-") or "export"
    encoded = "".join(
        chr(byte) if chr(byte).isalnum() and byte < 128 else f"%{byte:02X}" for byte in name.encode()
    )
    return f"attachment; filename=\"{plain}.{extension}\"; filename*=UTF-8''{encoded}.{extension}"

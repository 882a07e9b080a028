"""Looks at an Excel file before it is unpacked: nothing in it may cost more memory than a sheet of its kind can need.

The reader keeps a sheet as a rectangle from its first to its last cell, so two cells in opposite corners would ask
for 550 GB and end the process (measured with calamine 0.9.1). A ZIP's own figures can lie, so the parts
are unpacked piece by piece, counted and thrown away. Which part is a sheet is said by another part, so every one that
is XML is looked at. The reader knows other formats too (``.ods``, ``.xlsb``), in which a cell can be repeated a hundred
million times in a file of two kilobytes: they are refused.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from services.imports.statements.reasons import FileRefusedError, Reason

PARTS_MAX: Final = 2_000
UNPACKED_BYTES_MAX: Final = 1024 * 1024 * 1024
#: text of sheets is below 100 times its packed size; what is above is checked from this size on
RATIO_MAX: Final = 400
RATIO_FREE_BYTES: Final = 4 * 1024 * 1024
#: about 32 bytes each in the reader
CELLS_MAX: Final = 12_000_000
_PIECE: Final = 256 * 1024
_LOCAL_HEADER_BYTES: Final = 30
_WORKBOOK: Final = "xl/workbook.xml"
#: by which the reader would take the archive for another format
_OTHERS: Final = frozenset({"content.xml", "xl/workbook.bin"})
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
_TAG: Final = re.compile(rb"<(?:\w+:)?(row|c)\b([^<>]*)>")
_PLACE: Final = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,7})([0-9]{0,9})["']""")
_DOCTYPE: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)")


def check_xlsx(path: Path) -> None:
    """Raises ``FileRefusedError`` for a workbook that is damaged or made to harm. Reads the file once."""
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as raw:
            parts = archive.infolist()
            if len(parts) > PARTS_MAX:
                raise FileRefusedError(Reason.HOSTILE, f"it holds {len(parts)} parts")
            unpacked = 0
            for part in parts:
                extent: _Extent | None = None
                begun = False
                of_part = 0
                for piece in _unpacked(raw, part):
                    of_part += len(piece)
                    unpacked += len(piece)
                    if unpacked > UNPACKED_BYTES_MAX:
                        raise FileRefusedError(Reason.HOSTILE, "it unpacks to more than 1 GiB")
                    if of_part > max(RATIO_FREE_BYTES, RATIO_MAX * part.compress_size):
                        raise FileRefusedError(Reason.HOSTILE, f"{part.filename} is packed too tightly")
                    if not begun and (text := piece.lstrip(_BLANK)):
                        begun, extent = True, _Extent() if text.startswith(b"<") else None
                    if extent is not None:
                        extent.take(piece)
            names = {part.filename.lower() for part in parts}
            if _WORKBOOK not in names or not _OTHERS.isdisjoint(names):
                why = "it is no workbook of Excel since 2007; save it as .xlsx"
                raise FileRefusedError(Reason.UNREADABLE, why, format="Excel")
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError) as error:
        raise FileRefusedError(Reason.UNREADABLE, str(error), format="Excel") from error


class _Extent:
    """The rectangle that a sheet's cells span."""

    def __init__(self) -> None:
        self._rest = b""
        self._rows = 0
        self._columns = 1
        self._in_row = 0
        self._row = 0

    def take(self, piece: bytes) -> None:
        """One piece of the sheet's XML. Raises ``FileRefusedError`` when the rectangle grows too large."""
        text = self._rest + piece
        if _DOCTYPE.search(text):
            raise FileRefusedError(Reason.HOSTILE, "a sheet declares XML entities")
        cut = text.rfind(b"<")
        whole = cut < 0 or b">" in text[cut:]  # what follows the last tag is text
        text, self._rest = (text, b"") if whole else (text[:cut], text[cut:])
        if len(self._rest) > _PIECE:
            raise FileRefusedError(Reason.HOSTILE, "a sheet holds a tag without an end")
        for tag in _TAG.finditer(text):
            place = _PLACE.search(tag[2])
            if tag[1] == b"row":
                self._in_row = 0
                self._row = int(place[2]) if place and place[2] else self._row + 1
            else:
                self._in_row = _column(place[1]) if place and place[1] else self._in_row + 1
                if place and place[2]:
                    self._row = int(place[2])
                self._columns = max(self._columns, self._in_row)
            self._rows = max(self._rows, self._row)
        if self._rows * self._columns > CELLS_MAX:
            raise FileRefusedError(
                Reason.HOSTILE, f"a sheet spans {self._rows} rows and {self._columns} columns"
            )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _unpacked(raw: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part's bytes in pieces, by the packed bytes alone: the size that the archive declares is not believed."""
    if part.flag_bits & 0x1:
        raise FileRefusedError(Reason.PASSWORD)
    raw.seek(part.header_offset)
    header = raw.read(_LOCAL_HEADER_BYTES)
    if len(header) < _LOCAL_HEADER_BYTES or header[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile(f"{part.filename[:60]} has no header")
    raw.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    left = part.compress_size
    if part.compress_type == zipfile.ZIP_STORED:
        while left > 0 and (piece := raw.read(min(left, _PIECE))):
            left -= len(piece)
            yield piece
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise FileRefusedError(
            Reason.HOSTILE, f"{part.filename[:60]} is packed in a way that Excel does not use"
        )
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    while left > 0 and not unpack.eof and (packed := raw.read(min(left, _PIECE))):
        left -= len(packed)
        while packed:
            piece = unpack.decompress(packed, _PIECE)
            packed = unpack.unconsumed_tail
            if piece:
                yield piece
            elif not packed or unpack.eof:
                break

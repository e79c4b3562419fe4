"""PDF documents: text in any script on numbered pages, the same bytes for the same content.

Latin letters are drawn in a font that lies in the file; Chinese, Japanese and Korean in fonts that every reader has, so
that a page of them weighs a few kilobytes. Rendering is work for a thread: `await asyncio.to_thread(render, ...)`.
"""

import io
from collections.abc import Callable, Sequence
from functools import cache
from itertools import groupby
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, TableStyle

LATIN: Final = "Vera"
BOLD: Final = "VeraBd"
CHINESE: Final = "STSong-Light"
KOREAN: Final = "HYSMyeongJo-Medium"
UNKNOWN: Final = "□"
MARGIN: Final = 18 * mm
WIDTH: Final = A4[0] - 2 * MARGIN
GREY: Final = HexColor("#666666")
LINE: Final = HexColor("#cccccc")


@cache
def _letters() -> frozenset[int]:
    """Register the fonts, once; what the Latin one can draw."""
    pdfmetrics.registerFont(TTFont(LATIN, "Vera.ttf"))
    pdfmetrics.registerFont(TTFont(BOLD, "VeraBd.ttf"))
    pdfmetrics.registerFontFamily(LATIN, normal=LATIN, bold=BOLD, italic=LATIN, boldItalic=BOLD)
    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))
    pdfmetrics.registerFont(UnicodeCIDFont(KOREAN))
    return frozenset(pdfmetrics.getFont(LATIN).face.charToGlyph)


def style(size: float = 9, *, bold: bool = False, right: bool = False, grey: bool = False) -> ParagraphStyle:
    _letters()
    return ParagraphStyle(
        f"{size}{bold}{right}{grey}",
        fontName=BOLD if bold else LATIN,
        fontSize=size,
        leading=size * 1.4,
        alignment=TA_RIGHT if right else 0,
        textColor=GREY if grey else HexColor("#000000"),
        splitLongWords=1,
    )


def text(value: str, wanted: ParagraphStyle | None = None) -> Paragraph:
    """Text of anybody's, as it stands: no markup of theirs is read. Lines are wrapped, also inside what has no spaces."""
    wanted = wanted or style()
    letters = _letters()
    lines = [
        "".join(
            part if font is None else f'<font name="{font}">{part}</font>'
            for font, part in (
                (font, escape("".join(c if ord(c) < 0x10000 else UNKNOWN for c in run)))
                for font, run in groupby(line, lambda c: _font_of(c, letters))
            )
        )
        for line in _printable(value).split("\n")
    ]
    if any(_font_of(c, letters) for c in value if c.isalpha()):
        wanted = ParagraphStyle(f"{wanted.name}cjk", wanted, wordWrap="CJK")
    return Paragraph("<br/>".join(lines), wanted)


def _printable(value: str) -> str:
    return "".join(c if c == "\n" or c.isprintable() else " " for c in value.replace("\r\n", "\n"))


def _font_of(character: str, letters: frozenset[int]) -> str | None:
    """None: the style's own, which has it."""
    code = ord(character)
    if code in letters or code < 0x20:
        return None
    return KOREAN if 0x1100 <= code <= 0x11FF or 0x3130 <= code <= 0x318F or 0xAC00 <= code <= 0xD7A3 else CHINESE


def table(head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float], right_from: int) -> LongTable:
    """Rows under a head that is repeated on every page. `widths` are shares of the page; columns from `right_from` on are figures."""
    whole = sum(widths)

    def cells(row: Sequence[str], **how: Any) -> list[Paragraph]:
        return [text(cell, style(right=i >= right_from, **how)) for i, cell in enumerate(row)]

    made = LongTable(
        [cells(head, bold=True), *(cells(row) for row in rows)],
        colWidths=[WIDTH * width / whole for width in widths],
        repeatRows=1,
        splitInRow=1,
    )
    made.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE)]))
    return made


class _Numbered(Canvas):  # type: ignore[misc] # the library has no types
    """Keeps the pages back until their number is known, then writes it on each."""

    def __init__(self, *args: Any, say_page: Callable[[int, int], str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: list[dict[str, Any]] = []
        self._say_page = say_page

    def showPage(self) -> None:  # noqa: N802 - the library's name
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._kept, 1):
            self.__dict__.update(page)
            label = text(self._say_page(number, len(self._kept)), style(7.5, right=True, grey=True))
            label.wrap(WIDTH, MARGIN)
            label.drawOn(self, MARGIN, MARGIN / 2)
            super().showPage()
        super().save()


def render(
    title: str, author: str, flow: Sequence[Flowable], say_page: Callable[[int, int], str] = "{} / {}".format
) -> bytes:
    """The PDF. The same arguments give the same bytes."""
    _letters()
    out = io.BytesIO()
    template = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN + 4 * mm,
        title=title, author=author, invariant=1,
    )  # fmt: skip

    def canvas(*args: Any, **kwargs: Any) -> _Numbered:
        return _Numbered(*args, say_page=say_page, **kwargs)

    template.build(list(flow), canvasmaker=canvas)
    return out.getvalue()

"""Drawn covers for made-up gigs: flat shapes on a strong ground, different for every title, the same every time."""

import colorsys
import io
import math
import random
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 960, 640
Colour: TypeAlias = tuple[int, int, int]
Artist: TypeAlias = Callable[[ImageDraw.ImageDraw, random.Random, Colour, Colour], None]


def draw_cover(title: str, motif: str) -> bytes:
    """A JPEG of WIDTH x HEIGHT pixels. `motif` is one of MOTIFS."""
    rng = random.Random(title)  # noqa: S311 - a picture, no secret
    hue = rng.random()
    ground, ink, accent = _colour(hue, 0.62, 0.42), _colour(hue + 0.08, 0.12, 0.97), _colour(hue + 0.52, 0.68, 0.93)
    image = Image.new("RGB", (WIDTH, HEIGHT), ground)
    pen = ImageDraw.Draw(image)
    for n in range(5):  # rings that fade into the ground, from a corner
        radius = 620 - 120 * n
        pen.ellipse(
            (WIDTH - radius, HEIGHT - radius, WIDTH + radius, HEIGHT + radius), fill=_colour(hue, 0.6, 0.44 + 0.035 * n)
        )
    MOTIFS[motif](pen, rng, ink, accent)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=86)
    return out.getvalue()


def _colour(hue: float, saturation: float, value: float) -> Colour:
    r, g, b = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(r * 255), round(g * 255), round(b * 255)


def _mark(pen: ImageDraw.ImageDraw, rng: random.Random, ink: Colour, accent: Colour) -> None:
    sides, turn = rng.choice((3, 4, 6, 8)), rng.random()
    for radius, colour in ((210, ink), (130, accent), (60, ink)):
        points = [
            (480 + radius * math.cos(2 * math.pi * (n / sides + turn)), 320 + radius * math.sin(2 * math.pi * (n / sides + turn)))
            for n in range(sides)
        ]  # fmt: skip
        pen.polygon(points, fill=colour)


def _canvas(pen: ImageDraw.ImageDraw, rng: random.Random, ink: Colour, accent: Colour) -> None:
    pen.rectangle((230, 120, 730, 520), fill=ink)
    for n in range(14):
        x, y, size = rng.randint(270, 640), rng.randint(150, 430), rng.randint(20, 90)
        pen.ellipse(
            (x, y, x + size, min(505, y + size)), fill=accent if n % 3 else tuple(round(part * 0.7) for part in accent)
        )
    pen.line((230, 520, 180, 620), fill=accent, width=14)
    pen.line((730, 520, 780, 620), fill=accent, width=14)


def _page(pen: ImageDraw.ImageDraw, rng: random.Random, ink: Colour, accent: Colour) -> None:
    pen.rounded_rectangle((180, 110, 780, 540), 18, fill=ink)
    pen.rectangle((180, 150, 780, 158), fill=accent)
    for n in range(3):
        pen.ellipse((204 + 28 * n, 122, 220 + 28 * n, 138), fill=accent)
    pen.rounded_rectangle((220, 200, 220 + rng.randint(240, 460), 250), 8, fill=accent)
    for row in range(5):
        pen.rectangle(
            (220, 290 + 44 * row, 220 + rng.randint(220, 500), 306 + 44 * row), fill=tuple(part - 40 for part in ink)
        )


def _code(pen: ImageDraw.ImageDraw, rng: random.Random, ink: Colour, accent: Colour) -> None:
    pen.rounded_rectangle((170, 100, 790, 550), 18, fill=(24, 26, 34))
    for row in range(10):
        x = 210 + 40 * rng.choice((0, 0, 1, 1, 2))
        while x < 640 and rng.random() < 0.8:
            length = rng.randint(30, 130)
            pen.rounded_rectangle(
                (x, 140 + 39 * row, x + length, 156 + 39 * row), 8, fill=rng.choice((ink, accent, (120, 130, 150)))
            )
            x += length + 16


def _phone(pen: ImageDraw.ImageDraw, rng: random.Random, ink: Colour, accent: Colour) -> None:
    pen.rounded_rectangle((370, 70, 590, 570), 34, fill=(24, 26, 34))
    pen.rounded_rectangle((384, 100, 576, 540), 16, fill=ink)
    for row in range(4):
        for column in range(2):
            x, y = 400 + 86 * column, 130 + 96 * row
            pen.rounded_rectangle(
                (x, y, x + 72, y + 78), 14, fill=accent if rng.random() < 0.5 else tuple(part - 50 for part in ink)
            )


def _chart(pen: ImageDraw.ImageDraw, rng: random.Random, ink: Colour, accent: Colour) -> None:
    height = 60
    points = []
    for n in range(9):
        height = max(40, min(380, height + rng.randint(-40, 90)))
        x = 190 + 66 * n
        pen.rectangle((x, 540 - height, x + 44, 540), fill=ink)
        points.append((x + 22, 510 - height))
    pen.line(points, fill=accent, width=12, joint="curve")
    for x, y in points:
        pen.ellipse((x - 11, y - 11, x + 11, y + 11), fill=accent)


def _letters(pen: ImageDraw.ImageDraw, rng: random.Random, ink: Colour, accent: Colour) -> None:
    for n, colour in ((0, accent), (1, ink)):
        left, top = 200 + 130 * n, 90 + 90 * n
        pen.rectangle((left, top, left + 430, top + 370), fill=colour)
    for row in range(7):
        pen.rectangle(
            (370, 220 + 42 * row, 370 + rng.randint(180, 340), 232 + 42 * row), fill=tuple(part - 90 for part in ink)
        )


def _film(pen: ImageDraw.ImageDraw, rng: random.Random, ink: Colour, accent: Colour) -> None:
    pen.rectangle((120, 190, 840, 450), fill=(24, 26, 34))
    for n in range(18):
        for y in (205, 415):
            pen.rectangle((134 + 39 * n, y, 156 + 39 * n, y + 20), fill=ink)
    pen.polygon([(430, 255), (430, 385), (545, 320)], fill=accent if rng.random() < 0.5 else ink)


def _wave(pen: ImageDraw.ImageDraw, rng: random.Random, ink: Colour, accent: Colour) -> None:
    beat, swing = 2 + 4 * rng.random(), rng.random()
    for n in range(48):
        t = n / 47
        height = 30 + 190 * abs(math.sin(math.pi * t) * math.sin(beat * math.pi * t + swing)) + rng.randint(0, 24)
        x = 130 + 15 * n
        pen.rounded_rectangle((x, 320 - height, x + 9, 320 + height), 4, fill=accent if n % 4 == 0 else ink)


MOTIFS: Final[Mapping[str, Artist]] = {
    "mark": _mark, "canvas": _canvas, "page": _page, "code": _code, "phone": _phone, "chart": _chart, "letters": _letters,
    "film": _film, "wave": _wave,
}  # fmt: skip

"""Drawn pictures for made-up things: a still life on a soft ground, different for every title, the same every time."""

import io
import math
import random
from collections.abc import Callable
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFilter

SIZE = 900
Colour: TypeAlias = tuple[int, int, int]
Artist: TypeAlias = Callable[[ImageDraw.ImageDraw, random.Random, Colour, Colour], None]


def draw(title: str, motif: str) -> bytes:
    """A JPEG of SIZE x SIZE pixels. `motif` is one of MOTIFS; an unknown one is drawn as a vase."""
    rng = random.Random(title)  # noqa: S311 - a picture, no secret
    hue = rng.random()
    ground, main, accent = _colour(hue, 0.18, 0.95), _colour(hue + 0.5, 0.55, 0.62), _colour(hue + 0.58, 0.7, 0.38)
    image = _ground(ground)
    shadow = Image.new("L", (SIZE, SIZE), 0)
    ImageDraw.Draw(shadow).ellipse((210, 690, 690, 770), fill=110)
    image.paste(Image.new("RGB", (SIZE, SIZE), _darker(ground, 0.55)), mask=shadow.filter(ImageFilter.GaussianBlur(24)))
    MOTIFS.get(motif, _vase)(ImageDraw.Draw(image), rng, main, accent)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=86)
    return out.getvalue()


def draw_damaged(title: str, motif: str) -> bytes:
    """The same, with a crack through it: what a side of a dispute shows."""
    rng = random.Random(title)  # noqa: S311 - a picture, no secret
    with Image.open(io.BytesIO(draw(title, motif))) as image:
        d = ImageDraw.Draw(image)
        for _ in range(3):
            x, y = rng.randint(380, 520), rng.randint(320, 420)
            line = [(x, y)]
            for _ in range(9):
                x, y = x + rng.randint(-45, 45), y + rng.randint(18, 42)
                line.append((x, y))
            d.line(line, fill=(30, 26, 24), width=rng.randint(4, 8))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=86)
    return out.getvalue()


def _colour(hue: float, saturation: float, value: float) -> Colour:
    import colorsys

    r, g, b = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(r * 255), round(g * 255), round(b * 255)


def _darker(colour: Colour, by: float) -> Colour:
    r, g, b = colour
    return round(r * by), round(g * by), round(b * by)


def _ground(colour: Colour) -> Image.Image:
    top, bottom = Image.new("RGB", (SIZE, SIZE), colour), Image.new("RGB", (SIZE, SIZE), _darker(colour, 0.8))
    return Image.composite(bottom, top, Image.linear_gradient("L").resize((SIZE, SIZE)))


def _vase(d: ImageDraw.ImageDraw, rng: random.Random, main: Colour, accent: Colour) -> None:
    outline = []
    belly, neck = rng.randint(130, 190), rng.randint(45, 75)
    for i in range(101):
        t = i / 100
        outline.append((neck + (belly - neck) * math.sin(math.pi * min(1, t * 1.15)) ** 1.4, 230 + 500 * t))
    d.polygon([(450 - w, y) for w, y in outline] + [(450 + w, y) for w, y in reversed(outline)], fill=main)
    for k in range(rng.randint(2, 4)):
        y = 380 + 80 * k
        width = next(w for w, at in outline if at >= y)
        d.line((450 - width, y, 450 + width, y), fill=accent, width=16)
    d.ellipse((450 - neck, 215, 450 + neck, 245), fill=_darker(main, 0.6))


def _watch(d: ImageDraw.ImageDraw, rng: random.Random, main: Colour, accent: Colour) -> None:
    d.rounded_rectangle((380, 120, 520, 780), 40, fill=_darker(accent, 0.8))
    d.ellipse((250, 250, 650, 650), fill=main)
    d.ellipse((285, 285, 615, 615), fill=(250, 248, 242))
    for hour in range(12):
        a = math.radians(hour * 30)
        d.line(
            (450 + 140 * math.sin(a), 450 - 140 * math.cos(a), 450 + 158 * math.sin(a), 450 - 158 * math.cos(a)),
            fill=accent,
            width=8,
        )
    for length, width, turn in ((85, 14, rng.random()), (125, 8, rng.random())):
        a = 2 * math.pi * turn
        d.line(
            (450, 450, 450 + length * math.sin(a), 450 - length * math.cos(a)), fill=_darker(accent, 0.6), width=width
        )
    d.ellipse((436, 436, 464, 464), fill=accent)


def _camera(d: ImageDraw.ImageDraw, rng: random.Random, main: Colour, accent: Colour) -> None:
    d.rounded_rectangle((340, 260, 560, 380), 24, fill=_darker(main, 0.7))
    d.rounded_rectangle((200, 330, 700, 710), 44, fill=main)
    d.rectangle((200, 430, 700, 620), fill=_darker(accent, 0.7))
    for radius, shade in ((150, 0.35), (122, 0.9), (96, 0.25), (52, 0.6)):
        d.ellipse((450 - radius, 525 - radius, 450 + radius, 525 + radius), fill=_darker(accent, shade))
    d.ellipse((480, 470, 510, 500), fill=(255, 255, 255))
    d.ellipse((620, 355, 660, 395), fill=(250, 240, 200))


def _painting(d: ImageDraw.ImageDraw, rng: random.Random, main: Colour, accent: Colour) -> None:
    d.rectangle((190, 200, 710, 720), fill=(120, 84, 44))
    d.rectangle((220, 230, 680, 690), fill=(226, 232, 240))
    d.ellipse((520, 270, 610, 360), fill=(250, 214, 120))
    for layer in range(4):
        base = 430 + 70 * layer
        points = [(220 + 23 * i, base - rng.randint(0, 110 - 20 * layer)) for i in range(21)]
        shade = _darker(main, 1 - 0.2 * layer)
        d.polygon([(220, 690), *[(min(680, x), y) for x, y in points], (680, 690)], fill=shade)


def _chair(d: ImageDraw.ImageDraw, rng: random.Random, main: Colour, accent: Colour) -> None:
    for x1, x2 in ((300, 270), (600, 630), (360, 350), (540, 550)):
        d.line((x1, 520, x2, 750), fill=_darker(accent, 0.7), width=22)
    d.rounded_rectangle((280, 190, 620, 500), 60, fill=main)
    d.rounded_rectangle((255, 470, 645, 570), 40, fill=_darker(main, 0.8))
    for x in range(330, 600, rng.randint(40, 70)):
        d.line((x, 220, x, 470), fill=accent, width=6)


def _guitar(d: ImageDraw.ImageDraw, rng: random.Random, main: Colour, accent: Colour) -> None:
    d.rectangle((426, 110, 474, 480), fill=_darker(accent, 0.6))
    d.rounded_rectangle((406, 90, 494, 190), 14, fill=_darker(main, 0.6))
    d.ellipse((310, 380, 590, 600), fill=main)
    d.ellipse((270, 500, 630, 780), fill=main)
    d.ellipse((390, 490, 510, 610), fill=_darker(accent, 0.4))
    d.rectangle((380, 680, 520, 704), fill=_darker(accent, 0.6))
    for x in range(432, 472, 8):
        d.line((x, 120, x, 690), fill=(240, 236, 226), width=2)


def _console(d: ImageDraw.ImageDraw, rng: random.Random, main: Colour, accent: Colour) -> None:
    d.rounded_rectangle((290, 160, 610, 760), 46, fill=main)
    d.rounded_rectangle((330, 210, 570, 430), 20, fill=_darker(accent, 0.5))
    for _ in range(60):
        x, y = rng.randrange(345, 555, 14), rng.randrange(225, 415, 14)
        d.rectangle((x, y, x + 12, y + 12), fill=_darker((150, 220, 150), rng.uniform(0.5, 1)))
    d.rectangle((350, 540, 450, 570), fill=_darker(main, 0.4))
    d.rectangle((385, 505, 415, 605), fill=_darker(main, 0.4))
    d.ellipse((490, 560, 540, 610), fill=accent)
    d.ellipse((540, 510, 590, 560), fill=accent)


def _book(d: ImageDraw.ImageDraw, rng: random.Random, main: Colour, accent: Colour) -> None:
    for level in range(rng.randint(3, 4)):
        y, shade = 640 - 110 * level, 1 - 0.15 * level
        left = 240 + rng.randint(-30, 40)
        d.rounded_rectangle((left, y, left + 420, y + 100), 12, fill=_darker(main if level % 2 else accent, shade))
        d.rectangle((left + 30, y + 14, left + 420, y + 86), fill=(245, 240, 228))
        d.rectangle((left + 60, y, left + 84, y + 100), fill=_darker(accent, 0.5))


def _lamp(d: ImageDraw.ImageDraw, rng: random.Random, main: Colour, accent: Colour) -> None:
    reach = rng.randint(300, 420)
    d.ellipse((330, 700, 570, 760), fill=_darker(accent, 0.7))
    d.line((450, 730, 450, 730 - reach), fill=_darker(accent, 0.8), width=20)
    top, wide = 730 - reach, rng.randint(130, 190)
    d.polygon(
        [(450 - wide // 2, top - 170), (450 + wide // 2, top - 170), (450 + wide, top), (450 - wide, top)], fill=main
    )
    d.ellipse((450 - wide, top - 18, 450 + wide, top + 18), fill=(255, 240, 190))


def _kettle(d: ImageDraw.ImageDraw, rng: random.Random, main: Colour, accent: Colour) -> None:
    belly = rng.randint(165, 205)
    d.arc((450 - belly, 190, 450 + belly, 610), 180, 360, fill=_darker(accent, 0.6), width=26)
    d.polygon(
        [(450 + belly - 40, 600), (450 + belly + 110, 430), (450 + belly + 135, 455), (450 + belly - 10, 680)],
        fill=_darker(main, 0.8),
    )
    d.ellipse((450 - belly, 400, 450 + belly, 760), fill=main)
    d.rectangle((450 - belly + 40, 700, 450 + belly - 40, 762), fill=_darker(main, 0.7))
    d.ellipse((340, 400, 560, 450), fill=_darker(main, 0.75))
    d.ellipse((424, 365, 476, 417), fill=accent)


def _bag(d: ImageDraw.ImageDraw, rng: random.Random, main: Colour, accent: Colour) -> None:
    d.arc((340, 170, 560, 470), 180, 360, fill=_darker(accent, 0.7), width=28)
    d.rounded_rectangle((220, 310, 680, 750), 50, fill=main)
    flap = rng.randint(470, 560)
    d.rounded_rectangle((220, 310, 680, flap), 50, fill=_darker(main, 0.85))
    for x in (320, 560):
        d.rectangle((x, flap - 60, x + 30, flap + 50), fill=_darker(accent, 0.7))
        d.rectangle((x - 6, flap + 10, x + 36, flap + 36), fill=(214, 186, 110))


def _headphones(d: ImageDraw.ImageDraw, rng: random.Random, main: Colour, accent: Colour) -> None:
    d.arc((250, 180, 650, 700), 180, 360, fill=_darker(main, 0.6), width=rng.randint(30, 46))
    for left in (205, 575):
        d.rounded_rectangle((left, 420, left + 120, 690), 56, fill=main)
        inner = left + 70 if left < 400 else left - 10
        d.rounded_rectangle((inner, 440, inner + 60, 670), 30, fill=_darker(accent, 0.5))


MOTIFS: dict[str, Artist] = {
    "vase": _vase, "watch": _watch, "camera": _camera, "painting": _painting, "chair": _chair, "guitar": _guitar,
    "console": _console, "book": _book, "lamp": _lamp, "kettle": _kettle, "bag": _bag, "headphones": _headphones,
}  # fmt: skip

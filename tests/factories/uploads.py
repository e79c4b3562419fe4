"""Films, sounds and papers made on the spot."""

import io
import zipfile
from typing import Any

import av
from PIL import Image
from reportlab.pdfgen import canvas

CODECS = {"mp4": "libx264", "mov": "libx264", "webm": "libvpx"}


def a_film(
    container: str = "mp4", *, size: tuple[int, int] = (160, 120), seconds: float = 1.0, codec: str = "", **notes: str
) -> bytes:
    """Red first, then blue, ten frames a second, with these `notes` in it."""
    out = io.BytesIO()
    options = {"movflags": "use_metadata_tags"} if container != "webm" else {}
    with av.open(out, "w", format=container, options=options) as made:
        made.metadata.update(notes)
        stream = made.add_stream(codec or CODECS[container], rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for n in range(int(seconds * 10)):
            colour = (220, 20, 20) if n < 1 else (20, 20, 220)
            for packet in stream.encode(av.VideoFrame.from_image(Image.new("RGB", size, colour))):
                made.mux(packet)
        for packet in stream.encode():
            made.mux(packet)
    return out.getvalue()


def a_sound(container: str = "mp3", codec: str = "libmp3lame", seconds: int = 1) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container) as made:
        stream = made.add_stream(codec, rate=48000)
        stream.layout = "mono"
        fit = av.AudioResampler(
            format=stream.format.name, layout="mono", rate=48000, frame_size=stream.codec_context.frame_size
        )
        frame = av.AudioFrame(format="s16", layout="mono", samples=48000 * seconds)
        frame.rate, frame.pts = 48000, 0
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        for part in [*fit.resample(frame), *fit.resample(None)]:
            for packet in stream.encode(part):
                made.mux(packet)
        for packet in stream.encode():
            made.mux(packet)
    return out.getvalue()


def a_paper(pages: int = 1, **settings: Any) -> bytes:
    out = io.BytesIO()
    paper = canvas.Canvas(out, pagesize=(400, 600), **settings)
    for number in range(pages):
        paper.drawString(50, 500, f"Page {number + 1}")
        paper.showPage()
    paper.save()
    return out.getvalue()


def a_zip(**names: str) -> bytes:
    """An archive: `a_zip(**{"word/document.xml": "<x/>"})`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in names.items():
            archive.writestr(name, text)
    return out.getvalue()

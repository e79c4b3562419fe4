"""Run as a program of its own by `opening`: opens one video, sound or PDF that a stranger sent, and says what is in it.

    opener.py film|sound|paper SOURCE DEMUXER PICTURE CLEAN

Imports nothing of the service and is given nothing of its environment, for decoders are large and what they read is hostile.
Answers with JSON; exit code 3 is a file that is refused, with its reason as the answer. Times are milliseconds, sides pixels.
"""

import json
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

MEMORY: Final = 2 * 1024**3
"""Bytes of address space: what a frame of 8K takes, with the libraries."""
CPU_SECONDS: Final = 60
WALL_SECONDS: Final = 240
MOST_WRITTEN: Final = 4 * 1024**3
MOST_PIXELS: Final = 8192 * 4320
MOST_SIDE: Final = 1600
"""Of the picture that stands for the file."""
MOST_FRAMES: Final = 150
"""So many are decoded to find one to show."""
REFUSED: Final = 3
PLAYABLE: Final = frozenset({"h264", "hevc", "av1", "vp8", "vp9", "mpeg4", "mjpeg", "prores"})
IN_BROWSERS: Final = {
    "mp4": frozenset({"h264", "hevc", "av1", "aac", "mp3", "opus", "flac"}),
    "webm": frozenset({"vp8", "vp9", "av1", "opus", "vorbis"}),
}


class Refused(Exception):
    """The argument is the reason's code."""


def limit_ourselves() -> None:
    signal.alarm(WALL_SECONDS)
    for what, most in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_FSIZE, MOST_WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        with suppress(ValueError, OSError):  # not every system can
            resource.setrlimit(what, (most, most))


def film(source: str, demuxer: str, picture: str, clean: str) -> dict[str, Any]:
    """Duration and size, upright; a frame near the beginning as a PNG under `picture`; the film without its notes as `clean`."""
    import av

    with Path(source).open("rb") as file, av.open(file, "r", format=demuxer) as opened:
        stream = next((one for one in opened.streams.video if one.codec_context.width), None)
        if stream is None:
            if clean:
                raise Refused("no_video")
            return _heard(opened)  # a recording of sound only, in a container of films
        if stream.codec_context.name not in PLAYABLE:
            raise Refused("unsupported_codec")
        if stream.codec_context.width * stream.codec_context.height > MOST_PIXELS:
            raise Refused("video_too_large")
        stream.thread_type = "AUTO"
        duration = _duration(opened, stream)
        image = _frame_to_show(opened, stream, duration)
        width, height = image.size
        image.thumbnail((MOST_SIDE, MOST_SIDE))
        image.save(picture, "PNG", compress_level=1)
    if clean:
        _rewrite(source, demuxer, clean)
    return {"duration_ms": duration, "width": width, "height": height}


def _duration(opened: Any, stream: Any) -> int:
    """In milliseconds. What recorders in browsers write does not say: then the packets are counted."""
    if opened.duration:
        return int(opened.duration / 1000)
    if stream.duration:
        return int(stream.duration * stream.time_base * 1000)
    end = 0.0
    for packet in opened.demux(stream):
        if packet.pts is not None:
            end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    opened.seek(0)
    return round(end * 1000)


def _frame_to_show(opened: Any, stream: Any, duration: int) -> Any:
    """The frame at a tenth of the film or after three seconds, for many begin black; else the last that could be decoded."""
    target, shown = min(duration / 10_000, 3.0), None
    with suppress(OSError, ValueError):
        opened.seek(int(target * 1_000_000))
    for n, frame in enumerate(opened.decode(stream)):
        shown = frame
        if n >= MOST_FRAMES or (frame.time or 0) >= target:
            break
    if shown is None:
        raise Refused("file_damaged")
    image = shown.to_image()
    turn = round(getattr(shown, "rotation", 0) or 0)
    return image.rotate(turn, expand=True) if turn % 360 else image


def _rewrite(source: str, demuxer: str, clean: str) -> None:
    """The same pictures and sound in a container of our own: no place, no names, no further tracks, no trailing bytes."""
    import av

    container = "webm" if demuxer == "webm" else "mp4"
    options = {"movflags": "+faststart"} if container == "mp4" else {}
    with Path(source).open("rb") as file, av.open(file, "r", format=demuxer) as opened:
        wanted = [*opened.streams.video[:1], *opened.streams.audio[:1]]
        if any(one.codec_context.name not in IN_BROWSERS[container] for one in wanted):
            raise Refused("unsupported_codec")
        with av.open(clean, "w", format=container, options=options) as written:
            into = {one.index: written.add_stream_from_template(one) for one in wanted}
            for one in into.values():
                one.metadata.clear()
            for packet in opened.demux(wanted):
                if packet.dts is not None:
                    packet.stream = into[packet.stream.index]
                    written.mux(packet)


def sound(source: str, demuxer: str, picture: str, clean: str) -> dict[str, Any]:
    import av

    with Path(source).open("rb") as file, av.open(file, "r", format=demuxer) as opened:
        return _heard(opened)


def _heard(opened: Any) -> dict[str, Any]:
    if not opened.streams.audio:
        raise Refused("no_sound")
    stream = opened.streams.audio[0]
    next(opened.decode(stream))
    return {"duration_ms": _duration(opened, stream)}


def paper(source: str, demuxer: str, picture: str, clean: str) -> dict[str, Any]:
    """The number of pages and the first one as a PNG; neither of a paper that asks for a password."""
    import pypdfium2

    try:
        opened = pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            return {"pages": None}
        raise Refused("file_damaged") from error
    pages = len(opened)
    if not pages:
        raise Refused("file_damaged")
    page = opened[0]
    scale = min(MOST_SIDE / 2 / max(*page.get_size(), 1), 4)
    page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB").save(picture, "PNG", compress_level=1)
    return {"pages": pages}


def main(verb: str, source: str, demuxer: str, picture: str, clean: str) -> int:
    limit_ourselves()
    try:
        found = {"film": film, "sound": sound, "paper": paper}[verb](source, demuxer, picture, clean)
    except Refused as refused:
        return _say(refused.args[0], REFUSED)
    except MemoryError:
        return _say("too_demanding", REFUSED)
    except Exception:  # whatever a decoder says of damaged input
        return _say("file_damaged", REFUSED)
    return _say(found, 0)


def _say(answer: object, code: int) -> int:
    sys.stdout.write(json.dumps(answer))
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

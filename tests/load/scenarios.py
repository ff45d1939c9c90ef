"""What the visitors of a crowd do."""

import asyncio
import io
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from dashboard.data.upload_storage import MAX_VISITOR_BYTES
from tests.load.attacks import slow_files
from tests.load.server import MEGABYTE, Server
from tests.load.visitor import PageError, visiting

QUALITIES = ("30", "50", "80")
PAGES = ("", "rate_distortion", "models", "data", "trials")


@dataclass
class Tally:
    """What visitors saw.

    Attributes:
        seconds: Time of each answer.
        errors: What went wrong, in words.
    """

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def note(self, answer: Awaitable[float]) -> None:
        """Counts an answer."""
        try:
            self.seconds.append(await answer)
        except (PageError, OSError, TimeoutError, KeyError) as error:
            self.errors.append(f"{type(error).__name__}: {error}")

    def quantile(self, share: float) -> float:
        """Seconds below which that share of the answers lies."""
        return float(np.quantile(self.seconds, share)) if self.seconds else float("nan")


def image(seed: int, side: int = 160) -> bytes:
    """A PNG file of soft coloured shapes, another one for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def worst_file() -> bytes:
    """A small PNG file that claims the most pixels that are accepted, so that all are decoded."""
    file = io.BytesIO()
    Image.new("RGB", (6000, 6000)).save(file, "PNG", compress_level=9)
    return file.getvalue()


async def encode(server: Server, tally: Tally, *, seed: int) -> None:
    """One visitor uploads an image and encodes it at three qualities."""
    async with visiting(server.address) as visitor:
        await tally.note(visitor.open("compare", "codecs=JPEG"))
        if "upload" not in visitor.widgets:
            return
        await tally.note(visitor.upload("upload", f"{seed}.png", image(seed)))
        for quality in QUALITIES:
            await tally.note(visitor.set("jpeg_quality", string_array_value={"data": [quality]}))
        if not any("Your PNG image" in text for text in visitor.texts):
            tally.errors.append("The page does not show the upload.")


async def encoders(server: Server, *, count: int) -> tuple[Tally, dict[str, float], list[str]]:
    """Visitors who come at once, upload and encode."""
    tally = Tally()
    await asyncio.gather(*(encode(server, tally, seed=seed) for seed in range(count)))
    return tally, {"visitors": count}, _late(tally, 5.0)


async def readers(server: Server, *, count: int) -> tuple[Tally, dict[str, float], list[str]]:
    """Visitors who come at once and read a page each, to its end."""
    tally, first_paint = Tally(), Tally()

    async def read(number: int) -> None:
        page = PAGES[number % len(PAGES)]
        async with visiting(server.address) as visitor:
            await tally.note(visitor.open(page))
            if math.isnan(visitor.heading_seconds):
                tally.errors.append(f"The page {page!r} has no heading.")
            else:
                first_paint.seconds.append(visitor.heading_seconds)

    await asyncio.gather(*(read(number) for number in range(count)))
    facts = {"visitors": count, "first_paint_p95_seconds": first_paint.quantile(0.95)}
    return tally, facts, _late(tally, 5.0)


async def uploads(server: Server, *, count: int) -> tuple[Tally, dict[str, float], list[str]]:
    """One upload after another, each by a new visitor; the server must not grow."""
    tally, after_warm_up = Tally(), 0
    for number in range(count):
        async with visiting(server.address) as visitor:
            await tally.note(visitor.open("compare", "codecs=JPEG"))
            await tally.note(visitor.upload("upload", f"{number}.png", image(number)))
        if number + 1 == count // 10:
            after_warm_up = server.memory()
    growth = (server.memory() - after_warm_up) / MEGABYTE
    missed = [f"grew by {growth:.0f} MB, not 100 MB at most"] if growth > 100 else []
    return tally, {"uploads": count, "growth_megabytes": round(growth, 1)}, missed


async def flood(server: Server, *, count: int) -> tuple[Tally, dict[str, float], list[str]]:
    """Some visitors work, alone first and then while another sends the worst file in a loop."""
    alone, beside = Tally(), Tally()
    await asyncio.gather(*(encode(server, alone, seed=1000 + seed) for seed in range(count)))
    sent, stop = 0, asyncio.Event()

    async def send() -> None:
        nonlocal sent
        data = worst_file()
        async with visiting(server.address) as visitor:
            await visitor.open("compare", "codecs=JPEG")
            while not stop.is_set():
                await visitor.upload("upload", f"{sent}.png", data)
                sent += 1

    flooding = asyncio.create_task(send())
    await asyncio.sleep(3)
    end, seed = time.monotonic() + 60, 2000
    while time.monotonic() < end:
        await asyncio.gather(*(encode(server, beside, seed=seed + own) for own in range(count)))
        seed += count
    stop.set()
    await flooding
    before, after = alone.quantile(0.95), beside.quantile(0.95)
    facts = {"visitors": count, "worst_files": sent, "p95_alone": before, "p95_beside": after}
    missed = [f"p95 {after:.1f} s beside {before:.1f} s alone"] if after > 2 * before else []
    beside.errors += alone.errors
    return beside, facts, missed


async def hostile(server: Server, *, count: int) -> tuple[Tally, dict[str, float], list[str]]:
    """Two visitors ask for the slowest work on the largest images; the others come beside them.

    One asks for more than is allowed, again and again with another quality; one for as much as is.
    Then both leave in the middle of their work.
    """
    tally, began = Tally(), [asyncio.Event(), asyncio.Event()]
    data = large_photograph()

    async def attack(speed: int, event: asyncio.Event) -> None:
        query = f"codecs=AVIF&avif_speed={speed}&avif_subsampling=4:4:4&avif_quality=95"
        query += "&mode=My settings&part=Whole image"
        async with visiting(server.address) as visitor:
            await visitor.open("compare", query)
            uploading = asyncio.create_task(visitor.upload("upload", "large.jpg", data))
            await asyncio.sleep(8)
            event.set()
            await uploading
            while True:
                for quality in ("94", "93", "92"):
                    await visitor.set("avif_quality", string_array_value={"data": [quality]})

    attacks = [asyncio.create_task(attack(*pair)) for pair in zip((0, 7), began, strict=True)]
    await asyncio.gather(*(event.wait() for event in began))
    await asyncio.gather(*(encode(server, tally, seed=3000 + seed) for seed in range(count)))
    for task in attacks:
        task.cancel()
    ends = await asyncio.gather(*attacks, return_exceptions=True)
    tally.errors += [f"{end!r}" for end in ends if not isinstance(end, asyncio.CancelledError)]
    stopped = await _seconds_until_idle(server)
    missed = _late(tally, 5.0)
    if stopped > 5.0:
        missed.append(f"work went on for {stopped:.1f} s after the visitors left, not 5 s at most")
    return tally, {"visitors": count, "stopped_after_seconds": round(stopped, 1)}, missed


async def refusals(server: Server, *, count: int) -> tuple[Tally, dict[str, float], list[str]]:
    """One file that is refused, sent by one visitor after another: it is decoded once."""
    tally, data = Tally(), b"\x89PNG\r\n\x1a\n" + bytes(2_000_000)
    for number in range(count):
        async with visiting(server.address) as visitor:
            await tally.note(visitor.open("compare", "codecs=JPEG"))
            await tally.note(visitor.upload("upload", f"{number}.png", data))
    return tally, {"uploads": count}, _late(tally, 5.0)


async def slow_uploads(server: Server, *, count: int) -> tuple[Tally, dict[str, float], list[str]]:
    """Visitors send files that are slow, large or refused, in a loop, while others encode."""
    files, tally, stop = slow_files(), Tally(), asyncio.Event()
    sent: dict[str, int] = dict.fromkeys(files, 0)

    async def send(name: str) -> None:
        async with visiting(server.address) as visitor:
            await visitor.open("compare", "codecs=JPEG")
            while not stop.is_set():
                # Another content each time, for refusals are remembered.
                data = files[name] + (b"" if name.endswith(".bnk") else sent[name].to_bytes(4))
                await visitor.upload("upload", name, data)
                sent[name] += 1

    attacks = [asyncio.create_task(send(name)) for name in files]
    await asyncio.sleep(5)
    await asyncio.gather(*(encode(server, tally, seed=5000 + seed) for seed in range(count)))
    stop.set()
    ends = await asyncio.gather(*attacks, return_exceptions=True)
    tally.errors += [f"{end!r}" for end in ends if isinstance(end, Exception)]
    return (
        tally,
        {"visitors": count, **{f"sent_{name}": n for name, n in sent.items()}},
        _late(tally, 5.0),
    )


async def made_up_uploads(
    server: Server, *, count: int
) -> tuple[Tally, dict[str, float], list[str]]:
    """One visitor sends files that no widget asked for; the server keeps a bounded part of them."""
    tally, size = Tally(), 10 * MEGABYTE
    before = server.memory()
    async with visiting(server.address) as visitor:
        await tally.note(visitor.open("compare", "codecs=JPEG"))
        for number in range(count):
            await visitor.send_unasked(f"{number}", bytes(size))
        growth = (server.memory() - before) / MEGABYTE
    most = MAX_VISITOR_BYTES / MEGABYTE + 100
    missed = [f"grew by {growth:.0f} MB, not {most:.0f} MB at most"] if growth > most else []
    return tally, {"uploads": count, "growth_megabytes": round(growth, 1)}, missed


def large_photograph() -> bytes:
    """A JPEG file of 4000x4000 pixels with detail everywhere."""
    pixels = np.random.default_rng(7).integers(0, 256, (500, 500, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).resize((4000, 4000), Image.Resampling.BICUBIC).save(file, "JPEG")
    return file.getvalue()


async def _seconds_until_idle(server: Server) -> float:
    """Time until the processes that compute for visitors use less than a tenth of a processor."""
    started, pause = time.monotonic(), 0.5
    while time.monotonic() - started < 60:
        before = server.work_seconds()
        await asyncio.sleep(pause)
        if server.work_seconds() - before < 0.1 * pause:
            break
    return time.monotonic() - started - pause


def _late(tally: Tally, bound: float) -> list[str]:
    late = tally.quantile(0.95)
    return [f"p95 {late:.1f} s, not {bound:g} s at most"] if late > bound else []


SCENARIOS: dict[str, tuple[Callable[..., Awaitable], int]] = {
    "encoders": (encoders, 20),
    "readers": (readers, 50),
    "uploads": (uploads, 200),
    "flood": (flood, 5),
    "hostile": (hostile, 12),
    "refusals": (refusals, 6),
    "slow_uploads": (slow_uploads, 5),
    "made_up_uploads": (made_up_uploads, 40),
}

"""Writing tags into an XMP file, everything else in it kept."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

LIMIT_SECONDS = 60.0
"""Longest time for one file."""

_EMPTY = (
    "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>"
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'></rdf:RDF>"
    "</x:xmpmeta><?xpacket end='w'?>\n"
)


class NotWritten(RuntimeError):
    """exiftool refused; the message is its own."""


@asynccontextmanager
async def replacing(target: Path) -> AsyncIterator[Path]:
    """A temporary path beside `target`; moved onto it when the block ends well, else removed.

    Works beside photos of external libraries too, which lie outside the media root.
    """
    temporary = target.with_name(f".{uuid4().hex}.xmp")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


async def write_tags(exiftool: Path, lines: list[str], source: Path, copy: Path) -> None:
    """Write `source` with changed tags to `copy`; a `source` that is missing or empty starts a new XMP.

    `source` is only read. `lines` are exiftool's assignments, values
    escaped as HTML.

    Raises:
        NotWritten: `source` is no XMP, or exiftool took too long; `copy` may be left half done.
    """
    await asyncio.to_thread(_prepare, source, copy)
    process = await asyncio.create_subprocess_exec(
        exiftool, "-m", "-E", "-charset", "UTF8", "-overwrite_original", "-@", "-", copy,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            said, _ = await process.communicate("\n".join([*lines, ""]).encode())
    except TimeoutError as error:
        raise NotWritten(f"exiftool gave no answer for {LIMIT_SECONDS:g} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise NotWritten(said.decode("utf-8", "replace").strip().replace(str(copy), source.name))


def _prepare(source: Path, copy: Path) -> None:
    if source.is_file() and source.stat().st_size > 0:
        shutil.copyfile(source, copy)
    else:
        copy.write_text(_EMPTY, encoding="utf-8")

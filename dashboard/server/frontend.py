"""Serves the files of Streamlit's frontend from memory and preloads those that a page needs.

A page is made of about 140 files. Streamlit reads each from disk in a thread for every visitor,
which makes the browser wait while the server computes a page; and the browser asks for most of
them only when the first element that needs them has arrived. The charts' library is marked so
that the browser compiles it while it arrives.
"""

import mimetypes
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.file_util import get_static_dir

#: Modules of Streamlit's frontend that each page of the dashboard needs.
MODULES = ("Html", "Selectbox", "ButtonGroup", "DownloadButton", "PageLink", "BidiComponent")
#: Module of Streamlit's frontend with the charts.
CHARTS = "PlotlyChart"
#: What the first screen of a page needs besides; a page that is not listed has a chart there.
MODULES_OF_PAGES: Mapping[str, Sequence[str]] = {
    "compare": ("FileUploader", "Multiselect", "Checkbox", "Slider", "DataFrame", "ImageList"),
    "data": ("Metric", "Table"),
    "findings": (CHARTS, "Metric"),
    "gallery": ("Pagination",),
    "models": ("DataFrame", "ImageList", "Metric"),
    "rate_distortion": (CHARTS, "Checkbox", "Multiselect", "NumberInput", "Table", "Slider"),
    "training": (CHARTS, "Multiselect", "Checkbox", "Slider"),
    "trials": (CHARTS, "Table"),
}
#: Start and end of the function with the whole charts' library, before and after a change. V8
#: compiles a function in parentheses while the file arrives, in another thread; any other one it
#: skips then, and parses once more in the page's own thread when it is called: 0.25 s of a core.
COMPILED_AT_ONCE = (
    (b"typeof self<`u`?self:n,()=>{", b"typeof self<`u`?self:n,(()=>{"),
    (b"return window.Plotly=e,e})", b"return window.Plotly=e,e}))"),
)

_IMPORT = re.compile(r"""(?:from|import)\s*["']\./([\w.-]+\.js)["']""")
#: Static imports stand at the start of a module.
_IMPORTS_END = 20_000
#: The name of a file contains the hash of its content, so that a browser may keep it.
_KEEP = b"public, immutable, max-age=31536000"


class FrontendFiles:
    """ASGI middleware: files of the frontend from memory, and links that preload modules."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._folder = Path(get_static_dir())
        self._names = {
            file.relative_to(self._folder).as_posix()
            for file in (self._folder / "static").glob("*/*")
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request for a file of the frontend; passes on every other one."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        name = _file_name(scope["path"])
        if name in self._names:
            await _send_file(self._folder / name, send)
        else:
            preloads = preload_links(self._folder, scope["path"])
            await self._app(scope, receive, _HtmlEditor(send, preloads))


def preload_links(folder: Path, path: str) -> bytes:
    """HTML links that preload the modules which the page at that address needs.

    Args:
        folder: Folder of Streamlit's frontend.
        path: Path of the requested page.
    """
    page = path.rstrip("/").rpartition("/")[2]
    return _links(folder, (*MODULES_OF_PAGES.get(page, (CHARTS,)), *MODULES))


@cache
def _links(folder: Path, modules: tuple[str, ...]) -> bytes:
    index = (folder / "index.html").read_text(encoding="utf-8")
    files = [name for name in _with_imports(folder / "static" / "js", modules) if name not in index]
    return "".join(
        f'<link rel="modulepreload" crossorigin href="./static/js/{name}">\n' for name in files
    ).encode()


def _with_imports(folder: Path, modules: Iterable[str]) -> list[str]:
    """Files of the modules, and those that they import, each once."""
    found: dict[str, None] = {}
    waiting = [file.name for name in modules for file in folder.glob(f"{name}.*.js")]
    while waiting:
        name = waiting.pop(0)
        if name not in found and (folder / name).is_file():
            found[name] = None
            waiting += _imports(folder / name)
    return list(found)


def _imports(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8") as opened:
        for match in _IMPORT.finditer(opened.read(_IMPORTS_END)):
            yield match.group(1)


def _file_name(path: str) -> str:
    """Name within the folder of the frontend, whatever base path the server has."""
    _, slash, name = path.partition("/static/")
    return f"static/{name}" if slash else ""


async def _send_file(file: Path, send: Send) -> None:
    content = _content(file)
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", _KEEP),
    ]
    await send(_start(headers))
    await send({"type": "http.response.body", "body": content})


@cache
def _content(file: Path) -> bytes:
    """Content of a file; the frontend as a whole has 26 MB, and a page asks for 10."""
    content = file.read_bytes()
    return compiled_at_once(content) if file.name.startswith(f"{CHARTS}.") else content


def compiled_at_once(module: bytes) -> bytes:
    """The module of the charts, changed so that a browser compiles it while it arrives.

    A module of another version of Streamlit, in which the two places are not found, is given back
    as it is.
    """
    if any(module.count(before) != 1 for before, _ in COMPILED_AT_ONCE):
        return module
    for before, after in COMPILED_AT_ONCE:
        module = module.replace(before, after)
    return module


def _start(headers: Sequence[tuple[bytes, bytes]]) -> Message:
    return {"type": "http.response.start", "status": 200, "headers": headers}


class _HtmlEditor:
    """Sends a response on, with links added to the head of an HTML document."""

    def __init__(self, send: Send, links: bytes) -> None:
        self._send = send
        self._links = links
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        """Takes one part of the response."""
        if message["type"] == "http.response.start" and _is_html(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_document(self._start)

    async def _send_document(self, start: Message) -> None:
        body = self._body.replace(b"</head>", self._links + b"</head>", 1)
        # The tag of the unchanged file would let a browser keep a document without the links.
        dropped = (b"content-length", b"etag", b"last-modified")
        kept = [header for header in start["headers"] if header[0].lower() not in dropped]
        await self._send(_start([*kept, (b"content-length", str(len(body)).encode())]))
        await self._send({"type": "http.response.body", "body": body})


def _is_html(message: Message) -> bool:
    headers = {name.lower(): value for name, value in message["headers"]}
    kind: bytes = headers.get(b"content-type", b"")
    return bool(message["status"] == 200 and kind.startswith(b"text/html"))

"""One visitor of the dashboard as its server sees one, without a browser.

Speaks Streamlit's own protocol: protocol buffers over a WebSocket, uploads by HTTP PUT.
"""

import asyncio
import math
import time
import urllib.request
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

#: A run that takes longer counts as an error.
PATIENCE_SECONDS = 120.0
_COOKIE = "_streamlit_xsrf"
_MAX_BYTES = 256 << 20


class PageError(Exception):
    """The page showed an exception, or its run did not end well."""


@dataclass
class Visitor:
    """One open page.

    Attributes:
        address: Address of the server, such as http://127.0.0.1:8501.
        socket: Connection to it.
        cookie: Token that uploads must carry.
        widgets: Ids of the page's elements by the key that the page gave them.
        states: What the visitor has set, by id.
        texts: All words of the last run.
        heading_seconds: Time of the last run until the page's own heading was there, the first
            that is painted of the page itself; NaN for a page without one.
    """

    address: str
    socket: ClientConnection
    cookie: str
    page: str = ""
    query: str = ""
    session: str = ""
    widgets: dict[str, str] = field(default_factory=dict)
    states: dict[str, WidgetState] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    heading_seconds: float = math.nan

    async def open(self, page: str, query: str = "") -> float:
        """Seconds until the whole page is there."""
        self.page, self.query = page, query
        return await self.run()

    async def set(self, key: str, **value: object) -> float:
        """Seconds until the page has answered a widget's new value, such as `int_value=3`."""
        widget = self.widgets[key]
        self.states[widget] = WidgetState(id=widget, **value)
        return await self.run()

    async def upload(self, key: str, name: str, data: bytes) -> float:
        """Seconds until the page has answered an upload."""
        started = time.perf_counter()
        request = BackMsg()
        request.file_urls_request.request_id = name
        request.file_urls_request.file_names.append(name)
        request.file_urls_request.session_id = self.session
        await self._send(request)
        while True:
            message = await self._receive()
            if message.WhichOneof("type") == "file_urls_response":
                break
        (urls,) = message.file_urls_response.file_urls
        await asyncio.to_thread(self._put, urls.upload_url, name, data)
        state = WidgetState(id=self.widgets[key])
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.name, info.size, info.file_id = name, len(data), urls.file_id
        info.file_urls.CopyFrom(urls)
        self.states[state.id] = state
        await self.run()
        return time.perf_counter() - started

    async def send_unasked(self, file_id: str, data: bytes) -> None:
        """Uploads a file under an id of the visitor's own, which no widget of the page knows."""
        url = f"_stcore/upload_file/{self.session}/{file_id}"
        await asyncio.to_thread(self._put, url, file_id, data)

    async def run(self) -> float:
        """Seconds of one run of the page's script.

        Raises:
            PageError: The page showed an exception, or its script did not end well.
            TimeoutError: It took too long.
        """
        started = time.perf_counter()
        request = BackMsg()
        request.rerun_script.page_name = self.page
        request.rerun_script.query_string = self.query
        request.rerun_script.widget_states.widgets.extend(self.states.values())
        await self._send(request)
        self.texts, self.heading_seconds = [], math.nan
        while True:
            message = await self._receive()
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session = message.new_session.initialize.session_id
            elif kind == "delta":
                self._take(message)
                if math.isnan(self.heading_seconds) and _is_heading(message):
                    self.heading_seconds = time.perf_counter() - started
            elif kind == "page_not_found":
                raise PageError(f"There is no page {self.page!r}.")
            elif kind == "script_finished":
                status = ForwardMsg.ScriptFinishedStatus.Name(message.script_finished)
                if status == "FINISHED_SUCCESSFULLY":
                    return time.perf_counter() - started
                if status != "FINISHED_EARLY_FOR_RERUN":  # the page goes on by itself
                    raise PageError(f"{self.page}: {status}")

    def _take(self, message: ForwardMsg) -> None:
        """Notes ids and words of what the page shows."""
        if message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        content = getattr(element, kind) if kind else None
        if kind == "exception":
            raise PageError(f"{self.page}: {content.type} {content.message}")
        identity = getattr(content, "id", "")
        if isinstance(identity, str) and "-" in identity:
            self.widgets[identity.rpartition("-")[2]] = identity
        self.texts += _words(content)

    def _put(self, url: str, name: str, data: bytes) -> None:
        boundary = "visitor"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; '
        head += f'filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Cookie": f"{_COOKIE}={self.cookie}",
            "X-Xsrftoken": self.cookie,
        }
        request = urllib.request.Request(
            f"{self.address}/{url.lstrip('/')}", data=body, headers=headers, method="PUT"
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS):
            pass

    async def _send(self, message: BackMsg) -> None:
        await self.socket.send(message.SerializeToString())

    async def _receive(self) -> ForwardMsg:
        data = await asyncio.wait_for(self.socket.recv(), PATIENCE_SECONDS)
        return ForwardMsg.FromString(data)


@asynccontextmanager
async def visiting(address: str):
    """A visitor whose connection ends with the block."""
    cookie = await asyncio.to_thread(_cookie, address)
    async with connect(
        f"{address.replace('http', 'ws', 1)}/_stcore/stream",
        subprotocols=["streamlit"],
        max_size=_MAX_BYTES,
        open_timeout=PATIENCE_SECONDS,
        ping_timeout=PATIENCE_SECONDS,
        additional_headers={"Cookie": f"{_COOKIE}={cookie}"},
    ) as socket:
        yield Visitor(address, socket, cookie)


def _cookie(address: str) -> str:
    with urllib.request.urlopen(f"{address}/_stcore/health", timeout=PATIENCE_SECONDS) as answer:
        cookies = answer.headers.get_all("Set-Cookie") or []
    values = [text.split(";")[0].partition("=")[2] for text in cookies if text.startswith(_COOKIE)]
    return values[0] if values else ""


def _is_heading(message: ForwardMsg) -> bool:
    return message.delta.new_element.WhichOneof("type") == "heading"


def _words(content: Message | None) -> list[str]:
    if content is None:
        return []
    values = [value for field, value in content.ListFields() if field.name in ("body", "label")]
    return [value for value in values if isinstance(value, str)]

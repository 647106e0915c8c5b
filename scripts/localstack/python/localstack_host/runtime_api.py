"""The Lambda Runtime API (2018-06-01) for one execution environment."""

import json
import queue
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "/2018-06-01/runtime"


@dataclass
class Invocation:
    request_id: str
    arn: str
    body: bytes
    deadline_ms: int
    trace_id: str
    done: threading.Event = field(default_factory=threading.Event)
    payload: bytes = b""
    is_error: bool = False

    def finish(self, payload: bytes, is_error: bool) -> None:
        if not self.done.is_set():
            self.payload, self.is_error = payload, is_error
            self.done.set()


class RuntimeApi:
    def __init__(self) -> None:
        self.ready = threading.Event()
        """Set by the first question for work, or by an init error."""
        self.init_error: bytes | None = None
        self.current: Invocation | None = None
        self._queue: queue.Queue[Invocation | None] = queue.Queue()
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.api = self
        threading.Thread(target=self._server.serve_forever, daemon=True, name="lambda-runtime-api").start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def reset(self) -> None:
        """Before a new process: whoever still waits for the one before is let go."""
        self._queue.put(None)
        self._queue = queue.Queue()
        self.ready.clear()
        self.init_error = None
        self.current = None

    def submit(self, invocation: Invocation) -> None:
        self._queue.put(invocation)

    def take(self) -> Invocation | None:
        self.ready.set()
        self.current = self._queue.get()
        return self.current

    def close(self) -> None:
        self._queue.put(None)
        # Aside, because `shutdown` waits up to half a second: 48 environments took 24 s.
        threading.Thread(target=self._close, daemon=True).start()

    def _close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    api: RuntimeApi

    def handle_error(self, request, client_address) -> None:
        """A process that is killed resets its connections."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Head and body leave together: in two segments the second would wait 40 ms for an acknowledgement.
    wbufsize = -1
    server: Server

    def log_message(self, *arguments) -> None:
        pass

    def do_GET(self) -> None:
        if self.path != f"{PREFIX}/invocation/next":
            return self._reply(404)
        invocation = self.server.api.take()
        if invocation is None:
            return self._reply(410)
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        self._reply(200, invocation.body, headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        api = self.server.api
        if self.path == f"{PREFIX}/init/error":
            api.init_error = body
            api.ready.set()
            return self._reply(202)
        invocation = api.current
        path = f"{PREFIX}/invocation/{invocation.request_id}" if invocation else ""
        if self.path not in (f"{path}/response", f"{path}/error"):
            return self._reply(404)
        invocation.finish(body, is_error=self.path.endswith("/error"))
        self._reply(202)

    def _reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            pass  # The process was killed.


def error_payload(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()

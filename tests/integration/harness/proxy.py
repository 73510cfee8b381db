"""A reverse proxy in front of an S3 server: it counts what is asked of the origin, and lies on demand.

Requests go on as they came (Host included: it is signed), so the server behind sees the signature that Hearth made.
A fault is a function (exchange) -> None that answers in the proxy's stead; harness/faults.py has them.
"""

import dataclasses
import http.client
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}


@dataclasses.dataclass
class Seen:
    """One request as the origin saw it."""

    method: str
    target: str
    headers: dict  # names in lower case
    status: int = 0
    body_bytes: int = 0  # sent to Hearth

    @property
    def is_data(self):
        """A GET of an object's bytes: a bucket and a key, no list."""
        path, _, query = self.target.partition("?")
        return self.method == "GET" and path.strip("/").count("/") >= 1 and "list-type" not in query


class Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: "Proxy"

    def do_GET(self):  # noqa: N802 (the base class names it)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen = Seen(self.command, self.path, headers)
        self.server.note(self.seen)
        fault = self.server.fault_for(self.seen)
        try:
            (fault or Exchange.pass_on)(self)
        except (BrokenPipeError, ConnectionResetError, ConnectionRefusedError):
            self.close_connection = True

    do_HEAD = do_GET

    def ask_origin(self, drop=()):
        """The real origin's answer: (status, headers as a list, body). `drop`: request headers left out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.upstream_port, timeout=60)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP_BY_HOP and name.lower() not in drop:
                    connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            headers = [(n, v) for n, v in response.getheaders() if n.lower() not in HOP_BY_HOP]
            return response.status, headers, response.read()
        finally:
            connection.close()

    def pass_on(self):
        self.answer(*self.ask_origin())

    def answer(self, status, headers, body, send=None):
        """Sends head and body; with `send`, only so many of the body's bytes, and then cuts the connection."""
        self.seen.status = status
        self.send_response_only(status)
        names = {name.lower() for name, _ in headers}
        if "content-length" not in names:
            headers = [*headers, ("Content-Length", str(len(body)))]
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            piece = body if send is None else body[:send]
            self.wfile.write(piece)
            self.seen.body_bytes = len(piece)
        self.wfile.flush()
        if send is not None:
            self.cut()

    def cut(self):
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format, *arguments):  # noqa: A002 (the base class names it)
        pass


class Proxy(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, upstream_port):
        super().__init__(("127.0.0.1", 0), Exchange)
        self.upstream_port = upstream_port
        self.released = threading.Event()  # set at the end: whoever stalls goes home
        self._lock = threading.Lock()
        self._seen = []
        self._connections = set()
        self._fault = None
        self._when = None
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"s3+http://127.0.0.1:{self.server_port}?name=s3"

    def note(self, seen):
        with self._lock:
            self._seen.append(seen)

    def lie(self, fault, when=lambda seen: True):
        """From now on `fault` answers the requests for which `when` is true; None: the truth again."""
        with self._lock:
            self._fault, self._when = fault, when

    def fault_for(self, seen):
        with self._lock:
            return self._fault if self._fault and self._when(seen) else None

    def reset(self):
        """Forgets what was seen."""
        with self._lock:
            self._seen = []

    @property
    def seen(self):
        with self._lock:
            return list(self._seen)

    @property
    def data_requests(self):
        return [seen for seen in self.seen if seen.is_data]

    @property
    def data_bytes(self):
        return sum(seen.body_bytes for seen in self.data_requests)

    def process_request(self, request, client_address):
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def stop(self):
        """Cuts every connection and no longer listens: new ones are refused."""
        self.released.set()
        self.shutdown()
        self.socket.close()
        self._thread.join()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # gone already
        self.server_close()

    def handle_error(self, request, client_address):
        pass

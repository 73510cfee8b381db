"""Plain HTTP: an answer as it came, complete or cut, without the manners of an SDK."""

import dataclasses
import http.client
import socket
import urllib.parse


def encode_key(key):
    """A key (str or bytes) as it stands in a request target."""
    return urllib.parse.quote(key, safe="/-._~")


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict  # names in lower case
    body: bytes
    cut: bool = False  # the connection ended before the length that the headers promised

    @property
    def cache(self):
        return self.headers.get("x-cache")


def fetch(endpoint, target, method="GET", headers=None, body=None, timeout=60):
    """One request on a connection of its own. `target` goes out as it stands, already encoded; `headers` is a dict, or a
    list of pairs where a name comes twice."""
    address = urllib.parse.urlsplit(endpoint)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=timeout)
    try:
        return request(connection, target, method, headers, body)
    finally:
        connection.close()


def request(connection, target, method="GET", headers=None, body=None):
    pairs = list(headers.items() if isinstance(headers, dict) else headers or [])
    has_host = any(name == "Host" for name, _ in pairs)
    connection.putrequest(method, target, skip_host=has_host, skip_accept_encoding=True)
    for name, value in pairs:
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    names = {name.lower(): value for name, value in response.getheaders()}
    try:
        return Answer(response.status, names, response.read())
    except http.client.IncompleteRead as error:
        return Answer(response.status, names, error.partial, cut=True)
    except (ConnectionResetError, BrokenPipeError):
        return Answer(response.status, names, b"", cut=True)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout=60):
        super().__init__("localhost", timeout=timeout)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def exchange(endpoint, data, timeout=20, shutdown=False):
    """Sends raw bytes, and returns all that comes back until the server closes."""
    address = urllib.parse.urlsplit(endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=timeout) as connection:
        connection.sendall(data)
        if shutdown:
            connection.shutdown(socket.SHUT_WR)
        pieces = []
        while True:
            try:
                piece = connection.recv(65536)
            except ConnectionResetError:
                break
            if not piece:
                break
            pieces.append(piece)
    return b"".join(pieces)

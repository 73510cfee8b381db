"""Ways in which an origin lies or fails: functions of an Exchange (harness/proxy.py)."""

import socket
import struct


def hang_up(exchange):
    """Closes without a word."""
    exchange.cut()


def reset(exchange):
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    exchange.connection.close()
    exchange.close_connection = True


def silent(exchange):
    """Takes the request and never answers."""
    exchange.server.released.wait(120)
    exchange.close_connection = True


def cut_after(count):
    """The right headers, then only `count` bytes of the body."""
    return lambda exchange: exchange.answer(*exchange.ask_origin(), send=count)


def stall_after(count):
    """The right headers and `count` bytes, then nothing more, on an open connection."""

    def fault(exchange):
        status, headers, body = exchange.ask_origin()
        exchange.send_response_only(status)
        for name, value in headers:
            exchange.send_header(name, value)
        exchange.end_headers()
        exchange.wfile.write(body[:count])
        exchange.wfile.flush()
        silent(exchange)

    return fault


def changed_headers(change):
    """The right answer with `change(headers)` for its headers, a list of pairs."""

    def fault(exchange):
        status, headers, body = exchange.ask_origin()
        exchange.answer(status, change(headers), body)

    return fault


def _without(name):
    return lambda headers: [(n, v) for n, v in headers if n.lower() != name]


def _replaced(name, replace):
    return lambda headers: [(n, replace(v) if n.lower() == name else v) for n, v in headers]


no_etag = changed_headers(_without("etag"))
weak_etag = changed_headers(_replaced("etag", lambda value: "W/" + value))
other_etag = changed_headers(_replaced("etag", lambda value: '"0123456789abcdef0123456789abcdef"'))
no_content_range = changed_headers(_without("content-range"))
other_content_range = changed_headers(_replaced("content-range", lambda value: "bytes 7-1000006/9000000"))
other_object_size = changed_headers(_replaced("content-range", lambda value: value.split("/")[0] + "/99999999999"))


def length_off_by(delta):
    """Content-Length is wrong by `delta`; the body is the right one, then the connection ends."""

    def fault(exchange):
        status, headers, body = exchange.ask_origin()
        length = [(n, str(int(v) + delta) if n.lower() == "content-length" else v) for n, v in headers]
        exchange.answer(status, length, body, send=len(body))

    return fault


def ignore_range(exchange):
    """200 and the whole object for a range."""
    exchange.answer(*exchange.ask_origin(drop=("range",)))


def ignore_conditions(exchange):
    exchange.answer(*exchange.ask_origin(drop=("if-match", "if-none-match")))


def redirect_to(url):
    return lambda exchange: exchange.answer(307, [("Location", url)], b"")


def error(status, code, message="as the test wants it"):
    xml = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    return lambda exchange: exchange.answer(status, [("Content-Type", "application/xml")], xml)


def garbage_xml(exchange):
    exchange.answer(500, [("Content-Type", "application/xml")], b"<Error><Code>\xff\xfe<<<&&&;</Nope>" * 100)


def endless_headers(exchange):
    exchange.send_response_only(200)
    line = b"X-Padding: " + b"x" * 8000 + b"\r\n"
    for _ in range(20_000):  # 160 MB, unless the reader has had enough
        if exchange.server.released.is_set():
            break
        exchange.wfile.write(line)
    exchange.cut()


def no_http(exchange):
    exchange.wfile.write(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    exchange.cut()

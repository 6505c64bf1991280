# SPDX-License-Identifier: MIT
"""nc and fetch on the device, with a host's nc and servers; what all apps over TCP say to words they do not know."""
import contextlib
import hashlib
import http.server
import os
import re
import select
import socket
import socketserver
import subprocess
import threading

import pytest

from hosts import DEVICE, Host, connect, device_beside, read_all

DUT = os.environ.get("DUT", "weir")
HOST = "10.0.1.2"
TEXT = "".join(f"line {n}\n" for n in range(2000))


@pytest.fixture(scope="module", name="both")
def both_fixture():
    """(host, device)"""
    host = Host(1)
    try:
        with device_beside(host, DUT, "echo &\nsource -p 5019 -n 3000000 &\n") as device:
            connect(host, 7).close()
            yield host, device
    finally:
        host.close()


# ---- fetch

class Pages(http.server.BaseHTTPRequestHandler):
    """What a server may answer with."""

    protocol_version = "HTTP/1.1"

    def answer(self, status, fields, body=b""):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):  # pylint: disable=invalid-name
        data = TEXT.encode()
        if self.path == "/length":
            self.answer(200, {"Content-Length": len(data)}, data)
        elif self.path == "/chunks":
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (data[:1], data[1:999], data[999:]))
            self.answer(200, {"Transfer-Encoding": "chunked"}, chunks + b"0\r\n\r\n")
        elif self.path == "/close":
            self.answer(200, {"Connection": "close"}, data)
        elif self.path == "/short":
            self.answer(200, {"Content-Length": 10, "Connection": "close"}, b"short")
        elif self.path == "/there":
            self.answer(302, {"Location": "length", "Content-Length": 3}, b"no\n")
        elif self.path == "/round":
            self.answer(301, {"Location": "/round", "Content-Length": 0})
        elif self.path == "/away":
            self.answer(301, {"Location": "https://example.com/", "Content-Length": 0})
        else:
            self.answer(404, {"Content-Length": 3}, b"no\n")

    do_HEAD = do_GET

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


@pytest.fixture(scope="module", name="pages")
def pages_fixture(both):
    with both[0].inside():
        server = socketserver.ThreadingTCPServer((HOST, 8000), Pages)  # http.server's own asks for names
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://{HOST}:8000"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("path", ("/length", "/chunks", "/close", "/there", "/length#part"))
def test_fetch(both, pages, path):
    assert both[1].command(f"fetch {pages}{path}") == (0, TEXT)


def test_fetch_more(both, pages):
    device = both[1]
    assert device.command(f"fetch -o - {pages[7:]}/length") == (0, TEXT)
    assert device.command(f"fetch -o /dev/null {pages}/length") == (0, "")
    status, said = device.command(f"fetch -I {pages}/length")
    assert status == 0 and re.match(r"HTTP/1.1 200 OK\r?\n", said) and f"Content-Length: {len(TEXT)}" in said
    status, said = device.command(f"fetch -i {pages}/close")
    assert status == 0 and said.startswith("HTTP/1.1 200 OK") and said.endswith(TEXT)


WRONG = {
    "{}/nothing": "the server says 404",
    "{}/round": "too many redirects",
    "{}/away": "only http:// is known",
    "{}/short": "the connection ended before the body did",
    "-L 0 {}/there": "too many redirects",
    f"http://{HOST}:1/": "Connection refused",
    "https://x/": "only http:// is known",
    "http://:80/": "no host",
}


@pytest.mark.parametrize("words", WRONG)
def test_fetch_says_what_is_wrong(both, pages, words):
    status, said = both[1].command("fetch " + words.format(pages))
    assert status == 1 and said.endswith(f": {WRONG[words]}\n") and "fetch: " in said, said


# ---- nc

@contextlib.contextmanager
def running(device, line, stdin=""):
    """An app at work on the device meanwhile; yields what becomes (status, output)."""
    done = []
    thread = threading.Thread(target=lambda: done.append(device.command(line, stdin)))
    thread.start()
    yield done
    thread.join()


def host_nc(host, *words, stdin=b""):
    """The host's nc, as soon as somebody listens: what it prints."""
    for _ in range(100):
        done = subprocess.run(host.prefix + ["nc", *words], input=stdin, stdout=subprocess.PIPE, timeout=60, check=False)
        if done.returncode == 0:
            return done.stdout.decode()
        select.select([], [], [], 0.1)
    raise AssertionError(f"nobody listens: nc {words}")


def test_nc_sends_and_ends_its_half(both):
    """-N: the host's nc gets all and the end, and then still says something."""
    host, device = both
    with host.inside():
        listener = socket.create_server((HOST, 5001))
    with running(device, f"nc -N {HOST} 5001", TEXT) as done, listener:
        sock, _ = listener.accept()
        with sock:
            sock.settimeout(30)
            assert read_all(sock).decode() == TEXT
            sock.sendall(b"good bye\n")
    assert done == [(0, "good bye\n")]


def test_nc_listens(both):
    """The host's nc -N sends its file and ends; what the device's nc was given comes back all the same."""
    host, device = both
    with running(device, "nc -l -w 20 5002", TEXT) as done:
        assert host_nc(host, "-N", DEVICE, "5002", stdin=b"to the device\n") == TEXT
    assert done == [(0, "to the device\n")]


def test_nc_keeps_listening(both):
    host, device = both
    with running(device, "nc -l -k -w 3 5006") as done:
        for word in (b"one\n", b"two\n", b"three\n"):
            assert host_nc(host, "-N", DEVICE, "5006", stdin=word) == ""
    assert done[0][1] == "one\ntwo\nthree\n"


def test_nc_datagrams(both):
    host, device = both
    with host.inside():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((HOST, 5004))
        sock.settimeout(30)
    with sock, running(device, f"nc -u -p 5003 -w 3 {HOST} 5004", "hello\n") as done:
        assert sock.recvfrom(100) == (b"hello\n", (DEVICE, 5003))
        sock.sendto(b"and back\n", (DEVICE, 5003))
    assert done == [(0, "and back\n")]


def test_nc_looks(both):
    device = both[1]
    assert device.command(f"nc -z {DEVICE} 7") == (0, "")
    assert device.command(f"nc -z {DEVICE} 5555") == (1, "")
    status, said = device.command(f"nc -zv {DEVICE} 6-8")
    assert status == 0 and f"Connection to {DEVICE} 7 port [tcp/*] succeeded!" in said
    assert said.count("failed: Connection refused") == 2


# ---- source and sink

def test_source_sends_lines(both):
    """RFC 864's pattern, to an end."""
    data = read_all(connect(both[0], 5019))
    lines = "".join("".join(chr(32 + (n + i) % 95) for i in range(72)) + "\r\n" for n in range(95)).encode()
    want = (lines * (3_000_000 // len(lines) + 1))[:3_000_000]
    assert hashlib.sha256(data).digest() == hashlib.sha256(want).digest()


APPS = ("echo", "sink", "source", "httpd", "nc", "fetch")


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("words", ("--help", "-Q", "-p", "-p 0", "-p 65536", "-p 7x", "-p 7 -p"))
def test_usage(both, app, words):
    status, said = both[1].command(f"{app} {words}")
    assert status in (1, 2) and re.match(f"usage: {app} ", said), said


@pytest.mark.parametrize("app", ("echo", "sink", "source", "httpd"))
def test_port_in_use(both, app):
    device = both[1]
    port = "5019" if app == "source" else "7"
    status, said = device.command(f"{app} -p {port}")
    assert status == 1 and said.startswith(f"{app}: ") and "Address already in use" in said

# SPDX-License-Identifier: MIT
"""httpd: requests good and bad, byte by byte, and the clients people use."""
import hashlib
import os
import re
import socket
import struct
import subprocess
import time

import pytest

from hosts import DEVICE, Host, connect, device_beside, read_all

DUT = os.environ.get("DUT", "weir")
BIG = hashlib.shake_256(b"weir").digest(300_000)
INDEX = b"hello\n"
FILES = {"www/index.html": INDEX, "www/big.bin": BIG, "www/sub/index.html": b"sub\n", "www/a b.txt": b"space\n",
         "www/style.css": b"p {}\n", "www/page.txt": BIG[:16000], "secret": b"no\n"}
URL = f"http://{DEVICE}"


@pytest.fixture(scope="module", name="host")
def host_fixture():
    host = Host(1)
    try:
        with device_beside(host, DUT, "httpd &\nhttpd -p 8080 -c 4 -t 1 &\nhttpd -p 8081 -c 4 &\n", FILES):
            connect(host, 80).close()
            yield host
    finally:
        host.close()


def take_answer(data, head=False):
    """(status, fields, body, what follows) of the first answer in data."""
    top, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = top.decode().split("\r\n")
    status = int(re.fullmatch(r"HTTP/1\.1 (\d{3}) [A-Z][A-Za-z ]+", first)[1])
    fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    size = 0 if head or status == 304 else int(fields["content-length"])
    assert len(rest) >= size, "the body is cut off"
    return status, fields, rest[:size], rest[size:]


def ask(host, request, port=80):
    """All that comes back for these bytes until the connection ends."""
    with connect(host, port) as sock:
        sock.sendall(request)
        return read_all(sock)


def get(host, target, *fields, method="GET"):
    lines = [f"{method} {target} HTTP/1.1", "Host: weir", "Connection: close", *fields, "", ""]
    answer = take_answer(ask(host, "\r\n".join(lines).encode()), head=method == "HEAD")
    assert answer[3] == b""
    return answer[:3]


GOOD = {
    "/": (INDEX, "text/html; charset=utf-8"),
    "/index.html": (INDEX, "text/html; charset=utf-8"),
    "/?query=1": (INDEX, "text/html; charset=utf-8"),
    "http://weir/": (INDEX, "text/html; charset=utf-8"),
    "http://weir": (INDEX, "text/html; charset=utf-8"),
    "/sub/": (b"sub\n", "text/html; charset=utf-8"),
    "/a%20b.txt": (b"space\n", "text/plain; charset=utf-8"),
    "/%73ub/index%2ehtml": (b"sub\n", "text/html; charset=utf-8"),
    "/style.css": (b"p {}\n", "text/css; charset=utf-8"),
    "/big.bin": (BIG, "application/octet-stream"),
}


@pytest.mark.parametrize("target", GOOD)
def test_files(host, target):
    body, kind = GOOD[target]
    status, fields, got = get(host, target)
    assert (status, got, fields["content-type"]) == (200, body, kind)
    assert re.fullmatch(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", fields["date"])
    status, fields, got = get(host, target, method="HEAD")
    assert (status, got, int(fields["content-length"])) == (200, b"", len(body))


REQUEST = b"GET / HTTP/1.1\r\nHost: weir\r\n"
BAD = {
    "not there": (b"GET /nothing HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n", 404),
    "no words": (b"\r\n\r\nhello\r\n\r\n", 400),
    "two words": (b"GET /\r\n\r\n", 400),
    "no slash": (b"GET index.html HTTP/1.1\r\nHost: weir\r\n\r\n", 400),
    "no version": (b"GET / HTTP\r\n\r\n", 400),
    "another version": (b"GET / HTTP/2.0\r\nHost: weir\r\n\r\n", 505),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "a host with a space": (b"GET / HTTP/1.1\r\nHost: weir weir\r\n\r\n", 400),
    "a host with a path": (b"GET / HTTP/1.1\r\nHost: weir/x\r\n\r\n", 400),
    "two hosts": (REQUEST + b"Host: weir\r\n\r\n", 400),
    "a post": (b"POST / HTTP/1.1\r\nHost: weir\r\nContent-Length: 3\r\n\r\nabc", 405),
    "a word of their own": (b"BREW / HTTP/1.1\r\nHost: weir\r\n\r\n", 501),
    "a method that is none": (b"G(T / HTTP/1.1\r\nHost: weir\r\n\r\n", 400),
    "out of the root": (b"GET /../secret HTTP/1.1\r\nHost: weir\r\n\r\n", 400),
    "out of it in disguise": (b"GET /%2e%2e%2fsecret HTTP/1.1\r\nHost: weir\r\n\r\n", 400),
    "out of it below": (b"GET /sub/../../secret HTTP/1.1\r\nHost: weir\r\n\r\n", 400),
    "a 0 in the path": (b"GET /index.html%00.txt HTTP/1.1\r\nHost: weir\r\n\r\n", 400),
    "half an escape": (b"GET /%4 HTTP/1.1\r\nHost: weir\r\n\r\n", 400),
    "a long target": (b"GET /" + b"a" * 2000 + b" HTTP/1.1\r\nHost: weir\r\n\r\n", 414),
    "a target without end": (b"GET /" + b"a" * 9000, 414),
    "a field without end": (REQUEST + b"X: " + b"a" * 9000, 431),
    "many fields": (REQUEST + b"X: y\r\n" * 2000 + b"\r\n", 431),
    "a folded field": (REQUEST + b"X: y\r\n z\r\n\r\n", 400),
    "a space in a name": (REQUEST + b"X : y\r\n\r\n", 400),
    "a field without a name": (REQUEST + b": y\r\n\r\n", 400),
    "a line without a colon": (REQUEST + b"hello\r\n\r\n", 400),
    "a 0 in a field": (REQUEST + b"X: \0\r\n\r\n", 400),
    "a body too long": (REQUEST + b"Content-Length: 100000\r\n\r\n", 413),
    "a length that is none": (REQUEST + b"Content-Length: -1\r\n\r\n", 400),
    "a length beyond numbers": (REQUEST + b"Content-Length: 99999999999999999999999\r\n\r\n", 400),
    "two lengths": (REQUEST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
    "a coding": (REQUEST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    "a coding and a length": (REQUEST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
    "bytes of something else": (bytes(range(128, 256)) * 3 + b"\r\n\r\n", 400),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_requests(host, name):
    """Each is told what is wrong, and the connection ends."""
    request, status = BAD[name]
    got, fields, _, rest = take_answer(ask(host, request))
    assert (got, fields["connection"], rest) == (status, "close", b"")
    if status == 405:
        assert fields["allow"] == "GET, HEAD"


RANGES = {
    "bytes=0-0": (0, 1), "bytes=1-3": (1, 4), "bytes=299999-": (299999, 300000), "bytes=-5": (299995, 300000),
    "bytes=-400000": (0, 300000), "bytes=100-400000": (100, 300000), "bytes=5-99999": (5, 100000),
    "bytes=300000-": None, "bytes=-0": None, "bytes=400000-500000": None,
}


@pytest.mark.parametrize("asked", RANGES)
def test_ranges(host, asked):
    status, fields, body = get(host, "/big.bin", f"Range: {asked}")
    if not RANGES[asked]:
        assert (status, fields["content-range"], body) == (416, "bytes */300000", b"")
        return
    first, end = RANGES[asked]
    assert (status, fields["content-range"]) == (206, f"bytes {first}-{end - 1}/300000")
    assert body == BIG[first:end]


@pytest.mark.parametrize("asked", ("bytes=3-1", "lines=1-2", "bytes=1-2,4-5", "bytes=x", "bytes", "bytes=1-2-3"))
def test_ranges_that_are_none(host, asked):
    assert get(host, "/big.bin", f"Range: {asked}")[::2] == (200, BIG)


def test_directory_without_its_slash(host):
    status, fields, _ = get(host, "/sub")
    assert (status, fields["location"]) == (301, "/sub/")


def test_modified_since(host):
    _, fields, _ = get(host, "/big.bin")
    when = fields["last-modified"]
    assert get(host, "/big.bin", f"If-Modified-Since: {when}")[0] == 304
    assert get(host, "/big.bin", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT")[0] == 200
    assert get(host, "/big.bin", "If-Modified-Since: yesterday")[0] == 200
    assert get(host, "/big.bin", "Range: bytes=0-1", f"If-Range: {when}")[0] == 206
    assert get(host, "/big.bin", "Range: bytes=0-1", "If-Range: Sun, 06 Nov 1994 08:49:37 GMT")[0] == 200


def test_pipelined(host):
    """Many requests in one go, large and small, one with a body: answered in order."""
    wanted = ([("/", INDEX)] * 20 + [("/big.bin", BIG), ("/style.css", b"p {}\n")]) * 3
    lines = [f"GET {target} HTTP/1.1\r\nHost: weir\r\n\r\n" for target, _ in wanted]
    lines.append("GET / HTTP/1.1\r\nHost: weir\r\nContent-Length: 5\r\n\r\nabcde")
    lines.append("GET / HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n")
    data = ask(host, "".join(lines).encode())
    for _, body in wanted + [("/", INDEX)] * 2:
        status, _, got, data = take_answer(data)
        assert (status, got) == (200, body)
    assert data == b""


def test_same_question_again_and_again(host):
    """Each in a segment of its own, the last of them while the answers before are still on their way."""
    question = b"GET /page.txt HTTP/1.1\r\nHost: weir\r\n\r\n"
    with connect(host, 80) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(60):
            sock.send(question)
            time.sleep(0.005)
        sock.send(REQUEST + b"Connection: close\r\n\r\n")
        data = read_all(sock)
    for _ in range(60):
        status, _, got, data = take_answer(data)
        assert (status, got) == (200, BIG[:16000])
    assert take_answer(data)[2::] == (INDEX, b"")


@pytest.mark.parametrize("count", (1, 400))
def test_questions_and_the_end_at_once(host, count):
    """Who has asked and closed its side gets its answers and the end, also when the questions fill httpd's buffer."""
    with connect(host, 80) as sock:
        sock.sendall((REQUEST + b"\r\n") * count)
        sock.shutdown(socket.SHUT_WR)
        data = read_all(sock)
    for _ in range(count):
        _, _, got, data = take_answer(data)
        assert got == INDEX
    assert data == b""


def test_urgent_byte_in_a_question(host):
    """A read ends in front of it; what lies behind is read all the same, though nothing more comes."""
    with connect(host, 80) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        sock.send(REQUEST)
        sock.send(b"!", socket.MSG_OOB)
        sock.send(b"Connection: close\r\n\r\n")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
        assert take_answer(read_all(sock))[2] == INDEX


def test_bytes_one_by_one(host):
    with connect(host, 80) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in REQUEST + b"Connection: close\r\n\r\n":
            sock.send(bytes([byte]))
        assert take_answer(read_all(sock))[2] == INDEX


def test_old_clients(host):
    """HTTP/1.0: the connection ends unless it is asked to stay."""
    assert take_answer(ask(host, b"GET / HTTP/1.0\r\n\r\n"))[2] == INDEX
    keep = b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
    status, fields, body, rest = take_answer(ask(host, keep + b"GET / HTTP/1.0\r\n\r\n"))
    assert (status, body, fields["connection"]) == (200, INDEX, "keep-alive")
    assert take_answer(rest)[1]["connection"] == "close"


def test_slow_reader_and_one_who_leaves(host):
    """A client that reads nothing holds up nobody, and one that goes away in the middle neither."""
    with connect(host, 80) as slow, connect(host, 80) as gone:
        for sock in (slow, gone):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.sendall(b"GET /big.bin HTTP/1.1\r\nHost: weir\r\n\r\n" * 100)
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.close()
        assert get(host, "/big.bin")[2] == BIG
        data = b""
        while len(data) < 2 * len(BIG):
            data += slow.recv(1 << 16)
        assert take_answer(data)[2] == BIG


def test_places_and_time_outs(host):
    """Four places, one second: a fifth gets the place of the one that is idle for longest; a half request its 408."""
    idle = [connect(host, 8080) for _ in range(3)]
    half = connect(host, 8080)
    half.sendall(b"GET / HT")
    fifth = connect(host, 8080)
    fifth.sendall(REQUEST + b"\r\n")
    assert fifth.recv(100).startswith(b"HTTP/1.1 200 ")
    for sock in idle:
        assert sock.recv(100) == b""
        sock.close()
    assert take_answer(read_all(half))[0] == 408
    half.close()
    fifth.close()


def test_nobody_goes_for_nobody(host):
    """Four idle clients at four places, and no fifth: all of them stay."""
    socks = [connect(host, 8081) for _ in range(4)]
    for _ in range(3):
        time.sleep(0.6)  # long enough to count as idle
        for sock in socks:
            sock.sendall(REQUEST + b"\r\n")
            assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
    for sock in socks:
        sock.close()


def curl(host, *argv):
    done = subprocess.run(host.prefix + ["curl", "-sS", "--max-time", "60", *argv], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def test_curl(host):
    assert curl(host, URL + "/big.bin") == (0, BIG)
    assert curl(host, "-L", URL + "/sub") == (0, b"sub\n")
    assert curl(host, "-f", URL + "/nothing")[0] == 22
    assert curl(host, "-r", "10-19", URL + "/big.bin") == (0, BIG[10:20])
    assert curl(host, "--path-as-is", "-f", URL + "/../secret")[0] == 22
    assert curl(host, *[f"{URL}/style.css"] * 20) == (0, b"p {}\n" * 20)


@pytest.mark.weir
def test_page_without_files():
    """No initrd at all, no configuration: a page of its own."""
    host = Host(1)
    try:
        with device_beside(host, DUT, ""):
            connect(host, 80).close()
            assert b"weir" in curl(host, URL)[1]
            assert curl(host, "-f", URL + "/rc")[0] == 22
    finally:
        host.close()

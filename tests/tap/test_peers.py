# SPDX-License-Identifier: MIT
"""The device's apps over TCP with the programs people have on the other side: wrk, ab, iperf3, and many sockets at once.

A gibibyte goes each way, or BULK_MIB (make tap T=bulk BULK_MIB=64)."""
import contextlib
import hashlib
import json
import os
import re
import select
import socket
import subprocess
import threading

import pytest

import netns
from hosts import DEVICE, Host, connect, device_beside

DUT = os.environ.get("DUT", "weir")
HOST = "10.0.1.2"
URL = f"http://{DEVICE}/"
MIB = 1 << 20
BULK = int(os.environ.get("BULK_MIB") or 1024) * MIB
PAGE = b"<p>hello\n"
LARGE = hashlib.shake_256(b"large").digest(2 * MIB)
RC = "echo &\nsink -c 9 &\nsource &\nhttpd &\niperf3 -s &\n"


@pytest.fixture(scope="module", name="both")
def both_fixture():
    """(host, device)"""
    host = Host(1)
    try:
        with device_beside(host, DUT, RC, {"www/index.html": PAGE, "www/large": LARGE}, mem="64M") as device:
            for port in (7, 9, 19, 80, 5201):
                connect(host, port).close()
            yield host, device
    finally:
        host.close()


def tool(host, *argv, seconds=120):
    """Output and complaints of a program on the host, which must succeed."""
    done = subprocess.run(host.prefix + list(argv), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=seconds, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


# ---- HTTP

def test_wrk(both):
    said = tool(both[0], "wrk", "-t1", "-c50", "-d2s", URL)
    assert int(re.search(r"(\d+) requests in", said)[1]) > 100
    assert "Socket errors" not in said and "Non-2xx" not in said, said


@pytest.mark.parametrize("words", ("-k -n 3000 -c 20", "-n 1000 -c 20"))
def test_ab(both, words):
    """With connections that stay, and with one for each request."""
    said = tool(both[0], "ab", "-q", *words.split(), URL)
    total = re.search(r"-n (\d+)", words)[1]
    assert re.search(rf"Complete requests: +{total}\n", said) and re.search(r"Failed requests: +0\n", said), said
    assert "Non-2xx" not in said


def test_curl_in_parallel(both):
    said = tool(both[0], "curl", "-sS", "--parallel", "-w", "%{http_code} %{size_download}\n", *["-o", "/dev/null", URL + "large"] * 8)
    assert said.count(f"200 {len(LARGE)}\n") == 8


def used_kib(device):
    return int(re.search(r"^Mem: +\d+ +(\d+)", device.run("free"), re.MULTILINE)[1])


def test_a_thousand_at_once(both):
    """All of them connected, asked, answered; and asked again when all have been answered."""
    host, device = both
    before = used_kib(device) if DUT == "weir" else 0
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(connect(host, 80, 60)) for _ in range(1000)]
        for _ in range(2):
            for sock in socks:
                sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            for sock in socks:
                data = b""
                while not data.endswith(PAGE):
                    part = sock.recv(4096)
                    assert part, "a connection was closed"
                    data += part
        if DUT == "weir":
            assert used_kib(device) - before < 4 * len(socks), "KiB for each connection"


# ---- bulk

def lines(size):
    """What source sends and sink -c expects: RFC 864's lines, repeated."""
    rows = ("".join(chr(32 + (n + i) % 95) for i in range(72)) + "\r\n" for n in range(95))
    period = "".join(rows).encode()
    return period * (size // len(period) + 1)


def test_bulk_from_the_device(both):
    want, got, left = hashlib.sha256(), hashlib.sha256(), BULK
    chunk = lines(len(lines(1)) * 100)[:len(lines(1)) * 100]
    with connect(both[0], 19, 60) as sock:
        while left:
            data = sock.recv(min(left, 1 << 18))
            assert data
            got.update(data)
            left -= len(data)
    for at in range(0, BULK, len(chunk)):
        want.update(chunk[:BULK - at])
    assert got.digest() == want.digest()


def test_bulk_to_the_device(both):
    host, device = both
    left, chunk = BULK, lines(len(lines(1)) * 100)[:len(lines(1)) * 100]
    with connect(host, 9, 60) as sock:
        while left:
            sock.sendall(chunk[:left])
            left -= min(left, len(chunk))
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""  # the sink has all, and ends
    for _ in range(200):
        if f"sink: {BULK} bytes, all right\n" in device.output():
            return
        select.select([], [], [], 0.1)
    raise AssertionError(device.output()[-1000:])


def test_sink_finds_a_wrong_byte(both):
    host, device = both
    data = bytearray(lines(100_000)[:100_000])
    data[54_321] ^= 1
    with connect(host, 9) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
    for _ in range(200):
        if "sink: byte 54321 is wrong\n" in device.output():
            return
        select.select([], [], [], 0.1)
    raise AssertionError(device.output()[-1000:])


def test_echo_both_ways_and_a_half_close(both):
    """As ssh does: our end first, then all that is still on its way back."""
    data = LARGE * 2
    with connect(both[0], 7, 60) as sock:
        sender = threading.Thread(target=lambda: (sock.sendall(data), sock.shutdown(socket.SHUT_WR)))
        sender.start()
        digest = hashlib.sha256()
        while part := sock.recv(1 << 18):
            digest.update(part)
        sender.join()
    assert digest.digest() == hashlib.sha256(data).digest()


# ---- iperf3: ours with the real one

WAYS = ("-t 1", "-t 1 -R", "-n 8M -P 3", "-n 4M -R -P 3", "-u -t 1 -b 5M", "-u -t 1 -b 5M -R -P 2", "-n 1M -l 1K -N")


@pytest.mark.parametrize("words", WAYS)
def test_real_client(both, words):
    said = tool(both[0], "iperf3", "-J", "-c", DEVICE, *words.split())
    assert said.startswith("{"), said[:300]
    end = json.loads(said)["end"]
    if "-u" in words:
        total = end["sum"]
        assert total["packets"] > 50 and total["lost_packets"] <= total["packets"] // 2
        return
    sent, got = end["sum_sent"]["bytes"], end["sum_received"]["bytes"]
    assert 0 < got <= sent
    if "-n" in words:
        assert sent >= MIB


@pytest.mark.parametrize("words", WAYS)
def test_real_server(both, words):
    host, device = both
    server = subprocess.Popen(host.prefix + ["iperf3", "-s", "-1", "-p", "5301"], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, preexec_fn=netns.die_with_parent)
    try:
        for _ in range(100):  # it may not have begun
            status, said = device.command(f"iperf3 -c {HOST} -p 5301 {words}")
            if "Connection refused" not in said:
                break
            select.select([], [], [], 0.1)
        assert status == 0 and said.endswith("iperf Done.\n"), said
        heard = server.communicate(timeout=30)[0]
    finally:
        server.kill()
        server.wait()
    assert "error" not in heard and "receiver" in heard + said, heard
    sums = re.findall(r"^\[ *(?:SUM|\d+)\] .* sec +([0-9.]+) [KMG]?Bytes .* (sender|receiver)$", said, re.MULTILINE)
    assert len(sums) >= 2 and all(float(amount) > 0 for amount, _ in sums), said


def test_iperf3_refuses(both):
    """What is not there is refused on both sides, and the server is there for the next."""
    host, device = both
    for words in ("--bidir", "-O 1", "-M 1000"):
        done = subprocess.run(host.prefix + ["iperf3", "-c", DEVICE, "-t", "1", *words.split()], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        assert done.returncode == 1 and "an option you are trying to set is not" in done.stdout, done.stdout
    with connect(host, 5201) as sock:  # not a client at all
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nAccept: something else\r\n\r\n" * 3)
        with contextlib.suppress(ConnectionResetError):
            while sock.recv(1000):
                pass
    tool(host, "iperf3", "-c", DEVICE, "-n", "1M")
    status, said = device.command(f"iperf3 -c {HOST} -p 1")
    assert status == 1 and said.endswith("unable to connect to server: Connection refused\n")


@pytest.mark.parametrize("words", ("", "--help", "-s -c x", "-c x -t 0", "-c x -n 1X", "-c x -P 129", "-c x -t 1 -n 1", "-u",
                                   "-c x -b -1", "-c x -u -l 8", "-c x --bidir", "-c x -p 65536"))
def test_iperf3_usage(both, words):
    status, said = both[1].command(f"iperf3 {words}")
    assert status == 1 and said.startswith("usage: iperf3 "), said

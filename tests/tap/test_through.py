# SPDX-License-Identifier: MIT
"""What the tools of two hosts see of the router between them: nothing but a hop."""
import hashlib
import json
import os
import re
import sys

import pytest

from conftest import DUT
from hosts import FAR, serving, two_hosts

HTTP_PORT = 8000
FILE_SIZE = 5 << 20
DATAGRAMS = 200


@pytest.fixture(scope="module")
def hosts():
    with two_hosts(DUT) as pair:
        yield pair


@pytest.fixture(scope="module")
def web(hosts, tmp_path_factory):
    """A file on the far host's web server; its digest."""
    folder = tmp_path_factory.mktemp("web")
    data = os.urandom(FILE_SIZE)
    (folder / "file").write_bytes(data)
    server = (sys.executable, "-u", "-m", "http.server", str(HTTP_PORT))
    with serving(hosts[1], *server, ready="Serving HTTP", cwd=folder):
        yield hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("size", [0, 56, 1472, 1473, 4000, 10000, 65507])
def test_through_ping(hosts, size):
    said = hosts[0].run("ping", "-c", "5", "-i", "0.01", "-w", "20", "-s", str(size), FAR)
    assert "5 received" in said and "ttl=63" in said or size < 8


@pytest.mark.parametrize("way", [(), ("-I",)], ids=["UDP", "ICMP"])
def test_through_traceroute(hosts, way):
    said = hosts[0].run("traceroute", "-n", "-q", "1", *way, FAR)
    assert re.findall(r"^ *(\d+)  (\S+)", said, re.M) == [("1", "10.0.1.1"), ("2", FAR)]


def iperf3(hosts, *argv):
    with serving(hosts[1], "iperf3", "-s", "--forceflush", ready="Server listening"):
        return json.loads(hosts[0].run("iperf3", "-c", FAR, "-J", *argv))["end"]


def test_through_iperf3_tcp(hosts):
    end = iperf3(hosts, "-n", "4M")
    assert end["sum_sent"]["bytes"] >= 4 << 20
    assert end["sum_received"]["bytes"] >= 1 << 20  # it ends while the last of it is under way


def test_through_iperf3_udp(hosts):
    end = iperf3(hosts, "-u", "-b", "2M", "-l", "1000", "-k", str(DATAGRAMS))["sum"]
    assert end["packets"] >= DATAGRAMS and end["lost_packets"] <= DATAGRAMS // 20


def test_through_curl(hosts, web, tmp_path):
    hosts[0].run("curl", "-sS", "-o", str(tmp_path / "got"), f"http://{FAR}:{HTTP_PORT}/file")
    assert hashlib.sha256((tmp_path / "got").read_bytes()).hexdigest() == web


SCANS = {
    "-sS": (f"{HTTP_PORT},81", {f"{HTTP_PORT}/tcp": "open", "81/tcp": "closed"}),
    "-sU": ("7,9", {"7/udp": "closed", "9/udp": "closed"}),
    "-sO": ("1,6,17,253", {"1": "open", "6": "open", "17": "open", "253": "closed"}),
}


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize("scan", SCANS)
def test_through_nmap(hosts, scan):
    ports, states = SCANS[scan]
    said = hosts[0].run("nmap", "-n", "-Pn", scan, "-p", ports, FAR)
    assert dict(re.findall(r"^(\d\S*) +(\S+) ", said, re.M)) == states, said

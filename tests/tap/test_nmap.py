# SPDX-License-Identifier: MIT
"""nmap -O -sV looks at the device: what it says of sequence numbers and timestamps is as good as of Linux."""
import contextlib
import os
import re
import subprocess
import xml.etree.ElementTree as ET

import pytest

import netns
from dut_linux import APPS
from dut_weir import Weir
from hosts import Host

DUT = os.environ.get("DUT", "weir")
DEVICE, OPEN, CLOSED = "10.0.1.1", 4007, 4008
RC = """
ip addr add 10.0.1.1/24 dev eth0
ip link set eth0 up
"""


@contextlib.contextmanager
def weir_and(host):
    with Weir(nics=1, rc=RC + "tcpd &\n", test_image=True) as dut:
        dut.wires[0].close()
        host.plug(dut.taps[0])
        yield


@contextlib.contextmanager
def linux_and(host):
    device = netns.Namespace()
    server = None
    try:
        netns.run("ip", "link", "add", "h0", "type", "veth", "peer", "name", "eth0", "netns", str(device.holder.pid))
        netns.quiet("eth0", device.prefix)
        host.plug("h0")
        for line in RC.strip().split("\n"):
            device.run(*line.split())
        server = subprocess.Popen(device.prefix + [os.path.join(APPS, "tcpd")], preexec_fn=netns.die_with_parent)
        yield
    finally:
        if server:
            server.kill()
            server.wait()
        device.close()


@pytest.fixture(scope="module", name="seen")
def seen_fixture():
    """nmap's report of the device."""
    host = Host(1)
    try:
        with (linux_and if DUT == "linux" else weir_and)(host):
            host.run("ping", "-q", "-c", "1", "-w", "20", DEVICE)
            text = host.run("nmap", "-n", "-Pn", "-d", "-O", "-sV", "--version-intensity", "0", "--host-timeout", "120s",
                            "-p", f"{OPEN},{CLOSED}", "-oX", "-", DEVICE)
    finally:
        host.close()
    report = ET.fromstring(text[text.index("<?xml"):text.index("</nmaprun>") + len("</nmaprun>")])
    return report.find("host"), text


def test_nmap_completes(seen):
    host, text = seen
    assert host.get("timedout") != "true", text
    states = {p.get("portid"): p.find("state").get("state") for p in host.iter("port")}
    assert states == {str(OPEN): "open", str(CLOSED): "closed"}


def test_nmap_cannot_predict_sequence_numbers(seen):
    host, text = seen
    sequence = host.find("tcpsequence")
    assert int(sequence.get("index")) >= 230, text  # Linux: 250 to 265
    assert sequence.get("difficulty") == "Good luck!"
    fingerprint = re.search(r"SEQ\(([^)]*)\)", text.replace("\n", ""))[1]
    assert re.search(r"\bGCD=[1-6]\b", fingerprint), fingerprint


def test_nmap_learns_nothing_from_timestamps(seen):
    """Each connection's clock has an offset of its own, as Linux has it since 6.18; before it was one for two hosts."""
    host, text = seen
    assert host.find("tcptssequence").get("class") in ("other", *(["1000HZ"] if DUT == "linux" else ())), text

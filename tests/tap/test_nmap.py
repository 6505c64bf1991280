# SPDX-License-Identifier: MIT
"""nmap -O -sV looks at the device: what it says of sequence numbers and timestamps is as good as of Linux."""
import os
import re
import xml.etree.ElementTree as ET

import pytest

from hosts import DEVICE, Host, device_beside

DUT = os.environ.get("DUT", "weir")
OPEN, CLOSED = 4007, 4008


@pytest.fixture(scope="module", name="seen")
def seen_fixture():
    """nmap's report of the device."""
    host = Host(1)
    try:
        with device_beside(host, DUT, "tcpd &\n", test_image=True):
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

# SPDX-License-Identifier: MIT
"""What ss prints of TCP, beside iproute2's: the same rules hold for both texts, and the same words for the same sockets."""
import os
import re

import pytest

import netns
from hosts import DEVICE, Host, connect, device_beside

DUT = os.environ.get("DUT", "weir")
PORT = 4007
# The words of -i in the order iproute2 has them; what weir never has is there for Linux.
ORDER = """ts sack ecn ecnseen fastopen CONGESTION wscale: rto: backoff: rtt: ato: qack: bidir mss: pmtu: rcvmss: advmss: cwnd:
ssthresh: bytes_sent: bytes_retrans: bytes_acked: bytes_received: segs_out: segs_in: data_segs_out: data_segs_in: send lastsnd:
lastrcv: lastack: pacing_rate delivery_rate delivered: delivered_ce: app_limited busy: rwnd_limited: sndbuf_limited: unacked:
retrans: lost: sacked: dsack_dups: fackets: reordering: reord_seen: rcv_rtt: rcv_space: rcv_ssthresh: notsent: minrtt:
rcv_ooopack: snd_wnd:""".split()
CONGESTION = netns.run("sysctl", "-n", "net.ipv4.tcp_congestion_control").strip() if DUT == "linux" else "cubic"
NUMBER = r"\d+(\.\d+)?(e\+\d+)?"


class Device:
    def __init__(self, command):
        self.command = command

    def ss(self, options, expression=""):
        status, text = self.command(f"ss {options} {expression}".strip())
        assert status == 0, text
        return text.split("\n")[:-1]


@pytest.fixture(scope="module", name="world")
def world_fixture():
    """The device and its host, with a listener and two connections."""
    host = Host(1)
    socks = []

    try:
        with device_beside(host, DUT, "tcpd &\n", test_image=True) as dut:
            socks.append(connect(host, PORT))
            first = socks[0]
            first.sendall(b"x" * 5000)
            got = b""
            while len(got) < 5000:
                got += first.recv(5000)
            socks.append(connect(host, PORT))
            yield Device(dut.command), socks
    finally:
        for sock in socks:
            sock.close()
        host.close()


def padded(lines, column):
    """The last column is as wide as its widest cell, newlines counted, the last row's not; spaces fill all narrower ones."""
    width = len(lines[0]) - column
    cells = re.findall(r"(?m)^.{%d}(.*(?:\n\t.*)?)$" % column, "\n".join(lines[1:]))
    widest = max([len("Process")] + [len(cell.rstrip()) for cell in cells[:-1]])
    return width == widest and all(len(cell) == width for cell in cells[:-1]) and len(cells[-1]) >= width


def info_words(line):
    """The words of an info line without their values, which have their form."""
    words = []
    line = re.sub(r" bbr:\(.*?\)", "", line)  # what that algorithm tells of itself
    text = re.sub(r"(send|pacing_rate|delivery_rate) \d+bps(/\d+bps)?", r"\1", line)
    for word in text.split():
        name, colon, value = word.partition(":")
        if word == CONGESTION:
            word = "CONGESTION"
        elif colon:
            assert re.fullmatch(rf"{NUMBER}([/,]{NUMBER})?(ms)?(\(\d+\.\d%\))?", value), word
            word = name + ":"
        words.append(word)
    return words


def in_order(words):
    places = [ORDER.index(word) for word in words]
    return places == sorted(set(places))


def test_form_of_info(world):
    dut, _ = world
    lines = dut.ss("-tanioe")
    assert lines[0].startswith("State ") and lines[0].rstrip().endswith("Peer Address:Port Process")
    column = lines[0].index("Process")
    assert padded(lines, column), "\n".join(lines)
    heads, infos = lines[1::2], lines[2::2]
    assert all(line.startswith("\t ") for line in infos)
    for head, info in zip(heads, infos):
        tail = head[column:]
        assert re.fullmatch(r"( timer:\(\w+,[\dminsec.]+,\d+\))? ino:\d+ sk:[0-9a-f]+( cgroup:\S+)? <->", tail), tail
        words = info_words(info)
        assert in_order(words), words
        if head.startswith("LISTEN"):
            assert info.split() == [CONGESTION, "cwnd:10"]
        else:
            assert words[:4] == ["ts", "sack", "CONGESTION", "wscale:"]
            assert {"rto:", "rtt:", "mss:", "pmtu:", "rcvmss:", "advmss:", "cwnd:", "segs_in:", "send", "lastsnd:",
                    "lastrcv:", "lastack:", "rcv_space:", "rcv_ssthresh:", "snd_wnd:"} - set(words) == set()


def test_values_of_info(world):
    """What both stacks must have counted alike: 5000 bytes came and went back."""
    dut, socks = world
    ours = f"( dst 10.0.1.2:{socks[0].getsockname()[1]} )"
    info = " ".join(dut.ss("-tinO", ours)[1:])
    for word in ("bytes_sent:5000", "bytes_acked:5000", "bytes_received:5000", "mss:1448", "pmtu:1500", "advmss:1448", CONGESTION):
        assert re.search(rf" {word}( |$)", info), (word, info)
    assert " ts " not in info


def test_options_without_info(world):
    dut, _ = world
    plain = dut.ss("-tan")
    assert plain[0].endswith("Process") and len({len(line) for line in plain}) == 1
    memory = dut.ss("-tanm")
    assert memory[2::2] and all(re.fullmatch(r"\t skmem:\(r\d+,rb\d+,t\d+,tb\d+,f\d+,w\d+,o\d+,bl\d+,d\d+\) *", line)
                                for line in memory[2::2])
    assert all("skmem" in line for line in dut.ss("-tanmOH"))


def test_filters(world):
    dut, socks = world
    ports = [sock.getsockname()[1] for sock in socks]

    def peers(*words):
        return sorted(int(line.split()[-1].rsplit(":", 1)[1]) for line in dut.ss("-tnH", " ".join(words)))

    assert peers() == sorted(ports)
    assert peers("state", "established") == sorted(ports)
    assert peers(f"dport = :{ports[0]}") == [ports[0]]
    assert peers(f"dport != {ports[0]}") == [ports[1]]
    assert peers(f"dst 10.0.1.2:{ports[1]}") == [ports[1]]
    assert peers("dst 10.0.0.0/16 and sport = :4007") == sorted(ports)
    assert peers("not ( dst 10.0.0.0/16 )") == []
    assert peers(f"( dport = :{ports[0]} or dport = :{ports[1]} ) and sport < 5000") == sorted(ports)
    assert peers("state", "time-wait") == []
    assert peers("exclude", "established", "exclude", "listening") == []


def test_summary(world):
    dut, _ = world
    summary = dut.ss("-s")
    assert re.fullmatch(r"TCP:   \d+ \(estab 2, closed \d+, orphaned \d+, timewait 0\)", summary[1]), summary
    assert summary[3] == "Transport Total     IP        IPv6"
    assert [line.split("\t")[0] for line in summary[4:9]] == ["RAW", "UDP", "TCP", "INET", "FRAG"]
    assert re.fullmatch(r"TCP\t  3         3         0        ", summary[6])

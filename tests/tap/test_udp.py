# SPDX-License-Identifier: MIT
"""UDP (RFC 768, RFC 1122 s4.1) through the echo and sink servers."""
import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from servers import pattern, sunk
from sweep import sweep
from wire import payload


def is_udp(p):
    return UDP in p and p[UDP].dport == 4000


def test_udp_echo_every_size(wire):
    def request(size):
        return wire.udp(pattern(size), sport=10000 + size)

    def size_of(p):
        return p[UDP].dport - 10000 if UDP in p and p[UDP].sport == 7 else None

    answers = sweep(wire, range(0, 1473), request, size_of)
    wrong = [size for size, p in answers.items() if payload(p) != pattern(size)]
    assert not wrong


@pytest.mark.parametrize("size", [0, 1, 2, 17, 512, 1471, 1472])
def test_udp_echo_checksum(wire, size):
    """The answer's checksum is there and right."""
    answer = wire.ask(wire.udp(pattern(size)), is_udp)
    shown = answer[UDP].chksum
    assert shown != 0
    again = Ether(bytes(answer)[:14 + answer[IP].len])
    del again[UDP].chksum
    assert Ether(bytes(again))[UDP].chksum == shown


def test_udp_without_checksum_is_taken(wire):
    assert payload(wire.ask(wire.udp(b"bare", chksum=0), is_udp)) == b"bare"


@pytest.mark.parametrize("chksum", [1, 0xffff, 0x8000])
def test_udp_wrong_checksum_is_dropped(router, wire, chksum):
    def errors():
        return int(next(line.split()[1] for line in router.run("nstat -asz").splitlines()
                        if line.startswith("UdpInCsumErrors")))

    before = errors()
    assert wire.reactions(wire.udp(b"wrong", chksum=chksum)) == []
    assert errors() == before + 1


def test_udp_checksum_that_computes_to_zero(wire):
    """It is sent as all ones (RFC 768). The echo swaps the ports, which leaves the sum as it was."""
    base = wire.udp(b"\0\0", sport=4000)
    free = 0xffff - (0xffff & ~Ether(bytes(base))[UDP].chksum)
    request = wire.udp(free.to_bytes(2, "big"), sport=4000)
    assert Ether(bytes(request))[UDP].chksum == 0xffff
    assert wire.ask(request, is_udp)[UDP].chksum == 0xffff


def test_udp_sink_counts(wire):
    before = sunk(wire)
    for _ in range(20):
        wire.send(*(wire.udp(b"drop me", dport=9) for _ in range(25)))
        wire.barrier()
    assert sunk(wire) == before + 500


def test_udp_broadcast_reaches_the_socket(wire):
    before = sunk(wire)
    for dst in ("255.255.255.255", "10.0.1.255"):
        frame = wire.udp(b"to all", dport=9, ip={"dst": dst})
        frame[Ether].dst = "ff:ff:ff:ff:ff:ff"
        wire.send(frame)
    wire.barrier()
    assert sunk(wire) == before + 2


def test_udp_to_closed_port_of_broadcast_is_silent(wire):
    frame = wire.udp(b"nobody", dport=4444, ip={"dst": "10.0.1.255"})
    frame[Ether].dst = "ff:ff:ff:ff:ff:ff"
    assert wire.reactions(frame) == []


def test_udp_many_senders(wire):
    """Each gets its own datagram back."""
    mark = wire.mark()
    wire.send(*(wire.udp(f"sender {n}".encode(), sport=20000 + n) for n in range(64)))
    wire.wait(lambda p: UDP in p and p[UDP].dport == 20063, mark)
    got = {p[UDP].dport: payload(p) for p in wire.since(mark) if UDP in p}
    assert got == {20000 + n: f"sender {n}".encode() for n in range(64)}

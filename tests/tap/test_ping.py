# SPDX-License-Identifier: MIT
"""ICMP echo (RFC 792, RFC 1122 s3.2.2.6) and the errors a host and a router send."""
import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether

from servers import pattern
from sweep import sweep
from wire import is_echo_reply, payload


def test_ping_reply_in_full(wire):
    request = wire.echo_request(b"\x00\xff weir", id=0x1234, code=0)
    reply = wire.ask(request, lambda p: is_echo_reply(p) and p[ICMP].id == 0x1234)
    assert (reply[Ether].src, reply[Ether].dst) == (wire.dut_mac, wire.mac)
    ip = reply[IP]
    assert (ip.version, ip.ihl, ip.src, ip.dst, ip.proto) == (4, 5, wire.dut_ip, wire.ip, 1)
    assert (ip.ttl, ip.frag, ip.len) == (64, 0, 20 + 8 + 7)
    assert (reply[ICMP].code, reply[ICMP].seq) == (0, request[ICMP].seq)
    assert payload(reply) == b"\x00\xff weir"
    for layer, kind in ((IP, "chksum"), (ICMP, "chksum")):
        shown = getattr(reply[layer], kind)
        again = Ether(bytes(reply))
        delattr(again[layer], kind)
        assert getattr(Ether(bytes(again))[layer], kind) == shown


def test_ping_every_size(wire):
    """Every payload that fits an Ethernet frame comes back as it went."""
    def request(size):
        return wire.echo_request(pattern(size), id=0x51, seq=size)

    def size_of(p):
        return p[ICMP].seq if is_echo_reply(p) and p[ICMP].id == 0x51 else None

    answers = sweep(wire, range(0, 1473), request, size_of)
    wrong = [size for size, p in answers.items() if payload(p) != pattern(size)]
    assert not wrong


def test_ping_keeps_type_of_service(wire):
    assert wire.ping(ip={"tos": 0x28})[IP].tos == 0x28


@pytest.mark.parametrize("ttl", [1, 2, 255])
def test_ping_any_ttl_reaches_the_host(wire, ttl):
    assert wire.ping(ip={"ttl": ttl})[IP].ttl == 64


def test_ping_the_other_address(router, wire):
    """From eth0 to the address of eth1: the host is one (RFC 1122 s3.3.4.2)."""
    other = router.wires[1].dut_ip
    assert wire.ping(ip={"dst": other})[IP].src == other


def test_ping_broadcast_is_ignored(wire):
    """Linux's default, against smurfs (RFC 1122 s3.2.2.6 permits it)."""
    to_all = wire.echo_request(b"all", ip={"dst": "10.0.1.255"})
    to_all[Ether].dst = "ff:ff:ff:ff:ff:ff"
    limited = wire.echo_request(b"all", ip={"dst": "255.255.255.255"})
    limited[Ether].dst = "ff:ff:ff:ff:ff:ff"
    assert wire.reactions(to_all, limited) == []


def quoted(error):
    """The packet that an ICMP error carries."""
    return IP(bytes(error[ICMP].payload))


def test_port_unreachable_quotes_the_packet(wire):
    data = pattern(1000)
    packet = wire.udp(data, dport=4444, sport=4321)
    error = wire.ask(packet, lambda p: ICMP in p and p[ICMP].type == 3)
    assert (error[ICMP].code, error[IP].src, error[IP].dst) == (3, wire.dut_ip, wire.ip)
    assert error[IP].tos == 0xc0  # internetwork control (RFC 1812 s4.3.2.5)
    inner = quoted(error)
    assert (inner.src, inner.dst, inner.id) == (wire.ip, wire.dut_ip, packet[IP].id)
    assert (inner[UDP].sport, inner[UDP].dport) == (4321, 4444)
    assert error[IP].len == 576  # as much as fits (RFC 1812 s4.3.2.3)
    assert data.startswith(bytes(inner[UDP].payload)[:500])


def test_protocol_unreachable(wire):
    error = wire.ask(wire.ipv4(proto=253) / b"what is this", lambda p: ICMP in p and p[ICMP].type == 3)
    assert error[ICMP].code == 2
    assert quoted(error).proto == 253


def test_time_exceeded(wire):
    error = wire.ask(wire.udp(b"x", ip={"dst": "10.0.2.2", "ttl": 1}), lambda p: ICMP in p and p[ICMP].type == 11)
    assert (error[ICMP].code, error[IP].src) == (0, wire.dut_ip)
    assert quoted(error).dst == "10.0.2.2"


def test_no_route(wire):
    """Asked by a host of its own: Linux limits these errors for each destination."""
    lost = wire.udp(b"x", ip={"src": "10.0.1.66", "dst": "192.0.2.1"})
    wire.hosts["10.0.1.66"] = wire.mac
    error = wire.ask(lost, lambda p: ICMP in p and p[ICMP].type == 3)
    assert (error[ICMP].code, error[IP].dst) == (0, "10.0.1.66")


@pytest.fixture(name="ways")
def ways_fixture(router):
    """Routes that refuse, and a loopback on Linux too."""
    router.run("ip link set lo up")
    kinds = {"prohibit": "198.51.100.1", "unreachable": "198.51.100.2", "blackhole": "198.51.100.3"}
    for kind, to in kinds.items():
        router.run(f"ip route add {kind} {to}")
    yield
    for to in kinds.values():
        router.run(f"ip route del {to}")


DONE = "1 packets transmitted, 1 received, 0% packet loss"
BROADCAST_REFUSED = "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n"


@pytest.mark.parametrize("words,status,said", [
    ("-c1 127.0.0.1", 0, "PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.\n64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time="),
    ("-nqc 1 -s100 127.0.0.1", 0, "PING 127.0.0.1 (127.0.0.1) 100(128) bytes of data.\n\n--- 127.0.0.1 ping statistics"),
    ("-4 -c 1 0.0.0.0", 0, "PING 0.0.0.0 (127.0.0.1) 56(84) bytes of data.\n64 bytes from 127.0.0.1: "),
    ("-c 1 -I 10.0.1.1 10.0.2.1", 0, "PING 10.0.2.1 (10.0.2.1) from 10.0.1.1 : 56(84) bytes of data.\n64 bytes from 10.0.2.1: "),
    ("-c 1 -I eth0 10.0.1.1", 0, "PING 10.0.1.1 (10.0.1.1) from 10.0.1.1 eth0: 56(84) bytes of data.\n64 bytes from 10.0.1.1: "),
    ("-c 1 -I eth9 127.0.0.1", 2, "ping: SO_BINDTODEVICE eth9: No such device\n"),
    ("-c 1 -I 192.0.2.9 127.0.0.1", 2, "ping: bind: "),
    ("-c 1 203.0.113.1", 2, "ping: connect: Network is unreachable\n"),
    ("-c 1 198.51.100.1", 2, BROADCAST_REFUSED),
    ("-c 1 198.51.100.2", 2, "ping: connect: "),
    ("-c 1 198.51.100.3", 2, "ping: connect: Invalid argument\n"),
    ("-c 1 10.0.1.255", 2, BROADCAST_REFUSED),
    ("-b -c 1 -W 0.1 10.0.1.255", 1, "WARNING: pinging broadcast address\nPING 10.0.1.255 (10.0.1.255) 56(84) bytes of data.\n"),
    ("-c 1 -w 20 -i 0.1 127.0.0.1", 0, "PING 127.0.0.1 "),
])
def test_ping_words(router, ways, words, status, said):
    """Words, ways and sources of ping, as iputils has them."""
    got, text = router.command(f"ping {words}")
    assert got == status and text.startswith(said), text
    assert (DONE in text) == (status == 0)


def test_ping_until_answered(router, wire):
    """With a deadline it asks on until so many are answered, and fails if they are not."""
    before = wire.mark()
    status, text = router.command(f"ping -c 1 -i 0.2 -w 1 {wire.ip}")  # the tester answers no pings
    assert status == 1 and " 0 received, 100% packet loss" in text
    assert 3 <= len([p for p in wire.since(before) if ICMP in p and p[ICMP].type == 8]) <= 6

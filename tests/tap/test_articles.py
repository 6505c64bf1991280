# SPDX-License-Identifier: MIT
"""Rules from the articles that weir grew from, as they stand there, and what they do to packets."""
import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.packet import Raw

from conftest import DUT, new_router

LOG = "iptables -A INPUT -p udp --dport=5001 -j LOG --log-level 1"
DNAT = "iptables -t nat -A PREROUTING -j DNAT -p udp --dport 9999 --to-destination 192.168.1.8"
RELATED = "iptables -A INPUT -m conntrack --ctstate RELATED -j ACCEPT"
SERVER = "192.168.1.8"


@pytest.fixture(scope="module")
def router():
    """Of its own: who has once translated tracks from then on."""
    with new_router() as dut:
        yield dut


@pytest.fixture
def ruled(router):
    yield router
    router.run("iptables -F")
    router.run("iptables -t nat -F")


def counted(router):
    """Packets that the first rule of INPUT has met."""
    return int(router.run("iptables -L INPUT -nvx").splitlines()[2].split()[0])


def test_log(ruled, wire):
    ruled.run(LOG)
    mark = ruled.console.mark() if DUT == "weir" else None
    wire.send(wire.udp(b"twelve bytes", dport=5001), wire.udp(b"another's", dport=5002))
    wire.barrier()
    assert counted(ruled) == 1
    if DUT == "weir":  # Linux logs for its first namespace only
        line = ruled.console.wait(".*DPT=5001.*", mark)[0]
        assert "IN=eth0 OUT= " in line and f"SRC={wire.ip} DST={wire.dut_ip} LEN=40 " in line


@pytest.mark.parametrize("asked, port", [("10.0.1.1", 4321), ("10.0.2.99", 4322)])
def test_dnat_between_two_other_machines(ruled, wire, far, asked, port):
    """Whomever the client asks, the server answers, and the client sees the one it asked."""
    ruled.run("ip addr add 192.168.1.1/24 dev eth1")
    far.hosts[SERVER] = far.mac
    try:
        ruled.run(DNAT)
        mark = far.mark()
        wire.send(wire.eth() / IP(src=wire.ip, dst=asked) / UDP(sport=port, dport=9999) / Raw(b"who is there?"))
        came = far.wait(lambda p: UDP in p and p[IP].dst == SERVER, mark)
        assert (came[IP].src, came[UDP].sport, came[UDP].dport) == (wire.ip, port, 9999)
        assert came[Raw].load == b"who is there?"
        mark = wire.mark()
        far.send(far.eth() / IP(src=SERVER, dst=wire.ip) / UDP(sport=9999, dport=port) / Raw(b"the server"))
        back = wire.wait(lambda p: UDP in p and p[UDP].dport == port, mark)
        assert (back[IP].src, back[UDP].sport, back[Raw].load) == (asked, 9999, b"the server")
    finally:
        del far.hosts[SERVER]
        ruled.run("ip addr del 192.168.1.1/24 dev eth1")


def test_related(ruled, wire):
    """An error about what was said before is related to it; one about nothing is not."""
    ruled.run(RELATED)
    mark = wire.mark()
    wire.send(wire.udp(b"hello", sport=4400, dport=7))
    answer = wire.wait(lambda p: UDP in p and p[UDP].dport == 4400, mark)
    wire.send(*(wire.eth() / IP(src=wire.ip, dst=wire.dut_ip) / ICMP(type=3, code=3) / Raw(quoted)
                for quoted in (bytes(answer[IP])[:28],
                               bytes(IP(src=wire.dut_ip, dst=wire.ip) / UDP(sport=7, dport=4401) / b"never")[:28])))
    wire.barrier()
    assert counted(ruled) == 1

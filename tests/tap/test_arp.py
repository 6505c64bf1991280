# SPDX-License-Identifier: MIT
"""Address resolution: answering, asking, learning, waiting, ageing (RFC 826, RFC 1122 s2.3.2, RFC 5227)."""
import itertools
import time

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether

from wire import BROADCAST, is_arp_reply, is_arp_request, is_echo_reply

hosts = itertools.count(100)


class Stranger:
    """A neighbour nobody has heard of; `answers` makes the wire speak for it."""

    def __init__(self, wire, answers=False):
        n = next(hosts)
        self.wire, self.ip, self.mac = wire, f"10.0.1.{n}", f"02:00:00:00:aa:{n:02x}"
        if answers:
            self.answer()

    def answer(self):
        self.wire.hosts[self.ip] = self.mac

    def request(self, **fields):
        fields = {"op": 1, "hwsrc": self.mac, "psrc": self.ip, "pdst": self.wire.dut_ip, **fields}
        return self.wire.eth(src=self.mac, dst=BROADCAST) / ARP(**fields)

    def ping(self, seq=1):
        return (self.wire.eth(src=self.mac) / IP(src=self.ip, dst=self.wire.dut_ip) /
                ICMP(id=7, seq=seq) / b"stranger")

    def asked_for(self, p):
        return is_arp_request(p) and p[ARP].pdst == self.ip

    def replied(self, p):
        return is_echo_reply(p) and p[IP].dst == self.ip


@pytest.fixture
def stranger(wire):
    new = Stranger(wire)
    yield new
    wire.hosts.pop(new.ip, None)


def neighbour(router, ip):
    """The line of `ip neigh` about this address, or an empty one."""
    lines = router.run("ip neigh show dev eth0").splitlines()
    return next((line.strip() for line in lines if line.split()[0] == ip), "")


def wait_for(condition, seconds=15.0):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.1)
    return value


@pytest.mark.parametrize("dst", [BROADCAST, "dut"], ids=["broadcast", "unicast"])
def test_arp_request_is_answered(wire, dst):
    request = wire.arp_request()
    request[Ether].dst = wire.dut_mac if dst == "dut" else dst
    reply = wire.ask(request, is_arp_reply)
    assert (reply[Ether].src, reply[Ether].dst) == (wire.dut_mac, wire.mac)
    arp = reply[ARP]
    assert (arp.hwtype, arp.ptype, arp.hwlen, arp.plen) == (1, 0x800, 6, 4)
    assert (arp.hwsrc, arp.psrc) == (wire.dut_mac, wire.dut_ip)
    assert (arp.hwdst, arp.pdst) == (wire.mac, wire.ip)


def test_arp_probe_is_answered(wire):
    """Duplicate address detection asks without an address of its own (RFC 5227 s2.1.1)."""
    reply = wire.ask(wire.arp_request(psrc="0.0.0.0"), is_arp_reply)
    assert (reply[ARP].psrc, reply[ARP].pdst) == (wire.dut_ip, "0.0.0.0")


def test_arp_for_others_is_not_answered(wire):
    assert wire.reactions(wire.arp_request(pdst="10.0.1.77"), wire.arp_request(pdst="10.9.9.9")) == []


def test_arp_for_the_other_interface_is_answered(router, wire):
    """The address belongs to the host, not to the interface (RFC 1122 s3.3.4.2, the weak model)."""
    reply = wire.ask(wire.arp_request(pdst=router.wires[1].dut_ip), is_arp_reply)
    assert (reply[ARP].psrc, reply[ARP].hwsrc) == (router.wires[1].dut_ip, wire.dut_mac)


MALFORMED = {
    "hardware type": {"hwtype": 6 + 100},
    "protocol type": {"ptype": 0x86dd},
    "hardware length": {"hwlen": 5},
    "protocol length": {"plen": 16},
    "unknown operation": {"op": 9},
    "loopback target": {"pdst": "127.0.0.1"},
    "multicast target": {"pdst": "224.0.0.1"},
}


@pytest.mark.parametrize("fields", MALFORMED.values(), ids=MALFORMED)
def test_arp_malformed_is_ignored(wire, fields):
    assert wire.reactions(wire.arp_request(**fields)) == []


@pytest.mark.parametrize("size", [14, 15, 21, 22, 30, 41])
def test_arp_truncated_is_ignored(wire, size):
    mark = wire.mark()
    wire.port.write(bytes(wire.arp_request())[:size])
    wire.barrier()
    assert not [p for p in wire.since(mark) if is_arp_reply(p)]


def test_arp_request_teaches_its_sender(router, wire, stranger):
    mark = wire.mark()
    wire.ask(stranger.request(), is_arp_reply)
    wire.ask(stranger.ping(), stranger.replied)
    assert not [p for p in wire.since(mark) if stranger.asked_for(p)]
    assert stranger.mac in neighbour(router, stranger.ip)


def test_arp_reply_unasked_teaches_nothing(router, wire, stranger):
    reply = (wire.eth(src=stranger.mac) /
             ARP(op=2, hwsrc=stranger.mac, psrc=stranger.ip, hwdst=wire.dut_mac, pdst=wire.dut_ip))
    wire.reactions(reply)
    assert not neighbour(router, stranger.ip)


def test_arp_gratuitous_teaches_nothing_new(router, wire, stranger):
    wire.reactions(stranger.request(pdst=stranger.ip))
    assert not neighbour(router, stranger.ip)


@pytest.mark.parametrize("op", [1, 2], ids=["request", "reply"])
def test_arp_gratuitous_updates(router, wire, stranger, op):
    """Linux believes the first answer for a second (locktime), so the update comes after that."""
    wire.ask(stranger.request(), is_arp_reply)
    wire.ask(stranger.ping(), stranger.replied)
    time.sleep(1.2)
    moved = "02:00:00:00:bb:01"
    wire.send(wire.eth(src=moved, dst=BROADCAST) /
              ARP(op=op, hwsrc=moved, psrc=stranger.ip, hwdst=BROADCAST, pdst=stranger.ip))
    wire.barrier()
    assert moved in neighbour(router, stranger.ip)
    assert wire.ask(stranger.ping(2), stranger.replied)[Ether].dst == moved


def test_arp_conflict_is_not_believed(router, wire):
    wire.reactions(wire.arp_request(psrc=wire.dut_ip, pdst="10.0.1.78"))
    assert not neighbour(router, wire.dut_ip)
    wire.ping()


def test_arp_asks_before_it_answers(wire, stranger):
    mark = wire.mark()
    wire.send(stranger.ping())
    request = wire.wait(stranger.asked_for, mark)
    assert (request[Ether].src, request[Ether].dst) == (wire.dut_mac, BROADCAST)
    assert (request[ARP].hwsrc, request[ARP].psrc) == (wire.dut_mac, wire.dut_ip)
    assert request[ARP].hwdst == "00:00:00:00:00:00"
    wire.send(wire.arp_reply(request[ARP], stranger.mac))
    assert wire.wait(stranger.replied, mark)[Ether].dst == stranger.mac


def test_arp_packets_wait_in_order(wire, stranger):
    mark = wire.mark()
    wire.send(*(stranger.ping(seq) for seq in range(1, 21)))
    request = wire.wait(stranger.asked_for, mark)
    wire.barrier()
    assert not [p for p in wire.since(mark) if stranger.replied(p)]
    wire.send(wire.arp_reply(request[ARP], stranger.mac))
    wire.wait(lambda p: stranger.replied(p) and p[ICMP].seq == 20, mark)
    assert [p[ICMP].seq for p in wire.since(mark) if stranger.replied(p)] == list(range(1, 21))


def test_arp_queue_of_waiting_packets_is_bounded(wire, far):
    """The newest wait, the oldest are dropped; none is kept for ever."""
    count, target = 2000, "10.0.2.98"
    mark = far.mark()
    for first in range(1, count + 1, 50):
        wire.send(*(wire.udp(b"wait", sport=n, ip={"dst": target}) for n in range(first, first + 50)))
        wire.barrier()
    request = far.wait(lambda p: is_arp_request(p) and p[ARP].pdst == target, mark)
    far.send(far.arp_reply(request[ARP], far.mac))
    far.wait(lambda p: UDP in p and p[UDP].sport == count, mark)
    passed = [p[UDP].sport for p in far.since(mark) if UDP in p]
    assert 3 <= len(passed) < count
    assert passed == list(range(count - len(passed) + 1, count + 1))


def test_arp_gives_up(router, wire, stranger):
    """Three requests, a second apart (RFC 1122 s2.3.2.1 forbids a flood); then the entry has failed."""
    mark, began = wire.mark(), time.monotonic()
    wire.send(stranger.ping())
    wait_for(lambda: "FAILED" in neighbour(router, stranger.ip) or
             (time.monotonic() - began > 4 and not neighbour(router, stranger.ip)))
    assert len([p for p in wire.since(mark) if stranger.asked_for(p)]) == 3


def test_arp_failure_is_reported_to_the_sender(wire, far):
    """Host unreachable for a packet that was to be forwarded (RFC 1812 s5.2.7.1)."""
    lost = wire.echo_request(b"to nobody", ip={"dst": "10.0.2.99"})
    error = wire.ask(lost, lambda p: ICMP in p and p[ICMP].type == 3)
    assert error[ICMP].code == 1
    assert far.try_wait(lambda p: is_arp_request(p) and p[ARP].pdst == "10.0.2.99", 0, 1)


def test_arp_static_entry(router, wire, stranger):
    fixed = "02:00:00:00:cc:01"
    router.run(f"ip neigh add {stranger.ip} lladdr {fixed} dev eth0 nud permanent")
    assert "PERMANENT" in neighbour(router, stranger.ip)
    mark = wire.mark()
    wire.ask(stranger.request(), is_arp_reply)
    assert wire.ask(stranger.ping(), stranger.replied)[Ether].dst == fixed
    assert not [p for p in wire.since(mark) if stranger.asked_for(p)]
    router.run(f"ip neigh del {stranger.ip} dev eth0")
    assert "PERMANENT" not in neighbour(router, stranger.ip)
    stranger.answer()
    assert wire.ask(stranger.ping(2), stranger.replied)[Ether].dst == stranger.mac


@pytest.fixture
def quick_ageing(router):
    old = {name: router.run(f"sysctl -n net.ipv4.neigh.eth0.{name}").strip()
           for name in ("base_reachable_time_ms", "delay_first_probe_time")}
    router.run("sysctl -w net.ipv4.neigh.eth0.base_reachable_time_ms=300")
    router.run("sysctl -w net.ipv4.neigh.eth0.delay_first_probe_time=1")
    yield
    for name, value in old.items():
        router.run(f"sysctl -w net.ipv4.neigh.eth0.{name}={value}")


def probe_for(stranger):
    """A request sent to the address that is already known (RFC 1122 s2.3.2.1 way 2)."""
    return lambda p: stranger.asked_for(p) and p[Ether].dst == stranger.mac


def ping_until(stranger, done, seconds=15.0):
    """Gives the device reasons to send to the stranger until done()."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it never came true; what came:\n" + stranger.wire.story(0)
        stranger.wire.send(stranger.ping())
        time.sleep(0.2)


@pytest.mark.usefixtures("quick_ageing")
def test_arp_entry_ages_and_is_probed(router, wire, stranger):
    stranger.answer()
    mark = wire.mark()
    wire.ask(stranger.ping(), stranger.replied)
    probed = probe_for(stranger)
    ping_until(stranger, lambda: any(map(probed, wire.since(mark))))
    wait_for(lambda: stranger.mac in neighbour(router, stranger.ip))


@pytest.mark.usefixtures("quick_ageing")
def test_arp_entry_of_a_gone_host_is_given_up(router, wire, stranger):
    stranger.answer()
    wire.ask(stranger.ping(), stranger.replied)
    del wire.hosts[stranger.ip]
    mark = wire.mark()
    ping_until(stranger, lambda: stranger.mac not in neighbour(router, stranger.ip))
    probed = probe_for(stranger)
    assert any(map(probed, wire.since(mark)))

# SPDX-License-Identifier: MIT
"""802.1Q: tags without a device here, and devices made of them."""

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether

import netns
from conftest import DUT
from servers import pattern
from test_arp_settings import done
from wire import BROADCAST, is_echo_reply


def linux_has_vlans():
    space = netns.Namespace()
    try:
        space.run("ip", "link", "add", "d", "type", "dummy")
        space.run("ip", "link", "add", "link", "d", "name", "d.5", "type", "vlan", "id", "5")
        return True
    except RuntimeError:
        return False
    finally:
        space.close()


devices = pytest.mark.skipif(DUT == "linux" and not linux_has_vlans(), reason="this kernel has no 8021q")


def tagged(frame, *tags):
    """The frame with these layers between its addresses and its type."""
    out = Ether(src=frame[Ether].src, dst=frame[Ether].dst)
    for tag in tags:
        out = out / tag
    return out / frame[Ether].payload


@pytest.mark.parametrize("prio", [0, 7])
def test_priority_tag_is_taken_off(wire, prio):
    """VLAN 0 is no VLAN (802.1Q s6.9)."""
    request = wire.echo_request(b"priority")
    reply = wire.ask(tagged(request, Dot1Q(vlan=0, prio=prio)), is_echo_reply)
    assert reply[ICMP].seq == request[ICMP].seq and Dot1Q not in reply
    request = wire.echo_request(b"twice")
    reply = wire.ask(tagged(request, Dot1Q(vlan=0), Dot1Q(vlan=0)), is_echo_reply)
    assert reply[ICMP].seq == request[ICMP].seq
    reply = wire.ask(tagged(wire.arp_request(), Dot1Q(vlan=0)), lambda p: ARP in p and p[ARP].op == 2)
    assert Dot1Q not in reply


@pytest.mark.parametrize("tag", [Dot1Q(vlan=99), Dot1AD(vlan=99), Dot1Q(vlan=4095), Dot1Q(vlan=1)],
                         ids=["802.1Q", "802.1ad", "reserved", "1"])
def test_unknown_vlan_is_another_hosts(router, wire, tag):
    before = router.run("ip -s link show eth0")
    dropped = before.splitlines()[3].split()[3]
    assert wire.reactions(tagged(wire.echo_request(b"unknown"), tag), tagged(wire.udp(b"echo"), tag)) == []
    mark = wire.mark()
    wire.send(tagged(wire.arp_request(), tag))
    wire.barrier()
    assert not [p for p in wire.since(mark) if ARP in p and p[ARP].op == 2]
    assert router.run("ip -s link show eth0").splitlines()[3].split()[3] == dropped


@pytest.fixture
def vlans(router):
    with done(router, "ip link add link eth0 name eth0.5 type vlan id 5", "ip link del eth0.5"):
        router.run("ip addr add 10.5.0.1/24 dev eth0.5")
        router.run("ip link set eth0.5 up")
        router.run("ip link add link eth1 name eth1.6 type vlan id 6")
        router.run("ip addr add 10.6.0.1/24 dev eth1.6")
        router.run("ip link set eth1.6 up")
        yield router
        router.run("ip link del eth1.6")


class Host:
    """Somebody in a VLAN: answers ARP in it."""

    def __init__(self, wire, vid, ip, mac):
        self.wire, self.vid, self.ip, self.mac = wire, vid, ip, mac

    def resolve(self, mark):
        asked = self.wire.wait(lambda p: Dot1Q in p and p[Dot1Q].vlan == self.vid and ARP in p and p[ARP].op == 1
                               and p[ARP].pdst == self.ip, mark)
        self.wire.send(tagged(self.wire.arp_reply(asked[ARP], self.mac), Dot1Q(vlan=self.vid)))

    def frame(self, payload):
        return Ether(src=self.mac, dst=self.wire.dut_mac) / Dot1Q(vlan=self.vid) / payload


@devices
def test_vlan_host(vlans, wire):
    """Ping and UDP echo in a VLAN, every size up to the MTU."""
    host = Host(wire, 5, "10.5.0.2", "02:00:00:00:55:02")
    mark = wire.mark()
    wire.send(host.frame(IP(src=host.ip, dst="10.5.0.1") / ICMP(id=1, seq=1)))
    host.resolve(mark)
    reply = wire.wait(is_echo_reply, mark)
    assert (reply[Dot1Q].vlan, reply[Dot1Q].prio, reply[Ether].dst) == (5, 0, host.mac)
    for size in [*range(0, 64), 1000, 1471, 1472]:
        mark = wire.mark()
        wire.send(host.frame(IP(src=host.ip, dst="10.5.0.1", id=size + 1) / UDP(sport=4000, dport=7) / pattern(size)))
        echoed = wire.wait(lambda p: UDP in p and p[UDP].sport == 7, mark)
        assert echoed[Dot1Q].vlan == 5 and bytes(echoed[UDP].payload)[:size] == pattern(size)
    assert "10.5.0.2" in vlans.run("ip neigh show dev eth0.5")
    assert "10.5.0.2" not in vlans.run("ip neigh show dev eth0")
    arp = wire.ask(host.frame(ARP(op=1, hwsrc=host.mac, psrc=host.ip, pdst="10.5.0.1")),
                   lambda p: ARP in p and p[ARP].op == 2)
    assert (arp[Dot1Q].vlan, arp[ARP].hwsrc) == (5, wire.dut_mac)
    assert wire.ping()[ICMP].type == 0


@devices
def test_vlan_routing(vlans, wire, far):
    """From VLAN 5 on one wire to VLAN 6 on the other, and to the untagged net there."""
    near, away = Host(wire, 5, "10.5.0.2", "02:00:00:00:55:02"), Host(far, 6, "10.6.0.2", "02:00:00:00:66:02")
    mark = far.mark()
    wire.send(near.frame(IP(src=near.ip, dst=away.ip, ttl=9, id=77) / UDP(sport=1, dport=2) / pattern(1472)))
    away.resolve(mark)
    got = far.wait(lambda p: UDP in p and p[IP].src == near.ip, mark)
    assert (got[Dot1Q].vlan, got[IP].ttl, got[Ether].dst, got[Ether].src) == (6, 8, away.mac, far.dut_mac)
    assert bytes(got[UDP].payload) == pattern(1472)
    mark = far.mark()
    wire.send(near.frame(IP(src=near.ip, dst=far.ip, id=78) / UDP(sport=1, dport=2) / b"x"))
    assert Dot1Q not in far.wait(lambda p: UDP in p and p[IP].src == near.ip, mark)


@devices
def test_vlan_follows_its_device(vlans, wire, far):
    vlans.run("ip link set eth1 down")
    assert "M-DOWN" in vlans.run("ip link show eth1.6")
    vlans.run("ip link set eth1 up")
    assert ",UP" in vlans.run("ip link show eth1.6")
    far.until_answering()
    vlans.run("ip link set eth1 mtu 1300")
    assert "mtu 1300" in vlans.run("ip link show eth1.6")
    vlans.run("ip link set eth1 mtu 1500")
    status, output = vlans.command("ip link set eth1.6 mtu 1600")
    assert (status, output) == (2, "RTNETLINK answers: Numerical result out of range\n")


@devices
def test_vlan_with_an_address_of_its_own(vlans, wire):
    """The NIC must hear frames that are not to its own address."""
    vlans.run("ip link set eth0.5 address 02:00:00:00:05:01")
    host = Host(wire, 5, "10.5.0.2", "02:00:00:00:55:02")
    frame = host.frame(ARP(op=1, hwsrc=host.mac, psrc=host.ip, pdst="10.5.0.1"))
    frame[Ether].dst = BROADCAST
    arp = wire.ask(frame, lambda p: ARP in p and p[ARP].op == 2)
    assert arp[ARP].hwsrc == arp[Ether].src == "02:00:00:00:05:01"
    frame = host.frame(IP(src=host.ip, dst="10.5.0.1") / ICMP(id=1, seq=9))
    frame[Ether].dst = "02:00:00:00:05:01"
    assert wire.ask(frame, is_echo_reply)[Ether].src == "02:00:00:00:05:01"


@devices
def test_vlan_commands(vlans):
    assert "vlan protocol 802.1Q id 5 <REORDER_HDR>" in vlans.run("ip -d link show eth0.5")
    assert vlans.command("ip link add link eth0 name x type vlan id 5")[0] == 2
    assert vlans.command("ip link add link eth0 name x type vlan id 4095")[0] == 2
    assert vlans.command("ip link del eth0") == (2, "RTNETLINK answers: Operation not supported\n")
    assert [line.split()[1] for line in vlans.run("ip -o link show type vlan").splitlines()] == \
        ["eth0.5@eth0:", "eth1.6@eth1:"]
    vlans.run("sysctl -w net.ipv4.conf.eth0/5.rp_filter=0")
    assert "net.ipv4.conf.eth0/5.rp_filter = 0" in vlans.run("sysctl -a")

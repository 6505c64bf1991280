# SPDX-License-Identifier: MIT
"""Devices: the cable out and in, MTU, address, names, counters."""
import re

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether

from servers import pattern
from conftest import DUT
from dut_linux import Linux
from dut_weir import Weir
from test_arp import wait_for
from test_arp_settings import done, settings
from wire import is_echo_reply


@pytest.fixture
def cable(router):
    """eth1's. Plugged in again afterwards."""
    yield lambda up: router.carrier(1, up)
    router.carrier(1, True)
    wait_for(lambda: "LOWER_UP" in router.run("ip link show eth1"))
    router.wires[1].until_answering()


def known(router, ip):
    return [line for line in router.run("ip neigh show dev eth1").splitlines() if line.split()[0] == ip]


@pytest.mark.parametrize("evict", ["11", "01", "10"], ids=["evict", "not on all", "not on eth1"])
def test_cable_out_and_in(router, far, cable, evict):
    """No carrier: routes by it are dead, neighbours learnt are forgotten (if told), those told stay."""
    with settings(router, all__arp_evict_nocarrier=evict[0], eth1__arp_evict_nocarrier=evict[1]), \
         done(router, "ip neigh add 10.0.2.66 lladdr 02:00:00:00:00:66 dev eth1", "ip neigh del 10.0.2.66 dev eth1"), \
         done(router, "ip route add 10.99.0.0/16 via 10.0.2.2", "ip route del 10.99.0.0/16"):
        far.ping()
        assert known(router, far.ip)
        cable(False)
        shown = wait_for(lambda: re.search("eth1: <(NO-CARRIER.*)>", router.run("ip link show eth1")))[1]
        assert shown == "NO-CARRIER,BROADCAST,MULTICAST,UP"
        assert "state DOWN" in router.run("ip link show eth1")
        routes = [" ".join(line.split()) for line in router.run("ip route").splitlines()]
        assert "10.99.0.0/16 via 10.0.2.2 dev eth1 linkdown" in routes
        assert "10.0.2.0/24 dev eth1 proto kernel scope link src 10.0.2.1 linkdown" in routes
        assert bool(known(router, far.ip)) == (evict != "11")
        assert "PERMANENT" in known(router, "10.0.2.66")[0]
        cable(True)
        wait_for(lambda: "NO-CARRIER" not in router.run("ip link show eth1"))
        far.until_answering()
        assert "linkdown" not in router.run("ip route")


def test_carrier_changes_are_counted(router, cable):
    def changes():
        return int(router.run("ip -s -s link show eth1").splitlines()[-1].split()[-1])

    before = changes()
    cable(False)
    wait_for(lambda: "NO-CARRIER" in router.run("ip link show eth1"))
    cable(True)
    wait_for(lambda: "NO-CARRIER" not in router.run("ip link show eth1"))
    assert changes() == before + 2


def test_mtu(router, wire, far):
    """What is larger goes in pieces, or is refused with the MTU if it must not."""
    with done(router, "ip link set eth1 mtu 600", "ip link set eth1 mtu 1500"):
        mark = far.mark()
        wire.send(wire.udp(pattern(1000), dport=9999, ip={"dst": far.ip}))
        far.wait(lambda p: IP in p and p[IP].frag and not p[IP].flags.MF, mark)
        assert max(p[IP].len for p in far.since(mark) if IP in p and p[IP].frag is not None and p[IP].dst == far.ip) <= 600
        error = wire.ask(wire.udp(pattern(1000), dport=9999, ip={"dst": far.ip, "flags": "DF"}),
                         lambda p: ICMP in p and p[ICMP].type == 3)
        assert (error[ICMP].code, error[ICMP].nexthopmtu) == (4, 600)
    for mtu, text in ((67, "less than device minimum"), (65536, "greater than device maximum")):
        status, output = router.command(f"ip link set eth1 mtu {mtu}")
        assert (status, output.strip()) == (2, f"Error: mtu {text}.")


def test_address(router, wire, far):
    """A new address: neighbours are forgotten, frames to the old one are others'."""
    far.ping()
    with done(router, "ip link set eth1 address 02:00:00:00:cc:02", f"ip link set eth1 address {far.dut_mac}"):
        assert not known(router, far.ip)
        mark = far.mark()
        far.send(far.echo_request(b"old"))
        new = far.echo_request(b"new")
        new[Ether].dst = "02:00:00:00:cc:02"
        reply = far.ask(new, is_echo_reply)
        assert reply[Ether].src == "02:00:00:00:cc:02" and reply[ICMP].seq == new[ICMP].seq
        assert len([p for p in far.since(mark) if is_echo_reply(p)]) == 1
    for address in ("01:00:00:00:00:01", "00:00:00:00:00:00"):
        status, output = router.command(f"ip link set eth1 address {address}")
        assert (status, output.strip()) == (2, "RTNETLINK answers: Cannot assign requested address")
    far.until_answering()


def test_rename(router, far):
    with done(router, "ip link set eth1 name far.net", "ip link set far.net name eth1"):
        assert ": far.net: <" in router.run("ip link")
        assert "scope global far.net" in router.run("ip addr show far.net")
        assert router.run("sysctl -n net.ipv4.conf.far/net.arp_ignore").strip() == "0"
        assert router.run("sysctl -n net.ipv4.neigh.far/net.locktime").strip() == "100"
        assert "dev far.net" in router.run("ip route")
        assert router.command("ip link set far.net name eth0") == (2, "RTNETLINK answers: File exists\n")
        far.ping()
    far.ping()


def columns(router, device):
    """The numbers of ip -s link, by direction and head."""
    lines = router.run(f"ip -s -s link show {device}").splitlines()
    found = {}
    for heads, values in zip(lines, lines[1:]):
        if m := re.match(r" +([RT]X)( errors)?: +(.*)", heads):
            found.update({f"{m[1]} {head}": int(v) for head, v in zip(m[3].split(), values.split())})
    return found


def test_counters(router, wire, far):
    far.ping()
    before = columns(router, "eth1")
    for size in range(10):
        far.ping(pattern(100 + size))
    after = columns(router, "eth1")
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown["RX packets"] == grown["TX packets"] == 10
    assert grown["RX bytes"] == grown["TX bytes"] == sum(142 + n for n in range(10))
    far.send(far.eth(dst="02:00:00:00:99:99") / IP(src=far.ip, dst="10.0.2.1") / UDP())
    far.send(far.eth(type=0x9999) / b"unknown")
    far.barrier()
    final = columns(router, "eth1")
    assert final["RX dropped"] == after["RX dropped"] + 1
    if router.name == "linux":  # QEMU filters what is not ours
        assert final["RX otherhost"] == after.get("RX otherhost", 0) + 1


def test_eight_nics():
    """Each on its wire, packets between any two."""
    rc = "".join(f"ip addr add 10.0.{n + 1}.1/24 dev eth{n}\nip link set eth{n} up\n" for n in range(8))
    make = Linux if DUT == "linux" else Weir
    with make(nics=8, rc=rc + "sysctl -w net.ipv4.ip_forward=1\n") as dut:
        for wire in dut.wires:
            wire.until_answering()
        for near, far in zip(dut.wires, dut.wires[1:] + dut.wires[:1]):
            mark = far.mark()
            near.send(near.udp(b"round", dport=9999, ip={"dst": far.ip}))
            got = far.wait(lambda p: UDP in p and p[UDP].dport == 9999, mark)
            assert (got[IP].src, got[Ether].src) == (near.ip, far.dut_mac)


def test_default_settings_reach_devices_without_address():
    """conf.default also goes for a device that had no address yet and was told nothing else."""
    make = Linux if DUT == "linux" else Weir
    with make(nics=2, rc="ip addr add 10.0.1.1/24 dev eth0\nip link set eth0 up\n") as dut:
        def conf(device, name):
            return int(dut.run(f"sysctl -n net.ipv4.conf.{device}.{name}"))

        def write(device, name, value):
            dut.run(f"sysctl -w net.ipv4.conf.{device}.{name}={value}")
        write("eth1", "arp_announce", 1)
        for name in ("arp_ignore", "arp_announce", "forwarding"):
            write("default", name, 2 if name != "forwarding" else 1)
        assert (conf("eth0", "arp_ignore"), conf("eth1", "arp_ignore")) == (0, 2)
        assert (conf("eth0", "arp_announce"), conf("eth1", "arp_announce")) == (0, 1)
        assert (conf("eth0", "forwarding"), conf("eth1", "forwarding")) == (0, 0)
        dut.run("ip addr add 10.0.2.1/24 dev eth1")
        write("default", "arp_ignore", 1)
        assert conf("eth1", "arp_ignore") == 2

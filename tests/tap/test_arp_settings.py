# SPDX-License-Identifier: MIT
"""Which questions are answered, with which source it is asked, what is learnt: net.ipv4.conf.*, and proxies."""
import contextlib
import itertools
import time

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import ARP, Ether

from wire import BROADCAST, is_arp_reply, is_arp_request, is_echo_reply

hosts = itertools.count(150)
MOVED = "02:00:00:00:bb:07"


@contextlib.contextmanager
def settings(router, **values):
    """net.ipv4.conf names with __ for dots: eth0__arp_ignore=1. Put back afterwards."""
    names = {f"net.ipv4.conf.{name.replace('__', '.')}": value for name, value in values.items()}
    old = {name: router.run(f"sysctl -n {name}").strip() for name in names}
    try:
        for name, value in names.items():
            router.run(f"sysctl -w {name}={value}")
        yield
    finally:
        for name, value in old.items():
            router.run(f"sysctl -w {name}={value}")


@contextlib.contextmanager
def neigh_settings(router, **values):
    old = {name: router.run(f"sysctl -n net.ipv4.neigh.eth0.{name}").strip() for name in values}
    try:
        for name, value in values.items():
            router.run(f"sysctl -w net.ipv4.neigh.eth0.{name}={value}")
        yield
    finally:
        for name, value in old.items():
            router.run(f"sysctl -w net.ipv4.neigh.eth0.{name}={value}")


@contextlib.contextmanager
def done(router, do, undo):
    router.run(do)
    try:
        yield
    finally:
        router.run(undo)


def answers(wire, **fields):
    """The ARP replies to one question."""
    dst = fields.pop("dst", BROADCAST)
    question = wire.arp_request(**fields)
    question[Ether].dst = dst
    mark = wire.mark()
    wire.send(question)
    wire.barrier()
    return [p for p in wire.since(mark) if is_arp_reply(p) and p[ARP].psrc == question[ARP].pdst]


def known(router, ip, dev="eth0"):
    return [line.strip() for line in router.run(f"ip neigh show dev {dev}").splitlines() if line.split()[0] == ip]


def test_hardware_type_6_is_ethernet_too(wire):
    question = bytearray(bytes(wire.arp_request()))
    question[15] = 6
    wire.ask(bytes(question), is_arp_reply)


IGNORE = [
    # arp_ignore, who asks, for what, answered
    (0, "10.0.1.2", "10.0.2.1", True),
    (0, "10.0.1.2", "10.0.1.240", True),
    (1, "10.0.1.2", "10.0.1.1", True),
    (1, "10.0.1.2", "10.0.2.1", False),
    (1, "10.0.9.9", "10.0.1.1", True),
    (2, "10.0.1.2", "10.0.1.1", True),
    (2, "10.0.9.9", "10.0.1.1", False),
    (2, "10.0.1.2", "10.0.2.1", False),
    (3, "10.0.1.2", "10.0.1.1", True),
    (3, "10.0.1.2", "10.0.2.1", True),
    (3, "10.0.1.2", "10.0.1.240", False),
    (4, "10.0.1.2", "10.0.2.1", True),
    (8, "10.0.1.2", "10.0.1.1", False),
]


@pytest.mark.parametrize("scope", ["all", "eth0"])
def test_arp_ignore(router, wire, scope):
    with done(router, "ip addr add 10.0.1.240/32 dev eth0 scope host", "ip addr del 10.0.1.240/32 dev eth0"), \
         done(router, "ip route add 10.0.9.0/24 dev eth0", "ip route del 10.0.9.0/24 dev eth0"):
        for level, sender, target, answered in IGNORE:
            with settings(router, **{f"{scope}__arp_ignore": level}):
                assert bool(answers(wire, psrc=sender, pdst=target)) == answered, (level, sender, target)


@pytest.mark.parametrize("level,asked_with", [(0, "10.0.2.1"), (1, "10.0.1.1"), (2, "10.0.1.1")])
@pytest.mark.parametrize("scope", ["all", "eth0"])
def test_arp_announce(router, wire, scope, level, asked_with):
    """A reply from the other interface's address makes the router ask."""
    ip, mac = f"10.0.1.{next(hosts)}", "02:00:00:00:aa:fe"
    with settings(router, **{f"{scope}__arp_announce": level}):
        mark = wire.mark()
        wire.send(wire.eth(src=mac) / IP(src=ip, dst="10.0.2.1") / ICMP(id=1, seq=1))
        asked = wire.wait(lambda p: is_arp_request(p) and p[ARP].pdst == ip, mark)
    assert asked[ARP].psrc == asked_with


def test_arp_filter(router, wire):
    ip = f"10.0.1.{next(hosts)}"
    with settings(router, eth0__arp_filter=1):
        assert answers(wire, psrc=ip)
        before = int(router.run("nstat -asz TcpExtArpFilter").split()[-2])
        with done(router, f"ip route add {ip}/32 dev eth1", f"ip route del {ip}/32 dev eth1"):
            assert not answers(wire, psrc=ip)
        assert int(router.run("nstat -asz TcpExtArpFilter").split()[-2]) == before + 1


ACCEPT = [
    # arp_accept, sender, learnt from a gratuitous question and answer
    (0, "10.0.1.{}", False),
    (1, "10.0.1.{}", True),
    (1, "10.0.9.{}", True),
    (2, "10.0.1.{}", True),
    (2, "10.0.9.{}", False),
]


@pytest.mark.parametrize("op", [1, 2], ids=["request", "reply"])
@pytest.mark.parametrize("scope", ["all", "eth0"])
def test_arp_accept(router, wire, scope, op):
    with done(router, "ip route add 10.0.9.0/24 dev eth0", "ip route del 10.0.9.0/24 dev eth0"):
        for level, pattern, learnt in ACCEPT:
            ip = pattern.format(next(hosts))
            with settings(router, **{f"{scope}__arp_accept": level}):
                wire.send(wire.eth(src=MOVED, dst=BROADCAST) /
                          ARP(op=op, hwsrc=MOVED, psrc=ip, hwdst=MOVED, pdst=ip))
                wire.barrier()
                assert bool(known(router, ip)) == learnt, (level, ip)


def test_drop_gratuitous_arp(router, wire):
    ip = f"10.0.1.{next(hosts)}"
    answers(wire, psrc=ip)
    time.sleep(1.1)  # locktime
    gratuitous = wire.eth(src=MOVED, dst=BROADCAST) / ARP(op=1, hwsrc=MOVED, psrc=ip, pdst=ip)
    for scope in ("eth0", "all"):
        with settings(router, **{f"{scope}__drop_gratuitous_arp": 1}):
            wire.send(gratuitous)
            wire.barrier()
            assert wire.mac in known(router, ip)[0]
    wire.send(gratuitous)
    wire.barrier()
    assert MOVED in known(router, ip)[0]


def announced(wire, mark, ip):
    return [p for p in wire.since(mark) if is_arp_request(p) and p[ARP].psrc == p[ARP].pdst == ip]


def test_arp_notify(router, far):
    """When the device comes up and when its address changes; a new address is not announced."""
    old = far.dut_mac
    try:
        for level in (0, 1):
            with settings(router, eth1__arp_notify=level):
                mark = far.mark()
                router.run("ip link set eth1 down")
                router.run("ip link set eth1 up")
                far.until_answering()
                assert bool(announced(far, mark, "10.0.2.1")) == bool(level)
                mark = far.mark()
                router.run("ip link set eth1 address 02:00:00:00:cc:01")
                far.dut_mac = "02:00:00:00:cc:01"
                far.until_answering()
                seen = announced(far, mark, "10.0.2.1")
                assert bool(seen) == bool(level)
                assert all(p[ARP].hwsrc == far.dut_mac and p[Ether].dst == BROADCAST for p in seen)
                mark = far.mark()
                with done(router, "ip addr add 10.0.2.77/24 dev eth1", "ip addr del 10.0.2.77/24 dev eth1"):
                    far.barrier()
                assert not announced(far, mark, "10.0.2.77")
            router.run(f"ip link set eth1 address {old}")
            far.dut_mac = old
    finally:
        router.run(f"ip link set eth1 address {old}")
        far.dut_mac = old
        far.until_answering()


@pytest.mark.parametrize("scope", ["all", "eth0"])
def test_proxy_arp(router, wire, scope):
    """For what leaves by another device; a question by unicast at once, a broadcast after up to proxy_delay."""
    with settings(router, **{f"{scope}__proxy_arp": 1}):
        reply = answers(wire, pdst="10.0.2.7", dst=wire.dut_mac)[0]
        assert (reply[ARP].hwsrc, reply[ARP].hwdst) == (wire.dut_mac, wire.mac)
        assert not answers(wire, pdst="10.0.1.7", dst=wire.dut_mac)
        assert not answers(wire, pdst="192.0.2.7", dst=wire.dut_mac)
        with neigh_settings(router, proxy_delay=0):
            assert answers(wire, pdst="10.0.2.8")
        mark = wire.mark()
        wire.send(*(wire.arp_request(pdst=f"10.0.2.{n}") for n in range(20, 40)))
        for n in range(20, 40):
            wire.wait(lambda p, ip=f"10.0.2.{n}": is_arp_reply(p) and p[ARP].psrc == ip, mark)
    assert not answers(wire, pdst="10.0.2.7", dst=wire.dut_mac)


def test_proxy_qlen(router, wire):
    """So many questions wait; more are not answered."""
    with settings(router, eth0__proxy_arp=1), neigh_settings(router, proxy_delay=100, proxy_qlen=3):
        mark = wire.mark()
        wire.send(*(wire.arp_request(pdst=f"10.0.2.{n}") for n in range(20, 60)))
        wire.wait(is_arp_reply, mark)
        time.sleep(1.2)
        assert 1 <= len([p for p in wire.since(mark) if is_arp_reply(p)]) < 20


@pytest.mark.parametrize("where", ["dev eth0", ""], ids=["device", "all"])
def test_neigh_proxy(router, wire, where):
    """One address, as told; the owner's own question for conflicts is not answered, nor what leaves where it came."""
    with done(router, f"ip neigh add proxy 10.0.2.55 {where}", f"ip neigh del proxy 10.0.2.55 {where}"):
        assert router.run("ip neigh show proxy").split("\n")[0].rstrip() == f"10.0.2.55 {where}".strip() + " proxy"
        assert not known(router, "10.0.2.55")
        assert answers(wire, pdst="10.0.2.55", dst=wire.dut_mac)
        assert not answers(wire, pdst="10.0.2.56", dst=wire.dut_mac)
    assert not answers(wire, pdst="10.0.2.55", dst=wire.dut_mac)
    with done(router, f"ip neigh add proxy 10.0.1.55 {where}", f"ip neigh del proxy 10.0.1.55 {where}"):
        assert not answers(wire, pdst="10.0.1.55", dst=wire.dut_mac)
    status, output = router.command("ip neigh del proxy 10.0.2.55 dev eth0")
    assert (status, output.strip()) == (2, "RTNETLINK answers: No such file or directory")


@pytest.mark.parametrize("scope", ["all", "eth0"])
def test_proxy_arp_pvlan(router, wire, scope):
    """For neighbours that may not speak to each other: also what leaves where the question came from."""
    with settings(router, **{f"{scope}__proxy_arp_pvlan": 1}):
        assert answers(wire, pdst="10.0.1.55", dst=wire.dut_mac)
        assert not answers(wire, psrc="10.0.1.55", pdst="10.0.1.55", dst=wire.dut_mac)
        assert not answers(wire, pdst="10.0.2.55", dst=wire.dut_mac)


def test_neigh_use_asks(router, wire):
    ip, mac = f"10.0.1.{next(hosts)}", "02:00:00:00:aa:fd"
    wire.hosts[ip] = mac
    mark = wire.mark()
    router.run(f"ip neigh add {ip} dev eth0 use")
    asked = wire.wait(lambda p: is_arp_request(p) and p[ARP].pdst == ip, mark)
    assert (asked[ARP].psrc, asked[ARP].hwdst) == ("10.0.1.1", "00:00:00:00:00:00")
    wire.barrier()
    assert mac in known(router, ip)[0] and "REACHABLE" in known(router, ip)[0]
    assert router.command(f"ip neigh add {ip} dev eth0 use")[0] == 2
    router.run(f"ip neigh replace {ip} dev eth0 use")
    del wire.hosts[ip]


def test_probe_by_unicast_leaves_the_target_open(router, wire):
    ip, mac = f"10.0.1.{next(hosts)}", "02:00:00:00:aa:fc"
    mark = wire.mark()
    router.run(f"ip neigh add {ip} lladdr {mac} dev eth0 nud probe")
    asked = wire.wait(lambda p: is_arp_request(p) and p[ARP].pdst == ip, mark)
    assert (asked[Ether].dst, asked[ARP].hwdst) == (mac, "00:00:00:00:00:00")


def test_app_solicit_asks_nobody(router, wire):
    """Questions left to a daemon: time passes, none is on the link."""
    ip = f"10.0.1.{next(hosts)}"
    with neigh_settings(router, app_solicit=2, mcast_solicit=0):
        mark = wire.mark()
        router.run(f"ip neigh add {ip} dev eth0 use")
        assert "INCOMPLETE" in known(router, ip)[0]
        end = time.monotonic() + 15
        while "FAILED" not in known(router, ip)[0]:
            assert time.monotonic() < end
            time.sleep(0.2)
        assert not [p for p in wire.since(mark) if is_arp_request(p) and p[ARP].pdst == ip]
    with neigh_settings(router, mcast_solicit=0):
        router.run(f"ip neigh replace {ip} dev eth0 use")
        assert "FAILED" in known(router, ip)[0]


def test_link_arp_off(router, far):
    """No questions and no answers; neighbours need no address."""
    router.run("ip link set eth1 arp off")
    try:
        assert "NOARP" in router.run("ip link show eth1")
        mark = far.mark()
        far.send(far.arp_request())
        ping = far.echo_request(b"noarp")
        got = far.ask(ping, lambda p: is_echo_reply(p) and p[ICMP].seq == ping[ICMP].seq)
        assert got[Ether].dst == far.dut_mac
        assert not [p for p in far.since(mark) if ARP in p]
    finally:
        router.run("ip link set eth1 arp on")
    assert answers(far)
    far.ping()


def test_neigh_storm_leaves_what_is_used(router, wire):
    """Questions from 20,000 senders: the table keeps to its limit, and keeps who is spoken with."""
    mates = [(f"10.0.1.{n}", f"02:00:00:00:dd:{n:02x}") for n in range(20, 30)]
    for ip, mac in mates:
        wire.hosts[ip] = mac
        ping = wire.eth(src=mac) / IP(src=ip, dst=wire.dut_ip) / ICMP(id=9, seq=1)
        wire.ask(ping, lambda p, ip=ip: is_echo_reply(p) and p[IP].dst == ip)
    with done(router, "ip route add 10.32.0.0/16 dev eth0", "ip route del 10.32.0.0/16 dev eth0"):
        for first in range(0, 20000, 100):
            wire.send(*(wire.arp_request(psrc=f"10.32.{n >> 8}.{n & 255}") for n in range(first, first + 100)))
            if first % 1000 == 0:
                wire.barrier()
        wire.barrier()
        lines = router.run("ip neigh show").splitlines()
    assert len(lines) <= 1100
    for ip, mac in mates:
        assert mac in known(router, ip)[0]
        del wire.hosts[ip]
    router.run("ip neigh flush 10.32.0.0/16")

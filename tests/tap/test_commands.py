# SPDX-License-Identifier: MIT
"""The commands people know: same words, same output, same status as the Linux tools."""
import re

import pytest

from conftest import DUT

weir_only = pytest.mark.weir


def counters(router, *names):
    """Values by nstat's names."""
    rows = (line.split() for line in router.run("nstat -asz").splitlines() if not line.startswith("#"))
    values = {row[0]: int(row[1]) for row in rows}
    return [values[name] for name in names]


def test_ip_addr_show(router, wire):
    text = router.run("ip addr show dev eth0")
    assert re.search(r"^\d+: eth0: <[A-Z,_]*\bUP\b[A-Z,_]*> mtu 1500 ", text, re.MULTILINE)
    assert f"    link/ether {wire.dut_mac} brd ff:ff:ff:ff:ff:ff" in text
    assert re.search(r"^    inet 10\.0\.1\.1/24 scope global eth0$", text, re.MULTILINE)


def test_ip_addr_shows_loopback(router):
    if DUT == "linux":
        router.run("ip link set lo up")
    text = router.run("ip addr show dev lo")
    assert "LOOPBACK" in text and "link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00" in text
    assert "inet 127.0.0.1/8 scope host lo" in text


def test_ip_addr_add_and_del(router, wire):
    router.run("ip addr add 10.0.7.1/24 dev eth0")
    assert "inet 10.0.7.1/24" in router.run("ip addr show dev eth0")
    assert "10.0.7.0/24 dev eth0 proto kernel scope link src 10.0.7.1" in router.run("ip route show")
    assert router.command("ip addr add 10.0.7.1/24 dev eth0")[0] == 2
    router.run("ip addr del 10.0.7.1/24 dev eth0")
    assert "10.0.7." not in router.run("ip addr show") + router.run("ip route show")
    assert router.command("ip addr del 10.0.7.1/24 dev eth0")[0] == 2
    assert wire.reactions(wire.arp_request(pdst="10.0.7.1")) == []


def test_ip_route_show(router):
    lines = [line.strip() for line in router.run("ip route show").splitlines()]
    assert "10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.1" in lines
    assert "10.0.2.0/24 dev eth1 proto kernel scope link src 10.0.2.1" in lines


def test_ip_route_add_get_del(router):
    router.run("ip route add 10.8.0.0/16 via 10.0.2.2")
    assert "10.8.0.0/16 via 10.0.2.2 dev eth1" in router.run("ip route show")
    assert router.run("ip route get 10.8.1.1").startswith("10.8.1.1 via 10.0.2.2 dev eth1 src 10.0.2.1")
    assert router.command("ip route add 10.8.0.0/16 via 10.0.2.2") == (2, "RTNETLINK answers: File exists\n")
    router.run("ip route del 10.8.0.0/16")
    assert "10.8.0.0/16" not in router.run("ip route show")
    assert router.command("ip route del 10.8.0.0/16") == (2, "RTNETLINK answers: No such process\n")


@pytest.mark.parametrize("line", ["ip route add 10.9.0.0/16 via 192.0.2.1", "ip route add 10.9.0.0/33 dev eth0",
                                  "ip route add 10.9.0.0/16 dev eth9", "ip addr add 10.9.0.1/24 dev eth9",
                                  "ip addr add 10.9.0/500 dev eth0", "ip addr frobnicate", "ip frobnicate",
                                  "ip link set eth0 mtu 1", "ip neigh add 10.0.1.9 lladdr zz:00 dev eth0",
                                  "sysctl -w net.ipv4.no_such_thing=1", "sysctl net.ipv4.no_such_thing",
                                  "sysctl -w net.ipv4.ip_forward=banana"])
def test_bad_commands_are_refused(router, line):
    """With a message, and nothing changes."""
    before = [router.run(show) for show in ("ip addr show", "ip route show")]
    status, output = router.command(line)
    assert status not in (0, 127)
    assert output.strip()
    assert [router.run(show) for show in ("ip addr show", "ip route show")] == before


def test_ip_link_down_and_up(router, far):
    """Down takes the routes along; the connected one returns with up."""
    router.run("ip link set eth1 down")
    try:
        assert "10.0.2.0/24" not in router.run("ip route show")
        assert re.search(r"eth1: <[^>]*>", router.run("ip link show dev eth1"))[0].count("UP") == 0
    finally:
        router.run("ip link set eth1 up")
    assert "10.0.2.0/24 dev eth1 proto kernel scope link src 10.0.2.1" in router.run("ip route show")
    far.until_answering()


def test_ip_neigh(router, wire):
    wire.ping()
    line = next(x for x in router.run("ip neigh show").splitlines() if x.startswith(f"{wire.ip} "))
    assert re.match(rf"{wire.ip} dev eth0 lladdr {wire.mac} (REACHABLE|STALE|DELAY|PROBE)", line)
    router.run(f"ip neigh del {wire.ip} dev eth0")
    assert wire.mac not in router.run("ip neigh show")
    wire.ping()


def test_sysctl(router):
    assert router.run("sysctl net.ipv4.ip_forward") == "net.ipv4.ip_forward = 1\n"
    assert router.run("sysctl -n net.ipv4.ip_forward") == "1\n"
    assert router.run("sysctl -w net.ipv4.ip_default_ttl=77") == "net.ipv4.ip_default_ttl = 77\n"
    try:
        assert router.wires[0].ping().ttl == 77
    finally:
        router.run("sysctl -w net.ipv4.ip_default_ttl=64")


def test_ss(router):
    lines = router.run("ss -uan").splitlines()
    assert lines[0].split()[:2] == ["State", "Recv-Q"]
    rows = {line.split()[3]: line.split() for line in lines[1:]}
    for port in (7, 9, 10):
        assert rows[f"0.0.0.0:{port}"][0] == "UNCONN"


def test_nstat(router, wire):
    names = ("IpInReceives", "IcmpInEchos", "IcmpOutEchoReps", "UdpInDatagrams", "UdpNoPorts", "IpInUnknownProtos")
    wire.barrier()
    before = counters(router, *names)
    for _ in range(5):
        wire.ping()
    wire.ask(wire.udp(b"x"), lambda p: "UDP" in p and p["UDP"].dport == 4000)
    wire.reactions(wire.udp(b"x", dport=4444), wire.ipv4(proto=253) / b"x")
    grown = [b - a for a, b in zip(before, counters(router, *names))]
    assert grown == [10, 6, 6, 2, 1, 1]  # the barrier's ping and datagram are among them


def test_nstat_counts_our_own_pings(router):
    router.run("ip link set lo up")  # on Linux
    names = ("IcmpOutMsgs", "IcmpOutEchos", "IcmpOutEchoReps", "IcmpMsgOutType8", "IcmpInMsgs", "IcmpInEchoReps")
    router.run("ping -q -c 1 127.0.0.1")  # a type has no line before it came
    before = counters(router, *names)
    router.run("ping -q -c 2 -i 0.1 127.0.0.1")
    assert [b - a for a, b in zip(before, counters(router, *names))] == [4, 2, 2, 2, 4, 2]


def test_arp_command(router, wire):
    wire.ping()
    row = next(x for x in router.run("arp -n").splitlines() if x.startswith(f"{wire.ip} "))
    assert row.split() == [wire.ip, "ether", wire.mac, "C", "eth0"]


# ---- weir's own

@weir_only
def test_help_lists_every_command(router):
    text = router.run("help")
    for name in ("ip", "sysctl", "ss", "nstat", "arp", "dmesg", "free", "ps", "uptime", "poweroff", "help"):
        assert re.search(rf"^\s*{name}\b", text, re.MULTILINE), name


@weir_only
def test_unknown_command(router):
    status, output = router.command("frobnicate the packets")
    assert status == 127
    assert "frobnicate" in output


@weir_only
def test_free(router):
    text = router.run("free")
    header, row = text.splitlines()[:2]
    assert header.split()[:3] == ["total", "used", "free"]
    total, used, free = map(int, row.split()[1:4])
    assert 0 < used < total and 0 < free < total


@weir_only
def test_ps_names_threads(router):
    text = router.run("ps")
    for name in ("echo", "sink", "ksoftirqd"):
        assert name in text


@weir_only
def test_uptime(router):
    assert re.search(r"\bup\b", router.run("uptime"))


@weir_only
def test_dmesg_has_the_boot(router):
    text = router.run("dmesg")
    assert re.search(r"^\[ *\d+\.\d{6}\] ", text, re.MULTILINE)
    assert "eth0" in text

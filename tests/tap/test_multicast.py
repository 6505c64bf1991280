# SPDX-License-Identifier: MIT
"""Multicast: IGMP on the wire, memberships and source filters of sockets, who hears what. RFC 1112, 2236, 3376, 3678."""
import os
import socket
import struct

import pytest
from scapy.layers.inet import IP, UDP, IPOption_Router_Alert
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from sockdriver import (DGRAM, OK, RAW, SOL_IP, Driver, addr, boot, group_filter, group_req, mreq, mreq_source, msfilter)

DUT = os.environ.get("DUT", "weir")
RC = """
ip addr add 10.0.1.1/24 dev eth0
ip link set eth0 up
ip addr add 10.0.2.1/24 dev eth1
ip link set eth1 up
sysctl -w net.ipv4.conf.all.igmpv3_unsolicited_report_interval=1000
"""
HERE = "10.0.1.1"
G, H = "239.1.2.3", "239.1.2.4"
S2, S3, S9 = "10.0.1.2", "10.0.1.3", "10.0.1.9"
IP_MULTICAST_IF, IP_MULTICAST_TTL, IP_MULTICAST_LOOP = 32, 33, 34
IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, IP_UNBLOCK_SOURCE, IP_BLOCK_SOURCE = 35, 36, 37, 38
IP_ADD_SOURCE_MEMBERSHIP, IP_DROP_SOURCE_MEMBERSHIP, IP_MSFILTER = 39, 40, 41
MCAST_JOIN_GROUP, MCAST_BLOCK_SOURCE, MCAST_UNBLOCK_SOURCE, MCAST_LEAVE_GROUP = 42, 43, 44, 45
MCAST_JOIN_SOURCE_GROUP, MCAST_LEAVE_SOURCE_GROUP, MCAST_MSFILTER, IP_MULTICAST_ALL = 46, 47, 48, 49
EXCLUDE, INCLUDE = 0, 1
TYPES = ["?", "IS_IN", "IS_EX", "TO_IN", "TO_EX", "ALLOW", "BLOCK"]


@pytest.fixture(scope="module", name="host")
def host_fixture():
    with boot(DUT, RC) as dut:
        yield dut


@pytest.fixture(name="fresh")
def fresh_fixture():
    """A host that no test has told of old queriers: it remembers them for minutes."""
    with boot(DUT, RC) as dut:
        yield dut


@pytest.fixture(name="driver")
def driver_fixture(host):
    """With no socket left in a group, and all of it told to the routers."""
    driver = Driver(host.wires[0])
    host.command("sysctl -w net.ipv4.conf.eth0.force_igmp_version=0")
    yield driver
    for number in range(8):
        driver.say("close", number)
    host.command("ip link set eth0 down")  # forgets queriers, and what is still to be told
    host.command("ip link set eth0 up")
    host.wires[0].until_answering()


def multicast_mac(group):
    low = socket.inet_aton(group)
    return f"01:00:5e:{low[1] & 127:02x}:{low[2]:02x}:{low[3]:02x}"


def checksum(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def igmp(wire, group_or_host, data, source=S2, **ip):
    """A frame of IGMP, its checksum made right; ip: what the header says else."""
    data = data[:2] + struct.pack("!H", checksum(data[:2] + b"\0\0" + data[4:])) + data[4:] if len(data) >= 4 else data
    fields = {"src": source, "dst": group_or_host, "ttl": 1, "proto": 2, "options": [IPOption_Router_Alert()], **ip}
    mac = multicast_mac(group_or_host) if socket.inet_aton(group_or_host)[0] >= 224 else wire.dut_mac
    return Ether(src=wire.mac, dst=mac) / IP(**fields) / Raw(data)


def query(wire, code, group="0.0.0.0", v3=None, sources=()):
    """A membership query; v3: (S and QRV, QQIC)."""
    data = struct.pack("!BBH4s", 0x11, code, 0, addr(group))
    if v3:
        data += struct.pack("!BBH", *v3, len(sources)) + b"".join(map(addr, sources))
    return igmp(wire, "224.0.0.1" if group == "0.0.0.0" else group, data)


def is_igmp(p):
    return IP in p and p[IP].proto == 2


def said(p):
    """A packet of IGMP as text; its IP header must be as it should."""
    ip, data = p[IP], bytes(p[IP].payload)[:p[IP].len - 24]
    assert (ip.ihl, ip.ttl, ip.tos, ip.src) == (6, 1, 0xc0, HERE)
    assert bytes(ip)[20:24] == b"\x94\x04\0\0" and int(ip.flags) == 2
    assert p[Ether].dst == multicast_mac(ip.dst)
    assert checksum(data) == 0
    group = socket.inet_ntoa(data[4:8])
    if data[0] != 0x22:
        assert len(data) == 8 and ip.dst == ("224.0.0.2" if data[0] == 0x17 else group)
        return {0x12: "1 report ", 0x16: "2 report ", 0x17: "leave "}[data[0]] + group
    assert ip.dst == "224.0.0.22"
    records, at = [], 8
    for _ in range(struct.unpack("!H", data[6:8])[0]):
        kind, aux, count, group = struct.unpack("!BBH4s", data[at:at + 8])
        sources = [socket.inet_ntoa(data[at + 8 + 4 * i:at + 12 + 4 * i]) for i in range(count)]
        records.append(" ".join([TYPES[kind], socket.inet_ntoa(group)] + ["." + s.split(".")[3] for s in sources]))
        at += 8 + 4 * count
        assert aux == 0
    assert at == len(data)
    return " | ".join(records)


def hear(wire, mark, n=1, seconds=15.0):
    """The first n packets of IGMP since mark, as text."""
    seen = []

    def nth(p):
        if is_igmp(p):
            seen.append(said(p))
        return len(seen) == n

    wire.wait(nth, mark, seconds)
    return seen


def join(sock, group=G):
    assert sock.set(SOL_IP, IP_ADD_MEMBERSHIP, mreq(group, HERE)) == OK


def test_join_and_leave_are_reported_twice(host, driver):
    wire = host.wires[0]
    sock, mark = driver.open(0, port=5000), wire.mark()
    join(sock)
    assert hear(wire, mark, 2) == ["TO_EX 239.1.2.3"] * 2
    mark = wire.mark()
    assert sock.set(SOL_IP, IP_DROP_MEMBERSHIP, mreq(G, HERE)) == OK
    assert hear(wire, mark, 2) == ["TO_IN 239.1.2.3"] * 2


def test_closing_leaves(host, driver):
    wire = host.wires[0]
    sock, mark = driver.open(0, port=5000), wire.mark()
    join(sock)
    hear(wire, mark, 2)
    mark = wire.mark()
    sock.close()
    assert hear(wire, mark, 2) == ["TO_IN 239.1.2.3"] * 2


def test_report_from_a_device_without_address(host, driver):
    """Version 3's is from 0.0.0.0, not from another device's address (RFC 3376 s4.2.13)."""
    far = host.wires[1]
    index = int(host.run("ip -o link show eth1").split(":")[0])
    sock = driver.open(0, port=5000)
    host.run("ip addr del 10.0.2.1/24 dev eth1")
    mark = far.mark()
    assert sock.set(SOL_IP, IP_ADD_MEMBERSHIP, mreq(G, "0.0.0.0", index)) == OK
    report = far.wait(is_igmp, mark)
    host.run("ip addr add 10.0.2.1/24 dev eth1")
    host.run("ip link set eth1 down")  # and nothing of it is left to be told
    host.run("ip link set eth1 up")
    assert (report[IP].src, report[IP].dst) == ("0.0.0.0", "224.0.0.22")
    sock.close()
    host.run("ip link set eth1 down")
    host.run("ip link set eth1 up")
    far.until_answering()


CHANGES = [
    # what the filter becomes, and the report
    ((EXCLUDE, S2, S3), "BLOCK 239.1.2.3 .2 .3"),
    ((EXCLUDE, S3), "ALLOW 239.1.2.3 .2"),
    ((EXCLUDE, S2), "BLOCK 239.1.2.3 .2 | ALLOW 239.1.2.3 .3"),
    ((INCLUDE, S2, S3), "TO_IN 239.1.2.3 .2 .3"),
    ((INCLUDE, S2), "BLOCK 239.1.2.3 .3"),
    ((INCLUDE, S3), "ALLOW 239.1.2.3 .3 | BLOCK 239.1.2.3 .2"),
    ((EXCLUDE, S3), "TO_EX 239.1.2.3 .3"),
    ((EXCLUDE,), "ALLOW 239.1.2.3 .3"),
    ((INCLUDE, S2), "TO_IN 239.1.2.3 .2"),
    ((INCLUDE,), "BLOCK 239.1.2.3 .2"),
]


def test_filter_changes_are_reported(host, driver):
    wire = host.wires[0]
    sock, mark = driver.open(0, port=5000), wire.mark()
    join(sock)
    hear(wire, mark, 2)
    for change, report in CHANGES:
        mark = wire.mark()
        assert sock.set(SOL_IP, IP_MSFILTER, msfilter(G, HERE, *change)) == OK
        assert hear(wire, mark, 2) == [report] * 2, change


def test_filters_of_several_sockets(host, driver):
    """The device listens to what they want together."""
    wire = host.wires[0]
    one, two, three = (driver.open(n, port=5000) for n in range(3))
    mark = wire.mark()
    assert one.set(SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, mreq_source(G, HERE, S2)) == OK
    assert hear(wire, mark, 2) == ["ALLOW 239.1.2.3 .2"] * 2
    mark = wire.mark()
    assert two.set(SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, mreq_source(G, HERE, S3)) == OK
    assert hear(wire, mark, 2) == ["ALLOW 239.1.2.3 .3"] * 2
    mark = wire.mark()
    join(three)
    assert hear(wire, mark, 2) == ["TO_EX 239.1.2.3"] * 2
    mark = wire.mark()
    assert three.set(SOL_IP, IP_MSFILTER, msfilter(G, HERE, EXCLUDE, S3, S9)) == OK
    assert hear(wire, mark, 2) == ["BLOCK 239.1.2.3 .9"] * 2
    mark = wire.mark()
    two.close()
    assert hear(wire, mark, 2) == ["BLOCK 239.1.2.3 .3"] * 2
    mark = wire.mark()
    three.close()
    assert hear(wire, mark, 2) == ["TO_IN 239.1.2.3 .2"] * 2
    mark = wire.mark()
    one.close()
    assert hear(wire, mark, 2) == ["BLOCK 239.1.2.3 .2"] * 2


def test_queries_of_three_kinds(host, driver):
    wire = host.wires[0]
    one, two = driver.open(0, port=5000), driver.open(1, port=5001)
    mark = wire.mark()
    join(one)
    assert one.set(SOL_IP, IP_BLOCK_SOURCE, mreq_source(G, HERE, S3)) == OK
    for source in (S2, S3):
        assert two.set(SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, mreq_source(H, HERE, source)) == OK
    hear(wire, mark, 2)
    driver.say("nothing")  # all that is due once more comes within a second
    for frame, answer in [
            (query(wire, 10, v3=(2, 125)), "IS_IN 239.1.2.4 .2 .3 | IS_EX 239.1.2.3 .3"),
            (query(wire, 10, G, (2, 125)), "IS_EX 239.1.2.3 .3"),
            (query(wire, 10, H, (2, 125), [S9, S3]), "IS_IN 239.1.2.4 .3"),
            (query(wire, 10, G, (2, 125), [S2, S3]), "IS_EX 239.1.2.3 .3")]:
        mark = wire.mark()
        wire.send(frame)
        wire.wait(lambda p, wanted=answer: is_igmp(p) and said(p) == wanted, mark)
    # Nothing to say: a source that is not wanted, or not known, another group, a general query with sources.
    mark = wire.mark()
    wire.send(query(wire, 10, G, (2, 125), [S3]), query(wire, 10, H, (2, 125), [S9]),
              query(wire, 10, "239.9.9.9", (2, 125)), query(wire, 10, v3=(2, 125), sources=[S2]))
    wire.send(query(wire, 30, H, (2, 125), [S2]))
    assert hear(wire, mark) == ["IS_IN 239.1.2.4 .2"]


@pytest.mark.parametrize("version,code", [(1, 0), (2, 10)])
def test_older_queriers(fresh, version, code):
    wire = fresh.wires[0]
    sock = Driver(wire).open(0, port=5000)
    wire.send(query(wire, code))
    wire.barrier()
    mark = wire.mark()
    join(sock)
    assert hear(wire, mark) == [f"{version} report 239.1.2.3"]
    mark = wire.mark()
    wire.send(query(wire, 10, v3=(2, 125)))  # the old one is still about
    assert hear(wire, mark) == [f"{version} report 239.1.2.3"]
    mark = wire.mark()
    sock.close()
    if version == 2:
        assert hear(wire, mark) == ["leave 239.1.2.3"]


@pytest.mark.parametrize("version", [1, 2])
def test_forced_version(host, driver, version):
    wire = host.wires[0]
    host.run(f"sysctl -w net.ipv4.conf.eth0.force_igmp_version={version}")
    sock, mark = driver.open(0, port=5000), wire.mark()
    join(sock)
    assert hear(wire, mark) == [f"{version} report 239.1.2.3"]


def test_version_2_suppression(fresh):
    """Who is not the last to have reported need not say that it leaves."""
    wire = fresh.wires[0]
    driver = Driver(wire)
    sock, other = driver.open(0, port=5000), driver.open(1, port=5001)
    wire.send(query(wire, 10))
    wire.barrier()
    mark = wire.mark()
    join(sock)
    assert hear(wire, mark) == ["2 report 239.1.2.3"]
    wire.send(igmp(wire, G, struct.pack("!BBH4s", 0x16, 0, 0, addr(G))))
    wire.barrier()
    mark = wire.mark()
    join(other, H)
    assert hear(wire, mark) == ["2 report 239.1.2.4"]
    mark = wire.mark()
    sock.close()
    other.close()
    assert hear(wire, mark) == ["leave 239.1.2.4"]
    assert not any(is_igmp(p) and "239.1.2.3" in said(p) for p in wire.since(mark))


def test_link_down_and_up(host, driver):
    wire = host.wires[0]
    one, two = driver.open(0, port=5000), driver.open(1, port=5001)
    mark = wire.mark()
    join(one)
    assert two.set(SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, mreq_source(H, HERE, S2)) == OK
    hear(wire, mark, 2)
    host.run("ip link set eth0 down")
    mark = wire.mark()
    host.run("ip link set eth0 up")
    wire.wait(lambda p: is_igmp(p) and said(p) == "ALLOW 239.1.2.4 .2 | TO_EX 239.1.2.3", mark)


MALFORMED = {
    "empty": b"", "7 bytes": b"\x11\x0a\0\0\0\0\0", "9 bytes": struct.pack("!BBH4sB", 0x11, 10, 0, addr(G), 0),
    "11 bytes": struct.pack("!BBH4s3s", 0x11, 10, 0, addr(G), b"\x02\x7d\0"),
    "more sources than there are": struct.pack("!BBH4sBBH4s", 0x11, 10, 0, addr(G), 2, 125, 65535, addr(S2)),
    "one source too few": struct.pack("!BBH4sBBH", 0x11, 10, 0, addr(G), 2, 125, 1),
    "unknown type": struct.pack("!BBH4s", 0x99, 10, 0, addr(G)),
}


def test_malformed(host, driver):
    wire = host.wires[0]
    sock, mark = driver.open(0, port=5000), wire.mark()
    join(sock)
    hear(wire, mark, 2)
    mark = wire.mark()
    wire.send(*(igmp(wire, G, data) for data in MALFORMED.values()))
    bad = igmp(wire, G, struct.pack("!BBH4s", 0x11, 10, 0, addr(G)))
    bad[Raw].load = bad[Raw].load[:2] + b"\x12\x34" + bad[Raw].load[4:]
    wire.send(bad, igmp(wire, HERE, struct.pack("!BBH4s", 0x99, 10, 0, addr(G))))
    wire.send(query(wire, 15, G, (2, 125)))
    assert hear(wire, mark) == ["IS_EX 239.1.2.3"]
    assert len([p for p in wire.since(mark) if IP in p]) == 1


# ---- who hears

def datagram(wire, data, source=S2, group=G, port=5000, **ip):
    frame = wire.udp(data, dport=port, ip={"src": source, "dst": group, **ip})
    frame[Ether].dst = multicast_mac(group)
    return frame


def counters(host):
    lines = host.run("nstat -az").splitlines()[1:]
    return {line.split()[0]: int(line.split()[1]) for line in lines}


def test_delivery_follows_the_filters(host, driver):
    wire = host.wires[0]
    all_, own, some, but = (driver.open(n, port=5000) for n in range(4))
    before = counters(host)
    wire.send(datagram(wire, b"0"))
    assert own.set(SOL_IP, IP_MULTICAST_ALL, 0) == OK
    assert some.set(SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, mreq_source(G, HERE, S2)) == OK
    wire.send(datagram(wire, b"1"), datagram(wire, b"2", source=S3))
    assert (all_.drain(), own.drain(), some.drain(), but.drain()) == ([b"1"], [], [b"1"], [b"1"])
    after = counters(host)
    for name, more in (("IpExtInMcastPkts", 1), ("IpExtInMcastOctets", 29), ("UdpInDatagrams", None)):
        assert more is None or after[name] - before[name] == more, name
    join(but)
    assert but.set(SOL_IP, IP_BLOCK_SOURCE, mreq_source(G, HERE, S2)) == OK
    join(own, H)
    wire.send(datagram(wire, b"3"), datagram(wire, b"4", source=S3), datagram(wire, b"5", source=S3, group=H))
    assert all_.drain() == [b"3", b"4", b"5"]
    assert (own.drain(), some.drain(), but.drain()) == ([b"5"], [b"3", b"5"], [b"4", b"5"])


def test_counters_of_groups(fresh):
    wire, host = fresh.wires[0], fresh
    driver = Driver(wire)
    sock, out = driver.open(0, port=5000), driver.open(1)
    assert out.set(SOL_IP, IP_MULTICAST_IF, addr(HERE)) == OK
    before, mark = counters(host), wire.mark()
    join(sock)
    hear(wire, mark, 2)
    assert out.send(b"12345", G, 5000) == OK
    wire.send(datagram(wire, b"1"), datagram(wire, b"2", group="239.8.8.8"), query(wire, 10, G, (2, 125)))
    hear(wire, mark, 3)
    after = counters(host)
    names = ("InMcastPkts", "OutMcastPkts", "InMcastOctets", "OutMcastOctets")
    assert [after["IpExt" + n] - before["IpExt" + n] for n in names] == [3, 4, 98, 153]


def test_membership_is_of_one_device(host, driver):
    wire, far = host.wires
    sock = driver.open(0, port=5000)
    join(sock)
    far.send(datagram(far, b"far", source="10.0.2.2"))
    far.barrier()
    wire.send(datagram(wire, b"near"))
    assert sock.drain() == [b"near"]


def test_bound_to_a_group(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000, address=G)
    join(sock)
    join(sock, H)
    wire.send(datagram(wire, b"h", group=H), datagram(wire, b"g"), wire.udp(b"unicast", dport=5000))
    assert sock.drain() == [b"g"]


def test_raw_sockets_have_memberships_too(host, driver):
    wire = host.wires[0]
    raw, other = driver.open(0, RAW, 99), driver.open(1, RAW, 99)
    join(raw)
    assert other.set(SOL_IP, IP_MULTICAST_ALL, 0) == OK
    frame = Ether(src=wire.mac, dst=multicast_mac(G)) / IP(src=S2, dst=G, proto=99) / Raw(b"raw")
    wire.send(frame)
    wire.barrier()
    assert [d[20:] for d in raw.drain()] == [b"raw"]
    assert other.drain() == []


def test_pktinfo_of_multicast(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    join(sock)
    assert sock.set(SOL_IP, 8, 1) == OK
    wire.send(datagram(wire, b"info"))
    wire.barrier()
    info = sock.recv()[3][(SOL_IP, 8)]
    assert info[4:] == addr(HERE) + addr(G)


@pytest.mark.parametrize("source,group,heard", [
    ("0.0.0.0", "224.0.0.77", True), ("0.0.0.0", G, False), ("127.0.0.1", G, False), ("224.1.1.1", G, False),
    ("255.255.255.255", G, False), (HERE, G, False), ("10.0.1.77", G, True), ("192.0.2.1", G, None)])
def test_odd_sources(host, driver, source, group, heard):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    join(sock, group)
    wire.send(datagram(wire, b"odd", source=source, group=group))
    wire.barrier()
    got = sock.drain() == [b"odd"]
    assert heard is None or got == heard


# ---- sending

def test_loopback_interface_and_ttl(host, driver):
    wire, far = host.wires
    member, out = driver.open(0, port=5000), driver.open(1)
    assert out.send(b"1", G, 5000) == "ENETUNREACH"
    assert out.set(SOL_IP, IP_MULTICAST_IF, addr("10.0.2.1")) == OK
    assert out.get(SOL_IP, IP_MULTICAST_IF) == addr("10.0.2.1")
    mark = far.mark()
    assert out.send(b"2", G, 5000) == OK
    sent = far.wait(lambda p: UDP in p and p[IP].dst == G, mark)
    assert (sent[IP].src, sent[IP].ttl, sent[Ether].dst) == ("10.0.2.1", 1, multicast_mac(G))
    assert out.set(SOL_IP, IP_MULTICAST_IF, mreq("0.0.0.0", HERE, 0)) == OK
    join(member)
    assert out.set(SOL_IP, IP_MULTICAST_TTL, 9) == OK
    mark = wire.mark()
    assert out.send(b"3", G, 5000) == OK
    assert wire.wait(lambda p: UDP in p and p[IP].dst == G, mark)[IP].ttl == 9
    assert member.drain() == [b"3"]
    assert out.set(SOL_IP, IP_MULTICAST_LOOP, 0) == OK
    assert out.send(b"4", G, 5000) == OK
    assert member.drain() == []
    assert out.set(SOL_IP, IP_MULTICAST_LOOP, b"\x01") == OK
    assert out.set(SOL_IP, IP_MULTICAST_TTL, b"\0") == OK
    mark = wire.mark()
    assert out.send(b"5", G, 5000) == OK
    assert member.drain() == [b"5"]  # ours, and not the wire's
    wire.barrier()
    assert not any(UDP in p and p[IP].dst == G for p in wire.since(mark))


# ---- options

def test_errors_of_options(host, driver):
    sock = driver.open(0, port=5000)
    rows = [
        (IP_ADD_MEMBERSHIP, mreq("10.0.1.2", HERE), "EINVAL"),
        (IP_ADD_MEMBERSHIP, mreq(G, HERE)[:7], "EINVAL"),
        (IP_ADD_MEMBERSHIP, mreq(G), "ENODEV"),
        (IP_ADD_MEMBERSHIP, mreq(G, "0.0.0.0", 99), "ENODEV"),
        (IP_ADD_MEMBERSHIP, mreq(G, "10.9.9.9"), "ENODEV"),
        (IP_DROP_MEMBERSHIP, mreq(G), "ENODEV"),
        (IP_DROP_MEMBERSHIP, mreq(G, HERE), "EADDRNOTAVAIL"),
        (IP_BLOCK_SOURCE, mreq_source(G, HERE, S2), "EINVAL"),
        (IP_ADD_MEMBERSHIP, mreq(G, HERE), OK),
        (IP_ADD_MEMBERSHIP, mreq(G, HERE), "EADDRINUSE"),
        (IP_UNBLOCK_SOURCE, mreq_source(G, HERE, S2), "EADDRNOTAVAIL"),
        (IP_BLOCK_SOURCE, mreq_source(G, HERE, S2), OK),
        (IP_BLOCK_SOURCE, mreq_source(G, HERE, S2), "EADDRNOTAVAIL"),
        (IP_ADD_SOURCE_MEMBERSHIP, mreq_source(G, HERE, S3), "EINVAL"),
        (IP_BLOCK_SOURCE, mreq_source(G, HERE, S3)[:11], "EINVAL"),
        (IP_UNBLOCK_SOURCE, mreq_source(G, HERE, S2), OK),
        (IP_ADD_SOURCE_MEMBERSHIP, mreq_source(G, HERE, S3), "EINVAL"),
        (IP_MSFILTER, msfilter(G, HERE, 2), "EINVAL"),
        (IP_MSFILTER, msfilter(H, HERE, EXCLUDE), "EINVAL"),
        (IP_MSFILTER, msfilter(G, HERE, EXCLUDE, *[f"10.0.1.{n}" for n in range(11)]), "ENOBUFS"),
        (IP_MSFILTER, msfilter(G, HERE, EXCLUDE, *[f"10.0.1.{n}" for n in range(10)]), OK),
        (IP_BLOCK_SOURCE, mreq_source(G, HERE, "10.0.1.77"), "ENOBUFS"),
        (IP_DROP_SOURCE_MEMBERSHIP, mreq_source(H, HERE, S3), "EINVAL"),
        (IP_ADD_SOURCE_MEMBERSHIP, mreq_source(H, HERE, S3), OK),
        (IP_DROP_SOURCE_MEMBERSHIP, mreq_source(H, HERE, S3), OK),
        (IP_DROP_MEMBERSHIP, mreq(H, HERE), "EADDRNOTAVAIL"),
        (IP_MULTICAST_IF, addr("10.9.9.9"), "EADDRNOTAVAIL"),
        (IP_MULTICAST_IF, mreq("0.0.0.0", "0.0.0.0", 99), "EADDRNOTAVAIL"),
        (IP_MULTICAST_IF, b"\0\0\0", "EINVAL"),
        (IP_MULTICAST_TTL, 256, "EINVAL"),
        (IP_MULTICAST_TTL, b"", "EINVAL"),
        (IP_MULTICAST_LOOP, b"", "EINVAL"),
        (IP_MULTICAST_ALL, 2, "EINVAL"),
    ]
    results = [(name, value, sock.set(SOL_IP, name, value)) for name, value, _ in rows]
    assert results == [(name, value, wanted) for name, value, wanted in rows]
    got = sock.get(SOL_IP, IP_MSFILTER, 16 + 12, msfilter(G, HERE, 0, S2, S2, S2))
    assert got == msfilter(G, HERE, EXCLUDE, "10.0.1.0", "10.0.1.1", "10.0.1.2")[:12] + struct.pack("I", 10) + got[16:]
    assert got[16:] == addr("10.0.1.0") + addr("10.0.1.1") + addr("10.0.1.2")
    assert sock.get(SOL_IP, IP_MSFILTER, 16, msfilter(H, HERE, 0)) == "EADDRNOTAVAIL"


def test_protocol_independent_options(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    index = int(host.run("ip -o link show eth0").split(":")[0])
    rows = [
        (MCAST_JOIN_GROUP, group_req(index, G, family=10), "EINVAL"),
        (MCAST_JOIN_GROUP, group_req(index, G)[:-1], "EINVAL"),
        (MCAST_JOIN_GROUP, group_req(index, G), OK),
        (MCAST_JOIN_GROUP, group_req(index, G), "EADDRINUSE"),
        (MCAST_BLOCK_SOURCE, group_req(index, G, S2), OK),
        (MCAST_BLOCK_SOURCE, group_req(index, G, S3), OK),
        (MCAST_UNBLOCK_SOURCE, group_req(index, G, S3), OK),
        (MCAST_UNBLOCK_SOURCE, group_req(index, G, S3), "EADDRNOTAVAIL"),
        (MCAST_BLOCK_SOURCE, group_req(index, G, S3)[:-1], "EINVAL"),
        (MCAST_JOIN_SOURCE_GROUP, group_req(index, H, S2), OK),
        (MCAST_JOIN_SOURCE_GROUP, group_req(index, H, S2), "EADDRNOTAVAIL"),
        (MCAST_LEAVE_SOURCE_GROUP, group_req(index, H, S3), "EADDRNOTAVAIL"),
        (MCAST_JOIN_SOURCE_GROUP, group_req(99, H, S2), "ENODEV"),
    ]
    results = [(name, sock.set(SOL_IP, name, value)) for name, value, _ in rows]
    assert results == [(name, wanted) for name, _, wanted in rows]
    wire.send(datagram(wire, b"blocked"), datagram(wire, b"heard", source=S3), datagram(wire, b"h", group=H),
              datagram(wire, b"not", group=H, source=S3))
    assert sock.drain() == [b"heard", b"h"]
    assert sock.set(SOL_IP, MCAST_MSFILTER, group_filter(index, G, INCLUDE, S2, S9)) == OK
    got = sock.get(SOL_IP, MCAST_MSFILTER, 144 + 256, group_filter(index, G, 0, S3, S3))
    assert got == group_filter(index, G, INCLUDE, S2, S9)
    assert sock.set(SOL_IP, MCAST_LEAVE_GROUP, group_req(index, G)) == OK
    assert sock.set(SOL_IP, MCAST_LEAVE_SOURCE_GROUP, group_req(index, H, S2)) == OK
    assert sock.set(SOL_IP, MCAST_LEAVE_GROUP, group_req(index, H)) == "EADDRNOTAVAIL"


def maddr(host, options=""):
    """What `ip maddr` says of eth0, but for IPv6."""
    lines = host.run(f"ip {options} maddr show dev eth0").splitlines()
    return [line for line in lines if "inet6" not in line and "33:33:" not in line]


def test_ip_maddr(host, driver):
    assert maddr(host) == ["2:\teth0", "\tlink  01:00:5e:00:00:01", "\tinet  224.0.0.1"]
    host.run("ip maddr add 01:00:5e:01:02:03 dev eth0")
    host.run("ip maddr add 01:00:5e:07:07:07 dev eth0")
    socks = [driver.open(n, port=5000) for n in range(3)]
    for sock in socks:
        join(sock)
    for group in ("239.129.2.3", H, "224.0.0.1"):
        join(socks[0], group)
    both = ["2:\teth0", "\tlink  01:00:5e:00:00:01", "\tlink  01:00:5e:01:02:03 users 3 static",
            "\tlink  01:00:5e:07:07:07 static", "\tlink  01:00:5e:01:02:04", "\tinet  239.1.2.4",
            "\tinet  239.129.2.3", "\tinet  239.1.2.3 users 3", "\tinet  224.0.0.1 users 2"]
    assert maddr(host) == both
    assert maddr(host, "-4") == both[:1] + both[5:]
    assert maddr(host, "-o") == [both[0] + "\\" + line for line in both[1:]]
    assert socks[0].set(SOL_IP, IP_DROP_MEMBERSHIP, mreq("224.0.0.1", HERE)) == OK
    host.run("ip link set eth0 down")
    assert maddr(host) == [both[0], "\tlink  01:00:5e:01:02:03 static", both[3], *both[5:8]]
    host.run("ip link set eth0 up")
    assert maddr(host) == [both[0], "\tlink  01:00:5e:01:02:03 users 3 static", both[3], both[1], both[4],
                           "\tinet  224.0.0.1", *both[5:8]]
    for sock in socks:
        sock.close()
    for address in ("01:00:5e:01:02:03", "01:00:5e:07:07:07"):
        host.run(f"ip maddr del {address} dev eth0")
    assert maddr(host) == both[:2] + ["\tinet  224.0.0.1"]


@pytest.mark.parametrize("line,status,said_", [
    ("add zz dev eth0", 1, '"zz" is invalid lladdr.'), ("add 1:2:3 dev eth0", 1,
                                                        "Error: Invalid address length 3 - must be 6 bytes"),
    ("add 01:00:5e:01:01:02 dev nope", 1, "ioctl: No such device"),
    ("add 01:00:5e:01:01:02 dev lo", 1, "ioctl: Invalid argument"),
    ("del 01:00:5e:01:01:02 dev eth0", 1, "ioctl: No such file or directory"),
    ("del 01:00:5e:00:00:01 dev eth0", 1, "ioctl: No such file or directory"),
    ("add 01:00:5e:01:01:02", 255, 'Not enough information: "dev" is required.'),
    ("add 01:00:5e:01:01:02 dev", 255, 'Command line is not complete. Try option "help"'),
    ("add 33:33:00:00:00:05 eth0", 255, 'Error: duplicate "address": "eth0" is the second value.'),
    ("add 01:00:5e:01:01:02 dev a dev b", 255, 'Error: duplicate "dev": "b" is the second value.'),
    ("flush dev eth0", 255, 'Command "flush" is unknown, try "ip maddr help".'),
    ("show foo bar", 255, 'Error: either "dev" is duplicate, or "bar" is a garbage.'), ("show dev nope", 0, ""),
    ("help", 255, "Usage: ip maddr [ add | del ] MULTIADDR dev STRING\n       ip maddr show [ dev STRING ]")])
def test_ip_maddr_complaints(host, line, status, said_):
    got, output = host.command("ip maddr " + line)
    assert (got, output.rstrip("\n")) == (status, said_)


def test_limit_of_memberships(host, driver):
    sock = driver.open(0, DGRAM)
    results = [sock.set(SOL_IP, IP_ADD_MEMBERSHIP, mreq(f"239.7.0.{n}", HERE)) for n in range(21)]
    assert results == [OK] * 20 + ["ENOBUFS"]

# SPDX-License-Identifier: MIT
"""What the tools of two hosts see of a NAT router between them, and of a host behind stateful rules."""
import hashlib
import json
import os
import re
import sys

import pytest

from conftest import DUT
from hosts import FAR, NEAR, serving, two_hosts

PUBLIC = "10.0.2.1"  # the router's, the only one of ours that the far host may see
WEB, FORWARDED, HAIRPIN = 8000, 8080, 8081
FILE_SIZE = 2 << 20
# The far host leads to a network with a small MTU.
BEYOND, SMALL_MTU = "10.9.0.5", 1000
NAME, NAMED = "weir.test", "192.0.2.77"

NAT = f"""*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -i eth1 -p tcp --dport {FORWARDED} -j DNAT --to-destination {NEAR}:{WEB}
-A PREROUTING -d {PUBLIC} -p tcp --dport {HAIRPIN} -j DNAT --to-destination {NEAR}:{WEB}
-A POSTROUTING -s 10.0.1.0/24 -d 10.0.1.0/24 -j MASQUERADE
-A POSTROUTING -o eth1 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -m conntrack --ctstate INVALID -j DROP
-A FORWARD -i eth0 -j ACCEPT
-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT
COMMIT
"""
STATEFUL = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 --syn -j REJECT --reject-with tcp-reset
-A INPUT -p udp -m udp --dport 5353 -j REJECT --reject-with icmp-host-prohibited
COMMIT
"""
# Tells who asked.
MIRROR = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 7007))
print("ready", flush=True)
while True:
    data, who = s.recvfrom(2048)
    s.sendto(repr(who).encode(), who)
"""
ASK_MIRROR = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
s.bind(("", int(sys.argv[2])))
s.sendto(b"who am I", (sys.argv[1], 7007))
print(s.recv(2048).decode())
"""
RESOLVE = """
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
name = b"".join(bytes([len(p)]) + p.encode() for p in sys.argv[2].split(".")) + b"\\0"
s.sendto(struct.pack("!6H", 77, 0x100, 1, 0, 0, 0) + name + struct.pack("!HH", 1, 1), (sys.argv[1], 53))
print(socket.inet_ntoa(s.recv(2048)[-4:]))
"""


@pytest.fixture(scope="module")
def hosts():
    with two_hosts(DUT) as trio:
        near, far, router = trio
        for device in ("all", "eth0"):
            router.run(f"sysctl -w net.ipv4.conf.{device}.send_redirects=0")  # the hairpin's would share a limit with other errors
        router.run("iptables-restore", NAT)
        far.run("ip", "route", "del", "default")  # what is not translated gets no answer
        far.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        far.run("ip", "link", "add", "narrow", "type", "veth", "peer", "name", "end")
        far.run("ip", "link", "set", "end", "up")
        far.run("ip", "link", "set", "narrow", "mtu", str(SMALL_MTU), "up")
        far.run("ip", "route", "add", "10.9.0.0/24", "dev", "narrow")
        router.run(f"ip route add 10.9.0.0/24 via {FAR}")
        yield trio


def web_on(host, tmp_path_factory):
    folder = tmp_path_factory.mktemp("web")
    data = os.urandom(FILE_SIZE)
    (folder / "file").write_bytes(data)
    server = (sys.executable, "-u", "-m", "http.server", str(WEB))
    return serving(host, *server, ready="Serving HTTP", cwd=folder), hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def far_web(hosts, tmp_path_factory):
    server, digest = web_on(hosts[1], tmp_path_factory)
    with server:
        yield digest


@pytest.fixture(scope="module")
def near_web(hosts, tmp_path_factory):
    server, digest = web_on(hosts[0], tmp_path_factory)
    with server:
        yield digest


def fetched(host, url, tmp_path):
    host.run("curl", "-sS", "-m", "60", "-o", str(tmp_path / "got"), url)
    return hashlib.sha256((tmp_path / "got").read_bytes()).hexdigest()


@pytest.mark.parametrize("size", [0, 56, 1472, 1473, 20000])
def test_nat_ping(hosts, size):
    said = hosts[0].run("ping", "-c", "3", "-i", "0.01", "-w", "20", "-s", str(size), FAR)
    assert "3 received" in said


def test_nat_keeps_the_port_and_hides_the_address(hosts):
    with serving(hosts[1], sys.executable, "-u", "-c", MIRROR, ready="ready"):
        said = hosts[0].run(sys.executable, "-c", ASK_MIRROR, FAR, "4777")
        assert said.strip() == repr((PUBLIC, 4777))
        assert hosts[0].run(sys.executable, "-c", ASK_MIRROR, FAR, "4778").strip() == repr((PUBLIC, 4778))


def test_nat_connections_are_listed(hosts):
    with serving(hosts[1], sys.executable, "-u", "-c", MIRROR, ready="ready"):
        hosts[0].run(sys.executable, "-c", ASK_MIRROR, FAR, "4779")
        said = hosts[2].run("conntrack -L -p udp")
    assert re.search(rf"src={NEAR} dst={FAR} sport=4779 dport=7007 src={FAR} dst={PUBLIC} sport=7007 dport=4779", said)


def test_nat_curl(hosts, far_web, tmp_path):
    assert fetched(hosts[0], f"http://{FAR}:{WEB}/file", tmp_path) == far_web


def test_nat_port_forward(hosts, near_web, tmp_path):
    assert fetched(hosts[1], f"http://{PUBLIC}:{FORWARDED}/file", tmp_path) == near_web


def test_nat_hairpin(hosts, near_web, tmp_path):
    assert fetched(hosts[0], f"http://{PUBLIC}:{HAIRPIN}/file", tmp_path) == near_web


@pytest.mark.parametrize("way", [(), ("-I",)], ids=["UDP", "ICMP"])
def test_nat_traceroute(hosts, way):
    said = hosts[0].run("traceroute", "-n", "-q", "1", *way, FAR)
    assert re.findall(r"^ *(\d+)  (\S+)", said, re.M) == [("1", "10.0.1.1"), ("2", FAR)]


@pytest.mark.parametrize("argv", [("-n", "4M"), ("-n", "4M", "-R"), ("-u", "-b", "2M", "-l", "1000", "-k", "200")],
                         ids=["TCP", "reverse", "UDP"])
def test_nat_iperf3(hosts, argv):
    with serving(hosts[1], "iperf3", "-s", "--forceflush", ready="Server listening"):
        end = json.loads(hosts[0].run("iperf3", "-c", FAR, "-J", *argv))["end"]
    if "-u" in argv:
        assert end["sum"]["packets"] >= 200 and end["sum"]["lost_packets"] <= 10
    else:
        assert end["sum_sent"]["bytes"] >= 4 << 20 and end["sum_received"]["bytes"] >= 1 << 20


def test_nat_dns(hosts, tmp_path):
    with serving(hosts[1], "dnsmasq", "--no-daemon", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
                 f"--pid-file={tmp_path}/pid", f"--address=/{NAME}/{NAMED}", ready="started"):
        assert hosts[0].run(sys.executable, "-c", RESOLVE, FAR, NAME).strip() == NAMED


def test_nat_path_mtu(hosts):
    """The error beyond is about the translated packet; the near host hears of its own."""
    said = hosts[0].command("ping", "-M", "do", "-c", "2", "-i", "0.1", "-w", "20", "-s", "1200", BEYOND)
    assert f"mtu = {SMALL_MTU}" in said or f"mtu={SMALL_MTU}" in said, said
    assert f"mtu {SMALL_MTU}" in hosts[0].run("ip", "route", "get", BEYOND)


def test_nat_nothing_unasked_comes_in(hosts):
    hosts[1].run("ip", "route", "replace", "10.0.1.0/24", "via", PUBLIC)
    try:
        said = hosts[1].command("ping", "-c", "3", "-i", "0.05", "-W", "1", NEAR)
    finally:
        hosts[1].run("ip", "route", "del", "10.0.1.0/24")
    assert " 0 received" in said, said
    dropped = re.search(r"^:FORWARD DROP \[(\d+):", hosts[2].run("iptables-save -c -t filter"), re.M)
    assert int(dropped[1]) >= 3


@pytest.fixture(scope="module")
def guarded(hosts):
    """The router as a host that lets in what it asked for, and little else."""
    hosts[2].run("iptables-restore", STATEFUL)
    yield hosts
    hosts[2].run("iptables -P INPUT ACCEPT")
    hosts[2].run("iptables -F INPUT")


def test_behind_rules_a_ping_gets_no_answer(guarded):
    assert " 0 received" in guarded[0].command("ping", "-c", "3", "-i", "0.05", "-W", "1", "10.0.1.1")


def test_behind_rules_its_own_ping_does(guarded):
    assert re.search(r"3 received", guarded[2].run(f"ping -c 3 -i 0.2 {NEAR}"))


def test_behind_rules_refused_connections_hear_of_it(guarded):
    script = "import socket\ntry: socket.create_connection(('10.0.1.1', 22), 20)\nexcept OSError as e: print(type(e).__name__)"
    assert guarded[0].run(sys.executable, "-c", script).strip() == "ConnectionRefusedError"
    script = ("import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.settimeout(20)\n"
              "s.connect(('10.0.1.1', 5353))\ns.send(b'x')\ntry: s.recv(9)\nexcept OSError as e: print(e.errno)")
    assert guarded[0].run(sys.executable, "-c", script).strip() == "113"  # EHOSTUNREACH

# SPDX-License-Identifier: MIT
"""Packets that rules give to a program: nfq (apps/nfq.c) decides on them, in weir by weir's queues, on Linux by Linux's."""
import re
import time

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.packet import Raw

from conftest import DUT, ROUTER
from dut_linux import Linux
from dut_weir import Weir
from wire import LONG, payload

NEVER = "3600000"  # ms
# What decides on queue n, and, where it is not NFQUEUE --queue-num n, the rule for port 1000 + n.
QUEUES = {0: "", 1: "-r 60", 2: "-D", 3: f"-d {NEVER} -l 3", 4: f"-d {NEVER} -l 3 -o", 5: "-m 7 -R", 6: "-a more",
          7: "-d 1000", 8: f"-d {NEVER}"}
RULES = {0: "-j QUEUE", 5: "-m mark ! --mark 7 -j NFQUEUE --queue-num 5", 9: "-j NFQUEUE --queue-num 9",
         10: "-j NFQUEUE --queue-num 9 --queue-bypass", 11: "-j NFQUEUE --queue-balance 0:1"}
STATE = re.compile(r" *(\d+) +(\d+) +(\d+) (\d) +(\d+) +(\d+) +(\d+) +(\d+)  1")


def states(dut):
    """By queue: waiting, mode, range, dropped, seen."""
    lines = dut.run("cat /proc/net/netfilter/nfnetlink_queue").splitlines()
    fields = [[int(n) for n in STATE.fullmatch(line).groups()] for line in lines]
    return {f[0]: (f[2], f[3], f[4], f[5], f[7]) for f in fields}


def until(done):
    end = time.monotonic() + LONG
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(scope="module")
def dut():
    rc = ROUTER + "".join(f"nfq -q {n} {options} &\n" for n, options in QUEUES.items())
    with (Linux if DUT == "linux" else Weir)(nics=2, rc=rc) as router:
        router.wires[0].until_serving()
        for n in [*QUEUES, 9, 10, 11]:
            router.run(f"iptables -A FORWARD -p udp --dport {1000 + n} {RULES.get(n, f'-j NFQUEUE --queue-num {n}')}")
        until(lambda: len(states(router)) == len(QUEUES))
        yield router


def send(dut, queue, data=b"text", sport=4000):
    near, far = dut.wires
    mark = far.mark()
    near.send(near.udp(data, dport=1000 + queue, sport=sport, ip={"dst": far.ip}))
    return mark


def came(dut, queue, mark):
    return dut.wires[1].wait(lambda p: UDP in p and p[UDP].dport == 1000 + queue, mark)


def silent(dut, queue, mark):
    """Nothing comes, and what is sent afterwards does."""
    came(dut, 1, send(dut, 1))
    assert not [p for p in dut.wires[1].since(mark) if UDP in p and p[UDP].dport == 1000 + queue]


@pytest.mark.parametrize("queue", [0, 1, 11])
def test_passes(dut, queue):
    p = came(dut, queue, send(dut, queue, b"a" * 200))
    assert payload(p) == b"a" * 200 and p[IP].ttl == 63


def test_drops(dut):
    mark = send(dut, 2)
    until(lambda: states(dut)[2] == (0, 2, 65531, 0, 1))
    silent(dut, 2, mark)


def test_full_drops(dut):
    mark = send(dut, 3)
    for _ in range(4):
        send(dut, 3)
    until(lambda: states(dut)[3] == (3, 2, 65531, 2, 3))
    silent(dut, 3, mark)


def test_full_and_open_passes(dut):
    for n in range(3):
        mark = send(dut, 4, b"%d" % n)
    send(dut, 4, b"3")
    assert payload(came(dut, 4, mark)) == b"3"
    assert states(dut)[4] == (3, 2, 65531, 0, 3)


def test_again_with_a_mark(dut):
    assert payload(came(dut, 5, send(dut, 5))) == b"text"
    assert states(dut)[5] == (0, 2, 65531, 0, 1)


def test_changed(dut):
    p = came(dut, 6, send(dut, 6, b"some "))
    assert payload(p) == b"some more" and p[IP].len == 37 and p[UDP].len == 17
    assert IP(bytes(p[IP]))[IP].chksum == p[IP].chksum


def test_late(dut):
    begin = time.monotonic()
    came(dut, 7, send(dut, 7))
    assert time.monotonic() - begin >= 1


def stats(dut, *names):
    """Of conntrack -S."""
    said = dut.run("conntrack -S")
    return [sum(map(int, re.findall(rf"\b{name}=(\d+)", said))) for name in names]


# A flow's first packet, its protocol in rules, whether the second may join the connection of the first.
CLASHES = {"udp": (UDP(sport=5000, dport=5000), True), "icmp": (ICMP(id=77), False), "tcp": (TCP(sport=5000, dport=5000), False),
           "253": (Raw(b"other"), True)}


@pytest.mark.parametrize("proto", CLASHES)
def test_clash(dut, proto):
    """Both packets of a new flow wait before either is confirmed: the second joins the connection of the first, or ends."""
    near, far = dut.wires
    packet, joins = CLASHES[proto]
    number = {"udp": 17, "icmp": 1, "tcp": 6}.get(proto, 253)
    rule = f"FORWARD -p {proto} -d {far.ip} -m conntrack --ctstate NEW -j NFQUEUE --queue-num 7"
    dut.run(f"iptables -I {rule}")
    try:
        before, mark = stats(dut, "clash_resolve", "insert_failed"), far.mark()
        near.send(*(near.eth() / IP(src=near.ip, dst=far.ip, proto=number, id=i) / packet / Raw(b"text") for i in (501, 502)))
        far.wait(lambda p: IP in p and p[IP].id == 501, mark)
        until(lambda: stats(dut, "clash_resolve", "insert_failed") != before)
        resolved, failed = (a - b for a, b in zip(stats(dut, "clash_resolve", "insert_failed"), before))
        assert (resolved, failed) == ((1, 0) if joins else (0, 1))
        if joins:
            far.wait(lambda p: IP in p and p[IP].id == 502, mark)
    finally:
        dut.run(f"iptables -D {rule}")


def test_nobody_listens(dut):
    mark = send(dut, 9)
    assert payload(came(dut, 10, send(dut, 10))) == b"text"
    silent(dut, 9, mark)


def test_packets_end_with_their_program(dut):
    mark = send(dut, 8)
    until(lambda: states(dut)[8][0] == 1)
    if DUT == "linux":
        dut.apps[2 + list(QUEUES).index(8)].terminate()
    else:
        rows = [line.split() for line in dut.run("cat /proc/net/netfilter/nfnetlink_queue").splitlines()]
        dut.run("kill " + next(portid for queue, portid, *_ in rows if queue == "8"))
    until(lambda: 8 not in states(dut))
    silent(dut, 8, mark)


@pytest.mark.weir
def test_drops_have_names(dut):
    """After all of the above."""
    drops = dict(line.split()[:2] for line in dut.run("nstat -asz Drop*").splitlines() if line.startswith("Drop"))
    names = ("DropNfQueueVerdict", "DropNfQueueFull", "DropNfQueueNone", "DropNfQueueGone")
    assert [int(drops[name]) for name in names] == [1, 2, 1, 1]


@pytest.mark.weir
def test_words(dut):
    assert "Usage: nfq" in dut.run("nfq --help")
    status, said = dut.command("nfq -q 5")
    assert status == 1 and "queue 5" in said
    for wrong in ("nfq -q 65536", "nfq -q 3:2", "nfq x", "nfq -R", "nfq -a x -d 1", "nfq -Z"):
        assert dut.command(wrong)[0] == 2, wrong

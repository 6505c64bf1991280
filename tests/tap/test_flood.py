# SPDX-License-Identifier: MIT
"""A flood of good datagrams and of garbage: the device answers meanwhile and afterwards, and loses no memory.

FLOOD_SECONDS sets the length (10). What is measured are counts, not times.
"""
import os
import random
import re
import time

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP
from scapy.packet import Raw

from conftest import ROUTER
from dut_weir import Weir
from servers import SINK, pattern, sunk

pytestmark = pytest.mark.weir

SECONDS = float(os.environ.get("FLOOD_SECONDS") or 10)
BATCH = 64
SLACK_KIB = 64  # there may be some more neighbours
SLACK_PACKETS = 32  # some are always under way
# What is kept for what comes: sk_buffs with receive buffers (SPARES_MAX in drivers/virtio_net.c), sk_buffs and their own
# buffers of two sizes, sk_buffs without (net/core/skbuff.c).
SPARES = 128 + 2 * 32 + 2 * 8 + 32


def datagrams(wire):
    """To the echo, the sink and a closed port, of all sizes."""
    return [bytes(wire.udp(pattern(size), dport=port)) for size in (0, 18, 64, 512, 1472) for port in (7, SINK, 4444)]


def garbage(wire, seed):
    """Noise of all kinds: random frames, headers with random fields, pieces that never become whole."""
    rng = random.Random(seed)
    frames = []
    for _ in range(200):
        head = bytes(wire.eth())[:12]
        noise = rng.randbytes(rng.randrange(2, 1500))
        frames += [head + noise, head + b"\x08\x00" + noise, head + b"\x08\x06" + noise]
        udp = UDP(sport=rng.randrange(65536), dport=7) / Raw(noise[:1400])
        ip = bytearray(bytes(IP(src=wire.ip, dst=wire.dut_ip) / udp))
        ip[rng.randrange(len(ip))] ^= 1 << rng.randrange(8)
        frames.append(head + b"\x08\x00" + bytes(ip))
        source = f"10.0.1.{rng.randrange(3, 250)}"
        frames.append(bytes(wire.eth() / ARP(op=rng.randrange(1, 4), psrc=source, pdst=wire.dut_ip, hwsrc=wire.mac)))
        part = IP(src=source, dst=wire.dut_ip, id=rng.randrange(65536), flags="MF", proto=17, frag=rng.randrange(100))
        frames.append(bytes(wire.eth() / part / Raw(noise[:792].ljust(8))))
        icmp = ICMP(type=rng.randrange(20), code=rng.randrange(20)) / Raw(noise[:100])
        onward = IP(src=source, dst=f"10.0.2.{rng.randrange(3, 250)}", ttl=rng.randrange(1, 4))
        frames.append(bytes(wire.eth() / onward / icmp))
    return [f.ljust(60, b"\0")[:1514] for f in frames]


def objects(dut):
    """{cache: (size, objects in use)}, by slabinfo."""
    rows = [line.split() for line in dut.run("slabinfo").splitlines()[1:]]
    return {row[0]: (int(row[1]), int(row[2])) for row in rows if row}


def taken_kib(dut):
    """Memory in use: objects of all caches, and what free calls used. Empty places in caches are not lost."""
    used = int(dut.run("free").splitlines()[1].split()[2])
    return used + sum(size * count for size, count in objects(dut).values()) // 1024


def packets_held(dut):
    """sk_buffs and their buffers."""
    return sum(count for name, (_, count) in objects(dut).items() if name.startswith("skb"))


def blast(wire, frames, seconds, check):
    """Sends frames over and over; check() once a second. Returns how many were sent."""
    began = time.monotonic()
    looked, sent = began, 0
    while (now := time.monotonic()) - began < seconds:
        for _ in range(BATCH):
            try:
                wire.port.write(frames[sent % len(frames)])
            except OSError:  # the tap's queue is full: the device is behind, which is what a flood is for
                time.sleep(0.001)
            sent += 1
        if now - looked >= 1:
            check()
            looked = time.monotonic()
    return sent


def settle(dut, held):
    """Until all that was sent has been dealt with, and what waited for a neighbour or a fragment has been given up."""
    dut.wires[0].until_answering()
    end = time.monotonic() + 30
    while packets_held(dut) > held + SPARES + SLACK_PACKETS:
        assert time.monotonic() < end, f"packets are held for ever:\n{dut.run('slabinfo')}"
        time.sleep(0.5)
        for wire in dut.wires:
            wire.barrier()  # a frame that was sent is freed when the next one is


@pytest.mark.parametrize("machine, mem", [("q35", "32M"), ("microvm", "8M")])
def test_flood(machine, mem):
    with Weir(nics=2, rc=ROUTER + "sysctl -w net.ipv4.ipfrag_time=1\n", machine=machine, mem=mem) as dut:
        wire = dut.wires[0]
        frames = datagrams(wire) * 40 + garbage(wire, seed=1)
        random.Random(2).shuffle(frames)

        def responsive():
            """The console runs a command in the middle of it."""
            mark = dut.console.mark()
            dut.console.type("sysctl -n net.ipv4.ip_default_ttl\r")
            dut.console.wait(r"^64$", mark, 30)

        held = packets_held(dut)
        blast(wire, frames, 2.0, lambda: None)  # caches and tables are as full as they get
        settle(dut, held)
        before, counted = taken_kib(dut), sunk(wire)
        sent = blast(wire, frames, SECONDS, responsive)
        settle(dut, held)
        after = taken_kib(dut)
        print(f"{machine}: {sent} frames sent, memory taken {before} KiB before, {after} KiB after")
        assert sunk(wire) > counted
        wire.ping(pattern(1400))
        assert wire.ask(wire.udp(b"still there"), lambda p: UDP in p and p[UDP].dport == 4000)
        responsive()
        assert not re.search(r"panic|BUG|corrupt", dut.run("dmesg"))
        assert after <= before + SLACK_KIB

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
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from conftest import ROUTER
from dut_weir import Weir
from servers import SINK, pattern, sunk

pytestmark = pytest.mark.weir

SECONDS = float(os.environ.get("FLOOD_SECONDS") or 10)
BATCH = 64
SLACK_KIB = 256  # caches and neighbour entries may be a little fuller than before


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
        ip = bytearray(bytes(IP(src=wire.ip, dst=wire.dut_ip) / UDP(sport=rng.randrange(65536), dport=7) / Raw(noise[:1400])))
        ip[rng.randrange(len(ip))] ^= 1 << rng.randrange(8)
        frames.append(head + b"\x08\x00" + bytes(ip))
        source = f"10.0.1.{rng.randrange(3, 250)}"
        frames.append(bytes(wire.eth() / ARP(op=rng.randrange(1, 4), psrc=source, pdst=wire.dut_ip, hwsrc=wire.mac)))
        frames.append(bytes(wire.eth() / IP(src=source, dst=wire.dut_ip, id=rng.randrange(65536), flags="MF", proto=17,
                                            frag=rng.randrange(100)) / Raw(noise[:800].ljust(8)[:792])))
        frames.append(bytes(wire.eth() / IP(src=source, dst=f"10.0.2.{rng.randrange(3, 250)}", ttl=rng.randrange(1, 4)) /
                            ICMP(type=rng.randrange(20), code=rng.randrange(20)) / Raw(noise[:100])))
    return [f.ljust(60, b"\0")[:1514] for f in frames]


def used_kib(dut):
    """Memory in use, by free."""
    row = dut.run("free").splitlines()[1].split()
    return int(row[2])


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


def settle(dut, wire):
    """Until all that was sent has been dealt with, and what was stored for it has been given up."""
    wire.until_answering()
    wire.barrier()
    time.sleep(1)


@pytest.mark.parametrize("machine, mem", [("q35", "32M"), ("microvm", "8M")])
def test_flood(machine, mem):
    with Weir(nics=2, rc=ROUTER, machine=machine, mem=mem) as dut:
        wire = dut.wires[0]
        frames = datagrams(wire) * 40 + garbage(wire, seed=1)
        random.Random(2).shuffle(frames)

        def responsive():
            """The console runs a command in the middle of it."""
            mark = dut.console.mark()
            dut.console.type("sysctl -n net.ipv4.ip_default_ttl\r")
            dut.console.wait(r"^64$", mark, 30)

        blast(wire, frames, 1.0, lambda: None)  # fills caches and tables
        settle(dut, wire)
        before, counted = used_kib(dut), sunk(wire)
        sent = blast(wire, frames, SECONDS, responsive)
        settle(dut, wire)
        after = used_kib(dut)
        print(f"{machine}: {sent} frames sent, memory in use {before} KiB before, {after} KiB after")
        assert sunk(wire) > counted
        wire.ping(pattern(1400))
        assert wire.ask(wire.udp(b"still there"), lambda p: UDP in p and p[UDP].dport == 4000)
        responsive()
        assert not re.search(r"panic|BUG|corrupt", dut.run("dmesg"))
        assert after <= before + SLACK_KIB

# SPDX-License-Identifier: MIT
"""The image under QEMU as the router of twins.py: two taps, and its control channel, whose `sync` says when all is done."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tap"))

import netns
from control import Session
from dut_weir import Weir
from mutate import NICS
from rulesets import UNTRACKED
from twins import ENDED, SETTINGS, addresses, restored, tracking

PATIENCE = 60.0  # s


class Guest:
    """One boot, in a namespace of its own: the Linux of this one would hear what comes out."""

    def __init__(self):
        rc = "\n".join([*(f"ip {line}" for line in addresses()), *(f"sysctl -w {s}" for s in SETTINGS), ""])
        self.dut = Weir(nics=NICS, rc=rc, machine="microvm", mem="64M", append="apps=")
        self.space = netns.Namespace()
        with self.space.inside():
            self.dut.__enter__()
        self.ports = [wire.release() for wire in self.dut.wires]
        for port in self.ports:
            os.set_blocking(port.fileno(), False)
        self.session = Session(self.dut)

    def tool(self, argv, given=""):
        return self.session.run(argv, given.encode())

    def taken(self, nic):
        """Frames that QEMU has taken off the tap."""
        with open(f"/proc/{self.space.holder.pid}/net/dev", encoding="ascii") as f:
            line = next(line for line in f if line.split(":")[0].strip() == self.dut.taps[nic])
        return int(line.split(":")[1].split()[9])

    def give(self, nic, frames):
        """Returns when QEMU has all of them: a command could else overtake them."""
        want, end = self.taken(nic) + len(frames), time.monotonic() + PATIENCE
        for frame in frames:
            self.ports[nic].write(frame)
        while frames and self.taken(nic) < want:
            assert time.monotonic() < end, f"QEMU does not read {self.dut.taps[nic]}"

    @staticmethod
    def read(port):
        frames = []
        while True:
            try:
                frames.append(port.read())
            except BlockingIOError:
                return [f for f in frames if f]

    def close(self):
        for port in self.ports:
            port.close()
        with self.space.inside():
            self.dut.stop()
        self.space.close()


class ImageTwin:
    """Two boots for all cases: once it has had a table nat, a guest tracks for ever."""

    name = "weir"

    def __init__(self):
        self.guests, self.guest, self.ended = {}, None, 0

    def begin(self, rules, settings):
        untracked = rules.startswith(UNTRACKED)
        self.guest = self.guests.get(untracked)
        if not self.guest:
            self.guest = self.guests[untracked] = Guest()
        tool = self.guest.tool
        assert tool(["sysctl", "-w", *tracking(settings)])[0] == 0
        status, self.complaint = tool(["iptables-restore", "-c"], restored(rules))
        for argv in ["conntrack", "-F"], ["ip", "route", "flush", "cache"]:
            assert tool(argv)[0] == 0
        self.send(0, [])
        return status

    def send(self, nic, frames):
        self.guest.give(nic, frames)
        status, text = self.guest.tool(["sh", "-c", f"sync; nstat -asz {' '.join(ENDED)}"])
        assert status == 0, text
        self.ended = sum(map(int, re.findall(r"^Drop\S+ +(\d+)", text, re.M)))
        return [self.guest.read(port) for port in self.guest.ports]

    def ended_by_nat(self):
        return self.ended

    def save(self):
        return self.guest.tool(["iptables-save", "-c"])[1]

    def entries(self):
        return self.guest.tool(["conntrack", "-L"])[1]

    def end(self):
        pass

    def close(self):
        for guest in self.guests.values():
            guest.close()

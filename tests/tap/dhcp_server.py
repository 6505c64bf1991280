# SPDX-License-Identifier: MIT
"""DHCP servers: dnsmasq, and one that does what a test tells it (RFC 2131)."""
import os
import re
import subprocess
import tempfile
import threading
import time

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

import netns

SERVER = "10.0.1.254"
OFFER, ACK, NAK = "offer", "ack", "nak"


class Dnsmasq:
    """A real one, with this address to give; it speaks from the tap itself."""

    def __init__(self, tap, address, *options):
        self.dir = tempfile.TemporaryDirectory(prefix="weir-dhcp-")
        self.log = ""
        self.changed = threading.Condition()
        self.argv = ["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--user=root", "--group=root", "--port=0",
                     "--pid-file=", "--no-ping", "--log-dhcp", "--log-facility=-", "--dhcp-authoritative",
                     f"--interface={tap}", "--bind-interfaces", f"--dhcp-leasefile={self.dir.name}/leases",
                     f"--dhcp-range={address},{address},255.255.255.0,2m", f"--dhcp-option=option:router,{SERVER}",
                     *options]
        if SERVER not in netns.run("ip", "addr", "show", "dev", tap):
            netns.run("ip", "addr", "add", f"{SERVER}/24", "dev", tap)
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        preexec_fn=netns.die_with_parent)
        threading.Thread(target=self._collect, args=(self.process.stdout,), daemon=True).start()

    def _collect(self, stream):
        for line in stream:
            with self.changed:
                self.log += line
                self.changed.notify_all()

    def stop(self):
        self.process.kill()
        self.process.wait()

    def forget(self):
        """Loses its leases, while stopped."""
        os.unlink(f"{self.dir.name}/leases")

    def close(self):
        self.stop()
        self.dir.cleanup()

    def count(self, pattern):
        return len(re.findall(pattern, self.log))

    def wait(self, pattern, times=1, seconds=30.0):
        end = time.monotonic() + seconds
        with self.changed:
            while self.count(pattern) < times:
                left = end - time.monotonic()
                assert left > 0, f"dnsmasq saw no {pattern}:\n{self.log}"
                self.changed.wait(left)


class Scripted:
    """Waits for the client's messages on a wire and sends what it is told."""

    def __init__(self, wire):
        self.wire, self.place = wire, 0

    @staticmethod
    def options(p):
        return {o[0]: o[1] for o in p[DHCP].options if isinstance(o, tuple)}

    def wait(self, kind, seconds=30.0):
        """The next message of this kind (1 discover, 3 request, 4 decline, 7 release) that was not looked at yet."""
        def match(p):
            return DHCP in p and p[UDP].dport == 67 and self.options(p).get("message-type") == kind

        found = self.wire.wait(match, self.place, seconds)
        frames = self.wire.since(self.place)
        self.place += 1 + next(i for i, p in enumerate(frames) if bytes(p) == bytes(found))
        return found

    def reply(self, to, kind, address="10.0.1.1", lease=3600, xid=None, more=(), without=()):
        """A message to the client's hardware address."""
        options = [("message-type", kind), ("server_id", SERVER)]
        if kind != NAK:
            options += [("lease_time", lease), ("subnet_mask", "255.255.255.0"), ("router", SERVER), *more]
        options = [o for o in options if o[0] not in without]
        bootp = BOOTP(op=2, xid=to[BOOTP].xid if xid is None else xid, yiaddr="0.0.0.0" if kind == NAK else address,
                      siaddr=SERVER, chaddr=to[BOOTP].chaddr, flags=to[BOOTP].flags)
        dst = "255.255.255.255" if kind == NAK or to[BOOTP].flags else address
        station = "ff:ff:ff:ff:ff:ff" if dst == "255.255.255.255" else to[Ether].src
        return (Ether(src=self.wire.mac, dst=station) / IP(src=SERVER, dst=dst) / UDP(sport=67, dport=68) / bootp /
                DHCP(options=[*options, "end"]))

    def give(self, address="10.0.1.1", lease=3600):
        """The whole exchange; returns the request."""
        self.wire.hosts[SERVER] = self.wire.mac
        self.wire.send(self.reply(self.wait(1), OFFER, address, lease))
        request = self.wait(3)
        self.wire.send(self.reply(request, ACK, address, lease))
        return request

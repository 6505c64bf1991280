# SPDX-License-Identifier: MIT
"""Sockets of the device, driven over the wire by its program sockdrive (tests/apps/sockdrive.c)."""
import itertools
import socket
import struct

from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

import dut_weir
from dut_linux import Linux
from wire import payload

DRIVE_PORT = 6000
DGRAM, RAW = 2, 3
STREAM = 1 | 0x800  # SOCK_NONBLOCK: its program has others to serve
SOL_SOCKET, SOL_IP, SOL_UDP = 1, 0, 17
OK = "ok"
# Most sockets are tried on such a device, with two addresses on its first NIC.
TWO_NICS = """
ip addr add 10.0.1.1/24 brd 10.0.1.255 dev eth0
ip addr add 10.0.1.11/24 brd 10.0.1.255 dev eth0
ip link set eth0 up
ip addr add 10.0.2.1/24 dev eth1
ip link set eth1 up
"""


def boot(kind, rc, nics=2, **more):
    """A device with sockdrive running; to be used with `with`."""
    rc = rc + "\nsockdrive &\necho &\nsink &\n"
    if kind == "linux":
        return Linux(nics=nics, rc=rc)
    return dut_weir.Weir(nics=nics, rc=rc, test_image=True, **more)


def addr(text):
    return socket.inet_aton(text)


def mreq(group, local="0.0.0.0", ifindex=None):
    return addr(group) + addr(local) + (b"" if ifindex is None else struct.pack("i", ifindex))


def mreq_source(group, local, source):
    return addr(group) + addr(local) + addr(source)


def msfilter(group, local, mode, *sources):
    return addr(group) + addr(local) + struct.pack("II", mode, len(sources)) + b"".join(map(addr, sources))


def storage(text, family=socket.AF_INET):
    return struct.pack("HH4s120x", family, 0, addr(text))


def group_req(ifindex, group, *source, family=socket.AF_INET):
    return struct.pack("I4x", ifindex) + storage(group, family) + b"".join(map(storage, source))


def group_filter(ifindex, group, mode, *sources):
    return (struct.pack("I4x", ifindex) + storage(group) + struct.pack("II", mode, len(sources)) +
            b"".join(map(storage, sources)))


class Driver:
    """Commands to the device's sockdrive."""

    def __init__(self, wire):
        self.wire, self.ports = wire, itertools.count(20000)
        for _ in range(100):  # it may not have begun
            mark = wire.mark()
            wire.send(wire.udp(b"ready?", dport=DRIVE_PORT, sport=19999))
            if wire.try_wait(lambda p: UDP in p and p[UDP].dport == 19999, mark, 0.1):
                return
        raise AssertionError("sockdrive does not answer")

    def say(self, *words):
        """The answer to a command, as a list of words."""
        port = next(self.ports)
        line = " ".join(str(w) for w in words).encode()
        answer = self.wire.ask(self.wire.udp(line, dport=DRIVE_PORT, sport=port),
                               lambda p: UDP in p and p[UDP].sport == DRIVE_PORT and p[UDP].dport == port)
        return payload(answer).decode().split()

    def open(self, number, kind=DGRAM, protocol=0, port=None, address="0.0.0.0", reuse=True):
        assert self.say("open", number, kind, protocol) == [OK]
        sock = Socket(self, number)
        if reuse:
            assert sock.set(SOL_SOCKET, 2, 1) == OK
        if port is not None:
            assert sock.bind(address, port) == OK
        return sock


class Socket:
    """One of the device's sockets. Results are "ok" or the name of an errno."""

    def __init__(self, driver, number):
        self.driver, self.number = driver, number

    def say(self, verb, *words):
        return self.driver.say(verb, self.number, *words)

    def set(self, level, name, value):
        value = struct.pack("i", value) if isinstance(value, int) else value
        return self.say("set", level, name, value.hex() or "-")[-1]

    def get(self, level, name, room=4, value=b""):
        """The value's bytes, or the name of an errno."""
        words = self.say("get", level, name, room, value.hex() or "-")
        if words[-1] != OK and not words[-1].endswith(OK):
            return words[-1]
        return bytes.fromhex(words[0][:-2] if words[0] != "-ok" else "")

    def get_int(self, level, name):
        return struct.unpack("i", self.get(level, name))[0]

    def filter(self, *insns, name=26):
        """Attaches a program of (code, k, jt, jf); jt and jf may be left out."""
        program = b"".join(struct.pack("HBBI", code, jt, jf, k & 0xffffffff)
                           for code, k, jt, jf in ((*insn, 0, 0)[:4] for insn in insns))
        return self.say("filter", name, program.hex())[-1]

    def bind(self, address, port):
        return self.say("bind", address, port)[-1]

    def connect(self, address, port=0):
        return self.say("connect", address, port)[-1]

    def send(self, data, address="-", port=0, flags=0, control=b""):
        text = data.hex() if len(data) < 600 else f"{data[0]:02x}*{len(data)}"  # long data is one byte, repeated
        return self.say("send", address, port, flags, text or "-", control.hex() or "-")[-1]

    def recv(self, flags=0):
        """(sender, port, bytes, {(level, type): bytes}), or the name of an errno."""
        words = self.say("recv", flags)
        if words[-1] != OK:
            return words[-1]
        cmsgs = {}
        for item in words[3:-1]:
            name, value = item.split(":")
            cmsgs[tuple(map(int, name.split("/")))] = bytes.fromhex("" if value == "-" else value)
        return words[0], int(words[1]), bytes.fromhex("" if words[2] == "-" else words[2]), cmsgs

    def peek(self, flags=0):
        """The data that MSG_PEEK shows, or the name of an errno."""
        got = self.recv(flags | 2)
        return got if isinstance(got, str) else got[2]

    def drain(self):
        """The data of all that waits."""
        got = []
        while True:
            answer = self.recv()
            if isinstance(answer, str):
                assert answer == "EAGAIN", answer
                return got
            got.append(answer[2])

    def drain_stream(self):
        """What a stream has to read."""
        answer = self.recv()
        return answer if isinstance(answer, str) else answer[2]

    def listen(self, backlog=5):
        return self.say("listen", backlog)[-1]

    def accept(self, number):
        """The connection that waits, by that number; or the name of an errno."""
        result = self.say("accept", number)[-1]
        return Socket(self.driver, number) if result == OK else result

    def close(self):
        return self.say("close")[-1]


def cmsg(level, kind, data):
    """One item of ancillary data, as sendmsg() takes it."""
    return (struct.pack("Qii", 16 + len(data), level, kind) + data).ljust((16 + len(data) + 7) & ~7, b"\0")


def sent(wire, mark, dport, layer=UDP):
    """The next of the host's to this port."""
    return wire.wait(lambda p: layer in p and p[layer].dport == dport and p[layer].sport != DRIVE_PORT, mark)


def refusal(wire, p, kind=3, code=3, quoted_ttl=None, **more):
    """An ICMP error about p, from a router."""
    quoted = IP(bytes(p[IP]))
    if quoted_ttl is not None:
        quoted.ttl, quoted.chksum = quoted_ttl, None
    return (Ether(src=wire.mac, dst=wire.dut_mac) / IP(src="10.0.1.99", dst=p[IP].src) /
            ICMP(type=kind, code=code, **more) / Raw(bytes(quoted)[:28]))

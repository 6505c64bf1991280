# SPDX-License-Identifier: MIT
"""One network cable to the device under test: frames go in, frames come out and are kept.

A thread collects what the device sends and answers its ARP requests for the addresses in Wire.hosts, so that a test
can play any number of neighbours. Waiting is for events; the time-outs are there for broken devices only.
"""
import fcntl
import os
import select
import socket
import struct
import threading
import time

from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

ETH_P_ALL = 3
IFF_TAP, IFF_NO_PI, TUNSETIFF = 0x2, 0x1000, 0x400454ca
LONG = 15.0  # for an answer that must come

BROADCAST = "ff:ff:ff:ff:ff:ff"
BARRIER_PORT = 4999
SO_RCVBUFFORCE = 33
# linux/if_packet.h; the socket module has none
SOL_PACKET, PACKET_STATISTICS, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 6, 8, 23
TP_STATUS_VLAN_VALID, AUXDATA_SPACE = 1 << 4, socket.CMSG_SPACE(20)


class PacketSocket:
    """The host's end of a tap whose other end is QEMU."""

    def __init__(self, interface):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        # Our own frames would fill the buffer in a flood, and answers get lost.
        self.sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.sock.bind((interface, ETH_P_ALL))

    def fileno(self):
        return self.sock.fileno()

    def read(self):
        frame, extras, _, (_, _, kind, _, _) = self.sock.recvmsg(65536, AUXDATA_SPACE)
        for _, _, aux in extras:  # the kernel has taken the VLAN tag out of the frame
            status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", aux)
            if status & TP_STATUS_VLAN_VALID:
                frame = frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
        return b"" if kind == socket.PACKET_OUTGOING else frame

    def write(self, frame):
        self.sock.send(frame)

    def lost(self):
        """How many frames there was no room for, since this was asked last."""
        return struct.unpack("II", self.sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]

    def close(self):
        self.sock.close()


class TapDevice:
    """A tap whose other end is the Linux kernel of the current namespace."""

    def __init__(self, interface):
        self.fd = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self.fd, TUNSETIFF, struct.pack("16sH22x", interface.encode(), IFF_TAP | IFF_NO_PI))

    def fileno(self):
        return self.fd

    def read(self):
        return os.read(self.fd, 65536)

    def write(self, frame):
        os.write(self.fd, frame)

    def close(self):
        os.close(self.fd)


class Wire:
    """The tester's end: it has `mac` and `ip`, the device has `dut_mac` and `dut_ip`."""

    def __init__(self, port, mac, ip, dut_mac, dut_ip):
        self.port, self.mac, self.ip = port, mac, ip
        self.dut_mac, self.dut_ip = dut_mac, dut_ip
        self.hosts = {ip: mac}
        self.frames = []
        self.changed = threading.Condition()
        self.serial = 0
        self.stop_pipe = os.pipe()
        self.thread = threading.Thread(target=self._collect, daemon=True)
        self.thread.start()

    def close(self):
        if self.thread:
            self.release().close()

    def release(self):
        """The port, for somebody else to read; this wire is of no use any more."""
        os.write(self.stop_pipe[1], b"x")
        self.thread.join()
        for fd in self.stop_pipe:
            os.close(fd)
        self.thread = None
        return self.port

    def _collect(self):
        while True:
            ready, _, _ = select.select([self.port, self.stop_pipe[0]], [], [])
            if self.stop_pipe[0] in ready:
                return
            try:
                frame = self.port.read()
            except OSError:  # the tap is down for the moment
                time.sleep(0.01)
                continue
            if frame:
                self._answer_arp(frame)
                with self.changed:
                    self.frames.append(frame)
                    self.changed.notify_all()

    def _answer_arp(self, frame):
        if frame[12:14] != b"\x08\x06" or len(frame) < 42 or frame[20:22] != b"\0\x01":
            return
        mac = self.hosts.get(socket.inet_ntoa(frame[38:42]))
        if mac:
            self.send(self.arp_reply(ARP(frame[14:]), mac))

    # ---- frames to send

    def eth(self, **fields):
        return Ether(**{"src": self.mac, "dst": self.dut_mac, **fields})

    def arp_reply(self, request, mac):
        return (Ether(src=mac, dst=request.hwsrc) /
                ARP(op=2, hwsrc=mac, psrc=request.pdst, hwdst=request.hwsrc, pdst=request.psrc))

    def arp_request(self, **fields):
        fields = {"op": 1, "hwsrc": self.mac, "psrc": self.ip, "pdst": self.dut_ip, **fields}
        return self.eth(dst=BROADCAST) / ARP(**fields)

    def ipv4(self, **fields):
        self.serial = (self.serial + 1) & 0xffff
        return self.eth() / IP(**{"src": self.ip, "dst": self.dut_ip, "id": self.serial, **fields})

    def udp(self, data=b"", dport=7, sport=4000, ip=None, **fields):
        return self.ipv4(**(ip or {})) / UDP(sport=sport, dport=dport, **fields) / Raw(data)

    def echo_request(self, data=b"", ip=None, **fields):
        return self.ipv4(**(ip or {})) / ICMP(**{"type": 8, "id": 1, "seq": self.serial, **fields}) / Raw(data)

    def send(self, *frames):
        for frame in frames:
            data = bytes(frame)
            self.port.write(data if len(data) >= 60 else data.ljust(60, b"\0"))

    # ---- frames that came

    def mark(self):
        """A place in the stream of what came: now."""
        with self.changed:
            return len(self.frames)

    def since(self, mark):
        with self.changed:
            return [Ether(f) for f in self.frames[mark:]]

    def wait(self, match, mark, seconds=LONG):
        """The first frame since mark that match accepts."""
        found = self.try_wait(match, mark, seconds)
        assert found is not None, "what was waited for did not come; what came:\n" + self.story(mark)
        return found

    def try_wait(self, match, mark, seconds):
        """The same, or None after that many seconds."""
        end, at = time.monotonic() + seconds, mark
        with self.changed:
            while True:
                while at < len(self.frames):
                    packet = Ether(self.frames[at])
                    at += 1
                    if match(packet):
                        return packet
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self.changed.wait(left)

    def ask(self, frame, match, seconds=LONG):
        """Sends frame, returns the first answer that match accepts."""
        mark = self.mark()
        self.send(frame)
        return self.wait(match, mark, seconds)

    def story(self, mark):
        return "\n".join("  " + p.summary() for p in self.since(mark)) or "  nothing"

    def reactions(self, *frames):
        """What the device and its echo server send because of these frames, ARP requests aside: all that comes before
        they answer what follows, a ping and then a datagram, for both take things in their order."""
        mark = self.mark()
        self.send(*frames)
        barrier = self.barrier()
        self.ask(self.udp(b"barrier", sport=BARRIER_PORT), is_echo_barrier)
        return [p for p in self.since(mark)
                if not barrier(p) and not is_echo_barrier(p) and not is_arp_request(p)]

    def barrier(self):
        """Returns once the device has taken all that was sent before; its value tells the barrier's own frames."""
        request = self.echo_request(b"barrier", id=0xba44)
        seq = request[ICMP].seq

        def mine(p):
            return is_echo_reply(p) and p[ICMP].id == 0xba44 and p[ICMP].seq == seq

        self.ask(request, mine)
        return mine

    def ping(self, data=b"", **more):
        """One echo; returns the reply."""
        request = self.echo_request(data, **more)
        return self.ask(request, lambda p: is_echo_reply(p) and p[ICMP].seq == request[ICMP].seq
                        and p[ICMP].id == request[ICMP].id)

    def until_answering(self, gone=lambda: None, seconds=60.0):
        """Waits until the device answers a ping; gone() raises if it never will."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            gone()
            request = self.echo_request(b"anybody there?")
            mark = self.mark()
            try:
                self.send(request)
            except OSError:  # no carrier yet
                time.sleep(0.02)
                continue
            if self.try_wait(is_echo_reply, mark, 0.05):
                return
        raise AssertionError(f"no answer to a ping within {seconds:g} s; what came:\n{self.story(0)}")


    def until_serving(self, seconds=60.0):
        """Waits until the echo server answers: it starts after the NICs do."""
        end, mark = time.monotonic() + seconds, self.mark()
        while time.monotonic() < end:
            self.send(self.udp(b"up?", sport=BARRIER_PORT - 1))
            if self.try_wait(lambda p: UDP in p and p[UDP].dport == BARRIER_PORT - 1, mark, 0.1):
                self.reactions()  # and those that were slow to come
                return
        raise AssertionError(f"no echo within {seconds:g} s; what came:\n{self.story(mark)}")


def is_echo_reply(p):
    return ICMP in p and p[ICMP].type == 0


def is_echo_barrier(p):
    return UDP in p and p[UDP].dport == BARRIER_PORT


def is_arp_reply(p):
    return ARP in p and p[ARP].op == 2


def is_arp_request(p):
    return ARP in p and p[ARP].op == 1


def payload(p):
    """What follows the transport header, without Ethernet's padding."""
    layer = p[UDP] if UDP in p else p[ICMP]
    size = p[IP].len - 4 * p[IP].ihl - 8
    return bytes(layer.payload)[:size]

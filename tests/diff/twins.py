# SPDX-License-Identifier: MIT
"""Linux and weir as the same router with rules, without a wait: Linux in this namespace, weir in this process.

A frame written to a tap is through Linux's stack when write() returns: forwarding is synchronous. weir's library does all
there is to do in weir_run(), at a time of its own.
"""
import ctypes
import fcntl
import os
import re
import socket
import struct
import subprocess

import netns
from mutate import NICS, dut_mac, host_mac
from rulesets import TRACKING_SETTINGS, UNTRACKED

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 0x2, 0x1000
STATIONS = range(2, 31)
TABLES = {"raw": ("PREROUTING", "OUTPUT"), "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
          "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"), "filter": ("INPUT", "FORWARD", "OUTPUT"),
          "security": ("INPUT", "FORWARD", "OUTPUT")}
SETTINGS = ["net.ipv4.ip_forward=1", "net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_ratemask=0",
            "net.ipv4.icmp_msgs_per_sec=10000000", "net.ipv4.icmp_msgs_burst=10000000",
            *(f"net.ipv4.conf.{d}.{s}=0" for d in ("all", "default", "eth0", "eth1") for s in ("rp_filter", "send_redirects")),
            "net.ipv4.conf.all.log_martians=0", "net.ipv4.ipfrag_time=3600", "net.ipv4.ipfrag_high_thresh=50000000"]
ENDED = ["DropNfNat", "DropNfConntrackGone"]
STEP_NS = 1000000
NETLINK_NETFILTER, REQUEST_ACK = 12, 5
CT_DELETE = 1 << 8 | 2


def addresses():
    """ip's commands, for both."""
    lines = ["link set lo up"]
    for nic in range(NICS):
        lines += [f"addr add 10.0.{nic + 1}.1/24 dev eth{nic}", f"link set eth{nic} up"]
        lines += [f"neigh add 10.0.{nic + 1}.{n} lladdr {host_mac(nic, n).hex(':')} dev eth{nic} nud permanent"
                  for n in STATIONS]
        lines.append(f"route add 10.{nic + 21}.0.0/16 via 10.0.{nic + 1}.9")
    return lines + ["route add blackhole 10.12.0.0/16"]


# Linux tracks connections as long as a rule asks for it; weir since the first that did.
TRACKING = ":tracking - [0:0]\n-A tracking -m conntrack --ctstate NEW\n"


def emptied(tables):
    return "".join(f"*{t}\n" + "".join(f":{c} ACCEPT [0:0]\n" for c in TABLES[t]) + "COMMIT\n" for t in tables)


def whole(rules):
    """The ruleset with those of the tables that it does not name, empty: every case begins alike. All track connections but
    those that say so; these have no table nat, which is enough for weir to track."""
    untracked = rules.startswith(UNTRACKED)
    text = rules + emptied(t for t in TABLES if f"*{t}\n" not in rules and not (untracked and t == "nat"))
    return text if untracked else text.replace("*security\n", "*security\n" + TRACKING)


def tracking(settings):
    """sysctl's words: all of TRACKING_SETTINGS, those of a case as it says."""
    return [f"net.netfilter.nf_conntrack_{name}={settings.get(name, usual)}" for name, (usual, *_) in TRACKING_SETTINGS.items()]


def restored(rules):
    """What iptables-restore gets: nothing at first, for what --recent knows goes with the last rule that has it."""
    return whole(UNTRACKED if rules.startswith(UNTRACKED) else "") + whole(rules)


class LinuxTwin:
    """This namespace; its tools are iptables-legacy and conntrack."""

    name = "linux"

    def __init__(self):
        self.fds = []
        for nic in range(NICS):
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", f"eth{nic}".encode(), IFF_TAP | IFF_NO_PI))
            netns.run("ip", "link", "set", f"eth{nic}", "address", dut_mac(nic).hex(":"))
            netns.quiet(f"eth{nic}")
            self.fds.append(fd)
        self.batch("\n".join(addresses()))
        self.tool(["iptables-legacy", "-t", "nat", "-S"])  # brings conntrack and its settings
        netns.run("sysctl", "-qw", *SETTINGS)
        self.route_flush = os.open("/proc/sys/net/ipv4/route/flush", os.O_WRONLY)
        self.tracking = {name: os.open(f"/proc/sys/net/netfilter/nf_conntrack_{name}", os.O_WRONLY) for name in TRACKING_SETTINGS}
        self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.drain()

    @staticmethod
    def batch(text):
        subprocess.run(["ip", "-batch", "-"], input=text, text=True, check=True)

    @staticmethod
    def tool(argv, text=""):
        done = subprocess.run(argv, input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return done.returncode, done.stdout

    def begin(self, rules, settings):
        """The status of iptables-restore. Nothing is left of the case before."""
        for name, (usual, *_) in TRACKING_SETTINGS.items():
            os.pwrite(self.tracking[name], str(settings.get(name, usual)).encode(), 0)
        status, _ = self.tool(["iptables-legacy-restore", "-c"], emptied(["nat"]) + restored(rules))
        os.pwrite(self.route_flush, b"1", 0)  # path MTUs that the case before has taught
        self.forget()
        self.drain()
        return status

    def forget(self):
        """conntrack -F, without the start of a program."""
        self.netlink.send(struct.pack("=IHHIIBBH", 20, CT_DELETE, REQUEST_ACK, 0, 0, socket.AF_INET, 0, 0))
        error = struct.unpack_from("=i", self.netlink.recv(4096), 16)[0]
        assert error == 0, os.strerror(-error)

    def drain(self):
        out = []
        for fd in self.fds:
            got = []
            while True:
                try:
                    got.append(os.read(fd, 65536))
                except BlockingIOError:
                    break
            out.append(got)
        return out

    def send(self, nic, frames):
        """What comes out because of them: a list for each NIC."""
        for frame in frames:
            os.write(self.fds[nic], frame)
        return self.drain()

    def ended_by_nat(self):
        """Linux lets them pass."""
        return 0

    def save(self):
        return self.tool(["iptables-legacy-save", "-c"])[1]

    def entries(self):
        return self.tool(["conntrack", "-L"])[1]

    def end(self):
        pass

    def close(self):
        for fd in self.fds:
            os.close(fd)
        for fd in (self.route_flush, *self.tracking.values()):
            os.close(fd)
        self.netlink.close()


CTL_WRITE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_char), ctypes.c_size_t)
ON_LOG = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)
ON_FRAME = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_char), ctypes.c_size_t)


class CtlOut(ctypes.Structure):
    _fields_ = [("write", CTL_WRITE)]


class CtlIn(ctypes.Structure):
    _fields_ = [("text", ctypes.c_char_p), ("len", ctypes.c_size_t), ("name", ctypes.c_char_p)]


class WeirTwin:
    """libweir; a new stack for each case."""

    name = "weir"

    def __init__(self, build):
        self.lib = ctypes.CDLL(os.path.join(build, "libweir.so"))
        self.lib.weir_stack_new.restype = ctypes.c_void_p
        self.lib.weir_nic_user.restype = ctypes.c_void_p
        self.lib.weir_nic_user.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ON_FRAME, ctypes.c_void_p]
        self.lib.weir_nic_input.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
        self.lib.weir_nic_remove.argtypes = self.lib.weir_stack_free.argtypes = [ctypes.c_void_p]
        self.lib.weir_advance.argtypes = [ctypes.c_uint64]
        self.lib.net_ctl.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p,
                                     ctypes.c_void_p]
        self.text, self.out = [], [[] for _ in range(NICS)]
        self.out_seam = CtlOut(CTL_WRITE(lambda _, data, size: self.text.append(data[:size])))
        self.hear = [ON_FRAME(lambda _, data, size, nic=nic: self.out[nic].append(data[:size])) for nic in range(NICS)]
        self.unheard = ON_LOG(lambda *_: None)  # what LOG says is compared elsewhere
        self.net = None

    def tool(self, argv, text=""):
        """(status, all that was printed)"""
        words = (ctypes.c_char_p * (len(argv) + 1))(*(a.encode() for a in argv), None)
        given = CtlIn(text.encode(), len(text.encode()), b"-")
        self.text.clear()
        seam = ctypes.addressof(self.out_seam)
        status = self.lib.net_ctl(self.net, len(argv), words, ctypes.addressof(given), seam, seam)
        return status, b"".join(self.text).decode()

    def begin(self, rules, settings):
        self.lib.weir_init(1)
        self.lib.weir_on_log(self.unheard, None)
        self.net = self.lib.weir_stack_new()
        self.nics = [self.lib.weir_nic_user(self.net, f"eth{n}".encode(), dut_mac(n), self.hear[n], None) for n in range(NICS)]
        for argv, given in ((["ip", "-batch", "-"], "\n".join(addresses())), (["sysctl", "-w", *SETTINGS, *tracking(settings)], "")):
            status, text = self.tool(argv, given)
            assert status == 0, f"{argv}: {text}"
        self.lib.weir_run()
        status, self.complaint = self.tool(["iptables-restore", "-c"], restored(rules))
        self.drain()
        return status

    def drain(self):
        out, self.out[:] = [list(o) for o in self.out], [[] for _ in range(NICS)]
        return out

    def send(self, nic, frames):
        for frame in frames:
            self.lib.weir_nic_input(self.nics[nic], frame, len(frame))
            self.lib.weir_run()
        self.lib.weir_advance(STEP_NS)
        return self.drain()

    def ended_by_nat(self):
        """Packets of a translated flow that belong to no connection, or whose connection has ended before them: how many."""
        return sum(map(int, re.findall(r"^Drop\S+ +(\d+)", self.tool(["nstat", "-asz", *ENDED])[1], re.M)))

    def save(self):
        return self.tool(["iptables-save", "-c"])[1]

    def entries(self):
        return self.tool(["conntrack", "-L"])[1]

    def end(self):
        for nic in self.nics:
            self.lib.weir_nic_remove(nic)
        self.lib.weir_stack_free(self.net)
        self.net = None

    def close(self):
        pass

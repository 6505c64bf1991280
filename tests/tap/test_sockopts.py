# SPDX-License-Identifier: MIT
"""Every option of sockets that Linux knows: value, length and error of 18,000 calls (tests/apps/sockopts.c), beside Linux's."""
import os
import re
import subprocess

from dut_linux import APPS
from dut_weir import Weir

DUT = os.environ.get("DUT", "weir")
# Refused by name, as docs/COMPATIBILITY.md says: ENOPROTOOPT, however it is called.
REFUSED = """SO_DEBUG SO_BSDCOMPAT SO_PASSCRED SO_PEERCRED SO_ATTACH_FILTER SO_DETACH_FILTER SO_TIMESTAMPING SO_PEEK_OFF SO_LOCK_FILTER
SO_BUSY_POLL SO_MAX_PACING_RATE SO_INCOMING_NAPI_ID SO_ZEROCOPY SO_TXTIME IP_OPTIONS IP_ROUTER_ALERT IP_RECVOPTS IP_RETOPTS
IP_TRANSPARENT IP_MINTTL IP_NODEFRAG IP_LOCAL_PORT_RANGE TCP_MD5SIG TCP_FASTOPEN TCP_FASTOPEN_CONNECT TCP_INQ""".split()
# The same length and error, but a value that depends on the machine: buffers, CPUs, ports, the loopback's MTU, algorithms.
OWN_VALUE = """SO_INCOMING_CPU SO_SNDBUF SO_RCVBUF SO_SNDBUFFORCE SO_RCVBUFFORCE SO_RCVLOWAT SO_COOKIE SO_MEMINFO IP_MTU IP_PROTOCOL TCP_INFO TCP_CONGESTION
TCP_WINDOW_CLAMP TCP_MAXSEG""".split()
# Known: it can be read only; its largest value is told as the default; bbr, here on Linux, has something to tell.
PARTLY = ("SO_INCOMING_CPU set", "SO_INCOMING_CPU then", "TCP_NOTSENT_LOWAT then", "TCP_CC_INFO")


def on_linux():
    """In a namespace of its own, which has a loopback device only."""
    done = subprocess.run(["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0"', os.path.join(APPS, "sockopts")],
                          capture_output=True, text=True, check=True, timeout=100)
    return done.stdout.split("\n")


def in_weir():
    with Weir(nics=0, rc="sockopts; poweroff", test_image=True, control=False, ready=False) as dut:
        dut.wait_exit()
        return [line.rstrip("\r") for line in dut.console.text().split("\n")]


def calls(lines):
    """What each call returned; several of the same come one after the other."""
    found = []
    for line in lines:
        match = re.match(r"((?:tcp|udp|raw|listening|connected) (\w+) .*?): (.*)", line)
        if match:
            found.append(match.groups())
    assert "sockopts: done" in lines and len(found) > 18000
    return found


def expected(call, name, result):
    """What weir must return where Linux returns result."""
    stream = call.split()[0] not in ("udp", "raw")
    if name in REFUSED and (stream or not name.startswith("TCP_")) and not (stream and name == "IP_OPTIONS"):
        too_short = re.search(r"set .*/[013]$", call) and not name.startswith("IP_")
        return "EINVAL" if too_short else "ENOPROTOOPT"
    return re.sub(r"^(len \d+).*", r"\1", result) if name in OWN_VALUE else result


def test_options_are_as_on_linux():
    linux = calls(on_linux())
    if DUT == "linux":
        assert calls(on_linux()) and len({name for _, name, _ in linux}) > 90
        return
    wrong = []
    for (call, name, want), (ours, _, got) in zip(linux, calls(in_weir()), strict=True):
        assert call == ours
        want = expected(call, name, want)
        if name in OWN_VALUE:
            got = expected(call, name, got)
        if got != want and not any(known in call for known in PARTLY):
            wrong.append(f"{call}: {got}, not {want}")
    assert not wrong, f"{len(wrong)} calls:\n" + "\n".join(wrong[:40])

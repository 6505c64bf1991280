# SPDX-License-Identifier: MIT
"""The console: a command's output, editing the line, history, stopping a program."""
import re

import pytest

from scapy.layers.inet import ICMP

from dut_weir import Weir
from wire import payload

pytestmark = pytest.mark.weir

RC = "ip addr add 10.0.1.1/24 dev eth0\nip link set eth0 up\n"
TTL = "sysctl -n net.ipv4.ip_default_ttl"

UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
HOME, END, DELETE = "\x1b[H", "\x1b[F", "\x1b[3~"
RUBOUT = "\x7f"


def ctrl(letter):
    return chr(ord(letter) & 0x1f)


@pytest.fixture(scope="module")
def dut():
    """With a pipe as its terminal, so that QEMU takes no key for itself."""
    with Weir(rc=RC) as guest:
        yield guest


@pytest.fixture
def console(dut):
    """The shell's, with an empty line, whatever ran before."""
    mark = dut.console.mark()
    dut.console.type(ctrl("c"))
    dut.console.wait(r"weir# ", mark)
    return dut.console


def answers_64(console, keys):
    """These keys, then Enter, run the command that prints 64 on a line of its own."""
    mark = console.mark()
    console.type(keys + "\r")
    console.wait(r"^64$", mark)


def test_console_runs_commands(console):
    answers_64(console, TTL)


EDITS = {
    "rubout": TTL + "XYZ" + RUBOUT * 3,
    "backspace": TTL + "XYZ" + "\b" * 3,
    "left and insert": "sysctl -n net.ipv4.ip_defaul_ttl" + LEFT * 4 + "t",
    "home": TTL[1:] + HOME + TTL[0],
    "ctrl-a and ctrl-e": TTL[1:-1] + ctrl("a") + TTL[0] + ctrl("e") + TTL[-1],
    "home and end": TTL[1:-1] + HOME + TTL[0] + END + TTL[-1],
    "right": TTL[:-1] + LEFT * 3 + RIGHT * 3 + TTL[-1],
    "delete": TTL[:5] + "X" + TTL[5:] + HOME + RIGHT * 5 + DELETE,
    "ctrl-u": "nonsense" + ctrl("u") + TTL,
    "ctrl-k": TTL + " and more" + LEFT * 9 + ctrl("k"),
    "ctrl-w": TTL + " more" + ctrl("w"),
    "ctrl-b and ctrl-f": TTL[:-1] + ctrl("b") * 2 + ctrl("f") * 2 + TTL[-1],
    "ctrl-c drops the line": "nonsense" + ctrl("c") + TTL,
}


@pytest.mark.parametrize("keys", EDITS.values(), ids=EDITS)
def test_console_edits_the_line(console, keys):
    answers_64(console, keys)


def test_console_history(console):
    answers_64(console, TTL)
    answers_64(console, UP)
    mark = console.mark()
    console.type("sysctl -n net.ipv4.ip_forward\r")
    console.wait(r"^[01]$", mark)
    answers_64(console, UP + UP)
    answers_64(console, UP + DOWN + ctrl("u") + TTL)
    answers_64(console, UP * 300 + DOWN * 300 + ctrl("u") + TTL)
    answers_64(console, ctrl("p"))


def test_console_unknown_command(console):
    mark = console.mark()
    console.type("frobnicate\r")
    assert "frobnicate" in console.wait(r"^.*frobnicate.*not found.*$", mark)[0]
    answers_64(console, TTL)


def test_console_unclosed_quote(console):
    mark = console.mark()
    console.type("ip addr 'show\r")
    console.wait(r"quote", mark)
    answers_64(console, TTL)


def test_console_line_without_end(console):
    """More than a line can hold is cut off or refused, and does no harm."""
    console.type("x" * 20000)
    console.type(ctrl("u"))
    console.type(ctrl("c"))
    answers_64(console, TTL)


def test_console_binary_noise(console):
    console.type("".join(chr(c) for c in range(1, 32) if chr(c) not in "\r\n") * 4)
    console.type("\x1b[99999999~\x1b[;;;;;H\x1bO\x1b\x1b[")
    console.type("\r" + ctrl("c"))
    answers_64(console, TTL)


def test_console_stops_a_program(console, dut):
    """Ctrl-C ends ping; the console is the shell's again."""
    mark = console.mark()
    console.type("ping 10.0.1.1\r")
    console.wait(r"64 bytes from 10\.0\.1\.1", mark)
    console.type(ctrl("c"))
    answers_64(console, TTL)
    assert "ping" not in dut.run("ps")


def test_console_ping_counts(console, dut):
    """The neighbour answers every request but the second."""
    wire = dut.wires[0]
    mark, printed = wire.mark(), console.mark()
    console.type(f"ping -c 3 -i 0.2 {wire.ip}\r")
    for seq in (1, 2, 3):
        request = wire.wait(lambda p, seq=seq: ICMP in p and p[ICMP].type == 8 and p[ICMP].seq == seq, mark)
        if seq != 2:
            wire.send(wire.echo_request(payload(request), type=0, id=request[ICMP].id, seq=seq))
    console.wait(rf"64 bytes from {wire.ip}: icmp_seq=1 ttl=64 time=", printed)
    console.wait(r"3 packets transmitted, 2 received, 33(\.\d+)?% packet loss", printed)


def test_console_on_a_terminal():
    """As a person starts it: a pseudo-terminal, the escape to QEMU in between."""
    with Weir(rc=RC, terminal=True) as dut:
        answers_64(dut.console, TTL)
        dut.console.type(ctrl("a") + "x")
        assert dut.wait_exit() == 3
        assert re.search(r"QEMU: Terminated", dut.console.text())

# SPDX-License-Identifier: MIT
"""Routing commands, word for word: transcripts of iproute2 6.1 on Linux, run again here.

A section of iproute.txt begins with "# NAME"; "$ COMMAND" is followed by what it says, and by "[STATUS]" if that is not
0. DUT=linux tests/tap/test_iproute.py record: the commands stay, their answers become Linux's.
"""
import os
import re
import sys

import pytest

TRANSCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "iproute.txt")
SETUP = """
ip link set lo up
ip addr add 10.0.1.1/24 dev eth0
ip link set eth0 up
ip addr add 10.0.2.1/24 dev eth1
ip link set eth1 up
sysctl -w net.ipv4.ip_forward=1
"""


def sections():
    """(name, [(command, answer)])"""
    with open(TRANSCRIPT, encoding="utf-8") as f:
        for part in re.split(r"^# ", f.read(), flags=re.MULTILINE)[1:]:
            name, text = part.split("\n", 1)
            steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE)
            yield name, steps


def answer(dut, command):
    status, text = dut.command(command)
    lines = [line for line in text.splitlines(True) if " metric 0 pref " not in line]  # IPv6's, in table all
    return "".join(lines) + (f"[{status}]\n" if status else "")


def make_dut():
    from conftest import DUT, Linux, Weir
    return (Linux if DUT == "linux" else Weir)(nics=2, rc=SETUP)


@pytest.mark.parametrize("name,steps", sections(), ids=lambda value: value if isinstance(value, str) else "")
def test_transcript(name, steps):
    assert steps, name
    with make_dut() as dut:
        for number, (command, want) in enumerate(steps):
            assert answer(dut, command) == want, f"step {number} of {name}: {command}"


def record():
    lines = []
    for name, steps in sections():
        lines.append(f"# {name}\n")
        with make_dut() as dut:
            lines += [f"$ {command}\n{answer(dut, command)}" for command, _ in steps]
    with open(TRANSCRIPT, "w", encoding="utf-8") as f:
        f.writelines(lines)


if __name__ == "__main__":
    assert os.environ.get("DUT") == "linux" and sys.argv[1:] == ["record"], "DUT=linux test_iproute.py record"
    record()

# SPDX-License-Identifier: MIT
"""Programs that check what sockets and epoll promise (tests/apps/): the same checks hold on Linux and in weir."""
import os
import re
import subprocess

from dut_linux import APPS
from dut_weir import Weir

DUT = os.environ.get("DUT", "weir")
PROGRAMS = ["epolltest"]


def verdicts(text):
    return [line for line in re.findall(r"^(?:%s): .*$" % "|".join(PROGRAMS), text, re.MULTILINE)]


def on_linux():
    said = ""
    for program in PROGRAMS:
        said += subprocess.run([os.path.join(APPS, program)], capture_output=True, text=True, timeout=300,
                               check=False).stdout
    return said


def in_weir():
    with Weir(rc="; ".join(PROGRAMS) + "; poweroff", test_image=True, control=False, ready=False) as dut:
        dut.wait_exit()
        return dut.console.text()


def test_programs():
    said = verdicts(on_linux() if DUT == "linux" else in_weir())
    assert len(said) == len(PROGRAMS) and all(re.search(r": \d+ checks, 0 failed$", line) for line in said), said

# SPDX-License-Identifier: MIT
"""selftest=NAME: images that do one wicked thing. Each must die of it with its cause named, or survive and say so."""
import pathlib
import re

import pytest

from dut_weir import TOP, Weir

pytestmark = pytest.mark.weir

OK, PANICKED, FAILED = 0, 1, 2  # run.sh's status
DECLARATION = re.compile(r'SELFTEST\("([\w-]+)",\s*"[^"]*",\s*\w+,\s*(true|false)\)')


def declared():
    """{name: whether it must panic}, from the sources."""
    found = {}
    for path in sorted(pathlib.Path(TOP, "tests", "selftest").glob("*.c")):
        found.update((n, deadly == "true") for n, deadly in DECLARATION.findall(path.read_text()))
    return found


TESTS = declared()


def boot(name, machine, test_image=True):
    with Weir(nics=0, append=f"selftest={name}", machine=machine, test_image=test_image, control=False,
              ready=False) as dut:
        return dut.wait_exit(), dut.console.text()


def test_selftests_exist():
    assert {"null-read", "write-code", "run-data", "stack-overflow", "double-free", "interrupt-storm"} <= set(TESTS)
    assert any("device" in name for name in TESTS)


@pytest.mark.parametrize("name", TESTS)
def test_selftest(name):
    status, console = boot(name, "microvm")
    if TESTS[name]:
        assert status == PANICKED, console
        assert re.search(r"panic: .+", console)
        assert re.search(r"backtrace:\n(?:.*\n)*?.*\+0x[0-9a-f]+", console), "a backtrace with names"
    else:
        assert status == OK, console
        assert f"selftest {name}: ok" in console


def test_selftest_on_q35():
    """Where interrupts come another way."""
    assert boot("interrupt-storm", "q35")[0] == OK
    assert boot("stack-overflow", "q35")[0] == PANICKED


def test_selftest_unknown():
    status, console = boot("no-such-thing", "microvm")
    assert status == FAILED
    assert "no-such-thing" in console and "null-read" in console


def test_selftests_are_not_in_the_product():
    """It says where they are, and does not go on as if nothing had been asked."""
    status, console = boot("null-read", "microvm", test_image=False)
    assert status == FAILED
    assert "build/test/weir.elf" in console and "--test-image" in console

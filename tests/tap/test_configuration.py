# SPDX-License-Identifier: MIT
"""What is wrong with the configuration is said, with its place; what could be kept is kept."""
import subprocess

import pytest

from dut_weir import TOP, Weir

pytestmark = pytest.mark.weir

GOOD = "ip addr add 10.0.1.1/24 dev eth0\nip link set eth0 up\n"


@pytest.mark.parametrize("word", ["nonsense", "nonsense=1"])
def test_unknown_word_on_the_command_line(word):
    """The warning names the word and its column; the rest counts."""
    append = f'loglevel=7 {word} rc="{GOOD.strip().replace(chr(10), "; ")}"'
    with Weir(append=append, machine="microvm") as dut:
        assert "12" in dut.console.wait(r"^.*column.*nonsense.*$")[0]


@pytest.mark.parametrize("word,complaint", [("loglevel=banana", "banana"), ("loglevel=99", "99"),
                                            ("console=ttyS9", "ttyS9"), ("apps=frobnicate", "frobnicate"),
                                            ("apps='echo", "quote")])
def test_bad_value_on_the_command_line(word, complaint):
    """It is said, and the rest counts."""
    append = f'{word} rc="{GOOD.strip().replace(chr(10), "; ")}"'
    with Weir(append=append, machine="microvm") as dut:
        dut.console.wait(rf"^.*{complaint}.*$")


def test_unclosed_quote_on_the_command_line():
    with Weir(append='loglevel=7 rc="ip addr add 10.0.1.1/24 dev eth0', machine="microvm", ready=False) as dut:
        line = dut.console.wait(r"^.*(quote|unclosed|unterminated).*$")[0]
        assert "12" in line or "15" in line, line
        dut.console.wait("time line")


def test_bad_line_in_rc():
    """File and line are named; the lines around it were run."""
    rc = "ip addr add 10.0.1.1/24 dev eth0\nip addr frobnicate\nno-such-command 1 2\nip link set eth0 up\n"
    with Weir(rc=rc, machine="microvm") as dut:
        dut.console.wait(r"rc:2\b.*")
        dut.console.wait(r"rc:3\b.*no-such-command.*")
        assert "10.0.1.1/24" in dut.run("ip addr")


def test_bad_command_in_rc_word():
    """The same for rc="..."."""
    with Weir(append='rc="ip addr add 10.0.1.1/24 dev eth0; ip frobnicate; ip link set eth0 up"',
              machine="microvm") as dut:
        dut.console.wait(r"rc.*frobnicate|frobnicate.*rc")


def test_comments_quotes_and_empty_lines_in_rc():
    rc = "# a comment\n\n   \n\tip addr add '10.0.1.1/24' dev \"eth0\"  # another\nip link set eth0 up"
    with Weir(rc=rc, machine="microvm") as dut:
        assert ":" not in "".join(line for line in dut.console.text().splitlines() if "rc:" in line)


def test_conf_without_rc():
    """A directory of files, none of them the boot script: said, then as without configuration."""
    with Weir(files={"notes.txt": "hello\n"}, machine="microvm", ready=False) as dut:
        dut.console.wait("time line")
        assert dut.run("ip link")


def test_garbage_initrd(tmp_path):
    path = tmp_path / "initrd"
    path.write_bytes(bytes(range(256)) * 40)
    rc = GOOD.strip().replace("\n", "; ")
    with Weir(append=f'rc="{rc}"', machine="microvm", qemu=("-initrd", str(path))) as dut:
        dut.console.wait(r"initrd")


def test_truncated_initrd(tmp_path):
    """What comes before the cut is used."""
    (tmp_path / "rc").write_text(GOOD)
    (tmp_path / "zzz").write_text("x" * 5000)
    archive = subprocess.run("printf 'rc\\nzzz\\n' | cpio --quiet -o -H newc", shell=True, cwd=tmp_path, check=True,
                             stdout=subprocess.PIPE).stdout
    path = tmp_path / "initrd"
    path.write_bytes(archive[:2000])
    with Weir(machine="microvm", qemu=("-initrd", str(path))) as dut:
        dut.console.wait(r"initrd.*")


@pytest.mark.parametrize("machine", ["q35", "microvm"])
def test_no_nic(machine):
    """It says so, and the console works."""
    with Weir(nics=0, machine=machine, ready=False) as dut:
        dut.console.wait(r"(?i)no (nic|network)")
        dut.console.wait("time line")
        assert "lo:" in dut.run("ip link")


def test_configuration_for_a_missing_nic():
    with Weir(nics=1, rc=GOOD + "ip addr add 10.0.2.1/24 dev eth1\n", machine="microvm") as dut:
        dut.console.wait(r"rc:3.*eth1|eth1.*rc:3")


@pytest.mark.parametrize("machine", ["q35", "microvm"])
@pytest.mark.parametrize("mem", ["3M", "4M", "5M"])
def test_too_little_memory(machine, mem):
    """Either it boots and answers, or it says that memory is missing and ends with a status."""
    with Weir(rc=GOOD, machine=machine, mem=mem, control=False, ready=False) as dut:
        try:
            dut.wires[0].until_answering(dut.check_alive, 10)
            return
        except AssertionError:
            pass
        assert dut.process.poll() is not None, f"neither answers nor ends:\n{dut.console.text()}"
        text = dut.console.text().lower()
        assert dut.process.returncode not in (0, 3), text
        assert "memory" in text, text


def run_sh(*argv):
    done = subprocess.run([f"{TOP}/run.sh", *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("argv,named", [
    (("--frobnicate",), "--frobnicate"),
    (("--mem",), "--mem"),
    (("--mem", "lots"), "lots"),
    (("--machine", "pdp11"), "pdp11"),
    (("--net", "carrier-pigeon", "--no-build"), "carrier-pigeon"),
    (("--conf", "/no/such/dir"), "/no/such/dir"),
    (("--disk", "/no/such/file"), "/no/such/file"),
    (("--uefi", "--machine", "microvm"), "UEFI"),
    (("--tap", "a") * 9, "8"),
    (("test", "something"), "something"),
], ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "")
def test_run_sh_refuses(argv, named):
    status, output = run_sh(*argv)
    assert status == 2
    assert named in output


def test_run_sh_prints_its_command():
    status, output = run_sh("--dry-run", "--no-build", "--tap", "tap7", "--machine", "microvm", "--append", "loglevel=7")
    assert status == 0
    assert output.startswith("qemu-system-x86_64 ") and "ifname=tap7" in output and "maxcpus=2" in output


def test_run_sh_help():
    status, output = run_sh("--help")
    assert status == 0
    for option in ("--tap", "--net", "--conf", "--append", "--uefi", "--machine", "--mem", "--pcap", "--debug", "--ctl",
                   "--dry-run", "--image"):
        assert option in output

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures weir beside a Linux guest: the same QEMU, the same tap, the same run.

  boot   time from QEMU's start to the first ping reply: microvm, q35, q35 + OVMF
  mem    smallest memory that boots and answers
  udp    UDP echo rate with 1 and 64 requests outstanding, rate of datagrams sunk
  tcp    HTTP requests on connections that stay, connections made and ended, bytes in and out
  fwd    rate and latency of datagrams forwarded between two NICs, with 10 and with 100,000 routes
  insn   guest instructions per echo, datagram sunk, HTTP request, connection, KiB of bulk and datagram forwarded, counted
         exactly by a TCG plugin: insn_udp, insn_tcp, insn_fwd and insn_rules are its parts
  nat    masquerading: rate, memory of a million connections, time to load 10,000 rules: rate, conns, restore are its parts

Without PART all are measured and docs/BENCHMARKS.md is written. Rates and times depend on the machine: compare the
ratios. Instructions repeat to about a percent.
"""
import argparse
import os
import platform
import socket
import statistics
import subprocess
import sys
import time

import forward
import vm
from forward import forwarded
from insns import Insns, lookup_cost, measure_insns, print_profile, total
from filtering import conns, insn_rules, nat, rate, restore
from vm import MICROVM, Q35, UEFI, Running

WHOLE = ("boot", "mem", "udp", "tcp", "fwd", "nat", "insn")
PARTS = (*WHOLE, "rate", "conns", "restore", "insn_udp", "insn_tcp", "insn_fwd", "insn_rules")
ECHO, SINK, COUNTER, SOURCE, HTTP = 7, 9, 10, 19, 80


def better_by(ours, theirs, unit):
    """How many times; of rates the larger is better, of all else the smaller."""
    return ours / theirs if unit.endswith("/s") else theirs / ours


class Results:
    """One number for each guest and row, in the order they first appeared."""

    def __init__(self):
        self.rows = {}

    def add(self, row, unit, guest, values, digits=0):
        value = statistics.median(values)
        self.rows.setdefault((row, unit, digits), {})[guest.name] = value
        spread = f"  ({min(values):,.{digits}f} to {max(values):,.{digits}f})" if len(values) > 1 else ""
        print(f"{guest.name:6} {row:72} {value:12,.{digits}f} {unit}{spread}", flush=True)

    def table(self):
        lines = ["| what | unit | weir | Linux | weir is better by |", "|---|---|---:|---:|---:|"]
        for (row, unit, digits), by_guest in self.rows.items():
            cells = [f"{by_guest[g]:,.{digits}f}" if g in by_guest else "" for g in ("weir", "Linux")]
            ratio = f"{better_by(by_guest['weir'], by_guest['Linux'], unit):.1f}" if len(by_guest) == 2 else ""
            lines.append(f"| {row} | {unit} | {cells[0]} | {cells[1]} | {ratio} |")
        return "\n".join(lines)


def echo(build, window, count=0, seconds=0.0):
    until = ("-n", count) if count else ("-s", seconds)
    got = vm.load(build, "echo", "-w", window, *until, vm.GUEST, ECHO)
    if got["received"] == 0:
        raise vm.NoAnswer("the guest's UDP echo does not answer")
    return got


def sunk():
    """What the guest's sink has counted so far."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.5)
        for _ in range(20):
            s.sendto(b"?", (vm.GUEST, COUNTER))
            try:
                return int(s.recv(100).decode().strip().removeprefix("rx="))
            except OSError:
                pass
    raise vm.NoAnswer("the guest's counter of sunk datagrams does not answer")


def stream(build, seconds):
    """Sends as fast as it goes; returns (datagrams sunk, seconds)."""
    before = sunk()
    got = vm.load(build, "stream", "-s", seconds, vm.GUEST, SINK)
    time.sleep(0.3)
    return sunk() - before, got["seconds"]


# ---- the parts

def boot(guest, args, results):
    for machine in (MICROVM, Q35, UEFI):
        times, own = [], []
        for _ in range(args.runs):
            with Running(guest, machine) as g:
                times.append(g.up * 1000)
                own.append(g.own_time())
        results.add(f"start to first ping reply, {machine.name}", "ms", guest, times)
        if None not in own:
            results.add(f"kernel entry to first ping reply, {machine.name}, by its own time line", "ms", guest, own, 1)


def boots_with(guest, machine, mem):
    """Whether it boots and answers with this much memory (MiB); tried twice, for the machine may be busy."""
    for _ in range(2):
        try:
            with Running(guest, machine, mem=f"{mem}M", limit=guest.boot_limit / 2, tries=1):
                echo(guest.build, 8, count=100)
            return True
        except vm.NoAnswer:
            pass
    return False


def mem(guest, _, results):
    for machine in (MICROVM, Q35):
        fails, works = 0, int(guest.mem.rstrip("M"))
        while works - fails > 1:
            middle = (works + fails) // 2
            if boots_with(guest, machine, middle):
                works = middle
            else:
                fails = middle
        results.add(f"smallest memory, {machine.name}", "MiB", guest, [works])


def udp(guest, args, results):
    one, many, sink = [], [], []
    for _ in range(args.runs):
        with Running(guest, Q35) as g:
            guest.wait_ready()
            for window, rates in ((1, one), (64, many)):
                got = echo(guest.build, window, seconds=args.seconds)
                rates.append(got["received"] / got["seconds"])
            count, seconds = stream(guest.build, args.seconds)
            sink.append(count / seconds)
    results.add("UDP echo, 1 outstanding", "/s", guest, one)
    results.add("UDP echo, 64 outstanding", "/s", guest, many)
    results.add("UDP datagrams sunk", "/s", guest, sink)


def tcp_load(guest, mode, port, *until, conns=8):
    """One run of tcpload: its numbers."""
    got = vm.load(guest.build, mode, "-c", conns, *until, vm.GUEST, port, program="tcpload")
    if not got["done"] + got["bytes"]:
        raise vm.NoAnswer(f"nothing comes back from the guest's TCP port {port}")
    return got


def tcp(guest, args, results):
    http, conn, received, sent = [], [], [], []
    until = ("-s", args.seconds)
    for _ in range(args.runs):
        with Running(guest, Q35):
            guest.wait_ready()
            for mode, port, values in (("http", HTTP, http), ("conn", ECHO, conn)):
                got = tcp_load(guest, mode, port, *until)
                values.append(got["done"] / got["seconds"])
            for mode, port, values in (("send", SINK, received), ("recv", SOURCE, sent)):
                got = tcp_load(guest, mode, port, *until, conns=1)
                values.append(got["bytes"] / got["seconds"] / 1e6)
    results.add("HTTP requests, 8 connections that stay", "/s", guest, http)
    results.add("TCP connections made, 64 bytes echoed, ended; 8 at a time", "/s", guest, conn)
    results.add("TCP bulk, the guest receives, 1 connection", "MB/s", guest, received)
    results.add("TCP bulk, the guest sends, 1 connection", "MB/s", guest, sent)


def fwd(guest, args, results):
    for count, router in forward.routers(guest):
        latency, rates = [], forward.Rates()
        for _ in range(args.runs):
            with Running(router, args.machine):
                router.wait_ready()
                got, seconds = forwarded(router, 1, "-s", args.seconds)
                latency.append(1e6 * seconds / got)
                rates.measure(router, args.seconds)
        named = f"{count:,} routes"
        results.add(f"forwarding, {named}: latency, 1 outstanding", "us", guest, latency, 1)
        rates.add_rows(named, guest, results)


def insn_fwd(guest, args, results):
    for count, router in forward.routers(guest):
        named = f"each datagram forwarded, {count:,} routes"
        works = {
            f"{named}, 1 outstanding": lambda: forwarded(router, 1, "-n", 10000)[0],
            f"{named}, 64 outstanding, one flow": lambda: forwarded(router, 64, "-n", 100000, spread=False)[0],
            f"{named}, 64 outstanding": lambda: forwarded(router, 64, "-n", 100000)[0],
        }
        with Running(router, args.machine, count=True) as g:
            profiles = measure_insns(guest, Insns(g), works, args, results)
            lookup = lookup_cost(profiles[-1])
            if lookup:
                results.add(f"each lookup of a route among {count:,}", "insns", guest, [lookup])


def insn(guest, args, results):
    insn_udp(guest, args, results)
    insn_tcp(guest, args, results)
    insn_fwd(guest, args, results)
    insn_rules(guest, args, results)


def insn_tcp(guest, args, results):
    def kib(mode, port):
        return tcp_load(guest, mode, port, "-s", 3, conns=1)["bytes"] / 1024

    works = {
        "each HTTP request, 8 connections that stay": lambda: tcp_load(guest, "http", HTTP, "-n", 20000)["done"],
        "each TCP connection made, 64 bytes echoed, ended": lambda: tcp_load(guest, "conn", ECHO, "-n", 5000)["done"],
        "each KiB of TCP bulk, the guest receives": lambda: kib("send", SINK),
        "each KiB of TCP bulk, the guest sends": lambda: kib("recv", SOURCE),
    }
    with Running(guest, args.machine, count=True) as g:
        measure_insns(guest, Insns(g), works, args, results)


def insn_udp(guest, args, results):
    works = {
        "each UDP echo, 1 outstanding": lambda: echo(guest.build, 1, count=10000)["received"],
        "each UDP echo, 64 outstanding": lambda: echo(guest.build, 64, count=40000)["received"],
        "each UDP datagram sunk": lambda: stream(guest.build, 3)[0],
    }
    with Running(guest, args.machine, count=True) as g:
        booted = g.counters.read()
        results.add(f"reset to first ping reply, firmware included, {args.machine.name}", "insns", guest, [total(booted)])
        if args.profile:
            print_profile(booted, args.profile, by=2)
        measure_insns(guest, Insns(g), works, args, results)


# ---- the command

def machine_line():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), "?")
    qemu = vm.netns.run("qemu-system-x86_64", "--version").splitlines()[0]
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}, {qemu}, TCG"


def write_report(path, args, results, linux):
    revision = subprocess.run(["git", "-C", vm.TOP, "describe", "--always", "--dirty"], text=True,
                              stdout=subprocess.PIPE, check=False).stdout.strip()
    runs = f"Medians of {args.runs} runs." if args.runs > 1 else "One run."
    text = f"""# Benchmarks

weir beside Linux {linux.version()} (Debian's cloud kernel, a busybox initramfs, the same server programs compiled for
Linux) as guests of the same QEMU on the same tap in the same run. Each has one virtual CPU and one virtio-net
device. {runs} weir has {vm.Weir.mem} of memory, Linux {vm.Linux.mem}; on microvm Linux has ACPI,
without which it finds no devices.

Times and rates depend on the machine and what else it does: compare the ratios. Instructions are those the guest
executes, all included (interrupt, driver, stack, application), counted exactly by a TCG plugin
([tests/bench/icount.c](../tests/bench/icount.c)), less what an idle guest executes in the same time.

{results.table()}

Forwarded datagrams go to {forward.MANY:,} destinations in random order, so that nothing decided before helps, but for
those of one flow. To forward, weir has {forward.WeirRouter.mem} of memory and Linux {forward.LinuxRouter.mem}: loading
the routes takes room. Memory of connections is what the guest has less free than before the rules were loaded, hash tables
included; the 10,000 rules lie in a file of the guest's.

Measured {time.strftime("%Y-%m-%d")} at {revision or "an unknown revision"} by `{args.command}` on
{machine_line()}.
"""
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    print(f"wrote {os.path.relpath(path)}")


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("parts", nargs="*", metavar="PART", help=", ".join(WHOLE) + " (all)")
    p.add_argument("--guest", choices=("weir", "linux", "both"), default="both")
    p.add_argument("--build", default=os.path.join(vm.TOP, "build"), help="build directory (build)")
    p.add_argument("--runs", type=int, default=3, help="runs of each measurement (3)")
    p.add_argument("--seconds", type=float, default=3.0, help="length of a rate measurement (3)")
    p.add_argument("--machine", choices=("q35", "microvm"), default="q35", help="for fwd and insn (q35)")
    p.add_argument("--profile", type=int, default=0, metavar="N",
                   help="after each instruction count, its N most expensive functions")
    p.add_argument("--output", metavar="FILE", help="write the report there")
    args = p.parse_args()
    if unknown := set(args.parts) - set(PARTS):
        p.error(f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if not args.output and not args.parts and args.guest == "both":
        args.output = os.path.join(vm.TOP, "docs", "BENCHMARKS.md")
    args.parts = args.parts or list(WHOLE)
    args.build = os.path.abspath(args.build)
    args.machine = MICROVM if args.machine == "microvm" else Q35
    args.command = os.environ.get("BENCH_COMMAND") or " ".join(["tests/bench/bench.py"] + sys.argv[1:])
    return args


def main():
    args = arguments()
    vm.enter_namespace()
    vm.ask_for_priority()
    weir, linux = vm.Weir(args.build), vm.Linux(args.build)
    guests = {"weir": [weir], "linux": [linux], "both": [weir, linux]}[args.guest]
    results = Results()
    for part in args.parts:
        for guest in guests:
            globals()[part](guest, args, results)
    print("\n" + results.table())
    if args.output:
        write_report(args.output, args, results, linux)


if __name__ == "__main__":
    try:
        main()
    except (vm.NoAnswer, PermissionError) as e:
        sys.exit(f"bench: {e}")

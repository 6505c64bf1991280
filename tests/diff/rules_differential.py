#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Random rulesets and conversations through Linux and through weir: the same frames, counters and connections.

    tests/diff/rules_differential.py [--seed N] [--count N] [--first N] [--steps N] [--jobs N] [--shown N] [--image]
                                     [--coverage] [--least N] [--build DIR] [--by-hand | FILE...]

Linux is a namespace with iptables-legacy, weir its library in the same process; each of --jobs processes has both. With
--image weir is the image under QEMU, with two taps. A case that differs is made smaller, written to BUILD/diff/ and can be
run again by its file's name.
"""
import argparse
import concurrent.futures
import contextlib
import glob
import json
import multiprocessing
import multiprocessing.util
import os
import random
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tap"))

import netns
from cases_by_hand import cases
from conversations import conversation
from rule_coverage import Coverage
from rules_compare import Runner, described, difference, keep
from rulesets import ruleset, settings
from twins import LinuxTwin, WeirTwin

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STEPS = 52  # a few are left out
CHUNK = 20


def made(options, index):
    """The case of that seed and index; always the same."""
    rng = random.Random(options.seed * 1000003 + index)
    rules = ruleset(rng)
    flows, sent = conversation(rng, options.steps)
    return {"name": f"{options.seed}-{index}", "rules": rules, "settings": settings(rng), "flows": flows, "steps": sent}


def read(path):
    with open(path, encoding="ascii") as f:
        return json.load(f)


class Tally:
    """What has been run."""

    def __init__(self):
        self.cases = self.packets = self.left_out = self.refused = 0
        self.differences, self.coverage = [], Coverage()

    def add(self, other):
        self.cases += other.cases
        self.packets += other.packets
        self.left_out += other.left_out
        self.refused += other.refused
        self.coverage.add(other.coverage)
        self.differences += other.differences

    def __str__(self):
        return f"{self.cases} rulesets, {self.packets} packets, {len(self.differences)} differences"


class Worker:
    """The routers of one process."""

    def __init__(self, options):
        netns.enter()
        self.options, self.shown = options, 0
        self.weir = self.image() if options.image else WeirTwin(options.build)
        self.runner = Runner(LinuxTwin(), self.weir)

    @staticmethod
    def image():
        from image_twin import ImageTwin  # it reads where the build is when it is loaded
        return ImageTwin()

    def run(self, cases):
        tally = Tally()
        for case in cases:
            self.one(case, tally)
        return tally

    def one(self, case, tally):
        path = keep(case, self.options.running)  # weir may die of it
        compared, linux, weir = self.runner.both(case)
        found = difference(linux, weir) and self.runner.differs(case)  # a port chosen at random may be one of the flows', once
        tally.cases += 1
        tally.packets += sum(len(frames) for _, frames in linux.sent)
        tally.left_out += len(case["steps"]) - len(compared["steps"])
        tally.refused += linux.status != 0
        tally.coverage.case(compared, linux)
        if found:
            tally.differences.append(self.report(case, found) if self.shown < self.options.shown else case["name"])
            self.shown += 1
        os.remove(path)

    def report(self, case, found):
        case = self.runner.smaller(case, found[0])
        path = keep(case, os.path.join(self.options.build, "diff"))
        return described(case, self.runner.differs(case) or found, f"tests/diff/rules_differential.py {path}")


    def close(self):
        self.weir.close()


WORKER = []  # of this process


def begin_worker(options):
    WORKER.append(Worker(options))
    multiprocessing.util.Finalize(None, WORKER[0].close, exitpriority=10)


def run_chunk(options, numbers):
    return WORKER[0].run(made(options, n) for n in numbers)


def run(options, say=print):
    """The tally of all cases asked for."""
    options.running = os.path.join(options.build, "diff", f"running-{os.getpid()}")
    if options.files or options.by_hand:
        with contextlib.closing(Worker(options)) as worker:
            total = worker.run(cases() if options.by_hand else map(read, options.files))
        shutil.rmtree(options.running, ignore_errors=True)
        return total
    total, last = Tally(), options.first + options.count
    chunks = [range(n, min(n + CHUNK, last)) for n in range(options.first, last, CHUNK)]
    with concurrent.futures.ProcessPoolExecutor(options.jobs, multiprocessing.get_context("fork"), begin_worker,
                                                (options,)) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run_chunk, options, numbers) for numbers in chunks]):
            try:
                tally = done.result()
            except concurrent.futures.BrokenExecutor:
                files = glob.glob(os.path.join(options.running, "*"))
                say("weir died of one of these:\n" + "\n".join(f"again: tests/diff/rules_differential.py {f}" for f in files))
                raise
            total.add(tally)
            for text in tally.differences:
                say(text)
            if total.cases % 500 < CHUNK:
                say(total)
    shutil.rmtree(options.running, ignore_errors=True)
    return total


def parse(args):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2000, help="rulesets (2000)")
    parser.add_argument("--first", type=int, default=0, help="the first one's number")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"packets for each ({STEPS})")
    parser.add_argument("--jobs", type=int, help="processes (one for each CPU; one with --image)")
    parser.add_argument("--image", action="store_true", help="the image under QEMU in the place of the library")
    parser.add_argument("--shown", type=int, default=3, help="differences that each process makes smaller and prints")
    parser.add_argument("--coverage", action="store_true", help="print what the cases had in them")
    parser.add_argument("--least", type=int, default=0, metavar="N", help="fail if any of that occurred less than N times")
    parser.add_argument("--build", default=os.environ.get("O", os.path.join(TOP, "build")), help="build directory")
    parser.add_argument("--by-hand", action="store_true", help="the cases of cases_by_hand.py, and no random ones")
    parser.add_argument("files", nargs="*", metavar="FILE", help="cases kept by an earlier run")
    return parser.parse_args(args)


def main(args):
    options = parse(args)
    options.build = os.environ["O"] = os.path.abspath(options.build)
    options.jobs = options.jobs or (1 if options.image else os.cpu_count())
    total = run(options, lambda text: print(text, flush=True))
    if options.files or options.by_hand:
        print("\n".join(total.differences))
    if options.coverage:
        print(total.coverage)
    missing = total.coverage.missing(options.least) if options.least else []
    print("".join(f"too rare: {line}\n" for line in missing), end="")
    print(f"diff: {total}, {total.left_out} left out, {total.refused} refused")
    return 1 if total.differences or missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

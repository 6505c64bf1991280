#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Feeds the same mutated frames to Linux and to weir as routers and compares what comes out.

    tests/diff/differential.py [--seed N] [--count N] [--first N] [--shown N]

Each run of CHUNK groups begins with routers just started. A difference is shown with the frames in and out; the frames
of its group that do not matter are left out first.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tap"))

import netns

CHUNK = 20000
SHOWN = 240  # hexadecimal digits of a frame; all of it is in group(seed, index)


def describe(frame):
    from scapy.layers.l2 import Ether
    text = frame.hex()
    return f"      {Ether(frame).summary()}\n        {text if len(text) < SHOWN else text[:SHOWN] + '...'}"


def story(linux, weir):
    lines = []
    for name, out in (("linux", linux), ("weir", weir)):
        lines.append(f"    {name}:" + ("" if any(out) else " nothing"))
        lines += [f"     eth{nic}:\n" + describe(f) for nic in range(len(out)) for f in out[nic]]
    return "\n".join(lines)


class Difference:
    def __init__(self, seed, index, nic, frames, linux, weir):
        self.seed, self.index, self.nic, self.frames = seed, index, nic, frames
        self.linux, self.weir = linux, weir

    def __str__(self):
        return (f"  seed {self.seed}, group {self.index}, into eth{self.nic}:\n" +
                "\n".join(map(describe, self.frames)) + "\n" + story(self.linux, self.weir))

    def kind(self):
        """Equal for differences that look alike."""
        def words(out):
            return tuple(sorted({(f[12:14], f[23:24], f[34:36] if f[23] == 1 else b"") for f in sum(out, [])}))
        return words(self.linux), words(self.weir)


class Run:
    """One chunk."""

    def __init__(self, linux, weir, seed):
        from compare import Comparison
        self.linux, self.weir, self.seed = linux, weir, seed
        self.comparison = Comparison()
        self.frames = 0
        self.differences = []

    def _ask(self, nic, groups):
        linux, weir = self.linux.exchange(nic, groups), self.weir.exchange(nic, groups)
        return [(a, b, self.comparison.differ(*each)) for each in zip(groups, linux, weir) for _, a, b in [each]]

    def smaller(self, nic, frames):
        """A part of the group that still differs by itself, or the group."""
        at = 0
        while len(frames) > 1 and at < len(frames):
            fewer = frames[:at] + frames[at + 1:]
            if self._ask(nic, [fewer])[0][2]:
                frames = fewer
            else:
                at += 1
        return frames

    def batch(self, first, count):
        from mutate import group
        made = [group(self.seed, index) for index in range(first, first + count)]
        nic = made[0][0]
        self.frames += sum(len(frames) for _, frames in made)
        for n, (a, b, differ) in enumerate(self._ask(nic, [frames for _, frames in made])):
            if differ:
                self.differences.append(Difference(self.seed, first + n, nic, made[n][1], a, b))

    def reduced(self, difference):
        nic, frames = difference.nic, difference.frames
        smaller = self.smaller(nic, frames)
        (a, b, differ), = self._ask(nic, [smaller])
        if smaller == frames or not differ:
            return difference
        return Difference(self.seed, difference.index, nic, smaller, a, b)


def run_chunk(seed, first, count, progress=lambda n: None):
    """(frames sent, differences) of so many groups."""
    from mutate import BATCH
    from routers import Both
    with Both() as (linux, weir):
        run = Run(linux, weir, seed)
        for at in range(first, first + count, BATCH):
            run.batch(at, min(BATCH, first + count - at))
            progress(at)
        run.differences = [run.reduced(d) for d in run.differences]
    return run


def main(args):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=CHUNK, help="groups of frames")
    parser.add_argument("--first", type=int, default=0, help="the first group")
    parser.add_argument("--shown", type=int, default=10, help="differences to print")
    o = parser.parse_args(args)
    frames, kinds = 0, {}
    seed, left, first = o.seed, o.count, o.first
    while left > 0:
        run = run_chunk(seed, first, min(left, CHUNK))
        frames += run.frames
        for d in run.differences:
            kinds.setdefault(d.kind(), []).append(d)
        left, seed, first = left - CHUNK, seed + 1, 0
    for alike in sorted(kinds.values(), key=len, reverse=True)[:o.shown]:
        print(f"{len(alike)} like this:\n{alike[0]}")
    total = sum(map(len, kinds.values()))
    print(f"diff: {o.count} groups, {frames} frames, {total} differences of {len(kinds)} kinds")
    return 1 if total else 0


if __name__ == "__main__":
    netns.enter()
    sys.exit(main(sys.argv[1:]))

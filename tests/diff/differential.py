#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Feeds the same mutated frames to Linux and to weir as routers and compares what comes out.

    tests/diff/differential.py [--seed N] [--count N] [--first N] [--shown N] [--world NAME]

Routers are just started for each CHUNK groups of frames. A difference is shown with the frames in and out; those frames
of its group that do not matter are left out.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tap"))

import netns
from compare import Comparison, comparable, same
from mutate import BATCH, group

CHUNK = 20000
DIGITS = 240  # hexadecimal, of a frame; all of it is in group(seed, index)


def unshared(frames, others):
    """Lines of what one router sent out of a NIC; what the other sent as well is only counted."""
    wanted = [comparable(f) for f in others]
    lines = [f"      #{i + 1} {describe(f).lstrip()}" for i, f in enumerate(frames)
             if not any(same(comparable(f), w) for w in wanted)]
    alike = len(frames) - len(lines)
    return lines + ([f"      and {alike} that both sent"] if alike else [])


def describe(frame):
    from scapy.layers.l2 import Ether  # slow to load, and of use for differences only
    text = frame.hex()
    return f"      {Ether(frame).summary()}\n        {text if len(text) <= DIGITS else text[:DIGITS] + '...'}"


class Difference:
    """The frames of a group that went into nic, and what came out: of each router, a list for each NIC."""

    def __init__(self, seed, index, nic, frames, linux, weir):
        self.seed, self.index, self.nic, self.frames = seed, index, nic, frames
        self.linux, self.weir = linux, weir

    def __str__(self):
        lines = [f"  seed {self.seed}, group {self.index}, into eth{self.nic}:", *map(describe, self.frames)]
        for name, out, others in (("linux", self.linux, self.weir), ("weir", self.weir, self.linux)):
            lines.append(f"    {name}:" + ("" if any(out) else " nothing"))
            for nic, frames in enumerate(out):
                lines += [f"     eth{nic}:", *unshared(frames, others[nic])] if frames else []
        return "\n".join(lines)

    def kind(self):
        """Equal for differences that look alike."""
        def words(out):
            return tuple(sorted({(f[12:14], f[23:24], f[34:36] if f[23] == 1 else b"") for f in sum(out, [])}))
        return words(self.linux), words(self.weir)


def report(differences, shown):
    """One of each kind, the frequent ones first."""
    kinds = {}
    for d in differences:
        kinds.setdefault(d.kind(), []).append(d)
    alike = sorted(kinds.values(), key=len, reverse=True)[:shown]
    return "".join(f"{len(a)} like this:\n{a[0]}\n" for a in alike)


class Run:
    """Groups of one seed, through routers that were just started."""

    def __init__(self, linux, weir, seed):
        self.linux, self.weir, self.seed = linux, weir, seed
        self.comparison = Comparison()
        self.frames = 0
        self.differences = []

    def groups(self, first, count):
        for at in range(first, first + count, BATCH):
            self._batch(at, min(BATCH, first + count - at))
        self.differences = [self._reduced(d) for d in self.differences]

    def _ask(self, nic, groups):
        """(what Linux sent, what weir sent, whether they differ) for each group."""
        linux, weir = self.linux.exchange(nic, groups), self.weir.exchange(nic, groups)
        return [(a, b, self.comparison.differ(sent, a, b)) for sent, a, b in zip(groups, linux, weir)]

    def _batch(self, first, count):
        made = [group(self.seed, index) for index in range(first, first + count)]
        nic, groups = made[0][0], [frames for _, frames in made]
        self.frames += sum(map(len, groups))
        for n, (a, b, differ) in enumerate(self._ask(nic, groups)):
            if differ:
                self.differences.append(Difference(self.seed, first + n, nic, groups[n], a, b))

    def _reduced(self, difference):
        """The same with fewer frames of its group, if those suffice."""
        nic, frames, at = difference.nic, difference.frames, 0
        found = difference
        while len(frames) > 1 and at < len(frames):
            fewer = frames[:at] + frames[at + 1:]
            (a, b, differ), = self._ask(nic, [fewer])
            if differ:
                frames, found = fewer, Difference(self.seed, difference.index, nic, fewer, a, b)
            else:
                at += 1
        return found


def main(args):
    from routers import WORLDS, Both
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=CHUNK, help="groups of frames")
    parser.add_argument("--first", type=int, default=0, help="the first group")
    parser.add_argument("--world", default="usual", choices=WORLDS, help="how the routers are set")
    parser.add_argument("--shown", type=int, default=10, help="kinds of differences to print")
    o = parser.parse_args(args)
    frames, differences = 0, []
    for done in range(0, o.count, CHUNK):
        with Both(o.world) as (linux, weir):
            before = weir.dut.console.mark()
            run = Run(linux, weir, o.seed + done // CHUNK)
            run.groups(o.first, min(CHUNK, o.count - done))
            assert not (printed := weir.dut.console.text()[before:]), f"weir printed:\n{printed}"
        frames += run.frames
        differences += run.differences
    print(report(differences, o.shown), end="")
    print(f"diff: {o.count} groups, {frames} frames, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    netns.enter()
    sys.exit(main(sys.argv[1:]))

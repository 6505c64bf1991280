#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Random rulesets and conversations through Linux and through weir: the same frames, counters and connections.

    tests/diff/rules_differential.py [--seed N] [--count N] [--first N] [--steps N] [--shown N] [--build DIR] [FILE...]

Linux is a namespace with iptables-legacy, weir its library in this process. A case that differs is made smaller, written to
BUILD/diff/ and can be run again by its file's name.
"""
import argparse
import difflib
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tap"))

import netns
import likeness
from conversations import Talk, conversation
from rulesets import CLIENT_PORTS, PORTS, ruleset
from twins import LinuxTwin, WeirTwin

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STEPS = 50


def made(seed, index, steps):
    """The case of that seed and index; always the same."""
    rng = random.Random(seed * 1000003 + index)
    rules = ruleset(rng)
    flows, sent = conversation(rng, steps)
    return {"name": f"{seed}-{index}", "rules": rules.text,
            "nat_addresses": rules.nat_addresses, "flows": flows, "steps": sent}


class Outcome:
    """What one router did with a case, made comparable."""

    def __init__(self, twin, case, tag):
        self.names = likeness.Names({0, *CLIENT_PORTS, *PORTS}, case["nat_addresses"],
                                    (tag, len(case["steps"])))
        self.raw, self.frames, self.sent = [], [], []
        self.status = twin.begin(case["rules"])
        talk = Talk(case["flows"], tag)
        self.ended = [twin.ended_by_nat()]
        for number, step in enumerate(case["steps"]):
            nic, frames = talk.make(number, step)
            self.names.step = number
            out = twin.send(nic, frames)
            talk.note(number, step, frames, out)
            self.sent.append((nic, frames))
            self.raw.append(out)
            self.ended.append(twin.ended_by_nat())
            self.frames.append(likeness.frames_like(out, self.names))
        self.saved = likeness.saved(twin.save())
        self.entries = likeness.entries(twin.entries(), self.names)
        twin.end()


def difference(linux, weir):
    """(kind, text) of the first one, or None."""
    if linux.status != weir.status:
        return "status", f"iptables-restore: linux {linux.status}, weir {weir.status}"
    before, excused = weir.ended[0], False
    for n, (a, b, ended) in enumerate(zip(linux.frames, weir.frames, weir.ended[1:])):
        excused |= ended != before  # Linux lets an invalid packet of a translated flow pass as it is, or answers it
        if a != b and (any(b) or ended == before):
            return "frames", step_text(n, linux, weir)
        before = ended
    if excused:
        return None
    if linux.saved != weir.saved:
        return "saved", "\n".join(list(difflib.unified_diff(linux.saved, weir.saved, "linux", "weir", "", "", 0))[2:])
    if not likeness.entries_alike(linux.entries, weir.entries):
        show = [[f"{t} {e}" for e, t in side.entries] for side in (linux, weir)]
        return "entries", "\n".join(difflib.unified_diff(*show, "linux", "weir", "", "", 1))
    return None


def step_text(n, linux, weir):
    from scapy.layers.l2 import Ether  # slow to load, and of use for differences only
    lines = [f"step {n}"]
    for side, who in ((linux, "linux"), (weir, "weir")):
        nic, frames = side.sent[n]
        lines += [f"  to {who}, eth{nic}: {Ether(f).summary()}\n    {f.hex()[:200]}" for f in frames]
        lines += [f"  from {who}, eth{out}: {Ether(f).summary()}\n    {f.hex()[:240]}"
                  for out, sent in enumerate(side.raw[n]) for f in sent]
    return "\n".join(lines)


class Runner:
    def __init__(self, linux, weir):
        self.linux, self.weir, self.tag = linux, weir, 0

    def differs(self, case):
        """Linux still has pieces of earlier cases: each has identifications of its own."""
        self.tag = (self.tag + len(case["steps"])) & 0xffff
        return difference(Outcome(self.linux, case, self.tag), Outcome(self.weir, case, self.tag))

    def smaller(self, case, kind):
        """Fewer steps, then fewer rules, as long as the same kind of difference is there."""
        for key in ("steps", "rules", "steps"):
            parts = case[key] if key == "steps" else case[key].split("\n")
            size = max(len(parts) // 2, 1)
            while size:
                at = 0
                while at < len(parts):
                    fewer = parts[:at] + parts[at + size:]
                    if key == "rules" and any(p[:1] in "*:C" for p in parts[at:at + size]):
                        at += 1
                        continue
                    tried = {**case, key: fewer if key == "steps" else "\n".join(fewer)}
                    found = self.differs(tried)
                    if found and found[0] == kind:
                        case, parts = tried, fewer
                    else:
                        at += size
                size //= 2
        return case


def keep(case, build):
    path = os.path.join(build, "diff", f"case-{case['name']}.json")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as f:
        json.dump(case, f, indent=1)
    return path


def described(case, found, path):
    rules = "\n".join(line for line in case["rules"].split("\n") if line.startswith(("*", "-")) or " DROP " in line)
    flows = {n: case["flows"][n] for n in sorted({s["flow"] for s in case["steps"]})}
    steps = "\n".join(f"  {s}" for s in case["steps"])
    return f"== case {case['name']}: {found[0]}\n{rules}\nflows {flows}\n{steps}\n{found[1]}\nagain: tests/diff/rules_differential.py {path}\n"


def cases(options):
    for path in options.files:
        with open(path, encoding="ascii") as f:
            yield json.load(f)
    if not options.files:
        for index in range(options.first, options.first + options.count):
            yield made(options.seed, index, options.steps)


def run(options, say=print):
    """(cases, packets, texts of differences)"""
    linux, weir = LinuxTwin(), WeirTwin(options.build)
    runner, count, packets, texts = Runner(linux, weir), 0, 0, []
    for case in cases(options):
        found = runner.differs(case) and runner.differs(case)  # a port chosen at random may be one of the flows', once
        count, packets = count + 1, packets + len(case["steps"])
        if found:
            if len(texts) < options.shown:
                case = runner.smaller(case, found[0])
                texts.append(described(case, runner.differs(case) or found, keep(case, options.build)))
                say(texts[-1])
            else:
                texts.append("")
        if count % 500 == 0:
            say(f"{count} rulesets, {packets} packets, {len(texts)} differences")
    linux.close()
    weir.close()
    return count, packets, texts


def parse(args):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2000, help="rulesets (2000)")
    parser.add_argument("--first", type=int, default=0, help="the first one's number")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"packets for each ({STEPS})")
    parser.add_argument("--shown", type=int, default=5, help="differences to make smaller and print")
    parser.add_argument("--build", default=os.environ.get("O", os.path.join(TOP, "build")), help="build directory")
    parser.add_argument("files", nargs="*", metavar="FILE", help="cases kept by an earlier run")
    return parser.parse_args(args)


def main(args):
    options = parse(args)
    options.build = os.path.abspath(options.build)
    netns.enter()
    count, packets, texts = run(options)
    print(f"diff: {count} rulesets, {packets} packets, {len(texts)} differences")
    return 1 if texts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: MIT
"""One case through two routers: what each did, whether that is alike, and the smallest case that still differs.

A case is plain data: {"name", "rules", "settings", "flows", "steps"}; see rulesets.py and conversations.py.
"""
import difflib
import json
import os
import time

import likeness
from conversations import Talk
from rulesets import CLIENT_PORTS, PORTS


class Outcome:
    """What one router did with a case, made comparable."""

    def __init__(self, twin, case, tag):
        self.names = likeness.Names({0, *CLIENT_PORTS, *PORTS}, (tag, len(case["steps"])))
        self.raw, self.frames, self.sent = [], [], []
        self.ended = []  # the steps with packets that NAT ends
        self.status, began = twin.begin(case["rules"], case.get("settings", {})), time.monotonic()
        talk, before = Talk(case["flows"], tag), twin.ended_by_nat()
        for number, step in enumerate(case["steps"]):
            nic, frames = talk.make(number, step)
            self.names.step = number
            out = twin.send(nic, frames)
            talk.note(number, step, out)
            self.sent.append((nic, frames))
            self.raw.append(out)
            self.frames.append(likeness.frames_like(out, self.names))
            ended = twin.ended_by_nat()
            if ended != before:
                self.ended.append(number)
            before = ended
        self.saved = likeness.saved(twin.save())
        self.entries, self.seconds = likeness.entries(twin.entries(), self.names), time.monotonic() - began
        twin.end()


def difference(linux, weir):
    """(kind, text) of the first one, or None."""
    if linux.status != weir.status:
        return "status", f"iptables-restore: linux {linux.status}, weir {weir.status}"
    for n, (a, b) in enumerate(zip(linux.frames, weir.frames)):
        if a != b:
            return "frames", step_text(n, linux, weir)
    if linux.saved != weir.saved:
        return "saved", "\n".join(list(difflib.unified_diff(linux.saved, weir.saved, "linux", "weir", "", "", 0))[2:])
    if not likeness.entries_alike(linux.entries, weir.entries, linux.seconds + weir.seconds + likeness.SLACK):
        show = [[f"{e} {t} s" for e, t in side.entries] for side in (linux, weir)]
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
    """Both routers, and what went through them."""

    def __init__(self, linux, weir):
        self.linux, self.weir, self.tag = linux, weir, 1

    def tagged(self, case):
        """Outcomes of Linux and weir. Linux still has pieces of earlier cases: identifications are others each time."""
        tag, self.tag = self.tag, self.tag + len(case["steps"])
        if self.tag > 0xf000:
            self.tag = 1  # what a router has made itself may have 0
        return Outcome(self.linux, case, tag), Outcome(self.weir, case, tag)

    def both(self, case):
        """(case, outcome of Linux, outcome of weir). What Linux lets pass untranslated and weir ends (docs/COMPATIBILITY.md)
        is not part of the case any more, if that shows: it would change what Linux counts and answers from then on."""
        linux, weir = self.tagged(case)
        while weir.ended and difference(linux, weir):
            ended = {n for n in weir.ended if linux.frames[n] != weir.frames[n]} or set(weir.ended)
            case = {**case, "steps": [s for n, s in enumerate(case["steps"]) if n not in ended]}
            linux, weir = self.tagged(case)
        return case, linux, weir

    def differs(self, case):
        _, linux, weir = self.both(case)
        return difference(linux, weir)

    def smaller(self, case, kind):
        """Fewer steps, then fewer rules, as long as the same kind of difference is there."""
        return smaller(case, lambda tried: (self.differs(tried) or [None])[0] == kind)


def smaller(case, fails):
    """The case without the steps and rules that it does not need to fail."""
    for key in ("steps", "rules", "steps"):
        parts = case[key] if key == "steps" else case[key].split("\n")
        size = max(len(parts) // 2, 1)
        while size:
            at = 0
            while at < len(parts):
                fewer = parts[:at] + parts[at + size:]
                if key == "rules" and any(p[:1] in "*:C#" for p in parts[at:at + size]):
                    at += 1
                    continue
                tried = {**case, key: fewer if key == "steps" else "\n".join(fewer)}
                if fails(tried):
                    case, parts = tried, fewer
                else:
                    at += size
            size //= 2
    return case


def keep(case, folder):
    """Where it is kept."""
    path = os.path.join(folder, f"case-{case['name']}.json")
    os.makedirs(folder, exist_ok=True)
    with open(path, "w", encoding="ascii") as f:
        json.dump(case, f, indent=1)
    return path


def described(case, found, again):
    rules = "\n".join(line for line in case["rules"].split("\n") if line.startswith(("*", "-")) or " DROP " in line)
    flows = {n: case["flows"][n] for n in sorted({s["flow"] for s in case["steps"]})}
    steps = "\n".join(f"  {s}" for s in case["steps"])
    return f"== case {case['name']}: {found[0]}\n{rules}\nsettings {case.get('settings', {})}\nflows {flows}\n{steps}\n{found[1]}\nagain: {again}\n"

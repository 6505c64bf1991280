# SPDX-License-Identifier: MIT
"""Guest instructions for each operation, by function."""
import time


class Insns:
    """Instructions by function for each operation, less what the guest does when idle."""

    def __init__(self, running, seconds=2.0):
        self.counters = running.counters
        running.guest.wait_ready()
        before = self.counters.read()
        time.sleep(seconds)
        after = self.counters.read()
        self.idle = {n: tuple((a - b) / seconds for a, b in zip(after[n], before[n])) for n in after}

    def per_operation(self, work):
        """work() returns how many operations it did. Returns {function: (instructions, calls, translated)}."""
        before, began = self.counters.read(), time.monotonic()
        count = work()
        time.sleep(0.1)
        after, seconds = self.counters.read(), time.monotonic() - began
        return {n: tuple((a - b - i * seconds) / count
                         for a, b, i in zip(after[n], before[n], self.idle[n])) for n in after}


def total(profile):
    return sum(insns for insns, _, _ in profile.values())


def measure_insns(guest, insns, works, args, results):
    """One row for each work; returns the median profile of each."""
    medians = []
    for name, work in works.items():
        profiles = [insns.per_operation(work) for _ in range(args.runs)]
        results.add(name, "insns", guest, [total(p) for p in profiles])
        medians.append(sorted(profiles, key=total)[len(profiles) // 2])
        if args.profile:
            print_profile(medians[-1], args.profile)
    return medians


def lookup_cost(profile):
    """Instructions of one longest-prefix match, from the functions whose names say so; None if they are not known."""
    parts = [counts for name, counts in profile.items() if name.startswith("fib_")]
    calls = profile.get("fib_trie_match", (0, 0, 0))[1]
    return sum(p[0] for p in parts) / calls if calls > 0.01 else None


def print_profile(profile, lines, by=0):
    """The functions that lead in column `by`."""
    ranked = sorted(profile.items(), key=lambda item: -item[1][by])
    print(f"  {'insns':>9} {'calls':>8} {'translated':>10}  function")
    for name, counts in ranked[:lines]:
        if counts[by] >= 0.05:
            print(f"  {counts[0]:9.1f} {counts[1]:8.3f} {counts[2]:10.1f}  {name}")
    print(f"  {total(profile):9.1f} {'':8} {sum(t for _, _, t in profile.values()):10.1f}  all", flush=True)

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The words of iptables and conntrack: transcripts of the Linux tools (iptables-legacy 1.8.9), run again by weir.

record.py FILE... (also rulesets/*.v4): the commands stay, their answers become Linux's. Root; works in a network namespace of its own.

A section begins with "# NAME MODE". "$ COMMAND" is followed by its answer: lines of standard output (">"), of standard
error ("!") and "[STATUS]" if that is not 0. Lines "< TEXT" between are its standard input. In a section of mode "each"
every command meets empty tables, and when it succeeded, what is then in its table follows: rules and chains as
iptables -S shows them ("="), and rules as iptables -nvL shows them ("|"). Mode "names" is the same and shows them as
iptables -L does, too ("~"). In mode "flow" the commands of a section follow one another.
"""
import os
import re
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tap"))
TABLES = ("raw", "mangle", "nat", "filter", "security")
BUILT_IN = re.compile(r"-P \w+ ACCEPT$")
MULTI = "/usr/sbin/xtables-legacy-multi"  # is the tool it is called by


def sections(path):
    """(name, mode, [(command, stdin, answer)])"""
    with open(path, encoding="utf-8") as f:
        for part in re.split(r"^# ", f.read(), flags=re.MULTILINE)[1:]:
            head, text = part.split("\n", 1)
            steps = []
            for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, rest = step.split("\n", 1)
                lines = rest.splitlines(True)
                feed = [line for line in lines if line.startswith("<")]
                steps.append((command, "".join(line[2:] or "\n" for line in feed) if feed else None,
                              "".join(line for line in lines if not line.startswith("<") and line.strip())))
            name, mode = head.split()
            yield name, mode, steps


def run(argv, feed=None):
    program = MULTI if argv[0].startswith("iptables") else argv[0]
    return subprocess.run(argv, executable=program, input=feed, capture_output=True, text=True, check=False, env={**os.environ, "TZ": "UTC"})


def empty():
    everything = ""
    for table in TABLES:
        chains = (line.split()[1] for line in run(["iptables", "-t", table, "-S"]).stdout.splitlines()
                  if line.startswith("-P "))
        everything += f"*{table}\n" + "".join(f":{chain} ACCEPT\n" for chain in chains) + "COMMIT\n"
    done = run(["iptables-restore"], everything)
    assert not done.returncode, done.stderr


def marked(mark, text):
    return "".join(f"{mark} {line}\n" for line in text.splitlines())


def table_of(argv):
    for i, word in enumerate(argv[:-1]):
        if word in ("-t", "--table"):
            return argv[i + 1]
    return "filter"


def rules_of(listing):
    return [line for line in listing.splitlines()
            if line and not line.startswith("Chain ") and not re.match(r" *(pkts|target) ", line)]


def state_of(table, names):
    text = "".join(f"= {line}\n" for line in run(["iptables", "-t", table, "-S"]).stdout.splitlines()
                   if not BUILT_IN.match(line))
    for mark, option in (("|", "-nvL"), ("~", "-L"))[:2 if names else 1]:
        text += "".join(f"{mark} {line}\n" for line in rules_of(run(["iptables", "-t", table, option]).stdout))
    return text


def steady(text):
    """Without what differs from run to run."""
    return re.sub(r" on \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$", " on DATE", text, flags=re.MULTILINE)


def answer(command, feed, mode):
    argv = shlex.split(command)
    if mode != "flow":
        empty()
    done = run(argv, feed)
    text = marked(">", steady(done.stdout)) + marked("!", done.stderr)
    text += f"[{done.returncode}]\n" if done.returncode else ""
    if mode != "flow" and not done.returncode:
        text += state_of(table_of(argv), mode == "names")
    return text


def record(path):
    text = ""
    for name, mode, steps in list(sections(path)):
        text += f"# {name} {mode}\n"
        empty()
        for command, feed, _ in steps:
            text += f"$ {command}\n"
            text += "".join(f"< {line}" if line.strip("\n") else "<\n" for line in (feed or "").splitlines(True))
            text += answer(command, feed, mode)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def record_ruleset(path):
    """What iptables-save says after iptables-restore < FILE, into FILE.saved."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    empty()
    done = run(["iptables-restore"], text)
    assert not done.returncode, done.stderr
    with open(path + ".saved", "w", encoding="utf-8") as f:
        f.write(steady(run(["iptables-save"]).stdout))


if __name__ == "__main__":
    import netns
    netns.enter()
    for name in sys.argv[1:]:
        if name.endswith(".v4"):
            record_ruleset(name)
        else:
            record(name)

# SPDX-License-Identifier: MIT
"""What random cases have in them: which options of which extensions, and what the conversations did.

rules() and talk() count words of WANTED and of HAPPENINGS. An option counts as "said" if a rule has it and as "hit" if that
rule has matched a packet.
"""
import struct
from collections import Counter

from conversations import ACK, FIN, RST, SYN, Seen
from mutate import ICMP, IPV4, TCP, UDP
from rulesets import TRACKING_SETTINGS

# ! behind an option: may be negated.
MATCHES = {
    "addrtype": "--src-type! --dst-type! --limit-iface-in --limit-iface-out",
    "comment": "--comment",
    "connmark": "--mark!",
    "conntrack": "--ctstate! --ctproto! --ctorigsrc! --ctorigdst! --ctreplsrc! --ctrepldst! --ctorigsrcport! --ctorigdstport! "
                 "--ctreplsrcport! --ctrepldstport! --ctstatus! --ctexpire! --ctdir",
    "icmp": "--icmp-type!",
    "iprange": "--src-range! --dst-range!",
    "length": "--length!",
    "limit": "--limit --limit-burst",
    "mac": "--mac-source!",
    "mark": "--mark!",
    "multiport": "--sports! --dports! --ports!",
    "recent": "--set! --rcheck! --update! --remove! --seconds --reap --hitcount --rttl --name --mask --rsource --rdest",
    "state": "--state!",
    "statistic": "--mode --probability! --every! --packet",
    "tcp": "--sport! --dport! --tcp-flags! --syn! --tcp-option!",
    "tcpmss": "--mss!",
    "ttl": "--ttl-eq! --ttl-lt --ttl-gt",
    "udp": "--sport! --dport!",
}
TARGETS = {
    "ACCEPT": "", "DROP": "", "RETURN": "", "QUEUE": "", "NOTRACK": "", "TRACE": "",
    "CONNMARK": "--set-mark --set-xmark --and-mark --or-mark --xor-mark --save-mark --restore-mark --mask --nfmask --ctmask",
    "CT": "--notrack",
    "DNAT": "--to-destination --random --persistent",
    "LOG": "--log-level --log-prefix --log-tcp-sequence --log-tcp-options --log-ip-options --log-macdecode",
    "MARK": "--set-mark --set-xmark --and-mark --or-mark --xor-mark",
    "MASQUERADE": "--to-ports --random --random-fully",
    "NETMAP": "--to",
    "NFQUEUE": "--queue-num --queue-balance --queue-bypass",
    "REDIRECT": "--to-ports --random",
    "REJECT": "--reject-with",
    "SNAT": "--to-source --random --random-fully --persistent",
    "TCPMSS": "--set-mss --clamp-mss-to-pmtu",
}
OF_ALL_RULES = "-s! -d! -i! -o! -p! -f! -g"


def options(name, words):
    for word in words.split():
        yield f"{name} {word.rstrip('!')}".strip()
        if word.endswith("!"):
            yield f"{name} ! {word[:-1]}".strip()


WANTED = [*MATCHES, *TARGETS, *options("", OF_ALL_RULES),
          *(o for names in (MATCHES, TARGETS) for name, words in names.items() for o in options(name, words))]
NEVER_HIT = {"recent ! --set"}  # its set has always succeeded
HAPPENINGS = ["handshake", "data", "end by FIN", "reset", "challenge or odd segment",
              "pieces", "pieces in disorder", "overlap", "pieces translated", "stream in pieces",
              "source translated", "destination translated", "answer translated", "both translated", "port translated",
              "translated without checksum", "error passed on", "error about a translated packet",
              "error from the router", "reset from the router", "answer from the router", "nothing", "hairpin",
              *(f"another {name}" for name in TRACKING_SETTINGS)]


def words_of(line):
    """The words of WANTED in a rule."""
    of, negated = "", ""
    for word in line.split():
        if word in ("!", "-m", "-j"):
            negated = "! " * (word == "!")
            of = of if word == "!" else word
        elif of in ("-m", "-j"):
            of = word
            yield word
        elif word[0] == "-":
            yield f"{of if word[1] == '-' else ''} {negated}{word}".strip()
            negated = ""


def by_chain(lines):
    """{(table, chain): rules} of iptables-save's text."""
    table, found = "", {}
    for line in lines:
        if line.startswith("*"):
            table = line
        elif "-A " in line:
            found.setdefault((table, line.split("-A ", 1)[1].split()[0]), []).append(line)
    return found


def rules(case, saved, said, hit):
    """Counts words of a case's rules, given what iptables-save -c told afterwards."""
    counted = by_chain(saved)
    for where, lines in by_chain(case["rules"].split("\n")).items():
        for line, after in zip(lines, counted.get(where, [])):
            words = set(words_of(line))
            said.update(words)
            if not after.startswith("[0:"):
                hit.update(words)


# ---- conversations

def ipv4_frames(frames):
    return [f for f in frames if f[12:14] == struct.pack("!H", IPV4) and len(f) >= 42]


def quoted(frame):
    """Addresses of the packet that an ICMP error quotes."""
    at = 14 + 4 * (frame[14] & 15) + 8
    return frame[at + 12:at + 20]


def passed(step, sent, out, nic_out, nic_in):
    """What became of a packet that came out again."""
    before, after = Seen(nic_in, sent).ends(), Seen(nic_out, out).ends()
    if "error" in step:
        yield "error passed on"
        if before[:2] != after[:2] or quoted(sent) != quoted(out):
            yield "error about a translated packet"
        return
    changed = before[0] != after[0], before[1] != after[1]
    if step["dir"] == 1:
        if any(changed):
            yield "answer translated"
    else:
        yield from (name for name, yes in zip(("source translated", "destination translated"), changed) if yes)
        if all(changed):
            yield "both translated"
    if before[2:] != after[2:]:
        yield "port translated"
    if "off" in step and any(changed):
        yield "pieces translated"
        if sent[23] == TCP:
            yield "stream in pieces"
    if step.get("sum", True) is None and sent[23] == UDP and any(changed):
        yield "translated without checksum"
    if nic_in == nic_out:
        yield "hairpin"


def tcp_happenings(step, known):
    """known: how far the flow has come, a set."""
    flags, way = step.get("flags", ACK), step["dir"]
    if flags & 0x17 == SYN and way == 0:
        known.add("asked")
    elif flags & 0x17 == SYN | ACK and way == 1 and "asked" in known:
        known.add("answered")
    elif flags & 0x17 == ACK and way == 0 and "answered" in known and "open" not in known:
        known.add("open")
        yield "handshake"
    if "open" in known:
        if step.get("len"):
            yield "data"
        if flags & RST:
            yield "reset"
        if flags & FIN:
            known.add(("end", way))
            if {("end", 0), ("end", 1)} <= known:
                yield "end by FIN"
    if flags & 0x3f in (0, 0x3f, SYN | FIN, SYN | RST, FIN):
        yield "challenge or odd segment"


def cut_happenings(off):
    yield "pieces"
    if off != sorted(off):
        yield "pieces in disorder"
    if any(a[1] > b[0] for a, b in zip(sorted(off), sorted(off)[1:])):
        yield "overlap"


def own_happenings(frame):
    at = 14 + 4 * (frame[14] & 15)
    if frame[23] == ICMP:
        yield "error from the router" if frame[at] in (3, 11, 12) else "answer from the router"
    elif frame[23] == TCP and frame[at + 13] & RST:
        yield "reset from the router"


def talk(case, outcome, counts):
    """Counts what happened in a conversation: outcome is Linux's."""
    known = {}
    for number, (step, (nic, sent), out) in enumerate(zip(case["steps"], outcome.sent, outcome.raw)):
        tag = outcome.names.tags[0] + number & 0xffff
        came = [(n, f) for n, frames in enumerate(out) for f in ipv4_frames(frames)]
        through = [(n, f) for n, f in came if struct.unpack_from("!H", f, 18)[0] == tag]
        counts.update(name for n, f in came if (n, f) not in through for name in own_happenings(f))
        if "off" in step:
            counts.update(cut_happenings(step["off"]))
        if through:
            counts.update(passed(step, sent[0], through[0][1], through[0][0], nic))
            if case["flows"][step["flow"]][0] == "tcp" and "error" not in step:
                counts.update(tcp_happenings(step, known.setdefault(step["flow"], set())))
        elif not came:
            counts["nothing"] += 1


class Coverage:
    """Of any number of cases."""

    def __init__(self):
        self.said, self.hit, self.happened = Counter(), Counter(), Counter()

    def case(self, case, linux):
        rules(case, linux.saved, self.said, self.hit)
        talk(case, linux, self.happened)
        self.happened.update(f"another {name}" for name in case.get("settings", {}))

    def add(self, other):
        self.said += other.said
        self.hit += other.hit
        self.happened += other.happened

    def missing(self, least):
        """What did not occur so often, as text: each option in rules, in rules that matched, and each happening."""
        return [f"{word}: said {self.said[word]}, hit {self.hit[word]}" for word in WANTED
                if self.said[word] < least or not (self.hit[word] or word in NEVER_HIT)] + \
            [f"{name}: {self.happened[name]}" for name in HAPPENINGS if self.happened[name] < least]

    def __str__(self):
        return "\n".join([f"{word:32} said {self.said[word]:6}  hit {self.hit[word]:6}" for word in WANTED] +
                         [f"{name:32} {self.happened[name]:6}" for name in HAPPENINGS])

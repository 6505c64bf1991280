#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The house's rules, proven.  tests/lint/lint.py [--list] [CHECK ...]

Each function named check_* is one check; it yields a line per finding.  The image must have been
built (make does that first): the link rules are read off the objects.
Environment: O (build directory), NEWLIB, JOBS.
"""
import os
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = pathlib.Path(os.environ.get("O", "build"))
NEWLIB = os.environ.get("NEWLIB", "build/newlib")
JOBS = int(os.environ.get("JOBS", os.cpu_count() or 1))

TRACKED = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True,
                         capture_output=True, check=True).stdout.split("\n")
FILES = [f for f in TRACKED if f and (ROOT / f).is_file()]
C_FILES = [f for f in FILES if f.endswith((".c", ".h"))]
SOURCES = [f for f in FILES if f.endswith((".c", ".h", ".S", ".py", ".sh", ".mk", ".ld"))]

FILE_LINES = 1000
FUNCTION_LINES = 100
IMAGE_BYTES = 720_000  # of the stripped product, TCP and netfilter in it

# Whose headers a room may include, besides its own.
ROOMS = {
    "boot": {"lib"},
    "lib": set(),
    "kernel": {"lib", "boot"},
    "drivers": {"lib", "kernel", "net"},
    "net": {"lib"},
    "libc": {"lib", "kernel", "net"},
    "init": {"lib", "kernel", "net", "libc"},
    "apps": set(),
    "host": {"lib", "net"},
}
# The composition root and the platform seam see more than their room.
EXTRA = {
    "kernel/main.c": {"net", "drivers", "libc", "init"},
    "kernel/platform.c": {"net"},
}
# Inside net: whose private headers a layer may include, besides its own.
LAYERS = {
    "wire": set(),
    "core": {"wire"},
    "ipv4": {"wire", "core"},
    "udp": {"wire", "core", "ipv4"},
    "tcp": {"wire", "core", "ipv4"},
    "raw": {"wire", "core", "ipv4"},
    "netfilter": {"wire", "core", "ipv4"},
    "socket": {"wire", "core", "ipv4", "udp", "tcp", "raw"},
    "ctl": {"wire", "core", "ipv4", "udp", "tcp", "raw", "netfilter", "socket"},
}
FREESTANDING = {"lib", "kernel", "drivers", "net", "boot"}
LIB_ANGLE = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "errno.h"}
# In a hosted program these take the same numbers from the C library.
HOSTED_ANGLE = {"net/sockopt.h": {"netinet/in.h", "poll.h", "sys/ioctl.h", "sys/socket.h"},
                "net/epoll_event.h": {"sys/epoll.h"},
                "net/sock_filter.h": {"linux/filter.h"}}

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def text(path):
    return (ROOT / path).read_text(errors="replace")


def run(*cmd, **kw):
    return subprocess.run(cmd, cwd=ROOT, text=True, capture_output=True, **kw)


def includes(path):
    for n, line in enumerate(text(path).split("\n"), 1):
        if m := INCLUDE.match(line):
            yield n, m[1], m[2]


def forbidden_include(path, kind, name):
    """Why path may not include name, or None."""
    room = path.split("/")[0]
    if room == "tests" or path.startswith("boot/efi/"):
        return None
    if room == "apps":
        own = name.startswith(("apps/common/", f"apps/{path.split('/')[1].removesuffix('.c')}/"))
        return "apps include standard headers and their own parts only" if kind == '"' and not own else None
    if kind == "<":
        if room == "lib" and name in LIB_ANGLE:
            return None
        if name in HOSTED_ANGLE.get(path, ()):
            return None
        return "freestanding code includes no <...>" if room in FREESTANDING else None
    if not (ROOT / name).is_file():
        return "not a path from the root"
    to = name.split("/")
    if to[0] != room and to[0] not in ROOMS[room] | EXTRA.get(path, set()):
        return f"{room}/ may not include {to[0]}/"
    if to[0] == "net" and len(to) > 2:
        own = path.split("/")
        if room != "net":
            return "deeper than net/*.h is private to net/"
        if len(own) > 2 and to[1] != own[1] and to[1] not in LAYERS[own[1]]:
            return f"net/{own[1]}/ may not include net/{to[1]}/"
    return None


def check_includes():
    """who may include whom"""
    for path in C_FILES + [f for f in FILES if f.endswith(".S")]:
        if path.split("/")[0] not in ROOMS or path.startswith("libc/include/"):
            continue
        for n, kind, name in includes(path):
            if why := forbidden_include(path, kind, name):
                yield f"{path}:{n}: {name}: {why}"


def objects(*folders):
    return [str(p) for d in folders for p in sorted((ROOT / OUT / "k" / d).glob("*.o"))
            if any((ROOT / d / (p.stem + e)).exists() for e in (".c", ".S"))]


def linked(name, objs):
    out = ROOT / OUT / "lint" / name
    out.parent.mkdir(parents=True, exist_ok=True)
    made = run("ld", "-r", "-o", str(out), *objs)
    return out if made.returncode == 0 else None


def symbols(path, *flags):
    rows = run("nm", *flags, str(path)).stdout.split("\n")
    return [tuple(r.split()[-2:]) for r in rows if len(r.split()) >= 2]


def below():
    """What net/ may use: net/platform.h, lib/, and what the compiler calls."""
    names = set(re.findall(r"\b(plat_\w+)\s*\(", text("net/platform.h")))
    for obj in objects("lib"):
        names |= {n for t, n in symbols(obj, "-g", "--defined-only") if t in "TRDB"}
    return names | {"__stack_chk_guard", "__stack_chk_fail"}


NET = ["net"] + ["net/" + layer for layer in LAYERS]


def check_net_symbols():
    """net.o needs nothing but net/platform.h and lib/"""
    net = linked("net.o", objects(*NET))
    if not net:
        yield "net/: the objects do not link: build the image first (make)"
        return
    for _, name in symbols(net, "-u"):
        if name not in below():
            yield f"net.o: undefined and not in net/platform.h: {name}"


def check_core_links_alone():
    """core and ipv4 link without udp, raw, netfilter, socket, ctl"""
    core = linked("core.o", objects("net/wire", "net/core", "net/ipv4"))
    if not core:
        yield "net/core, net/ipv4: the objects do not link"
        return
    for _, name in symbols(core, "-u"):
        if name not in below():
            yield f"core+ipv4 needs {name}"


def check_net_globals():
    """no mutable globals in net/"""
    for obj in objects(*NET):
        for kind, name in symbols(obj):
            if kind in "dDbBCcsS" and not name.startswith("."):
                yield f"{os.path.relpath(obj, ROOT)}: mutable: {name}"


def check_no_sse():
    """nothing below libc touches SSE or x87 registers"""
    for obj in objects("lib", "kernel", "kernel/x86_64", "drivers", *NET):
        if obj.endswith("/fpu.o"):
            continue
        found = re.search(r"^.*%(xmm|ymm|st\()\d.*$", run("objdump", "-d", obj).stdout, re.M)
        if found:
            yield f"{os.path.relpath(obj, ROOT)}: {found[0].strip()}"


def check_sizes():
    """files and functions fit"""
    for path in SOURCES:
        lines = text(path).split("\n")
        if len(lines) > FILE_LINES + 1:
            yield f"{path}: {len(lines) - 1} lines, {FILE_LINES} are allowed"
        if not path.endswith((".c", ".h")):
            continue
        start = None
        for n, line in enumerate(lines, 1):
            if line == "{":
                start = n
            elif line == "}" and start:
                if n - start + 1 > FUNCTION_LINES:
                    yield f"{path}:{start}: a function of {n - start + 1} lines"
                start = None
            elif start and re.match(r"\s*#\s*if", line):
                yield f"{path}:{n}: #if inside a function"


def check_image():
    """the stripped image stays small"""
    stripped = ROOT / OUT / "lint" / "weir.stripped"
    stripped.parent.mkdir(parents=True, exist_ok=True)
    made = run("strip", "-o", str(stripped), str(OUT / "weir.elf"))
    if made.returncode:
        yield f"weir.elf cannot be stripped: {made.stderr.strip()}"
    elif stripped.stat().st_size >= IMAGE_BYTES:
        yield f"weir.elf: {stripped.stat().st_size} bytes stripped, fewer than {IMAGE_BYTES} are allowed"


def check_names():
    """base names are unique; platform.c answers one question on two platforms"""
    seen = {}
    for path in (f for f in FILES if f.endswith((".c", ".h", ".S"))):
        if path.startswith("libc/include/"):
            continue
        stem = pathlib.Path(path)
        if stem.name == "platform.c":
            continue
        other = seen.setdefault(stem.name, path)
        if other != path:
            yield f"{path}: same name as {other}"


def check_heads():
    """licence line first; no unfinished marks; no #pragma-less header"""
    for path in FILES:
        if path.endswith((".c", ".h", ".S")):
            body = text(path)
            if not body.startswith("/* SPDX-License-Identifier: MIT */\n"):
                yield f"{path}: does not begin with the SPDX line"
            if path.endswith(".h") and "#pragma once" not in body:
                yield f"{path}: no #pragma once"
        if path.endswith((".c", ".h", ".S", ".py", ".sh", ".mk")) and not path.endswith("lint.py"):
            for n, line in enumerate(text(path).split("\n"), 1):
                if re.search(r"\b(TODO|FIXME|XXX|not implemented)\b", line):
                    yield f"{path}:{n}: unfinished: {line.strip()}"


def flags_of(path):
    """How the Makefile compiles a file of this room."""
    inc = run("gcc", "-print-file-name=include").stdout.strip()
    newlib = f"{NEWLIB}/x86_64-elf/include"
    common = ["-std=gnu11", "-ffreestanding", "-fno-pic", "-fno-pie", "-mno-red-zone", "-mcmodel=kernel", "-nostdinc"]
    posix = ["-D_POSIX_TIMERS=1", "-D_POSIX_MONOTONIC_CLOCK=200112L", "-D_POSIX_THREADS=1",
             "-D__DYNAMIC_REENT__"]
    room = path.split("/")[0]
    if room in ("host", "scripts", "tests") and not path.startswith("tests/selftest/"):
        return ["-std=gnu11", "-D_GNU_SOURCE", "-I."]
    if path.startswith("boot/efi/"):
        return ["-std=gnu11", "-I/usr/include/efi", "-I/usr/include/efi/x86_64", "-I.", "-fshort-wchar"]
    unix = ["-U__linux__", "-Ulinux", "-U__unix__", "-Uunix"]
    if room in ("libc", "init", "apps"):
        return common + unix + posix + ["-isystem", "libc/include", "-I.", "-isystem", newlib, "-isystem", inc]
    return common + unix + ["-mgeneral-regs-only", "-I.", "-isystem", newlib, "-isystem", inc]


def parallel(fn, items):
    with ThreadPoolExecutor(JOBS) as pool:
        for found in pool.map(fn, items):
            yield from found


def check_headers():
    """every header compiles alone"""
    def one(path):
        got = run("gcc", "-fsyntax-only", "-Wall", "-Wextra", "-x", "c", *flags_of(path), "-include",
                  path, "/dev/null")
        return [f"{path}: {got.stderr.strip()}"] if got.returncode or got.stderr else []
    yield from parallel(one, [f for f in C_FILES if f.endswith(".h")])


def check_format():
    """clang-format has nothing to change (make fmt does it)"""
    def one(path):
        got = run("clang-format", "--dry-run", "-Werror", path)
        return [got.stderr.strip().split("\n")[0]] if got.returncode else []
    yield from parallel(one, C_FILES)


def check_tidy():
    """clang-tidy has nothing to say"""
    def one(path):
        got = run("clang-tidy", "--quiet", path, "--", *flags_of(path))
        return re.findall(r"^.*(?:warning|error): .*$", got.stdout, re.M)
    yield from parallel(one, [f for f in C_FILES if f.endswith(".c")])


def check_clang():
    """clang compiles the image and the host tools without a warning"""
    got = run("make", "--no-print-directory", f"-j{JOBS}", "CC=clang", f"O={OUT}/clang", f"NEWLIB={NEWLIB}",
              f"{OUT}/clang/weir.elf", f"{OUT}/clang/test/weir.elf", "host")
    if got.returncode:
        yield "\n".join((got.stdout + got.stderr).strip().split("\n")[-15:])


DOCS = ["docs/COMPATIBILITY.md", "docs/PACKET-PATH.md", "docs/RFC.md"]
DOCUMENTED_TEST = re.compile(r"(?:[a-z0-9_]+/[a-z0-9_]+|tests/tap/test_\w+\.py::\w+)$")
CONTROL_WORDS = {"if", "for", "while", "switch", "return", "sizeof", "else"}


def defined_functions():
    """Functions with a body, and macros with parameters, outside the tests."""
    names = set()
    for path in (f for f in C_FILES if not f.startswith("tests/")):
        body = text(path)
        names |= set(re.findall(r"^#define (\w+)\(", body, re.M))
        names |= set(re.findall(r"^[A-Za-z_][^;=#{}()]*?\b(\w+)\([^;{}]*\)\s*\{", body, re.M))
    return names - CONTROL_WORDS


def existing_tests():
    """suite/name of the unit tests, path::name of the tap tests."""
    names = set()
    for path in FILES:
        if path.startswith("tests/unit/") and path.endswith(".c"):
            names |= {f"{s}/{n}" for s, n in re.findall(r"^(?:WEIR_TEST|Test)\((\w+),\s*(\w+)", text(path), re.M)}
        elif path.startswith("tests/tap/test_"):
            names |= {f"{path}::{n}" for n in re.findall(r"^def (test_\w+)", text(path), re.M)}
    return names


def existing_counters():
    """What nstat shows: counters, and reasons of drops with and without Drop in front."""
    reasons = set(re.findall(r'X\(\w+, "(\w+)"\)', text("net/dropreason.h")))
    return reasons | {"Drop" + r for r in reasons} | set(re.findall(r'X\(\w+, "(\w+)"\)', text("net/snmp.h")))


def check_docs():
    """functions, tests, counters and paths named in the documents exist"""
    functions, tests, counters = defined_functions(), existing_tests(), existing_counters()
    for path in DOCS:
        if not (ROOT / path).is_file():
            yield f"{path}: missing"
            continue
        for n, line in enumerate(text(path).split("\n"), 1):
            if len(line) > 120 and not line.startswith("|"):
                yield f"{path}:{n}: {len(line)} characters"
            if m := re.match(r"\| `(\w+)\(\)` \| `([\w/]+\.[ch])` \|", line):
                if (ROOT / m[2]).is_file() and not re.search(rf"^\S.*\b{m[1]}\(", text(m[2]), re.M):
                    yield f"{path}:{n}: {m[1]}() is not in {m[2]}"
            for name in re.findall(r"`([^`]+)`", line):
                if m := re.fullmatch(r"([A-Za-z_]\w*)\(\)", name):
                    found = m[1] in functions
                elif re.fullmatch(r"[A-Z][a-z]\w*", name):
                    found = name in counters
                elif (ROOT / name.split(" ")[0]).exists():
                    found = True
                elif DOCUMENTED_TEST.match(name):
                    found = name in tests
                else:
                    found = "/" not in name
                if not found:
                    yield f"{path}:{n}: there is no {name}"


LABELS = [f"MUST-{n}" for n in range(1, 70)] + [f"SHLD-{n}" for n in range(1, 32)]  # RFC 9293, appendix B


def check_labels():
    """docs/RFC.md has each label of RFC 9293 with a function and a test, or says why we differ"""
    rows, differs = {}, False
    for n, line in enumerate(text("docs/RFC.md").split("\n"), 1):
        differs = line.endswith("| why |") or (differs and line.startswith("|"))
        cells = [c.strip() for c in line.strip("|").split(" | ")]
        for label in re.findall(r"\b(?:MUST|SHLD)-\d+\b", cells[0]) if line.startswith("|") else ():
            rows[label] = n
            if len(cells) != 3 or not all(cells):
                yield f"docs/RFC.md:{n}: {label}: three columns are wanted"
            elif not differs and not re.search(r"`\w+\(\)`", cells[1]):
                yield f"docs/RFC.md:{n}: {label}: no function"
            elif not differs and not any(DOCUMENTED_TEST.match(t) for t in re.findall(r"`([^`]+)`", cells[2])):
                yield f"docs/RFC.md:{n}: {label}: no test"
    for label in LABELS:
        if label not in rows:
            yield f"docs/RFC.md: {label} is missing"
    for label in sorted(rows.keys() - set(LABELS)):
        yield f"docs/RFC.md:{rows[label]}: there is no {label}"


def check_scripts():
    """shell and Python files parse"""
    for path in FILES:
        head = text(path)[:60] if path.endswith((".sh", ".py")) or "." not in path else ""
        if path.endswith(".py"):
            try:
                compile(text(path), path, "exec")
            except SyntaxError as e:
                yield f"{path}: {e}"
        elif re.match(r"#!.*\b(ba)?sh\b", head):
            got = run("bash" if "bash" in head.split("\n")[0] else "sh", "-n", path)
            if got.returncode:
                yield got.stderr.strip()


CHECKS = {n[6:].replace("_", "-"): f for n, f in list(globals().items()) if n.startswith("check_")}


def main(args):
    if "--help" in args or "-h" in args:
        print(__doc__.strip())
        return 0
    if "--list" in args:
        for name, fn in CHECKS.items():
            print(f"{name:18} {fn.__doc__}")
        return 0
    unknown = [a for a in args if a not in CHECKS]
    if unknown:
        print(f"lint: no check named {unknown[0]}; --list names them", file=sys.stderr)
        return 2
    failed = 0
    for name in args or CHECKS:
        found = list(CHECKS[name]())
        failed += bool(found)
        print(f"lint: {name:18} {'FAILED' if found else 'ok'}", flush=True)
        for line in found[:40]:
            print(f"    {line}")
        if len(found) > 40:
            print(f"    and {len(found) - 40} more")
        if found:
            print(f"    repeat: tests/lint/lint.py {name}")
    print(f"lint: {len(args or CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

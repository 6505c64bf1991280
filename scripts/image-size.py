#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the image is made of: bytes by room, from the link map.  scripts/image-size.py build/weir.elf.map [objects]"""
import re
import sys
from collections import Counter

PART = re.compile(r"^(\.text|\.rodata|\.data)\b")
INPUT = re.compile(r"^ (?:\.\S+|\*fill\*)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)(?: (\S+))?$")
NAMED = re.compile(r"^ (?:\.\S+)$")


def place(path, objects):
    """The room (or the object) that a file of the link belongs to."""
    if path is None:
        return "padding"
    if "lib/libc.a(" in path:
        return path.split("(")[1].rstrip(")") if objects else "newlib"
    if path.endswith("symbols.o") and ".link/" in path:
        return "names of functions, for panic()"
    if "/k/" not in path:
        return "libgcc"
    name = path.split("/k/")[1].removesuffix(".o")
    return name if objects else name.rsplit("/", 1)[0] if "/" in name else name


def read(lines, objects):
    rows, part = {}, None
    for line in lines:
        if line and line[0] != " ":
            found = PART.match(line)
            part = found[1] if found else None
        elif part and (found := INPUT.match(line if not NAMED.match(line) else "")):
            if int(found[2], 16) and (found[3] or "*fill*" in line):
                rows.setdefault(place(found[3], objects), Counter())[part] += int(found[2], 16)
    return rows


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        text = f.read().split("Linker script and memory map")[1]
    # A long section name stands on a line of its own before its address.
    text = re.sub(r"\n( \.\S+)\n +0x", r"\n\1 0x", text)
    rows = read(text.splitlines(), sys.argv[2:] == ["objects"])
    total = Counter()
    print("| part | bytes | code | constants | data |\n|---|---:|---:|---:|---:|")
    for name, n in sorted(rows.items(), key=lambda row: -sum(row[1].values())):
        print(f"| {name} | {sum(n.values()):,} | {n['.text']:,} | {n['.rodata']:,} | {n['.data']:,} |")
        total += n
    print(f"| all | {sum(total.values()):,} | {total['.text']:,} | {total['.rodata']:,} | {total['.data']:,} |")


if __name__ == "__main__":
    main()

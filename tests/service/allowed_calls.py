#!/usr/bin/env python3
"""The system calls that a unit allows, by the lists of systemd: allowed_calls.py UNIT."""
import re
import subprocess
import sys

text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], check=True, capture_output=True, text=True).stdout
sets, current = {}, None
for line in text.splitlines():
    line = re.sub(r"\x1b\[[0-9;]*m", "", line)
    if line.startswith("@"):
        current = sets.setdefault(line.strip(), [])
    elif line.startswith("    ") and not line.strip().startswith("#") and current is not None:
        current.append(line.strip())


def calls(name):
    return {call for part in sets[name] for call in calls(part)} if name.startswith("@") else {name}


allowed = calls("@default")
for line in open(sys.argv[1], encoding="utf-8"):
    if match := re.fullmatch(r"SystemCallFilter=(~?)(.*)\n", line):
        named = {call for name in match[2].split() for call in calls(name)}
        allowed = allowed - named if match[1] else allowed | named
assert len(allowed) > 100, "the unit allows next to nothing: has its form changed?"
print(" ".join(sorted(allowed)))

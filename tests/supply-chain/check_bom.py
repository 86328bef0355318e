#!/usr/bin/env python3
"""Holds a bill of materials (CycloneDX 1.6) against the lock file: check_bom.py BOM LOCK [AGAIN].

Every package of the lock file is in it, with its version and hash, and nothing else is; every reference leads somewhere.
AGAIN is the bill of a second publish: it must be the same, byte for byte.
"""
import base64
import json
import re
import sys

bom_path, lock_path, *again = sys.argv[1:]
bom = json.load(open(bom_path, encoding="utf-8"))
lock = json.load(open(lock_path, encoding="utf-8"))["dependencies"]
framework, *machines = lock.values()  # for each kind of machine the lock file repeats what could differ there
assert all(framework[name] == {**framework[name], **entry} for machine in machines for name, entry in machine.items()), "a machine has packages of its own"
locked = {name: entry for name, entry in framework.items() if entry["type"] != "Project"}

assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.6", 1)
assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", bom["serialNumber"])
packages = {c["name"]: c for c in bom["components"] if "purl" in c}
assert packages.keys() == locked.keys(), f"only in one of them: {packages.keys() ^ locked.keys()}"
for name, entry in locked.items():
    component = packages[name]
    version = entry["resolved"]
    assert component["version"] == version, name
    assert component["purl"] == component["bom-ref"] == f"pkg:nuget/{name}@{version}", name
    assert component["hashes"] == [{"alg": "SHA-512", "content": base64.b64decode(entry["contentHash"]).hex()}], name
    assert component["type"] == "library" and component["scope"] in ("required", "excluded"), name
    assert component.get("licenses"), f"{name} has no licence"

refs = {c["bom-ref"] for c in bom["components"]} | {bom["metadata"]["component"]["bom-ref"]}
assert len(refs) == len(bom["components"]) + 1, "a reference comes twice"
edges = {d["ref"]: set(d["dependsOn"]) for d in bom["dependencies"]}
assert edges.keys() == refs and all(on <= refs for on in edges.values()), "a dependency leads nowhere"
root = edges[bom["metadata"]["component"]["bom-ref"]]
direct = {packages[n]["bom-ref"] for n, e in locked.items() if e["type"] == "Direct"}
assert direct <= root, f"not named as direct: {direct - root}"
for name, entry in locked.items():
    wanted = {packages[d]["bom-ref"] for d in entry.get("dependencies", {}) if d in packages}
    assert edges[packages[name]["bom-ref"]] == wanted, name
reached, open_ = set(), [bom["metadata"]["component"]["bom-ref"]]
while open_:
    ref = open_.pop()
    if ref not in reached:
        reached.add(ref)
        open_ += edges[ref]
assert reached == refs, f"nothing needs {refs - reached}"
for other in again:
    assert open(other, "rb").read() == open(bom_path, "rb").read(), "a second publish gives another bill"
print(f"{len(packages)} packages, as the lock file has them")

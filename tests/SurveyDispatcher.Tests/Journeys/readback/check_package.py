"""Reads a package by its datapackage.json: every cell is typed by its schema. Then compares it with the SQLite export.

    python3 check_package.py FOLDER [FILE.db]

Prints one line a table: its name and the number of its rows. The first thing that is wrong ends it with 1.
"""
import csv
import datetime
import hashlib
import json
import pathlib
import sqlite3
import sys

FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def typed(cell, field, missing):
    """The value of a cell, or None; raises ValueError when it is not what its field says."""
    if cell in missing:
        return None
    kind, constraints = field["type"], field.get("constraints", {})
    if kind == "string":
        value = cell
    elif kind == "integer":
        value = int(cell)
    elif kind == "number":
        value = float(cell)
    elif kind == "date":
        value = datetime.date.fromisoformat(cell)
        if value.isoformat() != cell:
            raise ValueError(cell)
    elif kind == "datetime":
        value = datetime.datetime.strptime(cell, field["format"])
        if value.tzinfo is None:
            raise ValueError(cell)
    elif kind == "boolean":
        value = {**{t: True for t in field["trueValues"]}, **{f: False for f in field["falseValues"]}}[cell]
    else:
        raise ValueError("unknown type " + kind)
    if "enum" in constraints and value not in constraints["enum"]:
        raise ValueError(f"{cell} is none of {constraints['enum']}")
    if "categories" in field and [c["value"] for c in field["categories"]] != constraints["enum"]:
        raise ValueError("labels of other values")
    return value


def read(folder, resource):
    """Fields and rows of a resource, the rows typed and as they stand there."""
    path = folder / resource["path"]
    content = path.read_bytes()
    assert len(content) == resource["bytes"], f"{path}: {len(content)} bytes"
    assert "sha256:" + hashlib.sha256(content).hexdigest() == resource["hash"], f"{path}: hash"
    dialect, fields = resource["dialect"], resource["schema"]["fields"]
    assert content.endswith(dialect["lineTerminator"].encode()) and content.startswith(b"\xef\xbb\xbf")
    assert resource["encoding"] == "utf-8" and resource["profile"] == "tabular-data-resource"
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=dialect["delimiter"], quotechar=dialect["quoteChar"], doublequote=dialect["doubleQuote"], strict=True))
    assert rows[0] == [f["name"] for f in fields], f"{path}: header"
    values = []
    for number, row in enumerate(rows[1:], 2):
        assert len(row) == len(fields), f"{path}: record {number} has {len(row)} cells"
        for cell, field in zip(row, fields):
            assert field["description"], field
            try:
                values.append(typed(cell, field, resource["schema"]["missingValues"]))
            except (ValueError, KeyError) as error:
                raise AssertionError(f"{path}: record {number}, {field['name']}: {error}")
    return fields, rows[1:]


def compare(database, name, fields, rows):
    """The database has the same cells: numbers as numbers, no value as NULL, text as it came."""
    stored = database.execute(f'SELECT * FROM "{name}"').fetchall()
    assert len(stored) == len(rows), f"{name}: {len(stored)} rows in SQLite, {len(rows)} in CSV"
    for want, got in zip(rows, stored):
        for cell, value, field in zip(want, got, fields):
            if cell == "":
                expected = None
            elif field["type"] == "integer":
                expected = int(cell)
            elif field["type"] == "number":
                expected = float(cell)
            else:
                expected = cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell
            assert value == expected and type(value) is type(expected), f"{name}.{field['name']}: {cell!r} in CSV, {value!r} in SQLite"


def main():
    folder = pathlib.Path(sys.argv[1])
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert package["profile"] == "tabular-data-package" and package["name"]
    datetime.datetime.strptime(package["created"], "%Y-%m-%dT%H:%M:%SZ")
    database = sqlite3.connect(f"file:{sys.argv[2]}?mode=ro", uri=True) if len(sys.argv) > 2 else None
    for resource in package["resources"]:
        fields, rows = read(folder, resource)
        if database:
            compare(database, resource["name"], fields, rows)
        print(resource["name"], len(rows))
    listed = {r["path"] for r in package["resources"]}
    assert listed == {p.name for p in folder.glob("*.csv")}, "a table is missing in datapackage.json"


main()

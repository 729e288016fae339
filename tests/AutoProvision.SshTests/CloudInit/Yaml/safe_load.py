"""Loads documents as cloud-init does, with pure-Python PyYAML, and prints what became of them in a form that says each value's type.

Argument: the directory of the yaml package; none takes this machine's. A JSON array of texts a line on standard input, one of the same length on
standard output: {"value": ...} or {"error": ...} each.
"""
import base64
import datetime
import json
import struct
import sys

if len(sys.argv) > 1:
    sys.path.insert(0, sys.argv[1])
import yaml

EPOCH = datetime.datetime(1, 1, 1)


def shown(value):
    if value is None:
        return ["null"]
    if isinstance(value, bool):
        return ["bool", value]
    if isinstance(value, int):
        return ["int", hex(value)]
    if isinstance(value, float):
        return ["float", "nan" if value != value else struct.pack(">d", value).hex()]
    if isinstance(value, str):
        # cloud-init writes what it read: half a surrogate pair cannot be.
        value.encode("utf-8")
        return ["str", value]
    if isinstance(value, bytes):
        return ["bytes", base64.b64encode(value).decode("ascii")]
    if isinstance(value, datetime.datetime):
        offset = value.utcoffset()
        local = value.replace(tzinfo=None) - EPOCH
        return ["time", (local - (offset or datetime.timedelta())) // datetime.timedelta(microseconds=1), False, offset is not None]
    if isinstance(value, datetime.date):
        return ["time", (datetime.datetime(value.year, value.month, value.day) - EPOCH) // datetime.timedelta(microseconds=1), True, False]
    if isinstance(value, list):
        return ["list", [shown(item) for item in value]]
    if isinstance(value, dict):
        return ["map", [[shown(key), shown(item)] for key, item in value.items()]]
    return ["other", repr(value)]


def load(text):
    try:
        return {"value": shown(yaml.load(text.encode("utf-8"), Loader=yaml.SafeLoader))}
    # Also what cloud-init does not catch: the part is lost all the same.
    except Exception as e:
        return {"error": type(e).__name__ + ": " + str(e)[:200]}


print(json.dumps(yaml.__version__), flush=True)
for line in sys.stdin:
    print(json.dumps([None if text is None else load(text) for text in json.loads(line)]), flush=True)

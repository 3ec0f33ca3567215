#!/usr/bin/env python3
"""Writes the seeds of the safetensors fuzzer into a folder: `seeds.py DIR`.

Each case is written twice: NAME.raw is a file, NAME.framed its header, a zero byte and its data, which the target
gives the right length itself.
"""
import json
import pathlib
import struct
import sys


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def cases():
    """(name, header, data); a header is text, bytes or what becomes JSON."""
    yield "empty", {}, b""
    yield "metadata", {"__metadata__": {"step": "5", "text": "\"quoted\"\n\u00e9"}}, b""
    for dtype, size in [("F64", 8), ("F32", 4), ("F16", 2), ("BF16", 2), ("I64", 8), ("I32", 4), ("U8", 1), ("BOOL", 1)]:
        yield "type-" + dtype, {"a": tensor(dtype, [2, 3], 0, 6 * size)}, bytes(range(6 * size))
    yield "scalar", {"a": tensor("I64", [], 0, 8)}, b"12345678"
    yield "nothing-in-it", {"a": tensor("F32", [0, 7], 0, 0), "b": tensor("U8", [1], 0, 1)}, b"x"
    yield "order", {"b": tensor("U8", [2], 3, 5), "a": tensor("U8", [3], 0, 3)}, b"abcde"
    yield "hole", {"a": tensor("U8", [4], 0, 4), "b": tensor("U8", [3], 5, 8)}, b"12345678"
    yield "hole-at-start", {"a": tensor("U8", [4], 4, 8)}, b"12345678"
    yield "overlap", {"a": tensor("U8", [4], 0, 4), "b": tensor("U8", [5], 3, 8)}, b"12345678"
    yield "same-bytes", {"a": tensor("U8", [4], 0, 4), "b": tensor("U8", [4], 0, 4)}, b"1234"
    yield "left-over", {"a": tensor("U8", [4], 0, 4)}, b"12345"
    yield "missing", {"a": tensor("U8", [4], 0, 4)}, b"123"
    yield "backwards", {"a": tensor("U8", [4], 4, 0)}, b"1234"
    yield "below-zero", {"a": tensor("U8", [4], -4, 0)}, b"1234"
    yield "negative-size", {"a": tensor("U8", [-4, -1], 0, 4)}, b"1234"
    yield "huge-shape", {"a": tensor("F32", [2**32, 2**32, 2**32], 0, 0)}, b""
    yield "huge-offset", {"a": tensor("F32", [1], 2**63 - 5, 2**63 - 1)}, b""
    yield "beyond-integers", '{"a":{"dtype":"U8","shape":[1e300],"data_offsets":[0,18446744073709551616]}}', b""
    yield "wrong-type", {"a": tensor("F33", [4], 0, 16)}, bytes(16)
    yield "type-is-no-text", {"a": tensor(4, [4], 0, 16)}, bytes(16)
    yield "shape-is-text", {"a": tensor("F32", "4", 0, 16)}, bytes(16)
    yield "offsets-are-three", {"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1, 2]}}, b"x"
    yield "tensor-is-a-number", {"a": 1}, b""
    yield "metadata-is-a-list", {"__metadata__": []}, b""
    yield "metadata-has-numbers", {"__metadata__": {"a": 1}}, b""
    yield "list", [], b""
    yield "twice", '{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', b"x"
    yield "deep", '{"a":' + "[" * 100 + "]" * 100 + "}", b""
    yield "no-json", "{'a'", b""
    yield "no-utf8", b'{"\xff\xc0":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', b"x"
    yield "surrogates", '{"\\ud83d\\ude00":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"\\ud83d":1}', b"x"
    yield "blanks", ' \t\r\n{ "a" : {"dtype":"U8","shape":[ ],"data_offsets":[0 , 1]} }     ', b"x"


def lengths():
    """Files whose first eight bytes lie."""
    yield "length-huge", struct.pack("<Q", 2**64 - 1) + b"{}"
    yield "length-sign", struct.pack("<Q", 2**63) + b"{}"
    yield "length-16-MiB", struct.pack("<Q", 16 << 20) + b"{}"
    yield "length-beyond-16-MiB", struct.pack("<Q", (16 << 20) + 1) + b"{}"
    yield "length-one-too-many", struct.pack("<Q", 3) + b"{}"
    yield "length-zero", struct.pack("<Q", 0)
    yield "seven-bytes", bytes(7)
    yield "no-bytes", b""


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, header, data in cases():
        if not isinstance(header, (str, bytes)):
            header = json.dumps(header, separators=(",", ":"))
        if isinstance(header, str):
            header = header.encode()
        (folder / f"{name}.raw").write_bytes(struct.pack("<Q", len(header)) + header + data)
        (folder / f"{name}.framed").write_bytes(header + b"\0" + data)
    for name, data in lengths():
        (folder / f"{name}.raw").write_bytes(data)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Stands in for mkengine in tests of the worker: speaks worker/ENGINE.md's protocol without LibTorch.

`train` does what it reads from the named pipe $FAKE_ENGINE_DIR/train, a word and a number a line: `step N`, `sample N`,
`picture N` (a sample that is a PNG), `judge N` (progress of a judge), `checkpoint N`, `finish N`, `deaf`, `log N`, `escape N`
(a log line that would take a terminal over). It writes `started PID` to $FAKE_ENGINE_DIR/said, so that a test knows that it is there.
"""

import json
import os
import pathlib
import select
import signal
import struct
import sys
import tarfile
import zlib

DIR = pathlib.Path(os.environ.get("FAKE_ENGINE_DIR", "."))


def emit(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def option(name, default=""):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def probe():
    emit("probe", devices=[{"name": "cpu", "kind": "cpu", "description": "fake", "memoryBytes": 1, "bf16": False}],
         threads=1, version="fake-1", torchVersion="none", recipes=["makeover", "classic"],
         settings=[{"name": name, "kind": kind, "min": 0, "max": most, "words": [], "values": f"a number from 0 to {most}"}
                   for name, kind, most in [("noise", "number", 10), ("evaluate_steps", "whole", 1e9), ("evaluate_seconds", "number", 1e8),
                                            ("size", "size", 0), ("window", "word", 0)]])


def write(path, text):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def png(width, height):
    """A grey-green picture (ISO 15948)."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + b"\x80\xa0\x80" * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def checkpoint(step):
    path = write(f"{option('--out')}/checkpoints/step{step:06d}.safetensors", f"checkpoint {step}")
    emit("checkpoint", step=step, path=path)


class Training:
    def __init__(self):
        self.step = 0
        resumed = option("--resume")
        if resumed:
            self.step = int(pathlib.Path(resumed).read_text().split()[1])
        pathlib.Path(option("--pixels")).read_bytes()
        wake, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write)
        signal.signal(signal.SIGTERM, lambda *_: None)
        self.wake = wake
        self.deaf = False
        # Open for writing too, so that it never ends.
        self.commands = os.open(DIR / "train", os.O_RDWR)
        self.buffer = b""

    def run(self):
        emit("start", command="train", device=option("--device"), precision="fp32", threads=1, version="fake-1")
        with open(DIR / "said", "w") as said:
            said.write(f"started {os.getpid()} step {self.step}\n")
        while True:
            ready, _, _ = select.select([self.wake, self.commands], [], [])
            if self.wake in ready:
                os.read(self.wake, 100)
                if not self.deaf:
                    checkpoint(self.step)
                    emit("stopped", step=self.step)
                    return 3
            if self.commands in ready:
                self.buffer += os.read(self.commands, 4096)
                while b"\n" in self.buffer:
                    line, self.buffer = self.buffer.split(b"\n", 1)
                    if self.obey(*line.decode().split()):
                        return 0

    def obey(self, word, number="0"):
        number = int(number)
        if word == "step":
            self.step = number
            emit("progress", done=number, total=1000, unit="steps", ratePerSecond=10.0)
            emit("metrics", step=number, values={"generator": 0.5})
        elif word == "judge":
            emit("progress", done=number, total=300, unit="judge steps", ratePerSecond=10.0)
        elif word == "sample":
            path = write(f"{option('--out')}/samples/batch{number:06d}.png", f"sample {number}")
            emit("sample", step=number, path=path)
        elif word == "picture":
            path = write(f"{option('--out')}/samples/batch{number:06d}.png", "")
            pathlib.Path(path).write_bytes(png(3, 2))
            emit("sample", step=number, path=path)
        elif word == "checkpoint":
            self.step = number
            checkpoint(number)
        elif word == "log":
            print("x" * number, file=sys.stderr, flush=True)
        elif word == "escape":
            print(f"\x1b[2J\x1b]0;title\x07\u009b31mred {number}", file=sys.stderr, flush=True)
        elif word == "deaf":
            self.deaf = True
        elif word == "finish":
            checkpoint(number)
            emit("done", step=number)
            return True
        return False


def prepare():
    emit("start", command="prepare", device="cpu", precision="fp32", threads=1, version="fake-1")
    index = pathlib.Path(option("--index")).read_text().splitlines()
    shards = int(index[0].split()[3])
    for name in index[1:1 + shards]:
        (pathlib.Path(option("--shards")) / name).read_bytes()
    emit("quarantine", row=1, name="b.jpg", reason="not a picture")
    write(option("--out"), f"pixels {option('--size')} {option('--window')}")
    emit("prepared", rows=2, quarantined=1, path=option("--out"))
    emit("done", rows=2, quarantined=1)
    return 0


def convert():
    """Copies. A file named crash* ends it; one named bad* fails."""
    emit("start", command="convert", device=option("--device"), precision="fp32", threads=1, version="fake-1")
    pathlib.Path(option("--model")).read_bytes()
    with open(DIR / "converters", "a") as said:
        said.write(f"{os.getpid()}\n")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
    for line in sys.stdin:
        request = json.loads(line)
        counts = {"converted": 0, "failed": 0}
        with tarfile.open(request["input"]) as source, tarfile.open(request["output"] + ".partial", "w") as target:
            for member in source.getmembers():
                if member.name.startswith("crash"):
                    print("about to crash", file=sys.stderr, flush=True)
                    os.kill(os.getpid(), signal.SIGSEGV)
                status = "failed" if member.name.startswith("bad") else "converted"
                counts[status] += 1
                emit("file", request=request["request"], file=member.name, status=status, reason="", faces=1, seconds=0.5)
                if status == "converted":
                    target.addfile(member, source.extractfile(member))
        os.rename(request["output"] + ".partial", request["output"])
        emit("request_done", request=request["request"], output=request["output"], **counts)
    emit("done")
    return 0


def grid():
    write(option("--out"), "picture of rows " + " ".join(pathlib.Path(option("--rows")).read_text().split()))
    emit("done", pictures=1)
    return 0


def evaluate():
    """Figures as mkengine writes them; one of them is unknown."""
    pathlib.Path(option("--model")).read_bytes()
    pathlib.Path(option("--pixels")).read_bytes()
    pathlib.Path(option("--index")).read_bytes()
    figures = {"targetRate": 0.75, "filterRate": 0.5, "kid": 0.25, "kidDeviation": 0.01, "kept": 0.9, "lowL1": 0.05, "identity": None}
    evaluation = {
        "model": option("--model"), "step": 7, "heldOut": "the test partition", "target": "!Male", "sourceFaces": 3, "targetFaces": 2,
        "before": {**figures, "targetRate": 0.05}, "after": figures, "keptAttributes": ["Smiling"], "kidSubsets": 100,
        "kidSubsetSize": 2, "samePersonIdentity": None, "samePersonPairs": 0,
        "terms": [{"attribute": "Male", "value": False, "before": 0.05, "after": 0.75}],
        "judgeAccuracy": [{"attribute": "Male", "accuracy": 0.96, "balanced": 0.95, "share": 0.4}]}
    write(option("--figures"), json.dumps(evaluation))
    pathlib.Path(option("--sheet")).write_bytes(png(3, 2))
    emit("progress", done=1, total=300, unit="judge steps", ratePerSecond=1.0)
    emit("evaluation", figures=evaluation, sheet=option("--sheet"))
    emit("done", step=7)
    return 0


def echo():
    """For tests of the child process itself: what stdin says, on stdout; then as its last word says."""
    for line in sys.stdin:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "out":
            print(rest, flush=True)
        elif word == "long":
            sys.stdout.write("y" * int(rest) + "\n")
            sys.stdout.flush()
        elif word == "err":
            print(rest, file=sys.stderr, flush=True)
        elif word == "exit":
            return int(rest)
        elif word == "signal":
            os.kill(os.getpid(), int(rest))
        elif word == "limits":
            import resource
            print(resource.getrlimit(resource.RLIMIT_CORE)[0], resource.getrlimit(resource.RLIMIT_DATA)[0],
                  len(os.listdir("/proc/self/fd")) - 1, os.getpgid(0) == os.getpid(), flush=True)
    return 0


COMMANDS = {"probe": probe, "train": lambda: Training().run(), "prepare": prepare, "convert": convert, "grid": grid,
            "evaluate": evaluate, "echo": echo}

if __name__ == "__main__":
    sys.exit(COMMANDS[sys.argv[1]]() or 0)

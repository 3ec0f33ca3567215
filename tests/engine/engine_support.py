"""What the engine's process tests share: running mkengine, reading its files, making pixel caches. Standard library only."""
import json
import os
import random
import struct
import subprocess
import sys


def read_safetensors(path):
    """(metadata, {name: (dtype, shape, bytes)}): all that it takes to read a checkpoint."""
    with open(path, "rb") as file:
        data = file.read()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    metadata = header.pop("__metadata__", {})
    body = data[8 + size:]
    return metadata, {name: (entry["dtype"], entry["shape"], body[slice(*entry["data_offsets"])])
                      for name, entry in header.items()}


def write_safetensors(path, metadata, tensors):
    """What read_safetensors gives, back into a file."""
    header, at = {"__metadata__": metadata}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data for _, _, data in tensors.values()))


def write_pixels(path, rows, seed=1, height=100, width=80, missing=()):
    """A pixel cache of made-up faces: a bright grainy ellipse on a dark ground, different in every row."""
    random.seed(seed)
    table = bytes(0 if row in missing else 1 for row in range(rows))
    offset = -(-(40 + rows) // 4096) * 4096
    with open(path, "wb") as file:
        file.write(b"MKPIXEL1" + struct.pack("<IIIIQQ", height, width, 3, 0, rows, offset) + table)
        file.write(bytes(offset - 40 - rows))
        for row in range(rows):
            low, high = [[random.randrange(base, base + 100) for _ in range(3)] for base in (0, 150)]
            x0, y0 = random.uniform(30, 50), random.uniform(40, 60)
            grain = random.randbytes(height * width * 3)
            pixels = bytearray()
            for y in range(height):
                for x in range(width):
                    inside = ((x - x0) / 25) ** 2 + ((y - y0) / 40) ** 2 < 1
                    pixels += bytes(high if inside else low)
            pixels = bytes(level - level // 4 + grain[i] // 8 for i, level in enumerate(pixels))
            file.write(pixels if row not in missing else bytes(height * width * 3))


def write_rows(path, rows):
    with open(path, "w") as file:
        file.write("".join(f"{row}\n" for row in rows))


def write_index(path, attributes, bits, partitions=None):
    """An index of rows with these attributes, of nobody known and, unless told, in no partition."""
    partitions = partitions or [-1] * len(bits)
    with open(path, "w") as file:
        file.write(f"makeover-index 1 {len(bits)} 1 {' '.join(attributes)}\nshard.tar\n")
        for row, (word, partition) in enumerate(zip(bits, partitions)):
            file.write(f"0 {1024 * row} 100 {word:016x} {partition} -1 {row:06d}.jpg\n")


class Engine:
    def __init__(self, binary, threads=1):
        self.binary = binary
        self.threads = threads

    def start(self, *words, **options):
        return subprocess.Popen([self.binary, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                **options)

    def run(self, *words, expect=0, timeout=300, **options):
        """(events, stderr) of a run with --events; the exit status must be as expected."""
        done = subprocess.run([self.binary, *map(str, words), "--events"], capture_output=True, text=True, timeout=timeout, **options)
        assert done.returncode == expect, f"{words}: exit status {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def train(self, folder, out, *words, rows=None, expect=0):
        """Trains in float32 on the pixel cache of `folder`, which is made where it is missing; recipe classic unless told another."""
        source, target = rows or ([0, 1, 2, 3, 4], [5, 6, 7, 8])
        pixels = os.path.join(folder, "faces.pixels")
        if not os.path.exists(pixels):
            write_pixels(pixels, 9)
        write_rows(os.path.join(folder, "source"), source)
        write_rows(os.path.join(folder, "target"), target)
        if "--recipe" not in words and "--resume" not in words:
            words = ("--recipe", "classic", *words)
        return self.run(*self.train_words(folder, out), *words, expect=expect)

    def train_words(self, folder, out):
        return ["train", "--pixels", os.path.join(folder, "faces.pixels"), "--source-rows", os.path.join(folder, "source"),
                "--target-rows", os.path.join(folder, "target"), "--out", out, "--precision", "fp32", "--device", "cpu",
                "--threads", self.threads, "--set", "sample_count=1"]


def checkpoint(out, step):
    return os.path.join(out, "checkpoints", f"step{step:06d}.safetensors")


def main(module):
    """Runs a test module: MODULE BINARY [unittest arguments]."""
    import unittest
    os.environ["MKENGINE"] = sys.argv.pop(1)
    unittest.main(module=module, verbosity=2)


def engine():
    return Engine(os.environ["MKENGINE"])

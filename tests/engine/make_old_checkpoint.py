"""Made the checkpoint in data/ that every later version has to load, and what it makes of a picture.
MAKE_OLD_CHECKPOINT.PY MKENGINE

A whole checkpoint that this version's `mkengine train` wrote, names, shapes and metadata as they are, whose numbers are
replaced by others that compress well: first weights rounded to 0 or 1, and in the averaged generator, which converts, one
weight in fifty is a power of two instead. Not to be run again for the same version: the file is to stay as it is.
"""
import lzma
import os
import sys
import tempfile

import numpy

from engine_support import Engine, checkpoint, read_safetensors, write_safetensors
from old_checkpoint_test import DATA, write_picture

NAME = "classic-0.1.0"


def averaged(name, values, random):
    """A number for every one of the averaged generator's, few bits each."""
    if name.endswith("running_var"):
        return random.integers(2, 8, values.shape) / 4
    if name.endswith("running_mean") or values.ndim == 1:
        return random.integers(-4, 5, values.shape) / 64
    size = 2.0 ** numpy.round(numpy.log2(0.6 / numpy.sqrt(values[0].size / 50)))
    return numpy.round(values) + size * random.choice([-1, 0, 1], values.shape, p=[0.01, 0.98, 0.01])


def replace(tensors, random):
    for name, (dtype, shape, data) in tensors.items():
        if dtype != "F32":
            continue
        values = numpy.frombuffer(data, numpy.float32).reshape(shape)
        values = averaged(name, values, random) if name.startswith("generator_ema.") else numpy.round(values)
        tensors[name] = (dtype, shape, values.astype(numpy.float32).tobytes())


def main():
    engine = Engine(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        engine.train(folder, out, "--recipe", "classic", "--steps", 1, "--batch-size", 2)
        model = checkpoint(out, 1)
        metadata, tensors = read_safetensors(model)
        replace(tensors, numpy.random.default_rng(1))
        write_safetensors(model, metadata, tensors)
        os.makedirs(DATA, exist_ok=True)
        with open(model, "rb") as file, open(os.path.join(DATA, NAME + ".safetensors.xz"), "wb") as packed:
            packed.write(lzma.compress(file.read(), preset=9 | lzma.PRESET_EXTREME))
        write_picture(os.path.join(folder, f"{NAME}.png"))
        engine.run("convert", os.path.join(folder, f"{NAME}.png"), "--model", model, "--precision", "fp32", "--out", DATA)
        os.remove(os.path.join(DATA, "manifest.jsonl"))


if __name__ == "__main__":
    main()

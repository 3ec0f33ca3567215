"""Made the checkpoints in data/ that every later version has to load, and what they make of a picture.
MAKE_OLD_CHECKPOINT.PY MKENGINE RECIPE

A whole checkpoint that this version's `mkengine train` wrote, names, shapes and metadata as they are, whose numbers are
replaced by others that compress well: first weights rounded to 0 or 1, and in the averaged generator, which converts, one
weight in fifty is a power of two instead. Of recipe makeover, whose first weights would all be 0, it is one in twenty in every
network, and one in three in the last layers. Not to be run again for the same version: the files are to stay as they are.
"""
import lzma
import os
import sys
import tempfile

import numpy

from engine_support import Engine, checkpoint, read_safetensors, write_pixels, write_safetensors
from old_checkpoint_test import DATA, write_picture

VERSION = "0.1.0"
SIDE = 80  # of makeover's pictures: two halvings
# Small networks are enough to hold names, shapes and settings.
OPTIONS = {"classic": [],
           "makeover": ["--size", f"{SIDE}x{SIDE}", "--set", "generator_channels=16", "--set", "generator_blocks=2",
                        "--set", "discriminator_channels=8"]}
# Networks whose numbers are to do something, and the share of their weights that is not 0, in the last layer too.
ALIVE = {"classic": (("generator_ema.",), 0.02, 0.02), "makeover": (("generator", "discriminator"), 0.05, 0.3)}


def sparse(name, values, share, random):
    """A number for every one of a network's, few bits each."""
    if name.endswith("running_var"):
        return random.integers(2, 8, values.shape) / 4
    if name.endswith("running_mean") or values.ndim == 1:
        return random.integers(-4, 5, values.shape) / 64
    size = 2.0 ** numpy.round(numpy.log2(0.6 / numpy.sqrt(values[0].size / 50)))
    return numpy.round(values) + size * random.choice([-1, 0, 1], values.shape, p=[share / 2, 1 - share, share / 2])


def replace(tensors, alive, share, last_share, random):
    for name, (dtype, shape, data) in tensors.items():
        if dtype != "F32":
            continue
        values = numpy.frombuffer(data, numpy.float32).reshape(shape)
        here = last_share if ".output." in name else share
        values = sparse(name, values, here, random) if name.startswith(alive) else numpy.round(values)
        tensors[name] = (dtype, shape, values.astype(numpy.float32).tobytes())


def main():
    engine, recipe = Engine(sys.argv[1]), sys.argv[2]
    name = f"{recipe}-{VERSION}"
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        if recipe == "makeover":
            write_pixels(os.path.join(folder, "faces.pixels"), 9, height=SIDE, width=SIDE)
        engine.train(folder, out, "--recipe", recipe, "--steps", 1, "--batch-size", 2, *OPTIONS[recipe])
        model = checkpoint(out, 1)
        metadata, tensors = read_safetensors(model)
        replace(tensors, *ALIVE[recipe], numpy.random.default_rng(1))
        write_safetensors(model, metadata, tensors)
        os.makedirs(DATA, exist_ok=True)
        with open(model, "rb") as file, open(os.path.join(DATA, name + ".safetensors.xz"), "wb") as packed:
            packed.write(lzma.compress(file.read(), preset=9 | lzma.PRESET_EXTREME))
        write_picture(os.path.join(folder, f"{name}.png"))
        engine.run("convert", os.path.join(folder, f"{name}.png"), "--model", model, "--precision", "fp32", "--out", DATA)
        os.remove(os.path.join(DATA, "manifest.jsonl"))


if __name__ == "__main__":
    main()

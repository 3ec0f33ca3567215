"""Checkpoints of earlier versions: each in data/ is loaded, converts as it did, and trains on.  OLD_CHECKPOINT_TEST.PY MKENGINE

make_old_checkpoint.py says how they were made.
"""
import json
import lzma
import os
import pathlib
import tempfile
import unittest

import numpy
import PIL.Image

import engine_support
from engine_support import checkpoint, read_safetensors, write_pixels

DATA = pathlib.Path(__file__).resolve().parent / "data"
# Levels out of 255: kernels may add in another order, and a level may fall on the other side of a rounding.
LEVELS_MAX = 2
LEVELS_MEAN = 0.05


def write_picture(path):
    """A face of CelebA's size as simple as can be: an ellipse, two eyes and a mouth on a slope of colours."""
    y, x = numpy.mgrid[0:218, 0:178].astype(numpy.float64)
    picture = numpy.stack([60 + 0.5 * x, 80 + 0.4 * y, 140 - 0.3 * x], 2)

    def draw(cx, cy, rx, ry, colour):
        inside = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
        picture[inside] = numpy.array(colour) + 0.2 * (y - cy)[inside, None]

    draw(89, 128, 48, 66, (214, 168, 140))
    for cx in (69, 108):
        draw(cx, 111, 8, 4, (250, 250, 250))
        draw(cx, 111, 3, 3, (40, 30, 20))
    draw(89, 152, 18, 5, (170, 60, 70))
    PIL.Image.fromarray(picture.clip(0, 255).astype(numpy.uint8)).save(path)


def pixels(path):
    with PIL.Image.open(path) as picture:
        return numpy.asarray(picture.convert("RGB")).astype(int)


def numbers(tensor):
    return numpy.frombuffer(tensor[2], numpy.float32)


class OldCheckpointTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.engine = engine_support.engine()

    def path(self, name):
        return os.path.join(self.folder, name)

    def each(self):
        packed = sorted(DATA.glob("*.safetensors.xz"))
        self.assertTrue(packed)
        for one in packed:
            name = one.name.removesuffix(".safetensors.xz")
            model = self.path(name + ".safetensors")
            pathlib.Path(model).write_bytes(lzma.decompress(one.read_bytes()))
            yield name, model

    def test_converts_as_it_did(self):
        for name, model in self.each():
            picture = self.path(f"{name}.png")
            write_picture(picture)
            self.engine.run("convert", picture, "--model", model, "--precision", "fp32", "--out", self.path("out"))
            expected = pixels(DATA / f"{name}.png")
            difference = abs(pixels(self.path(f"out/{name}.png")) - expected)
            self.assertLessEqual(difference.max(), LEVELS_MAX)
            self.assertLess(difference.mean(), LEVELS_MEAN)
            self.assertGreater(abs(pixels(picture) - expected)[90:190, 49:129].mean(), 5, "it is a conversion at all")

    def test_trains_on(self):
        for name, model in self.each():
            metadata, before = read_safetensors(model)
            step = int(metadata["step"])
            width, height = map(int, json.loads(metadata["config"]).get("size", "80x100").split("x"))
            write_pixels(self.path("faces.pixels"), 9, height=height, width=width)
            out = self.path(name)
            self.engine.train(self.folder, out, "--resume", model, "--steps", step + 1)
            later, after = read_safetensors(checkpoint(out, step + 1))
            self.assertEqual(later["recipe"], metadata["recipe"])
            self.assertLessEqual(set(before), set(after))
            for network in ("generator", "generator_ema", "discriminator"):
                names = [one for one in before if one.startswith(f"{network}.")]
                self.assertEqual([before[one][:2] for one in names], [after[one][:2] for one in names])
                moves = [abs(numbers(before[one]) - numbers(after[one])).max() for one in names]
                self.assertTrue(0 < max(moves) < 10, f"{name} {network}: {max(moves)}")


if __name__ == "__main__":
    engine_support.main("__main__")

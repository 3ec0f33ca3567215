"""--size and --window of mkengine: what is cut out of pictures, and where a change is put back. Looked at with PIL and numpy.

GEOMETRY_TEST.PY MKENGINE
"""
import json
import os
import struct
import tempfile
import unittest

import numpy
from PIL import Image

import engine_support
from engine_support import checkpoint, read_safetensors

FRAME = (178, 218)
# Size of the network: the window that is its default, written down by hand.
WINDOWS = {"40x48": (49, 92, 80, 96), "80x100": (49, 90, 80, 100), "128x160": (49, 90, 80, 100), "256x256": (49, 100, 80, 80)}
PICTURES = [(178, 218), (356, 436), (500, 400), (120, 150)]


def smooth_picture(width, height, seed=0):
    """Colours that change slowly, so that scaling there and back loses little."""
    y, x = numpy.mgrid[0:height, 0:width] / max(width, height) * 6.0
    channels = [120 + 70 * numpy.sin(x * a + seed) * numpy.cos(y * b) for a, b in ((1, 0.7), (0.6, 1.1), (0.8, 0.9))]
    return numpy.stack(channels, -1).round().astype(numpy.uint8)


def save(path, pixels):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    Image.fromarray(pixels).save(path)


def load(path):
    with Image.open(path) as picture:
        return numpy.asarray(picture.convert("RGB"))


def rectangle(window, size):
    """Where the window lies in a picture: the frame is its largest centred part of the frame's ratio."""
    width, height = size
    scale = min(width / FRAME[0], height / FRAME[1])
    left, top = (width - scale * FRAME[0]) / 2, (height - scale * FRAME[1]) / 2
    x, y, w, h = window
    return left + scale * x, top + scale * y, left + scale * (x + w), top + scale * (y + h)


def paint_grey(model):
    """Changes a checkpoint so that its generator gives the same grey whatever it sees: its last layer's weights are 0."""
    with open(model, "rb") as file:
        data = bytearray(file.read())
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    for name in ("generator_ema.output.weight", "generator_ema.output.bias"):
        begin, end = header[name]["data_offsets"]
        data[8 + size + begin:8 + size + end] = bytes(end - begin)
    with open(model, "wb") as file:
        file.write(data)


class GeometryTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.engine = engine_support.engine()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def faces(self, size=FRAME, count=4):
        """Two folders, one per class."""
        for i in range(2 * count):
            save(self.path(f"faces/train{'AB'[i % 2]}/{i}.png"), smooth_picture(*size, seed=i))
        return self.path("faces")

    def train(self, *words, steps=0, out="run", expect=0):
        recipe = [] if "--recipe" in words else ["--recipe", "classic"]
        events, _ = self.engine.run("train", self.path("faces"), "--source", "traina", "--target", "trainb", "--out",
                                         self.path(out), "--steps", steps, "--batch-size", 2, "--precision", "fp32", "--set",
                                         "sample_count=1", *recipe, *words, expect=expect)
        return events[-1] if expect else checkpoint(self.path(out), steps)

    def config(self, model):
        return json.loads(read_safetensors(model)[0]["config"])

    def test_a_change_comes_back_at_its_place(self):
        for size in PICTURES:
            save(self.path(f"in/{size[0]}.png"), smooth_picture(*size))
        self.faces()
        for size, window in WINDOWS.items():
            model = self.train("--size", size, out=size)
            paint_grey(model)
            self.engine.run("convert", self.path("in"), "--model", model, "--out", self.path("out" + size))
            for picture in PICTURES:
                with self.subTest(size=size, picture=picture):
                    self.check_grey_window(self.path(f"in/{picture[0]}.png"), self.path(f"out{size}/{picture[0]}.png"),
                                           rectangle(window, picture))

    def check_grey_window(self, source, result, place):
        before, after = load(source).astype(int), load(result).astype(int)
        self.assertEqual(before.shape, after.shape)
        left, top, right, bottom = place
        outside = numpy.ones(before.shape[:2], bool)
        outside[max(0, round(top)):round(bottom), max(0, round(left)):round(right)] = False
        self.assertTrue((before[outside] == after[outside]).all(), "the rest of the picture keeps its bytes")
        border = 0.11 * (right - left)
        inside = after[int(top + border) + 1:int(bottom - border), int(left + border) + 1:int(right - border)]
        # The bicubic way there and back leaves a little of what was there.
        self.assertLess(numpy.abs(inside - 127.5).max(), 6)
        # A change of up to 70 levels over a soft border has no step that the eye takes for a seam.
        change = (after - before).astype(float)
        steps = max(numpy.abs(numpy.diff(change, axis=axis)).max() for axis in (0, 1))
        self.assertLess(steps, 1 + 1.7 * 72 / (border / 1.1))

    def test_a_model_that_has_learnt_nothing_keeps_the_picture(self):
        """The way there and back of an untrained makeover, whose change is nearly none."""
        self.faces()
        for size in PICTURES:
            save(self.path(f"in/{size[0]}.png"), smooth_picture(*size))
        for size in WINDOWS:
            model = self.train("--size", size, "--recipe", "makeover", out="makeover" + size)
            self.engine.run("convert", self.path("in"), "--model", model, "--out", self.path("out" + size))
            for picture in PICTURES:
                with self.subTest(size=size, picture=picture):
                    before, after = (load(self.path(f"{name}/{picture[0]}.png")).astype(int) for name in ("in", "out" + size))
                    self.assertEqual(before.shape, after.shape)
                    self.assertLessEqual(numpy.abs(after - before).max(), 3)
                    self.assertLess(numpy.abs(after - before).mean(), 0.5)

    def test_the_cache_holds_the_window(self):
        faces = self.faces()
        for size, window in {**WINDOWS, "64x80": (25, 58, 128, 160)}.items():
            with self.subTest(size=size):
                place = ",".join(map(str, window[:2])) + "," + "x".join(map(str, window[2:]))
                options = ["--window", place] if size == "64x80" else []
                self.engine.run("prepare", faces, "--out", self.path("x.pixels"), "--size", size, *options)
                with open(self.path("x.pixels"), "rb") as file:
                    height, width, _, note = struct.unpack("<IIII", file.read(24)[8:])
                    file.seek(4096)
                    pixels = numpy.frombuffer(file.read(height * width * 3), numpy.uint8).reshape(height, width, 3)
                self.assertEqual((f"{width}x{height}", tuple(note.to_bytes(4, "little"))), (size, window))
                x, y, w, h = window
                with Image.open(os.path.join(faces, "trainA/0.png")) as picture:
                    kind = Image.BOX if width <= w else Image.BICUBIC
                    wanted = picture.crop((x, y, x + w, y + h)).resize((width, height), kind)
                self.assertLess(numpy.abs(pixels.astype(int) - numpy.asarray(wanted).astype(int)).max(), 4)

    def test_a_model_knows_its_window(self):
        self.faces()
        model = self.train("--size", "40x48")
        self.assertEqual((self.config(model)["size"], self.config(model)["window"]), ("40x48", "49,92,80x96"))
        model = self.train("--set", "size=64x80", "--set", "window=25,58,128x160", steps=1, out="other")
        self.assertEqual((self.config(model)["size"], self.config(model)["window"]), ("64x80", "25,58,128x160"))
        model = self.train("--resume", model, steps=2, out="other")
        self.assertEqual((self.config(model)["size"], self.config(model)["window"]), ("64x80", "25,58,128x160"))

    def test_a_full_window_takes_pictures_as_they_are(self):
        faces = self.faces(size=(150, 200))
        model = self.train("--size", "60x80", "--window", "full")
        sheet = load(self.path("run/samples/batch000000.png"))[:80, :60].astype(int)
        with Image.open(os.path.join(faces, "trainA/0.png")) as picture:
            wanted = numpy.asarray(picture.resize((60, 80), Image.BOX)).astype(int)
        self.assertLess(numpy.abs(sheet - wanted).max(), 4)
        paint_grey(model)
        save(self.path("wide/a.png"), smooth_picture(500, 400))
        self.engine.run("convert", self.path("wide"), "--model", model, "--out", self.path("made"))
        self.check_grey_window(self.path("wide/a.png"), self.path("made/a.png"), (100, 0, 400, 400))
        # The same model for pictures that lie as CelebA's do.
        self.engine.run("convert", self.path("wide"), "--model", model, "--out", self.path("made"), "--window", "50,90,75x100")
        self.check_grey_window(self.path("wide/a.png"), self.path("made/a.png"), rectangle((50, 90, 75, 100), (500, 400)))

    def test_another_window_is_decoded_again(self):
        self.faces()
        for words, again in (([], True), ([], False), (["--size", "40x48"], True), (["--window", "full"], True)):
            events, _ = self.engine.run("train", self.path("faces"), "--source", "traina", "--target", "trainb", "--out",
                                        self.path("run"), "--steps", 0, *words)
            self.assertEqual("prepared" in [event["event"] for event in events], again, words)

    def test_what_cannot_be_is_refused(self):
        self.faces()
        model = self.train("--size", "40x48", steps=1)
        for words, part in ((["--size", "41x48"], "multiples of 4"), (["--size", "40"], "write WxH"),
                            (["--size", "300x300"], "40x48 to 256x256"), (["--window", "99,90,80x100"], "outside"),
                            (["--window", "49,90,80x80"], "distort"), (["--window", "here"], "write X,Y,WxH"),
                            (["--set", "size=300x300"], "40x48 to 256x256"),
                            (["--size", "80x100", "--resume", model], "cannot go on at 80x100"),
                            (["--window", "full", "--resume", model], "cannot go on at 40x48 with full")):
            error = self.train(*words, out="none", expect=2)
            self.assertEqual(error["event"], "error", words)
            self.assertIn(part, error["message"], words)
        self.assertFalse(os.path.exists(self.path("none")))
        events, _ = self.engine.run("convert", self.path("faces"), "--model", model, "--size", "80x100", expect=2)
        self.assertIn("trained at 40x48", events[-1]["message"])
        events, _ = self.engine.run("prepare", self.path("faces"), "--out", self.path("p"), "--size", "1x1", expect=2)
        self.assertIn("40x48 to 256x256", events[-1]["message"])

    def test_a_folder_is_made_only_where_all_is_right(self):
        self.faces()
        known = ["--source", "traina", "--target", "trainb"]
        for words, status, part in ((["--filter", "trainc"], 2, "trainc"), (["--preset", "mtf", *known], 2, "Say what to train"),
                                    (["--evaluate-every", "5", "--index", "x", *known], 2, "--pixels with --index"),
                                    (["--filter", "traina & !traina"], 1, "too few usable target pictures")):
            events, _ = self.engine.run("train", self.path("faces"), "--out", self.path("none"), *words, expect=status)
            self.assertEqual(events[-1]["event"], "error", words)
            self.assertIn(part, events[-1]["message"], words)
            self.assertFalse(os.path.exists(self.path("none")), words)

    def test_a_cache_of_another_window_is_refused(self):
        self.faces()
        self.engine.run("prepare", self.path("faces"), "--out", self.path("p"), "--window", "40,80,80x100")
        for name, rows in (("a", range(4)), ("b", range(4, 8))):
            engine_support.write_rows(self.path(name), rows)
        words = ["train", "--pixels", self.path("p"), "--source-rows", self.path("a"), "--target-rows", self.path("b"), "--out",
                 self.path("run"), "--steps", 0]
        for more, code in ((["--size", "40x48"], "other_size"), ([], "other_window")):
            events, _ = self.engine.run(*words, *more, expect=1)
            self.assertEqual((events[-1]["class"], events[-1]["code"]), ("USER", code))
            self.assertIn("mkengine prepare --size", events[-1]["advice"])
            self.assertFalse(os.path.exists(self.path("run")))
        self.engine.run(*words, "--window", "40,80,80x100")


if __name__ == "__main__":
    engine_support.main("__main__")

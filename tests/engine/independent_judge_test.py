"""The judge in Python sees what there is to see.  INDEPENDENT_JUDGE_TEST.PY MKENGINE"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import engine_support
from engine_support import checkpoint

JUDGE = pathlib.Path(__file__).parent.parent / "bench" / "independent_judge.py"


def number(cell):
    return float(cell.removesuffix(" %"))


class IndependentJudgeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def table(self, *models, options=()):
        """{figure: value} per line: the faces as they are, then the models."""
        words = [word for model in models for word in ("--model", model)]
        out = subprocess.run([sys.executable, JUDGE, engine_support.engine().binary, self.path("faces"), "--cache", self.path("judge.pt"),
                              "--passes", "3", *words, *options], check=True, capture_output=True, text=True).stdout
        lines = [[cell.strip() for cell in line.strip("| ").split("|")] for line in out.splitlines()]
        self.assertEqual(len(lines), 3 + len(models), out)
        return [dict(zip(lines[0][1:6], map(number, line[1:6]))) for line in lines[2:]]

    def test_faces_and_models(self):
        engine = engine_support.engine()
        engine.run("synth", self.path("faces"), "--count", 600, "--seed", 1)
        sides = ["--source", "!smiling", "--target", "smiling", "--batch-size", 2]
        # After a step the one recipe still gives its input, and the other a picture of half the contrast.
        for recipe in ("makeover", "classic"):
            engine.run("train", self.path("faces"), *sides, "--recipe", recipe, "--steps", 1, "--out", self.path(recipe))
        models = [checkpoint(self.path(recipe), 1) for recipe in ("makeover", "classic")]
        as_they_are, near, pale = self.table(*models)
        self.assertEqual((as_they_are["kept"], as_they_are["low-L1"]), (100, 0))
        self.assertLess(as_they_are["target rate"], 30)
        self.assertGreater(near["kept"], 95)
        self.assertLess(near["low-L1"], 0.03)
        self.assertGreater(pale["low-L1"], near["low-L1"] + 0.02)
        self.assertLess(pale["kept"], near["kept"] - 2)
        self.assertGreater(pale["attribute-KID"], near["attribute-KID"] + 0.1)
        _, more = self.table(models[0], options=["--everybody"])
        self.assertGreater(more["faces"], 4 * near["faces"])
        self.assertGreater(more["kept"], 95)


if __name__ == "__main__":
    engine_support.main("__main__")

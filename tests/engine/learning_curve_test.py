"""The whole of recipe classic learns on the engine's kernels as it does without them.

    python3 learning_curve_test.py MKENGINE LEARNING_CURVE LEARNING_CURVE_PLAIN LEARNING_CURVE_AVX2
"""
import pathlib
import statistics
import subprocess
import sys
import tempfile
import unittest

STEPS = 40
MKENGINE, KERNELS, PLAIN, AVX2 = sys.argv[1:5]


def run(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout


class LearningCurveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            faces, pixels = pathlib.Path(folder, "faces"), pathlib.Path(folder, "faces.pixels")
            run(MKENGINE, "synth", faces, "--count", 96, "--seed", 5)
            run(MKENGINE, "prepare", faces, "--out", pixels, "--size", "40x48")
            cls.curves = {name: cls.curve(program, pixels, precision) for name, program, precision in (
                ("plain", PLAIN, "fp32"), ("fp32", KERNELS, "fp32"), ("bf16", KERNELS, "bf16"), ("avx2", AVX2, "fp32"))}

    @staticmethod
    def curve(program, pixels, precision):
        """Losses by step of generator, pixels and discriminator."""
        lines = run(program, pixels, precision, STEPS).splitlines()
        return list(zip(*(map(float, line.split()) for line in lines)))

    def check(self, name, tolerance):
        """Each mean over eight steps lies within the tolerance of the plain one."""
        for loss, found, plain in zip(("generator", "pixel", "discriminator"), self.curves[name], self.curves["plain"]):
            for first in range(0, STEPS, 8):
                ratio = statistics.mean(found[first:first + 8]) / statistics.mean(plain[first:first + 8])
                self.assertAlmostEqual(ratio, 1, delta=tolerance, msg=f"{name}, {loss} from step {first}")

    def test_it_learns(self):
        for name, (_, pixel, discriminator) in self.curves.items():
            self.assertEqual(len(pixel), STEPS)
            self.assertLess(statistics.mean(pixel[-8:]), 0.92 * statistics.mean(pixel[:8]), name)
            self.assertLess(statistics.mean(discriminator[-8:]), statistics.mean(discriminator[:8]) - 0.003, name)

    def test_in_float32_the_curves_are_the_same(self):
        self.check("fp32", 0.001)

    def test_with_avx2_too(self):
        self.check("avx2", 0.001)

    def test_in_bfloat16_they_differ_by_its_rounding(self):
        self.check("bf16", 0.01)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

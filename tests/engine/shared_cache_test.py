"""Processes of mkengine that share a folder of judges and of prepared faces.

SHARED_CACHE_TEST.PY MKENGINE
"""
import fcntl
import glob
import os
import tempfile
import unittest

from PIL import Image

import engine_support


def waits_for_a_lock(pid):
    """Whether the process stands in the kernel's list of those that wait for a lock (proc(5), /proc/locks)."""
    with open("/proc/locks") as file:
        return any("->" in line and f" {pid} " in line for line in file)


class SharedCacheTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.engine = engine_support.engine()
        for i in range(80):
            side = "AB"[i % 2]
            os.makedirs(self.path(f"faces/train{side}"), exist_ok=True)
            Image.new("RGB", (178, 218), (3 * i, 90, 40 if side == "A" else 200)).save(self.path(f"faces/train{side}/{i}.png"))

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def evaluate(self):
        process = self.engine.start("evaluate", self.path("faces"), "--source", "traina", "--target", "trainb", "--baseline", "copy",
                                    "--size", "40x48", "--judge-cache", self.path("judges"), "--threads", 1, "-o", "json")
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_faces_are_prepared_by_one_process_at_a_time(self):
        table, said = self.evaluate().communicate()
        self.assertIn("prepared:", said)
        (faces,) = glob.glob(self.path("judges/faces-*.pixels"))
        os.rename(faces, self.path("kept.pixels"))
        with open(faces + ".lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # as if another process were preparing them
            second = self.evaluate()
            while not waits_for_a_lock(second.pid):
                self.assertIsNone(second.poll(), "the second did not wait for the first")
            self.assertFalse(os.path.exists(faces + ".partial"))
            os.rename(self.path("kept.pixels"), faces)
        again, said = second.communicate()
        self.assertEqual(second.returncode, 0, said)
        self.assertNotIn("prepared:", said)
        self.assertEqual(again, table)


if __name__ == "__main__":
    engine_support.main("__main__")

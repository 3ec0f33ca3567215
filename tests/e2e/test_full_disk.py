"""A full disk: said, nothing lost, and work goes on once there is room. Needs the right to mount a small tmpfs."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from cluster import Cluster, synth


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.disk = pathlib.Path(tempfile.mkdtemp(prefix="makeover-disk-"))
        self.addCleanup(self.disk.rmdir)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(self.disk)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("no right to mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], check=True)
        self.cluster = Cluster(workers=1, data_dir=self.disk / "data").__enter__()
        self.addCleanup(self.cluster.__exit__)
        self.faces = synth(self.cluster.root / "faces", 100, seed=6)
        self.cluster.ok("datasets", "import", "toy", self.faces)

    def fill(self):
        ballast = self.disk / "ballast"
        with open(ballast, "wb") as f:
            try:
                while True:
                    f.write(bytes(1 << 16))
                    f.flush()
            except OSError:
                pass
        return ballast

    def test_import_says_so_and_goes_on_later(self):
        ballast = self.fill()
        other = synth(self.cluster.root / "other", 200, seed=8)
        done = self.cluster.run("datasets", "import", "other", other)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("disk", done.stderr)
        ballast.unlink()
        self.cluster.ok("datasets", "import", "other", other)
        self.assertEqual(self.cluster.json("datasets", "show", "other")["state"], "READY")
        self.cluster.verify()

    def test_training_waits_and_goes_on_by_itself(self):
        job = self.cluster.ok("submit-train", "--dataset", "toy", "--filter", "smiling", "--no-clean", "--steps", "30",
                              "--batch-size", "2", "--set", "checkpoint_steps=100", "-o", "name").strip()
        self.cluster.wait_job(job, lambda j: j["state"] == "RUNNING" and j["samples"], "a first sample")
        ballast = self.fill()
        self.cluster.wait_for("the disk is named", lambda: "disk is too full" in self.cluster.ok("jobs", "explain", job))
        ballast.unlink()
        self.cluster.ok("jobs", "wait", job)
        self.cluster.verify()


if __name__ == "__main__":
    unittest.main()

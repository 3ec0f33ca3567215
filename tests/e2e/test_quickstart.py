"""deploy/quickstart.sh on programs that are built already, beside a cluster that is somebody else's."""

import os
import pathlib
import shutil
import signal
import subprocess
import unittest

import pictures
from cluster import BIN, DEADLINE_S, Cluster, synth

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"


class Quickstart(unittest.TestCase):
    def setUp(self):
        self.others = Cluster(workers=0).__enter__()
        self.addCleanup(self.others.__exit__)
        self.tree, self.dir = self.others.root / "tree", self.others.root / "dir"
        (self.tree / "deploy").mkdir(parents=True)
        (self.tree / "build/release").mkdir(parents=True)
        (self.tree / "build/release/bin").symlink_to(BIN)
        shutil.copy(DEPLOY / "quickstart.sh", self.tree / "deploy")
        # Nothing is to be installed or built here.
        for program in (self.tree / "deploy/install-dependencies.sh", self.tree / "stubs/cmake"):
            program.parent.mkdir(exist_ok=True)
            program.write_text("#!/bin/sh\n")
            program.chmod(0o755)
        synth(self.dir / "toy-faces", 160, seed=5)

    def run_it(self, *options):
        """The exit status and what it said."""
        environment = {**self.others.environment(), "PATH": f"{self.tree}/stubs:{os.environ['PATH']}"}
        script = subprocess.Popen([str(self.tree / "deploy/quickstart.sh"), "--dir", str(self.dir), "--steps", "2", *options],
                                  env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  start_new_session=True)
        try:
            said, _ = script.communicate(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            os.killpg(script.pid, signal.SIGTERM)
            said, _ = script.communicate()
        return script.returncode, said

    def test_it_works_on_a_cluster_of_its_own(self):
        for _ in range(2):
            status, said = self.run_it()
            self.assertEqual(status, 0, said)
            self.assertEqual(len(pictures.files_below(self.dir / "photos-makeover")), 40 + 1)
        self.assertIn("Model quickstart-smiling-2 is there already.", said)
        self.assertEqual(self.others.json("datasets", "list")["datasets"], [])


if __name__ == "__main__":
    unittest.main()

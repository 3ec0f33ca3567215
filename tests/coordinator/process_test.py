"""mkcoordinator as a process: how it ends, what it refuses, and that an acknowledged job outlives kill -9 at once."""

import json
import pathlib
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from cluster import BIN, Cluster, needs_engine, synth  # noqa: E402

USAGE, REFUSED = 2, 4


class Process(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(workers=0).__enter__()
        self.addCleanup(self.cluster.__exit__)

    def start_another(self, *options):
        return subprocess.run([BIN / "mkcoordinator", *map(str, options)], capture_output=True, text=True, timeout=60)

    def refuse(self, status, words, *options):
        done = self.start_another(*options)
        self.assertEqual(done.returncode, status, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_bad_options(self):
        folder = self.cluster.root / "other"
        self.refuse(USAGE, ["--data-dir"])
        self.refuse(USAGE, ["--lease-ms"], "--data-dir", folder, "--lease-ms", "soon")
        self.refuse(USAGE, ["nonsense"], "--data-dir", folder, "--nonsense")
        self.refuse(REFUSED, ["0.0.0.0", "--insecure"], "--data-dir", folder, "--listen", "0.0.0.0:0")
        self.assertFalse(folder.exists(), "nothing is left behind")

    def test_where_no_folder_can_be_made(self):
        said = "failed: No such file or directory"
        for program, more in (("mkcoordinator", ["--listen", "127.0.0.1:0"]), ("mkworker", ["--coordinator", "127.0.0.1:1"])):
            for data_dir in ("/proc/none", "folder"):
                gone = self.cluster.root / "gone"
                gone.mkdir()
                done = subprocess.run(["sh", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', gone, BIN / program, "--data-dir", data_dir, *more],
                                      capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(f"making the folder {data_dir} {said}", done.stderr)

    def test_second_one_on_the_folder_is_refused_and_the_first_lives(self):
        self.refuse(REFUSED, [str(self.cluster.data_dir)], "--data-dir", self.cluster.data_dir, "--listen", "127.0.0.1:0")
        self.cluster.ok("status")

    def test_sigterm_ends_it_cleanly_and_the_folder_is_free(self):
        program = self.cluster.coordinator
        program.process.send_signal(signal.SIGTERM)
        self.assertEqual(program.process.wait(30), 0, program.log())
        program.stop()
        self.assertEqual((self.cluster.data_dir / "address").read_text().strip(), self.cluster.address)
        self.cluster.start_coordinator()
        self.cluster.ok("status")

    @needs_engine
    def test_what_was_acknowledged_is_there_after_kill_9(self):
        faces = synth(self.cluster.root / "faces", 80, seed=2)
        self.cluster.run("datasets", "import", "toy", faces, "--detach")
        known = set()
        for i in range(8):
            job = self.cluster.ok("submit-train", "--filter", "male", "--no-clean", "--steps", "1", "--name", f"m{i}", "-o", "name")
            self.cluster.restart_coordinator()
            known.add(int(job))
            listed = {j["id"] for j in self.cluster.json("jobs", "list")["jobs"] if j["kind"] == "TRAIN"}
            self.assertEqual(listed, known)
        self.cluster.verify()

    @needs_engine
    def test_backup_opens_as_a_data_folder(self):
        self.cluster.run("datasets", "import", "toy", synth(self.cluster.root / "faces", 40, seed=2), "--detach")
        copy = self.cluster.root / "copy"
        copy.mkdir()
        self.cluster.ok("admin", "backup", copy / "catalog.db")
        names = [p.name for p in self.cluster.data_dir.iterdir()]
        catalog = next(n for n in names if n.endswith((".db", ".sqlite")))
        (copy / "catalog.db").rename(copy / catalog)
        with Cluster(workers=0, data_dir=copy) as other:
            self.assertEqual(other.json("datasets", "show", "toy")["items"], 40)


if __name__ == "__main__":
    unittest.main()

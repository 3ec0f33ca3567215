"""Two workers: they share, one drains, a paused training goes on elsewhere."""

import shutil
import unittest

import pictures
from cluster import Cluster, synth


class TwoWorkers(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(workers=2).__enter__()
        self.addCleanup(self.cluster.__exit__)
        self.faces = synth(self.cluster.root / "faces", 120, seed=4)
        self.cluster.ok("datasets", "import", "toy", self.faces)

    def submit(self, name, steps):
        return self.cluster.ok("submit-train", "--filter", "smiling", "--no-clean", "--steps", steps, "--batch-size", "2",
                               "--name", name, "--set", "checkpoint_steps=5", "-o", "name").strip()

    def running_on(self, job):
        """The worker that trains, once it has saved something."""
        shown = self.cluster.wait_job(job, lambda j: j["state"] == "RUNNING" and j["checkpoints"], "a checkpoint")
        return shown["attemptHistory"][-1]["worker"]

    def assert_moved(self, job, first):
        self.cluster.ok("jobs", "wait", job)
        history = self.cluster.job(job)["attemptHistory"]
        self.assertEqual([a["outcome"] for a in history], ["released", "succeeded"])
        self.assertEqual(history[0]["worker"], first)
        self.assertNotEqual(history[1]["worker"], first)
        steps = [m["step"] for m in self.cluster.json("jobs", "metrics", job)["metrics"]]
        self.assertEqual(steps, sorted(set(steps)))

    def test_a_conversion_is_shared(self):
        self.cluster.ok("jobs", "wait", self.submit("m", 2))
        photos = self.cluster.root / "photos"
        photos.mkdir()
        for i, path in enumerate(sorted((self.faces / "img_align_celeba").glob("*.jpg")) * 5):
            shutil.copy(path, photos / f"{i:04d}.jpg")
        self.cluster.ok("convert", photos, "--model", "m")
        job = self.cluster.json("jobs", "list")["jobs"][0]
        history = self.cluster.job(job["id"])["attemptHistory"]
        self.assertEqual({a["worker"] for a in history}, {"w1", "w2"})
        self.assertEqual(len(pictures.files_below(f"{photos}-makeover")), 600 + 1)

    def test_a_drained_worker_hands_over_and_takes_nothing_new(self):
        job = self.submit("drained", 80)
        first = self.running_on(job)
        self.cluster.ok("workers", "drain", first)
        self.assert_moved(job, first)
        self.assertEqual(self.cluster.json("workers", "show", first)["state"], "DRAINED")
        later = self.submit("later", 4)
        self.cluster.ok("jobs", "wait", later)
        self.assertNotEqual(self.cluster.job(later)["attemptHistory"][0]["worker"], first)
        self.cluster.ok("workers", "resume", first)
        self.assertEqual(self.cluster.json("workers", "show", first)["state"], "ACTIVE")

    def test_a_paused_training_goes_on_elsewhere(self):
        job = self.submit("paused", 80)
        first = self.running_on(job)
        self.cluster.ok("jobs", "pause", job)
        self.cluster.wait_job(job, lambda j: j["state"] == "PAUSED", "PAUSED")
        self.cluster.ok("workers", "drain", first)
        self.cluster.ok("jobs", "resume", job)
        self.assert_moved(job, first)

    def test_a_cancelled_training_stops_and_frees_its_device(self):
        job = self.submit("cancelled", 100000)
        self.running_on(job)
        self.cluster.ok("jobs", "cancel", job)
        self.assertEqual(self.cluster.run("jobs", "wait", job).returncode, 1)
        self.assertEqual(self.cluster.job(job)["state"], "CANCELLED")
        self.cluster.ok("jobs", "wait", self.submit("after", 2))
        self.assertNotEqual(self.cluster.run("jobs", "resume", job).returncode, 0)


if __name__ == "__main__":
    unittest.main()

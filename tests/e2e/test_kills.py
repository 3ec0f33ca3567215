"""kill -9 of each program during an import, a training and a conversion: nothing is lost, doubled or partial."""

import os
import pathlib
import shutil
import signal
import subprocess
import unittest

import numpy as np
import pictures
from cluster import BIN, Cluster, synth


def tensors(path):
    """A safetensors file as name -> bytes."""
    import json
    raw = pathlib.Path(path).read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:start])
    header.pop("__metadata__")
    return {k: raw[start + v["data_offsets"][0] : start + v["data_offsets"][1]] for k, v in header.items()}


def big_folder(root, files):
    """A folder of more than two shards: one noisy picture of 4 MB under many names."""
    from PIL import Image
    folder = root / "big"
    folder.mkdir()
    first = folder / "0000.png"
    noise = np.random.default_rng(1).integers(0, 256, (1300, 1060, 3), dtype=np.uint8)
    Image.fromarray(noise).save(first, compress_level=0)
    for i in range(1, files):
        os.link(first, folder / f"{i:04d}.png")
    return folder


class Import(unittest.TestCase):
    """Each way of dying is tried at each point of an import of three shards."""

    FILES = 36

    def setUp(self):
        self.cluster = Cluster(workers=1).__enter__()
        self.addCleanup(self.cluster.__exit__)
        self.folder = big_folder(self.cluster.root, self.FILES)

    def shards(self):
        shown = self.cluster.run("datasets", "show", "big", "-o", "json")
        if shown.returncode != 0:
            return -1
        import json
        dataset = json.loads(shown.stdout)
        return dataset["shards"] if dataset["state"] == "IMPORTING" else 99

    def test_client_dies_and_the_same_command_goes_on(self):
        for point in (0, 1, 2):
            client = self.cluster.start("datasets", "import", "big", self.folder)
            self.cluster.wait_for(f"{point} shards", lambda: self.shards() >= point)
            client.kill9()
        self.finish()

    def test_coordinator_dies_and_comes_back(self):
        client = self.cluster.start("datasets", "import", "big", self.folder)
        for point in (0, 1):
            self.cluster.wait_for(f"{point} shards", lambda: self.shards() >= point)
            self.cluster.restart_coordinator()
        client.process.wait(120)
        self.finish()

    def test_worker_and_engine_die_while_preparing(self):
        client = self.cluster.start("datasets", "import", "big", self.folder)
        self.cluster.wait_for("an engine", lambda: self.shards() == 99 and self.cluster.kill_engine("w1"))
        self.cluster.restart_worker("w1")
        self.assertEqual(client.process.wait(120), 0, client.log())
        self.finish()

    def finish(self):
        self.cluster.ok("datasets", "import", "big", self.folder)
        dataset = self.cluster.json("datasets", "show", "big")
        self.assertEqual((dataset["state"], dataset["items"], dataset["quarantined"]), ("READY", self.FILES, 0))
        self.cluster.verify()


class Training(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(workers=1).__enter__()
        self.addCleanup(self.cluster.__exit__)
        self.faces = synth(self.cluster.root / "faces", 120, seed=3)
        self.cluster.ok("datasets", "import", "toy", self.faces)

    def submit(self, name):
        return self.cluster.ok("submit-train", "--filter", "smiling", "--no-clean", "--steps", "60", "--batch-size", "2",
                               "--seed", "11", "--name", name, "--set", "checkpoint_steps=6", "--set", "precision=fp32",
                               "-o", "name").strip()

    def test_every_process_dies_and_the_weights_are_those_of_an_undisturbed_training(self):
        job = self.submit("disturbed")
        follower = self.cluster.start("jobs", "watch", job)
        self.past(job, 6)
        follower.kill9()
        self.assertEqual(self.cluster.kill_engine("w1"), 1)
        self.past(job, 18)
        self.cluster.restart_coordinator()
        self.past(job, 30)
        self.cluster.restart_worker("w1")
        self.past(job, 42)
        self.cluster.restart_coordinator()
        self.cluster.restart_worker("w1")
        self.cluster.ok("jobs", "wait", job)
        shown = self.cluster.job(job)
        self.assertEqual((shown["state"], shown["step"]), ("SUCCEEDED", 60))
        self.assertGreaterEqual(shown["attempts"], 4, f"{shown['attemptHistory']}\n{self.cluster.logs()}")
        self.cluster.verify()
        undisturbed = self.submit("undisturbed")
        self.cluster.ok("jobs", "wait", undisturbed)
        self.assertEqual(self.cluster.job(undisturbed)["attempts"], 1)
        self.assert_same_weights("disturbed", "undisturbed")
        steps = [m["step"] for m in self.cluster.json("jobs", "metrics", job)["metrics"]]
        self.assertEqual(steps, list(range(10, 61, 10)), "no metric lost or doubled")

    def past(self, job, step):
        """Waits for a checkpoint beyond `step`; the job must not have ended."""
        shown = self.cluster.wait_job(
            job, lambda j: j["state"] == "SUCCEEDED" or any(c["step"] >= step for c in j["checkpoints"]), f"step {step}")
        self.assertNotEqual(shown["state"], "SUCCEEDED", "the training ended before it could be disturbed")

    def assert_same_weights(self, one, other):
        paths = [self.cluster.root / f"{name}.safetensors" for name in (one, other)]
        for name, path in zip((one, other), paths):
            self.cluster.ok("models", "export", name, "--out", path)
        a, b = map(tensors, paths)
        self.assertEqual(a.keys(), b.keys())
        weights = [k for k in a if k.startswith(("generator", "discriminator"))]
        self.assertGreater(len(weights), 50)
        self.assertEqual([k for k in weights if a[k] != b[k]], [])


class Conversion(unittest.TestCase):
    FILES = 400

    def setUp(self):
        self.cluster = Cluster(workers=1).__enter__()
        self.addCleanup(self.cluster.__exit__)
        faces = synth(self.cluster.root / "faces", 80, seed=9)
        self.cluster.ok("datasets", "import", "toy", faces)
        self.cluster.ok("submit-train", "--filter", "male", "--no-clean", "--steps", "2", "--batch-size", "2", "--name", "m",
                        "--follow")
        self.photos = self.cluster.root / "photos"
        self.photos.mkdir()
        for i, path in enumerate(sorted((faces / "img_align_celeba").glob("*.jpg")) * 5):
            shutil.copy(path, self.photos / f"{i:04d}.jpg")
        self.out = self.cluster.root / "out"

    def convert_in_background(self):
        return self.cluster.start("convert", self.photos, "--model", "m", "--out", self.out)

    def latest(self):
        jobs = [j for j in self.cluster.json("jobs", "list")["jobs"] if j["kind"] == "CONVERT"]
        return jobs[0] if jobs else {"tasksDone": -1, "state": "NONE"}

    def reach(self, tasks):
        self.cluster.wait_for(f"{tasks} shards", lambda: self.latest()["tasksDone"] >= tasks)

    def test_every_process_dies(self):
        client = self.convert_in_background()
        self.reach(0)
        self.cluster.wait_for("an engine", lambda: self.cluster.kill_engine("w1"))
        self.reach(1)
        self.cluster.restart_coordinator()
        self.reach(2)
        client.kill9()
        self.cluster.restart_worker("w1")
        client = self.convert_in_background()
        self.reach(3)
        client.kill9()
        self.cluster.ok("convert", self.photos, "--model", "m", "--out", self.out)
        self.check()

    def check(self):
        names = sorted(p.name for p in self.photos.iterdir())
        self.assertEqual(pictures.files_below(self.out), names + ["manifest.jsonl"])
        for name in names:
            pictures.pixels(self.out / name)  # Raises where it is cut.
        lines = (self.out / "manifest.jsonl").read_text().splitlines()
        self.assertEqual(len(lines), len(names))
        self.check_same_bytes_as_by_hand(names)
        self.assertTrue(all(j["state"] == "SUCCEEDED" for j in self.cluster.json("jobs", "list")["jobs"]))
        self.cluster.verify()

    def check_same_bytes_as_by_hand(self, names):
        model, by_hand = self.cluster.root / "m.safetensors", self.cluster.root / "by-hand"
        self.cluster.ok("models", "export", "m", "--out", model)
        subprocess.run([str(BIN / "mkengine"), "convert", str(self.photos), "--model", str(model), "--out", str(by_hand),
                        "--threads", "1"], check=True, capture_output=True)
        different = [n for n in names if (self.out / n).read_bytes() != (by_hand / n).read_bytes()]
        self.assertEqual(different, [])


if __name__ == "__main__":
    unittest.main()

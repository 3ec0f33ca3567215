#!/usr/bin/env python3
"""mkctl jobs tensorboard: what a training has said, as an independent reader of event files finds it."""

import io
import json
import pathlib
import time
import unittest

import PIL.Image

from event_reader import bytes_field, crc32c, events, record, scalar_event, values
from mkctl_support import FakeCluster, write_faces


class Tensorboard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = FakeCluster(workers=1)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__)
        write_faces(cls.cluster.root / "faces")
        cls.cluster.ok("datasets", "import", "faces", cls.cluster.root / "faces")
        cls.begin = time.time()
        cls.job = int(cls.cluster.ok("submit-train", "--filter", "smiling", "--name", "smile", "-o", "name"))
        cls.cluster.command("picture 0\nstep 10\nstep 20\npicture 200")
        cls.cluster.wait_job(cls.job, lambda job: len(job["samples"]) == 2, "two samples")

    def write(self, logdir, *options):
        return json.loads(self.cluster.ok("jobs", "tensorboard", self.job, "--logdir", logdir, "-o", "json", *options))

    def test_1_a_reader_finds_all(self):
        logdir = self.cluster.root / "runs"
        answer = self.write(logdir)
        self.assertEqual((answer["stepsAdded"], answer["samplesAdded"]), (2, 2))
        path = pathlib.Path(answer["path"])
        self.assertEqual(path.parent, logdir / f"job-{self.job}")
        self.assertIn("tfevents", path.name)
        found = events(path)
        self.assertEqual([(step, scalars) for step, _, scalars, _ in found if scalars],
                         [(10, {"generator": 0.5}), (20, {"generator": 0.5})])
        pictures = [(step, images["samples"]) for step, _, _, images in found if images]
        self.assertEqual([step for step, _ in pictures], [0, 200])
        for _, (height, width, channels, encoded) in pictures:
            with PIL.Image.open(io.BytesIO(encoded)) as picture:
                self.assertEqual((picture.height, picture.width, len(picture.getbands())), (height, width, channels))
                self.assertEqual((width, height), (3, 2))
        for _, seconds, _, _ in found:
            self.assertTrue(self.begin - 60 < seconds < time.time() + 60, seconds)

    def test_2_again_adds_what_is_new(self):
        logdir = self.cluster.root / "runs"
        before = pathlib.Path(self.write(logdir)["path"]).read_bytes()
        again = self.write(logdir)
        self.assertEqual((again["stepsAdded"], again["samplesAdded"]), (0, 0))
        self.assertEqual(pathlib.Path(again["path"]).read_bytes(), before)
        self.cluster.command("step 210\npicture 400\nfinish 400")
        self.assertEqual(self.cluster.run("jobs", "wait", self.job).returncode, 0)
        more = self.write(logdir)
        self.assertEqual((more["stepsAdded"], more["samplesAdded"]), (1, 1))
        after = pathlib.Path(more["path"]).read_bytes()
        self.assertTrue(after.startswith(before), "a reader that follows the file goes on in it")
        found = events(more["path"])
        self.assertEqual(sorted(step for step, _, _, _ in found), [0, 10, 20, 200, 210, 400])

    def test_4_after_a_rollback_the_file_agrees_with_the_training(self):
        logdir = self.cluster.root / "rolled back"
        path = pathlib.Path(self.write(logdir)["path"])
        whole = events(path)
        # As it was before a rollback: step 20 had another loss, and step 30 was reached. Step 10 is as it is now.
        path.write_bytes(b"".join(record(event) for event in (
            bytes_field(3, b"brain.Event:2"), scalar_event(10, "generator", 0.5), scalar_event(20, "generator", 0.75),
            scalar_event(30, "generator", 0.5))))
        answer = self.write(logdir)
        self.assertEqual(answer["stepsAdded"], len([step for step, _, scalars, _ in whole if scalars and step >= 20]))
        self.assertEqual(values(events(path)), values(whole))
        self.assertEqual(self.write(logdir)["stepsAdded"], 0)

    def test_3_what_cannot_be(self):
        prepare = json.loads(self.cluster.ok("jobs", "list", "-o", "json"))["jobs"][-1]["id"]
        refused = self.cluster.run("jobs", "tensorboard", prepare, "--logdir", self.cluster.root / "none")
        self.assertEqual(refused.returncode, 4, refused)
        self.assertIn("is no training", refused.stderr)
        self.assertFalse((self.cluster.root / "none").exists())
        blocked = self.cluster.root / "file"
        blocked.write_text("here")
        failed = self.cluster.run("jobs", "tensorboard", self.job, "--logdir", blocked)
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn(str(blocked), failed.stderr)

    def test_the_reader_is_right_itself(self):
        self.assertEqual(crc32c(b"123456789"), 0xE3069283)


if __name__ == "__main__":
    unittest.main()

"""Another size and window through the cluster, folders of a class each, pictures that are aligned otherwise, small sets."""

import json
import shutil
import unittest

import numpy as np
import pictures
from cluster import Cluster, synth
from PIL import Image

USAGE, REFUSED = 2, 4
SIDE = 32  # Pictures a side: the least that is taken.


def class_folders(faces, folder):
    """The faces as squares of 120 pixels, cut closer than CelebA's: smiling ones in trainB, others in trainA."""
    lines = (faces / "list_attr_celeba.txt").read_text().splitlines()
    smiling = lines[1].split().index("Smiling")
    made = {"trainA": 0, "trainB": 0}
    for line in lines[2:]:
        name, *values = line.split()
        side = "trainB" if values[smiling] == "1" else "trainA"
        if made[side] == SIDE:
            continue
        made[side] += 1
        (folder / side).mkdir(parents=True, exist_ok=True)
        with Image.open(faces / "img_align_celeba" / name) as picture:
            picture.crop((29, 70, 149, 190)).save(folder / side / name.replace(".jpg", ".png"))
    assert made == {"trainA": SIDE, "trainB": SIDE}, made
    return folder


class Geometry(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(workers=1).__enter__()
        cls.addClassCleanup(cls.cluster.__exit__)
        cls.faces = synth(cls.cluster.root / "faces", 120, seed=8)
        cls.squares = class_folders(cls.faces, cls.cluster.root / "squares")
        cls.cluster.ok("datasets", "import", "toy", cls.faces)
        cls.cluster.ok("datasets", "import", "squares", cls.squares)

    def train(self, name, *options):
        # Recipe classic: untrained it halves the contrast, so that one sees where it was.
        self.cluster.ok("submit-train", "--recipe", "classic", "--steps", "3", "--batch-size", "16", "--name", name,
                        "--follow", *options)
        out = self.cluster.root / f"{name}.safetensors"
        self.cluster.ok("models", "export", name, "--out", out)
        raw = out.read_bytes()
        metadata = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])["__metadata__"]
        config = json.loads(metadata["config"])
        return config["size"], config["window"]

    def sample(self, name):
        job = next(j["id"] for j in self.cluster.json("jobs", "list")["jobs"] if j.get("model") == name)
        out = self.cluster.root / f"samples-{name}"
        self.cluster.ok("samples", job, "--step", 0, "--out", out)
        return pictures.pixels(next(out.rglob("*.png")))

    def cached(self):
        return sorted(p.name.split("-", 1)[1] for p in (self.cluster.root / "w1/cache/pixels").iterdir())

    def test_a_small_size(self):
        self.assertEqual(self.train("small", "--dataset", "toy", "--filter", "smiling", "--no-clean", "--size", "40x48"),
                         ("40x48", "49,92,80x96"))
        self.assertIn("40x48+49+92+80x96", self.cached())
        self.assertIn("80x100", self.cached())
        self.assertEqual(self.sample("small").shape[1], 8 * 40)
        source = self.faces / "img_align_celeba" / "000003.jpg"
        self.cluster.ok("convert", source, "--model", "small", "--out", self.cluster.root / "made")
        before, after = (pictures.pixels(p) for p in (source, self.cluster.root / "made" / "000003.jpg"))
        self.assertEqual(before.shape, after.shape)
        window = (slice(92, 188), slice(49, 129))
        self.assertGreater(pictures.difference(before[window], after[window]), 1.0)
        before[window] = after[window] = 0
        self.assertLess(pictures.difference(before, after), 1.5, "the rest is as JPEG leaves it")

    def test_folders_of_a_class_each_taken_whole(self):
        dataset = self.cluster.json("datasets", "show", "squares")
        self.assertEqual((dataset["state"], dataset["items"], sorted(dataset["attributes"])),
                         ("READY", 2 * SIDE, ["trainA", "trainB"]))
        self.assertEqual(self.train("squares", "--dataset", "squares", "--source", "trainA", "--target", "trainB", "--size",
                                    "60x60", "--window", "full"), ("60x60", "full"))
        first = sorted((self.squares / "trainA").iterdir())[0]
        with Image.open(first) as picture:
            whole = np.asarray(picture.resize((60, 60), Image.BOX), dtype=np.float64)
        sample = self.sample("squares")
        self.assertLess(pictures.difference(sample[:60, :60], whole), 2.0, "the whole first face, unchanged")
        self.assertEqual(sample.shape, (2 * 60, 8 * 60, 3), "a quarter of so few pictures is held out")
        self.cluster.ok("convert", self.squares / "trainA", "--model", "squares", "--out", self.cluster.root / "made2")
        before, after = (pictures.pixels(p) for p in (first, self.cluster.root / "made2" / first.name))
        self.assertEqual(before.shape, after.shape)
        self.assertGreater(pictures.difference(before[10:30, 50:70], after[10:30, 50:70]), 1.0, "up to the top")
        self.assertGreater(pictures.difference(before[-30:-10, 50:70], after[-30:-10, 50:70]), 1.0, "down to the bottom")

    def test_squares_without_a_window_lie_as_celebas_do(self):
        self.assertEqual(self.train("middle", "--dataset", "squares", "--source", "trainA", "--target", "trainB"),
                         ("80x100", "49,90,80x100"))
        first = sorted((self.squares / "trainA").iterdir())[0]
        left, top, scale = (120 - 120 * 178 / 218) / 2, 0, 120 / 218
        box = (left + 49 * scale, top + 90 * scale, left + 129 * scale, top + 190 * scale)
        with Image.open(first) as picture:
            wanted = np.asarray(picture.crop([round(v) for v in box]).resize((80, 100), Image.BICUBIC), dtype=np.float64)
        self.assertLess(pictures.difference(self.sample("middle")[:100, :80], wanted), 4.0)

    def test_a_resumed_training_keeps_its_size(self):
        job = self.cluster.ok("submit-train", "--dataset", "toy", "--filter", "smiling", "--no-clean", "--size", "48x60", "--steps",
                              "100000", "--batch-size", "2", "--name", "long", "-o", "name").strip()
        self.cluster.wait_job(job, lambda j: j["progress"].get("done", 0) > 3, "a few steps")
        self.cluster.ok("jobs", "pause", job)
        self.cluster.wait_job(job, lambda j: j["state"] == "PAUSED", "pausing")
        step = self.cluster.job(job)["step"]
        self.cluster.ok("jobs", "resume", job)
        self.cluster.wait_job(job, lambda j: j["state"] == "RUNNING" and j["progress"].get("done", 0) > step, "going on")
        self.cluster.ok("jobs", "cancel", job)

    def test_what_cannot_be_is_refused_before_a_job_is_made(self):
        before = len(self.cluster.json("jobs", "list")["jobs"])
        for options, part in ((["--size", "41x48"], "multiples of 4"), (["--size", "big"], "write WxH"),
                              (["--window", "120,0,80x100"], "outside of the aligned frame"),
                              (["--size", "80x80", "--window", "49,90,80x100"], "distort faces by 25 %"),
                              (["--set", "size=8x8"], "40x48 to 256x256")):
            done = self.cluster.run("submit-train", "--dataset", "toy", "--filter", "smiling", *options)
            self.assertEqual(done.returncode, USAGE, done.stderr)
            self.assertIn(part, done.stderr)
        self.assertEqual(len(self.cluster.json("jobs", "list")["jobs"]), before)
        plan = self.cluster.ok("submit-train", "--dataset", "toy", "--filter", "smiling", "--no-clean", "--size", "40x48", "--dry-run")
        self.assertIn("size=40x48", plan)

    def test_one_picture_less_is_refused(self):
        fewer = self.cluster.root / "fewer"
        shutil.copytree(self.squares, fewer)
        next((fewer / "trainB").iterdir()).unlink()
        self.cluster.ok("datasets", "import", "fewer", fewer)
        done = self.cluster.run("submit-train", "--dataset", "fewer", "--source", "trainA", "--target", "trainB")
        self.assertEqual(done.returncode, REFUSED, done.stderr)
        self.assertIn("31", done.stderr)


if __name__ == "__main__":
    unittest.main()

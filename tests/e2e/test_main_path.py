"""import -> train -> samples -> convert, with real processes, outputs looked at as pictures."""

import json
import pathlib
import shutil
import unittest

import onnx

import pictures
from cluster import Cluster, synth

FACES = 160


class MainPath(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(workers=1).__enter__()
        cls.addClassCleanup(cls.cluster.__exit__)
        cls.faces = synth(cls.cluster.root / "faces", FACES, seed=5)
        cls.cluster.ok("datasets", "import", "toy", cls.faces)
        cls.train = cls.cluster.ok("submit-train", "--filter", "smiling", "--steps", "40", "--batch-size", "2", "--seed", "7",
                                   "--name", "smile", "-o", "name", "--set", "sample_steps=20").strip()
        cls.cluster.ok("jobs", "wait", cls.train)

    def test_dataset_is_ready_and_whole(self):
        dataset = self.cluster.json("datasets", "show", "toy")
        self.assertEqual(dataset["state"], "READY")
        self.assertEqual(dataset["items"], FACES)
        self.assertEqual(dataset["quarantined"], 0)
        self.assertEqual(len(dataset["attributes"]), 40)

    def test_counts_equal_an_independent_count(self):
        lines = (self.faces / "list_attr_celeba.txt").read_text().splitlines()
        names = lines[1].split()
        rows = [dict(zip(names, (int(v) for v in line.split()[1:]))) for line in lines[2:]]
        clean = [r for r in rows if r["Blurry"] < 0 and r["Eyeglasses"] < 0]
        counted = self.cluster.json("submit-train", "--filter", "smiling & !male", "--dry-run")
        self.assertEqual(counted["sourceCount"], len(clean))
        self.assertEqual(counted["targetCount"], sum(r["Smiling"] > 0 and r["Male"] < 0 for r in clean))
        every = self.cluster.json("submit-train", "--filter", "smiling", "--no-clean", "--dry-run")
        self.assertEqual(every["sourceCount"], FACES)
        self.assertEqual(every["targetCount"], sum(r["Smiling"] > 0 for r in rows))

    def test_job_says_what_happened(self):
        job = self.cluster.job(self.train)
        self.assertEqual(job["state"], "SUCCEEDED")
        self.assertEqual(job["kind"], "TRAIN")
        self.assertEqual(job["step"], 40)
        self.assertEqual(job["attempts"], 1)
        self.assertEqual(job["progress"]["done"], 40)
        self.assertTrue(job["endTime"] > job["startTime"] >= job["createTime"])
        self.assertGreater(job["losses"]["discriminator"], 0)
        self.assertEqual([s["step"] for s in job["samples"]], [0, 20, 40])
        self.assertEqual(job["checkpoints"][-1]["step"], 40)

    def test_metrics_move(self):
        metrics = self.cluster.json("jobs", "metrics", self.train)["metrics"]
        self.assertEqual([m["step"] for m in metrics], [10, 20, 30, 40])
        anneal = [m["values"]["anneal"] for m in metrics]
        self.assertEqual(anneal, sorted(anneal, reverse=True))
        self.assertLess(anneal[-1], anneal[0] / 2)

    def test_a_training_is_judged_and_names_its_best(self):
        job = self.cluster.ok("submit-train", "--filter", "smiling", "--size", "40x48", "--steps", "20", "--batch-size", "2",
                              "--evaluate-every", "10", "--name", "judged", "-o", "name").strip()
        self.cluster.ok("jobs", "wait", job)
        metrics = {m["step"]: m["values"] for m in self.cluster.json("jobs", "metrics", job)["metrics"]}
        for step in (10, 20):
            values = metrics[step]
            for name in ("judgedTargetRate", "judgedKept"):
                self.assertTrue(0 <= values[name] <= 1, (name, values))
            # So short a training has changed a little of each face.
            self.assertTrue(0 < values["judgedLowL1"] < 0.2, values)
            self.assertGreater(values["judgedIdentity"], 0.5)
            self.assertIn(values["bestStep"], (10, step))
        self.assertIn("judgedTargetRate", self.cluster.ok("jobs", "metrics", job))
        best = int(metrics[20]["bestStep"])
        self.assertEqual(self.cluster.json("models", "show", "judged@best")["step"], best)
        tags = {c["step"]: c["tags"] for c in self.cluster.json("jobs", "show", job)["checkpoints"]}
        self.assertEqual([step for step, names in tags.items() if "best" in names], [best])
        out = self.cluster.root / "judged"
        self.cluster.ok("convert", self.faces / "img_align_celeba" / "000003.jpg", "--model", "judged@best", "--out", out)
        self.assertTrue((out / "000003.jpg").exists())
        self.assertEqual(self.cluster.run("convert", self.faces, "--model", "smile@best").returncode, 4, "it was not evaluated")

    def test_samples_show_faces(self):
        out = self.cluster.root / "samples"
        self.cluster.ok("samples", self.train, "--all", "--out", out)
        names = pictures.files_below(out)
        self.assertEqual([pathlib.Path(n).name for n in names], ["batch000000.png", "batch000020.png", "batch000040.png"])
        first, last = (pictures.pixels(out / n) for n in (names[0], names[-1]))
        self.assertEqual(first.shape, last.shape)
        self.assertFalse(pictures.is_plain(last))
        self.assertGreater(pictures.correlation(first, last), 0.5, "the same faces in every sample")
        self.assertGreater(pictures.difference(first, last), 0.5, "the results have changed with training")

    def test_logs_and_explain(self):
        self.assertIn("train", self.cluster.ok("jobs", "logs", self.train))
        self.assertTrue(self.cluster.ok("jobs", "explain", self.train).strip())

    def test_convert_a_tree(self):
        source = self.cluster.root / "photos"
        (source / "deeper").mkdir(parents=True)
        names = ["000003.jpg", "deeper/000004.jpg", "deeper/000005.jpg"]
        for name in names:
            shutil.copy(self.faces / "img_align_celeba" / pathlib.Path(name).name, source / name)
        (source / "notes.txt").write_text("not a picture")
        (source / "broken.jpg").write_text("not a picture either")
        done = self.cluster.run("convert", source, "--model", "smile", "--recursive")
        self.assertEqual(done.returncode, 1, done.stderr)
        out = pathlib.Path(f"{source}-makeover")
        self.assertEqual(pictures.files_below(out), sorted(names + ["manifest.jsonl"]))
        for name in names:
            self.check_converted(source / name, out / name)
        lines = {l["file"]: l for l in map(json.loads, (out / "manifest.jsonl").read_text().splitlines())}
        self.assertEqual({n: lines[n]["status"] for n in names}, {n: "converted" for n in names})
        self.assertEqual(lines["broken.jpg"]["status"], "failed")
        self.assertIn("picture", lines["broken.jpg"]["reason"])
        self.check_redone_only_where_needed(source, out, names)

    def check_converted(self, source, result):
        self.assertEqual(pictures.size(source), pictures.size(result))
        before, after = pictures.pixels(source), pictures.pixels(result)
        self.assertGreater(pictures.difference(before[pictures.WINDOW], after[pictures.WINDOW]), 1.0)
        self.assertLess(pictures.difference(pictures.outside_window(before), pictures.outside_window(after)), 2.0)
        self.assertGreater(pictures.correlation(before, after), 0.8)

    def check_redone_only_where_needed(self, source, out, names):
        kept, cut = out / names[0], out / names[1]
        whole = cut.read_bytes()
        stamp = kept.stat().st_mtime_ns
        cut.write_bytes(whole[: len(whole) // 2])
        self.cluster.run("convert", source, "--model", "smile", "--recursive")
        self.assertEqual(kept.stat().st_mtime_ns, stamp, "what is done stays")
        self.assertEqual(cut.read_bytes(), whole, "what was cut is made again, to the same bytes")

    def test_a_conversion_replaces_nothing_of_the_users(self):
        folder = self.cluster.root / "mine"
        (folder / "sub").mkdir(parents=True)
        for path in (folder / "000006.jpg", folder / "sub" / "000006.jpg"):
            shutil.copy(self.faces / "img_align_celeba" / "000006.jpg", path)
        kept = (folder / "000006.jpg").read_bytes()
        for source in (folder / "000006.jpg", folder / "sub"):
            done = self.cluster.run("convert", source, "--model", "smile", "--out", folder)
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn("--out", done.stderr)
            self.assertEqual((folder / "000006.jpg").read_bytes(), kept)
        out = self.cluster.root / "own"
        self.cluster.ok("convert", folder / "000006.jpg", "--model", "smile", "--out", out)
        made = (out / "000006.jpg").read_bytes()
        done = self.cluster.run("convert", out / "000006.jpg", "--model", "smile", "--out", out)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertEqual((out / "000006.jpg").read_bytes(), made)

    def test_preview_is_a_contact_sheet(self):
        out = self.cluster.root / "preview.png"
        self.cluster.ok("datasets", "preview", "toy", "--filter", "blond hair", "-o", out)
        self.assertFalse(pictures.is_plain(pictures.pixels(out)))

    def test_checkpoint_is_read_by_ten_lines_of_python(self):
        out = self.cluster.root / "smile.safetensors"
        self.cluster.ok("models", "export", "smile", "--out", out)
        raw = out.read_bytes()
        header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
        metadata = header.pop("__metadata__")
        self.assertEqual((metadata["recipe"], metadata["step"]), ("makeover", "40"))
        self.assertEqual(metadata["dataset"], self.cluster.json("datasets", "show", "toy")["digest"])
        self.assertTrue({"generator", "generator_ema", "discriminator"} <= {k.split(".")[0] for k in header})

    def test_a_model_for_other_programs(self):
        for form, options in [("safetensors", []), ("torchscript", []), ("onnx", ["--fold"])]:
            out = self.cluster.root / f"smile-{form}"
            self.cluster.ok("models", "export", "smile", "--format", form, *options, "--out", out)
            self.assertIn(b"178x218", out.read_bytes(), form)
        self.assertEqual([p.name for p in self.cluster.root.glob("*.checkpoint*")], [])
        model = onnx.load(self.cluster.root / "smile-onnx")
        onnx.checker.check_model(model)
        self.assertIn(("step", "40"), [(one.key, one.value) for one in model.metadata_props])

    def test_models_and_tags(self):
        self.cluster.ok("models", "tag", f"{self.train}@40", "keep")
        names = {m["name"]: m for m in self.cluster.json("models", "list")["models"]}
        self.assertEqual(names["keep"]["step"], 40)
        self.assertTrue(names["smile"]["finished"])

    def test_catalog_and_blobs_verify(self):
        self.cluster.verify()
        self.cluster.ok("admin", "backup", self.cluster.root / "backup.db")
        self.assertEqual((self.cluster.root / "backup.db").read_bytes()[:15], b"SQLite format 3")


if __name__ == "__main__":
    unittest.main()

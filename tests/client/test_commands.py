#!/usr/bin/env python3
"""Each command of mkctl, in each output form, with each exit status and its words."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from mkctl_support import (BIN, DETACHED, FAILED, NOT_FOUND, REFUSED, UNREACHABLE, USAGE, CommandTest, needs_engine)

NOUNS = {
    "datasets": ["import", "list", "show", "preview", "delete"],
    "jobs": ["list", "show", "watch", "wait", "logs", "metrics", "explain", "cancel", "pause", "resume", "retry",
             "tensorboard"],
    "models": ["list", "show", "tag", "export", "delete"],
    "workers": ["list", "show", "drain", "resume", "remove"],
    "admin": ["backup", "verify", "gc"],
}
VERBS = ["up", "status", "submit-train", "convert", "samples", "evaluate"]


class Commands(CommandTest):
    # -- the command line itself

    def test_help_of_each_command(self):
        for words in [[], *([v] for v in VERBS), *([n] for n in NOUNS)]:
            done = self.ctl(*words, "--help")
            self.assertIn("Usage: mkctl " + " ".join(words), done.stdout)
            self.assertEqual(done.stderr, "")
        for noun, verbs in NOUNS.items():
            overview = self.ctl(noun, "--help").stdout
            for verb in verbs:
                self.assertIn(f"\n  {verb} ", overview)
                text = self.ctl(noun, verb, "--help").stdout
                self.assertIn(f"Usage: mkctl {noun} {verb}", text)
                self.assertIn(f"Example:\n  mkctl {noun} {verb}", text)
        for verb in VERBS:
            self.assertIn("Example:\n  mkctl " + verb, self.ctl(verb, "--help").stdout)

    def test_version(self):
        self.assertRegex(self.ctl("--version").stdout, r"^mkctl \d+\.\d+")

    def test_usage(self):
        for words, said in [
            (["statu"], 'mkctl has no command "statu"; did you mean status'),
            (["jobs", "lst"], 'mkctl jobs has no command "lst"; did you mean list'),
            ([], "mkctl needs a command: "),
            (["jobs"], "mkctl jobs needs a command: list, show"),
            (["jobs", "show"], "mkctl jobs show: J is required."),
            (["submit-train", "--fliter", "x"], "has no option --fliter; did you mean --filter"),
            (["status", "-o", "xml"], "xml not in {table,wide,json,name}"),
            (["convert", "x", "--strength", "1.1"], "--strength"),
            (["jobs", "show", "twelve"], '"twelve" is not a job: a job\'s id is a number'),
            (["jobs", "show", "0"], "is not a job"),
            (["models", "show", "a@b"], "is not a step: write a number"),
            (["submit-train", "--filter", "male", "--time", "soon"], '"soon" is not a time: write 90s'),
            (["submit-train", "--filter", "male", "--evaluate-every", "0"], "--evaluate-every must be more than nothing"),
            (["submit-train", "--filter", "male", "--name", "a b"], "cannot be the name of a model"),
            (["datasets", "import", "a/b", "/tmp"], "cannot be the name of a dataset"),
            (["evaluate", ""], 'MODEL: "" is no name: is a variable not set?'),
            (["evaluate", "smile", "--dataset", ""], '--dataset: "" is no name'),
            (["convert", "x", "--model", ""], '--model: "" is no name'),
            (["submit-train", "--filter", "male", "--name", ""], '--name: "" is no name'),
            (["submit-train", "--filter", "male", "--dataset", ""], '--dataset: "" is no name'),
            (["models", "show", ""], "cannot be the name of a model"),
            (["models", "export", "", "--out", "x"], "cannot be the name of a model"),
            (["models", "tag", "1", ""], "cannot be the name of a model"),
            (["--server", "nowhere", "status"], "It comes from --server."),
        ]:
            with self.subTest(words=words):
                self.assertIn(said, self.refused(*words, status=USAGE))

    def test_output_that_cannot_be_written_is_a_failure(self):
        for words in (["jobs", "list", "-o", "json"], ["jobs", "logs", self.train], ["--help"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([str(BIN / "mkctl"), *map(str, words)], env=self.cluster.environment(), stdout=full,
                                      stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual(done.returncode, FAILED, words)
            self.assertIn("error: Not all of the output could be written", done.stderr)

    # -- reading

    def test_lists_in_each_form(self):
        for noun, key, name, heading in [("datasets", "datasets", "faces", "NAME"), ("jobs", "jobs", str(self.train), "ID"),
                                         ("models", "models", "smile", "NAME"), ("workers", "workers", "w1", "NAME")]:
            with self.subTest(noun=noun):
                table = self.ctl(noun, "list").stdout
                wide = self.ctl(noun, "list", "-o", "wide").stdout
                self.assertEqual(table.split()[0], heading)
                self.assertGreater(len(wide.splitlines()[0]), len(table.splitlines()[0]))
                self.assertIn(name, self.ctl(noun, "list", "-o", "name").stdout.split())
                answer = self.json(noun, "list")
                ids = [str(one["id"]) if noun == "jobs" else one["name"] for one in answer[key]]
                self.assertIn(name, ids)

    def test_rows_are_aligned(self):
        lines = self.ctl("jobs", "list", "-o", "wide").stdout.splitlines()
        at = lines[0].index("STATE")
        for line in lines[1:]:
            self.assertEqual(line[at - 2:at], "  ")
            self.assertRegex(line[at:], r"^[A-Z]+ ")

    def test_options_may_stand_anywhere(self):
        first = self.ctl("-o", "name", "models", "list").stdout
        self.assertEqual(first, self.ctl("models", "list", "--output", "name").stdout)
        self.assertEqual(first, self.ctl("models", "-o", "name", "list", "--server", self.cluster.address).stdout)

    def test_status(self):
        text = self.ctl("status").stdout
        for word in ["Coordinator:", "Datasets:", "Models:", "Jobs:", "SUCCEEDED", "w1"]:
            self.assertIn(word, text)
        status = self.json("status")
        self.assertEqual(status["workers"][0]["name"], "w1")
        self.assertGreaterEqual(status["jobsByState"]["SUCCEEDED"], 2)
        newest = self.ctl("jobs", "list", "--limit", "1", "-o", "name").stdout.strip()
        self.assertIn(newest, self.ctl("status", "-o", "name").stdout.split())

    def test_job_show(self):
        job = self.json("jobs", "show", self.train)
        fields = {"id", "kind", "state", "owner", "priority", "createTime", "startTime", "endTime", "attempts", "progress",
                  "failure", "step", "losses", "checkpoints", "samples"}
        self.assertLessEqual(fields, set(job))
        self.assertIsNone(job["failure"])
        waiting = self.json("jobs", "show", self.start_training("shown", "--after", self.train, "--priority", "-1"))
        self.assertLessEqual(fields, set(waiting))
        self.assertEqual((waiting["endTime"], waiting["failure"], waiting["losses"]), (None, None, None))
        self.ctl("jobs", "cancel", waiting["id"])
        self.assertEqual((job["id"], job["kind"], job["state"], job["step"]), (self.train, "TRAIN", "SUCCEEDED", 300))
        for field in ["done", "total", "unit", "ratePerSecond", "etaSeconds"]:
            self.assertIn(field, job["progress"])
        self.assertEqual([s["step"] for s in job["samples"]], [0, 200])
        self.assertIn(300, [c["step"] for c in job["checkpoints"]])
        text = self.ctl("jobs", "show", self.train).stdout
        for words in ["Model:", "smile", "SUCCEEDED", "w1", "Source:", "Target:"]:
            self.assertIn(words, text)
        self.assertEqual(self.ctl("jobs", "show", self.train, "-o", "name").stdout, f"{self.train}\n")

    def test_dataset_show_and_count(self):
        dataset = self.json("datasets", "show", "faces")
        self.assertEqual((dataset["name"], dataset["state"], dataset["items"]), ("faces", "READY", 160))
        self.assertEqual({c["attribute"] for c in dataset["attributeCounts"]}, {"Eyeglasses", "Male", "Smiling"})
        text = self.ctl("datasets", "show", "faces").stdout
        self.assertIn("Smiling", text)
        self.assertRegex(text, r"(?m)^SET ASIDE +REASON\n\S+\.jpg +not a picture$")
        counted = self.ctl("datasets", "show", "faces", "--filter", "male & smiling").stdout
        self.assertRegex(counted, r"^\d+ pictures of faces match ")
        count = self.json("datasets", "show", "faces", "--filter", "Male=false,SMILING")["count"]
        self.assertEqual(self.ctl("datasets", "show", "faces", "--filter", "!male & smiling", "-o", "name").stdout,
                         f"{count}\n")

    def test_model_show(self):
        model = self.json("models", "show", "smile")
        self.assertEqual((model["name"], model["step"], model["job"]), ("smile", 300, self.train))
        self.assertIn("faces", self.ctl("models", "show", "smile").stdout)
        self.assertEqual(self.ctl("models", "show", "smile@300", "-o", "name").stdout.strip().split("@")[0], "smile")

    def test_worker_show(self):
        self.assertEqual(self.json("workers", "show", "w1")["name"], "w1")
        self.assertIn("cpu", self.ctl("workers", "show", "w1").stdout)

    def test_explain_logs_metrics(self):
        self.assertIn(f"Job {self.train} is SUCCEEDED", self.ctl("jobs", "explain", self.train).stdout)
        self.assertEqual(self.json("jobs", "explain", self.train)["job"]["id"], self.train)
        self.assertIn("x" * 30, self.ctl("jobs", "logs", self.train).stdout)
        self.assertIn("x" * 30, self.ctl("jobs", "logs", self.train, "-f").stdout)
        self.assertIn("x" * 30, "\n".join(self.json("jobs", "logs", self.train)["lines"]))
        metrics = self.json("jobs", "metrics", self.train)["metrics"]
        self.assertEqual([(m["step"], m["values"]["generator"]) for m in metrics], [(10, 0.5)])
        self.assertRegex(self.ctl("jobs", "metrics", self.train).stdout, r"STEP +generator\n +10 +0\.5\n")
        self.assertEqual(self.ctl("jobs", "metrics", self.train, "--after-step", 10).stdout, "There are no metrics yet.\n")

    def test_what_is_not_there(self):
        for words, said in [
            (["jobs", "show", "999"], "999"), (["jobs", "watch", "999"], "999"), (["jobs", "wait", "999"], "999"),
            (["jobs", "logs", "999"], "999"), (["jobs", "metrics", "999"], "999"), (["jobs", "explain", "999"], "999"),
            (["jobs", "cancel", "999"], "999"), (["jobs", "pause", "999"], "999"), (["jobs", "resume", "999"], "999"),
            (["jobs", "retry", "999"], "999"), (["samples", "999"], "999"),
            (["datasets", "show", "nobody"], "nobody"), (["datasets", "delete", "nobody"], "nobody"),
            (["datasets", "show", "nobody", "--filter", "male"], "nobody"),
            (["datasets", "preview", "nobody", "-o", self.folder / "p.png"], "nobody"),
            (["models", "show", "nobody"], "nobody"), (["models", "delete", "nobody"], "nobody"),
            (["models", "export", "nobody", "--out", self.folder / "m"], "nobody"),
            (["models", "tag", "999", "name"], "999"), (["models", "show", "smile@77"], "77"),
            (["workers", "show", "nobody"], "nobody"), (["workers", "drain", "nobody"], "nobody"),
            (["workers", "resume", "nobody"], "nobody"), (["workers", "remove", "nobody"], "nobody"),
            (["datasets", "import", "other", self.folder / "gone"], "There is no folder"),
            (["convert", self.folder / "gone", "--model", "smile"], "There is no file or folder"),
            (["convert", self.folder / "faces/img_align_celeba", "--model", "nobody", "--out", self.folder / "none"], "nobody"),
            (["submit-train", "--dataset", "nobody", "--filter", "male"], "nobody"),
            (["samples", str(self.train), "--step", "7"], "it has 0, 200"),
        ]:
            with self.subTest(words=words):
                self.assertIn(said, self.refused(*words, status=NOT_FOUND))

    # -- changing

    def test_import(self):
        self.assertIn("faces", self.imported.stdout)
        self.assert_hints(self.imported)
        again = self.ctl("datasets", "import", "faces", self.folder / "faces")
        self.assertIn("is there already", again.stdout)
        (self.folder / "pair").mkdir()
        for name in ("a.jpg", "b.jpg"):
            (self.folder / "pair" / name).write_text(name)
        said = self.refused("datasets", "import", "faces", self.folder / "pair")
        self.assertIn("datasets delete faces", said)
        detached = self.ctl("datasets", "import", "pair", self.folder / "pair", "--detach", "-o", "name", status=DETACHED)
        self.assertEqual(detached.stdout, "pair\n")
        self.assert_hints(detached)
        job = self.json("datasets", "show", "pair")["prepareJob"]
        self.ctl("jobs", "wait", job)
        deleted = self.ctl("datasets", "delete", "pair")
        self.assertEqual(deleted.stdout, "Dataset pair is deleted.\n")
        self.assert_hints(deleted)
        self.refused("datasets", "show", "pair", status=NOT_FOUND)

    def test_preview(self):
        target = self.folder / "preview.png"
        done = self.ctl("datasets", "preview", "faces", "--filter", "male", "-o", target)
        self.assertIn(f"Wrote {target}", done.stdout)
        self.assertTrue(target.read_bytes().startswith(b"picture of rows"))
        self.assert_hints(done)

    def test_evaluate(self):
        sheet = self.folder / "smile.png"
        done = self.ctl("evaluate", "smile", "--out", sheet)
        for words in ["smile@300 on 3 faces of faces", "the test partition", "target rate", "5.0 %", "75.0 %", "!Male", "0.250",
                      "Smiling", "96.0 %"]:
            self.assertIn(words, done.stdout)
        identity = next(line for line in done.stdout.splitlines() if line.startswith("identity"))
        self.assertEqual(identity.split()[1:3], ["-", "-"])
        self.assertIn(str(sheet), done.stderr)
        self.assert_hints(done)
        self.assertTrue(sheet.read_bytes().startswith(b"\x89PNG"))
        figures = self.json("evaluate", "smile@200", "--dataset", "faces", "--out", sheet)
        self.assertEqual((figures["model"], figures["step"], figures["dataset"]), ("smile", 200, "faces"))
        self.assertEqual(figures["after"]["targetRate"], 0.75)
        self.assertNotIn("identity", figures["after"])
        jobs = [job for job in self.json("jobs", "list")["jobs"] if job["kind"] == "EVALUATE"]
        self.assertEqual({job["description"] for job in jobs}, {"evaluate smile@200 on faces", "evaluate smile@300 on faces"})
        newest = max(job["id"] for job in jobs)
        again = self.folder / "again.png"
        self.assertEqual(self.json("evaluate", "--job", newest, "--out", again), figures)
        self.assertEqual(again.read_bytes(), sheet.read_bytes())
        self.assertIn("is no evaluation", self.refused("evaluate", "--job", self.train, status=REFUSED))
        self.refused("evaluate", "--job", "999", status=NOT_FOUND)
        self.refused("evaluate", "smile", "--job", newest, status=USAGE)
        self.assertIn("needs a MODEL", self.refused("evaluate", status=USAGE))
        self.refused("evaluate", "nobody", status=NOT_FOUND)
        self.refused("evaluate", "smile", "--dataset", "nothing", status=NOT_FOUND)
        self.assertIn("--evaluate-every", self.refused("evaluate", "smile@best", status=REFUSED))

    def test_dry_run(self):
        before = self.ctl("jobs", "list", "-o", "name").stdout
        answer = self.json("submit-train", "--filter", "smiling", "--steps", "500", "--dry-run", "--dataset", "faces")
        for field in ["sourceCount", "targetCount", "steps", "estimatedSeconds"]:
            self.assertIsInstance(answer[field], (int, float), field)
        self.assertEqual(answer["steps"], 500)
        for every, setting in (("200", "evaluate_steps=200"), ("5m", "evaluate_seconds=300")):
            spec = self.json("submit-train", "--filter", "smiling", "--evaluate-every", every, "--dry-run", "--dataset", "faces")
            self.assertEqual(spec["job"]["train"]["settings"], [setting])
        text = self.ctl("submit-train", "--filter", "smiling", "--dry-run", "--dataset", "faces").stdout
        for word in ["Source:", "Target:", "Steps:"]:
            self.assertIn(word, text)
        self.assertEqual(self.ctl("jobs", "list", "-o", "name").stdout, before)

    def test_submitting_says_which_dataset_and_what_next(self):
        done = self.ctl("submit-train", "--filter", "smiling", "--name", "which", "-o", "name")
        job = done.stdout.strip()
        self.assertTrue(job.isdigit())
        self.assertIn("Training on faces", done.stderr)
        self.assert_hints(done)
        self.assert_hints(self.ctl("jobs", "cancel", job))

    def test_refused_trainings(self):
        self.assertIn("smiling", self.refused("submit-train", "--filter", "smilng", status=USAGE).lower())
        said = self.refused("submit-train", "--filter", "smiling & male")  # 27 pictures
        self.assertRegex(said, r"\d+")
        self.assertIn("32", said)
        self.refused("submit-train", "--filter", "smiling & !smiling")
        self.assertIn("smile", self.refused("submit-train", "--filter", "!male", "--name", "smile"))
        self.refused("submit-train", "--filter", "!male", "--after", "999", status=NOT_FOUND)
        self.assertIn("trains on one device", self.refused("submit-train", "--filter", "smiling", "--gpus", "2", "--dry-run"))
        self.ctl("submit-train", "--filter", "smiling", "--gpus", "1", "--dry-run")

    def test_pause_resume_cancel_retry(self):
        # The worker's one device may be busy with another test's job: a queued job is paused too.
        job = self.start_training("paused")
        paused = self.ctl("jobs", "pause", job)
        self.assertRegex(paused.stdout, rf"^Job {job} is (PAUSED|PAUSING)\.\n$")
        self.assert_hints(paused)
        self.cluster.wait_job(job, lambda j: j["state"] == "PAUSED", "a pause")
        resumed = self.ctl("jobs", "resume", job)
        self.assert_hints(resumed)
        cancelled = self.ctl("jobs", "cancel", job)
        self.assertRegex(cancelled.stdout, rf"^Job {job} is CANCELL")
        failed = self.ctl("jobs", "wait", job, status=FAILED)
        self.assertEqual(failed.stdout, "")
        self.assertIn(f"Job {job} CANCELLED", failed.stderr)
        watched = self.ctl("jobs", "watch", job, "-o", "json", status=FAILED)
        self.assertEqual(json.loads(watched.stdout)["state"], "CANCELLED")
        self.refused("jobs", "pause", job)
        self.refused("jobs", "resume", job)
        again = int(self.ctl("jobs", "retry", job, "-o", "name").stdout)
        self.assertNotEqual(again, job)
        self.ctl("jobs", "cancel", again)
        self.refused("jobs", "retry", self.train)
        self.refused("jobs", "cancel", self.train)

    def test_wait_is_quiet(self):
        self.assertEqual((self.waited.stdout, self.waited.stderr), ("", ""))
        watched = self.ctl("jobs", "watch", self.train)
        self.assertEqual(watched.stdout, "")
        self.assertRegex(watched.stderr, rf"^Job {self.train} SUCCEEDED after \S+ at step 300\.\n$")
        self.assertEqual(self.ctl("jobs", "wait", self.train, "-o", "name").stdout, f"{self.train}\n")

    def test_samples(self):
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            out = pathlib.Path(out)
            self.ctl("samples", self.train, cwd=out)
            self.assertEqual((out / f"job-{self.train}-samples/batch000200.png").read_text(), "sample 200")
            self.ctl("samples", self.train, "--step", 0, "--out", out / "a")
            self.assertEqual([p.name for p in (out / "a").iterdir()], ["batch000000.png"])
            names = self.ctl("samples", self.train, "--all", "--out", out / "b", "-o", "name").stdout.split()
            self.assertEqual(names, [f"{out}/b/batch000000.png", f"{out}/b/batch000200.png"])
            written = self.json("samples", self.train, "--latest", "--out", out / "c")["samples"]
            self.assertEqual([(s["step"], s["path"]) for s in written], [(200, f"{out}/c/batch000200.png")])
            self.refused("samples", self.train, "--latest", "--all", status=USAGE)

    def test_models_tag_export_delete(self):
        tagged = self.ctl("models", "tag", f"{self.train}@200", "early")
        self.assert_hints(tagged)
        self.assertEqual(self.json("models", "show", "early")["step"], 200)
        self.refused("models", "tag", f"{self.train}@77", "never", status=NOT_FOUND)
        target = self.folder / "early.safetensors"
        exported = self.ctl("models", "export", "early", "--out", target)
        self.assertEqual(target.read_text(), "checkpoint 200")
        self.assert_hints(exported)
        self.refused("models", "export", "early", "--fold", "--out", target, status=USAGE)
        deleted = self.ctl("models", "delete", "early", "-o", "name")
        self.assertEqual(deleted.stdout, "early\n")
        self.assert_hints(deleted)
        self.refused("models", "show", "early", status=NOT_FOUND)
        self.refused("models", "export", "smile", "--out", self.folder / "none/file", status=NOT_FOUND)
        self.assertFalse((self.folder / "none").exists())

    @needs_engine
    def test_other_formats_are_made_by_mkengine_which_takes_none_of_this_clusters_checkpoints(self):
        target = self.folder / "other.onnx"
        said = self.refused("models", "export", "smile", "--format", "onnx", "--out", target, status=FAILED)
        self.assertIn("no whole safetensors file", said)
        self.assertFalse(target.exists())

    def test_convert(self):
        photos = self.folder / "photos"
        (photos / "sub").mkdir(parents=True)
        for name in ["a.jpg", "b.jpg", "sub/c.jpg"]:
            (photos / name).write_text(name)
        (photos / "notes.txt").write_text("no picture")
        self.refused("convert", photos, "--model", "smile", "--align", "auto")
        self.refused("convert", photos, photos, "--model", "smile", status=USAGE)
        detached = self.ctl("convert", photos, "--model", "smile", "--recursive", "--detach", "-o", "name", status=DETACHED)
        self.assertTrue(detached.stdout.strip().isdigit())
        self.assert_hints(detached)
        done = self.ctl("convert", photos, "--model", "smile@300", "--recursive")
        self.assertIn("Going on with job " + detached.stdout.strip(), done.stderr)
        self.assert_hints(done)
        out = self.folder / "photos-makeover"
        self.assertEqual({str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()},
                         {"a.jpg", "b.jpg", "sub/c.jpg", "manifest.jsonl"})
        self.assertEqual((out / "sub/c.jpg").read_text(), "sub/c.jpg")
        lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
        self.assertEqual({(l["file"], l["status"]) for l in lines},
                         {("a.jpg", "converted"), ("b.jpg", "converted"), ("sub/c.jpg", "converted"), ("notes.txt", "skipped")})
        for line in lines:
            self.assertLessEqual({"file", "status", "reason", "faces", "seconds"}, set(line))
        jobs = self.ctl("jobs", "list", "-o", "name").stdout
        again = self.ctl("convert", photos, "--model", "smile", "--recursive")
        self.assertIn("3 of them before", again.stdout)
        self.assertEqual(self.ctl("jobs", "list", "-o", "name").stdout, jobs, "nothing was left to do")
        (out / "a.jpg").write_text("a.")  # truncated
        job = self.json("convert", photos, "--model", "smile", "--recursive")
        self.assertEqual((job["kind"], job["state"], job["filesDone"]), ("CONVERT", "SUCCEEDED", 1))
        self.assertEqual((out / "a.jpg").read_text(), "a.jpg")
        for field in ["filesDone", "filesFailed", "filesSkipped"]:
            self.assertIn(field, job)

    def photos(self, folder, *names):
        photos = self.folder / folder
        for name in names:
            (photos / name).parent.mkdir(parents=True, exist_ok=True)
            (photos / name).write_text(name)
        return photos, self.folder / f"{folder}-makeover"

    def files_below(self, folder):
        return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}

    def test_a_job_of_the_remembered_number_may_be_another(self):
        photos, out = self.photos("renumbered", "a.jpg", "b.jpg")
        job = int(self.ctl("convert", photos, "--model", "smile", "--detach", "-o", "name", status=DETACHED).stdout)
        self.ctl("jobs", "wait", job)
        other, _ = self.photos("renumbered-other", "c.jpg")
        other_job = self.json("convert", other, "--model", "smile")["id"]
        state = json.loads((out / ".makeover-job.json").read_text())
        self.assertEqual(state["job"], job)
        for number in (self.train, other_job):
            (out / ".makeover-job.json").write_text(json.dumps({**state, "job": number}))
            done = self.ctl("convert", photos, "--model", "smile")
            self.assertIn(f"Job {number} of this cluster is not the one", done.stderr)
            self.assertEqual(self.files_below(out), {"a.jpg", "b.jpg", "manifest.jsonl"})
            (out / "a.jpg").unlink()

    def test_results_that_are_stored_no_more_are_made_anew(self):
        photos, out = self.photos("freed", "freed-a.jpg", "freed-b.jpg")  # no other conversion's
        blobs = self.cluster.data_dir / "blobs"
        before = set(self.files_below(blobs))
        job = int(self.ctl("convert", photos, "--model", "smile", "--detach", "-o", "name", status=DETACHED).stdout)
        self.ctl("jobs", "wait", job)
        for name in set(self.files_below(blobs)) - before:  # as a sweep does long after the job's end
            (blobs / name).unlink()
        done = self.ctl("convert", photos, "--model", "smile")
        self.assertIn(f"Results of job {job} are not stored any more", done.stderr)
        self.assertEqual(self.files_below(out), {"freed-a.jpg", "freed-b.jpg", "manifest.jsonl"})

    def test_a_picture_that_was_named_but_not_noted_is_ours(self):
        photos, out = self.photos("broken-off", "a.jpg", "b.jpg")
        self.ctl("models", "tag", f"{self.train}@200", "second")
        self.ctl("convert", photos, "--model", "smile", "--detach", status=DETACHED)
        (out / "b.jpg").mkdir()  # a.jpg gets its name, b.jpg cannot
        self.refused("convert", photos, "--model", "smile")
        self.assertEqual((out / "a.jpg").read_text(), "a.jpg")
        (out / "b.jpg").rmdir()
        self.ctl("convert", photos, "--model", "second")
        self.assertEqual(self.files_below(out), {"a.jpg", "b.jpg", "manifest.jsonl"})
        self.ctl("models", "delete", "second")

    def test_what_a_killed_run_left_is_removed(self):
        photos, out = self.photos("leftovers", "a.jpg", "sub/b.jpg")
        (out / "sub").mkdir(parents=True)
        mine = {".makeover-tmp-notes", "sub/.hidden"}
        for name in {".makeover-tmp-12", "sub/.makeover-tmp-0", ".makeover-shard.tar.part-0123456789ab"} | mine:
            (out / name).write_text("half")
        self.ctl("convert", photos, "--model", "smile", "--recursive")
        self.assertEqual(self.files_below(out), {"a.jpg", "sub/b.jpg", "manifest.jsonl"} | mine)

    def test_a_file_too_big_for_the_engine_is_not_sent(self):
        photos, out = self.photos("too-big", "a.jpg", "b.jpg")
        os.truncate(photos / "b.jpg", (256 << 20) + 1)
        done = self.ctl("convert", photos, "--model", "smile", status=FAILED)
        self.assertIn("b.jpg failed: it has 256.0 MiB, more than a picture may have", done.stderr)
        self.assertEqual(self.files_below(out), {"a.jpg", "manifest.jsonl"})

    def test_convert_with_the_newest_model_and_a_bad_file(self):
        photos = self.folder / "some"
        photos.mkdir()
        for name in ["good.jpg", "bad.jpg"]:
            (photos / name).write_text(name)
        done = self.ctl("convert", photos, "--out", self.folder / "some-out", status=FAILED)
        self.assertIn("the newest finished model, ", done.stderr)
        self.assertIn("bad.jpg failed", done.stderr)
        self.assertIn("Converted 1 of 2 pictures", done.stdout)
        self.assertTrue((self.folder / "some-out/good.jpg").exists())
        self.assertFalse((self.folder / "some-out/bad.jpg").exists())

    def test_workers_drain_resume_remove(self):
        drained = self.ctl("workers", "drain", "w1", "-o", "name")
        self.assertEqual(drained.stdout, "w1\n")
        self.assert_hints(drained)
        self.assertRegex(self.json("workers", "show", "w1")["state"], "DRAIN")
        resumed = self.ctl("workers", "resume", "w1")
        self.assert_hints(resumed)
        self.assertEqual(self.json("workers", "show", "w1")["state"], "ACTIVE")

    def test_a_worker_that_is_gone_is_removed(self):
        self.cluster.start_worker("w2")
        self.cluster.workers["w2"].stop()
        removed = self.ctl("workers", "remove", "w2")
        self.assertEqual(removed.stdout, "Worker w2 is removed.\n")
        self.assert_hints(removed)
        self.refused("workers", "show", "w2", status=NOT_FOUND)

    def test_admin(self):
        target = self.folder / "backup.db"
        self.assert_hints(self.ctl("admin", "backup", target))
        self.assertTrue(target.read_bytes().startswith(b"SQLite format 3"))
        self.refused("admin", "backup", self.folder / "none/backup.db", status=NOT_FOUND)
        self.assertIn("All is well", self.ctl("admin", "verify").stdout)
        self.assertEqual(self.json("admin", "verify")["problems"], [])
        self.assertIn("Deleted 0 blobs", self.ctl("admin", "gc").stdout)
        self.refused("admin", "gc", "--grace", "long", status=USAGE)

    def test_nobody_answers(self):
        for words in [["status"], ["jobs", "list"], ["jobs", "watch", "1"], ["datasets", "import", "x", self.folder / "faces"],
                      ["submit-train", "--filter", "male"], ["convert", self.folder / "faces/img_align_celeba", "--out",
                                                              self.folder / "unreached"]]:
            with self.subTest(words=words):
                said = self.refused("--server", "127.0.0.1:1", *words, status=UNREACHABLE)
                self.assertIn('No coordinator answers at 127.0.0.1:1 (Connection refused). Start one with "mkctl up"', said)


if __name__ == "__main__":
    unittest.main()

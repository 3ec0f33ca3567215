#!/usr/bin/env python3
"""What cannot be is said before anything is spent on it, and what runs is shown as what it is."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from mkctl_support import BIN, NOT_FOUND, REFUSED, USAGE, CommandTest


class Refusals(CommandTest):
    def test_where_no_file_can_be_written_nothing_is_begun_and_nothing_left(self):
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            taken = pathlib.Path(out) / "taken"
            taken.mkdir()
            before = self.ctl("jobs", "list", "-o", "name").stdout
            for words in (["evaluate", "smile"], ["models", "export", "smile"],
                          ["models", "export", "smile", "--format", "onnx"]):
                said = self.refused(*words, "--out", taken, status=USAGE)
                self.assertIn(f"{taken} is a folder: name the file to write", said)
            self.refused("datasets", "preview", "faces", "-o", taken, status=USAGE)
            self.refused("evaluate", "smile", "--out", taken / "none/sheet.png", status=NOT_FOUND)
            self.assertEqual(self.ctl("jobs", "list", "-o", "name").stdout, before, "no job is spent")
            self.assertEqual(list(pathlib.Path(out).rglob("*")), [taken])

    def test_where_the_disk_is_full_nothing_is_left(self):
        # Files may have no bytes at all, and the signal that says so is ignored: writing fails as on a full disk.
        full = ["sh", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$0" "$@"', BIN / "mkctl"]
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            for words in (["--out", "file"], ["--out", "file", "--format", "onnx"]):
                done = subprocess.run([*full, "models", "export", "smile", *words], env=self.cluster.environment(), text=True,
                                      capture_output=True, stdin=subprocess.DEVNULL, cwd=out)
                self.assertEqual(done.returncode, REFUSED, done.stderr)
                self.assertIn("writing file", done.stderr)
                self.assertEqual(list(pathlib.Path(out).iterdir()), [])

    def test_a_full_disk_that_mkengine_meets_is_refused_too(self):
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            folder = pathlib.Path(folder)
            shutil.copy(BIN / "mkctl", folder)
            error = {"event": "error", "class": "STORAGE", "code": "disk_full", "message": "It is full.", "advice": "Free it."}
            (folder / "mkengine").write_text(f"#!/bin/sh\necho '{json.dumps(error)}'\nexit 1\n")
            (folder / "mkengine").chmod(0o755)
            done = subprocess.run([folder / "mkctl", "models", "export", "smile", "--out", "file", "--format", "onnx"], cwd=folder,
                                  env=self.cluster.environment(), text=True, capture_output=True, stdin=subprocess.DEVNULL)
            self.assertEqual((done.returncode, done.stderr), (REFUSED, "error: It is full. Free it.\n"))
            self.assertEqual({p.name for p in folder.iterdir()}, {"mkctl", "mkengine"})

    def test_while_a_judge_learns_nothing_is_a_step_of_the_training(self):
        job = self.start_training("judged", "--steps", "300")
        self.cluster.command("judge 156")
        shown = self.cluster.wait_job(job, lambda j: j["progress"]["unit"] == "judge steps", "steps of a judge")
        self.assertEqual((shown["progress"]["done"], shown["progress"]["total"], shown["step"]), (156, 300, 0))
        text = self.ctl("jobs", "show", job).stdout
        self.assertIn("156/300 judge steps", text)
        self.assertNotIn("Step:", text)
        self.cluster.command("step 4")
        shown = self.cluster.wait_job(job, lambda j: j["progress"]["unit"] == "steps", "steps of its own")
        self.assertEqual((shown["progress"]["done"], shown["step"]), (4, 4))
        self.cluster.command("finish 5")
        self.ctl("jobs", "wait", job)

    def test_an_evaluation_is_named_by_its_job_which_shows_the_faces_that_it_measured(self):
        sheet = self.folder / "sheet.png"
        named = self.ctl("evaluate", "smile", "--out", sheet, "-o", "name")
        newest = max(job["id"] for job in self.json("jobs", "list")["jobs"])
        self.assertEqual(named.stdout, f"{newest}\n")
        self.assertIn(str(sheet), named.stderr)
        progress = self.json("jobs", "show", newest)["progress"]
        self.assertEqual((progress["done"], progress["total"], progress["unit"]), (3, 3, "faces"))

    def test_settings_that_no_engine_takes(self):
        for words, said in [(["--set", "nose=1"], "There is no setting 'nose'. Did you mean noise?"),
                            (["--set", "noise=11"], "The setting noise cannot be '11'. Give it a number from 0 to 10."),
                            (["--set", "noise=nan"], "cannot be 'nan'"),
                            (["--recipe", "clasic"], "There is no recipe 'clasic'. Did you mean classic?")]:
            for more in ([], ["--dry-run"]):
                self.assertIn(said, self.refused("submit-train", "--filter", "smiling", "--dataset", "faces", *words, *more, status=USAGE))


if __name__ == "__main__":
    unittest.main()

"""Bad input: each has its exit status and a sentence, and leaves nothing half done."""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import unittest
import zlib

import pictures
from cluster import BIN, Cluster, synth

FAILED, USAGE, REFUSED, UNREACHABLE, NOT_FOUND = 1, 2, 4, 5, 6


def huge_png(width, height):
    """A valid PNG of many pixels and few bytes."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(workers=1).__enter__()
        cls.addClassCleanup(cls.cluster.__exit__)
        cls.faces = synth(cls.cluster.root / "faces", 100, seed=2)
        cls.cluster.ok("datasets", "import", "toy", cls.faces)
        cls.cluster.ok("submit-train", "--filter", "smiling", "--no-clean", "--steps", "2", "--batch-size", "2", "--name", "m",
                       "--follow")

    def refuse(self, status, words, *args, **options):
        done = self.cluster.run(*args, **options)
        self.assertEqual(done.returncode, status, f"{args}\n{done.stdout}\n{done.stderr}")
        self.assertEqual(done.stdout, "", "errors go to stderr")
        for word in [words] if isinstance(words, str) else words:
            self.assertIn(word, done.stderr)
        return done.stderr

    def copy(self, name):
        folder = self.cluster.root / name
        shutil.copytree(self.faces, folder)
        return folder

    def attributes(self, folder):
        return folder / "list_attr_celeba.txt"

    def import_ok(self, name, folder):
        done = self.cluster.run("datasets", "import", name, folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.cluster.json("datasets", "show", name), done.stderr

    def no_dataset(self, name):
        self.assertNotIn(name, [d["name"] for d in self.cluster.json("datasets", "list")["datasets"]])

    def test_no_such_folder(self):
        self.refuse(NOT_FOUND, "no-such-folder", "datasets", "import", "a", "/no-such-folder")
        self.refuse(NOT_FOUND, "no-such-folder", "convert", "/no-such-folder", "--model", "m")
        self.no_dataset("a")

    def test_empty_folder(self):
        folder = self.cluster.root / "empty"
        folder.mkdir()
        self.refuse(REFUSED, "is empty", "datasets", "import", "b", folder)
        self.refuse(REFUSED, "no picture", "convert", folder, "--model", "m")
        self.no_dataset("b")

    def test_attribute_file_missing(self):
        folder = self.copy("c")
        self.attributes(folder).unlink()
        dataset, words = self.import_ok("c", folder)
        self.assertEqual((dataset["items"], dataset["attributes"]), (100, []))
        self.assertIn("attribute", words)

    def test_attribute_file_truncated(self):
        folder = self.copy("d")
        text = self.attributes(folder).read_bytes()
        self.attributes(folder).write_bytes(text[: len(text) * 2 // 3])
        self.refuse(REFUSED, ["list_attr_celeba.txt", "line"], "datasets", "import", "d", folder)
        self.no_dataset("d")

    def test_attribute_file_is_a_web_page(self):
        folder = self.copy("e")
        self.attributes(folder).write_text("<!DOCTYPE html>\n<html><body>Quota exceeded</body></html>\n")
        self.refuse(REFUSED, "HTML", "datasets", "import", "e", folder)
        self.no_dataset("e")

    def test_attribute_file_as_csv_and_with_crlf_count_the_same(self):
        expected = self.cluster.json("datasets", "show", "toy")["attributeCounts"]
        crlf = self.copy("f")
        text = self.attributes(crlf).read_text()
        self.attributes(crlf).write_bytes(text.replace("\n", "\r\n").encode())
        self.assertEqual(self.import_ok("f", crlf)[0]["attributeCounts"], expected)
        csv = self.copy("g")
        self.attributes(csv).unlink()
        lines = text.splitlines()
        rows = [",".join(["image_id", *lines[1].split()]), *(",".join(l.split()) for l in lines[2:])]
        (csv / "list_attr_celeba.csv").write_text("\n".join(rows) + "\n")
        self.assertEqual(self.import_ok("g", csv)[0]["attributeCounts"], expected)

    def test_row_without_picture_and_picture_without_row(self):
        folder = self.copy("h")
        (folder / "img_align_celeba" / "000007.jpg").rename(folder / "img_align_celeba" / "extra.jpg")
        dataset, words = self.import_ok("h", folder)
        self.assertEqual(dataset["items"], 99)
        self.assertIn("000007.jpg", words)
        self.assertIn("extra.jpg", words)

    def test_bad_pictures_are_set_aside_with_reasons(self):
        folder = self.copy("i")
        images = folder / "img_align_celeba"
        (images / "000001.jpg").write_text("this is a text")
        whole = (images / "000002.jpg").read_bytes()
        (images / "000002.jpg").write_bytes(whole[: len(whole) // 2])
        (images / "000003.jpg").write_bytes(huge_png(30000, 30000))
        dataset, words = self.import_ok("i", folder)
        self.assertEqual((dataset["items"], dataset["quarantined"]), (100, 3))
        for name in ("000001.jpg", "000002.jpg", "000003.jpg"):
            self.assertIn(name, words)

    def test_bad_pictures_fail_alone_in_a_conversion(self):
        folder = self.cluster.root / "mixed"
        folder.mkdir()
        good = (self.faces / "img_align_celeba" / "000009.jpg").read_bytes()
        bomb = huge_png(30000, 30000)
        self.assertLess(len(bomb), 200_000)
        for name, data in {"good.jpg": good, "text.jpg": b"text", "cut.jpg": good[: len(good) // 2], "huge.png": bomb,
                           "empty.jpg": b""}.items():
            (folder / name).write_bytes(data)
        done = self.cluster.run("convert", folder, "--model", "m")
        self.assertEqual(done.returncode, FAILED, done.stderr)
        out = pathlib.Path(f"{folder}-makeover")
        lines = {l["file"]: l for l in map(json.loads, (out / "manifest.jsonl").read_text().splitlines())}
        self.assertEqual({k: v["status"] for k, v in lines.items()},
                         {"good.jpg": "converted", "text.jpg": "failed", "cut.jpg": "failed", "huge.png": "failed",
                          "empty.jpg": "failed"})
        self.assertTrue(all(l["reason"] for l in lines.values() if l["status"] == "failed"))
        self.assertEqual([n for n in pictures.files_below(out) if not n.startswith(".")], ["good.jpg", "manifest.jsonl"])

    def test_filter_with_a_typo(self):
        words = self.refuse(USAGE, ["atractive", "Attractive"], "submit-train", "--dataset", "toy", "--filter", "atractive")
        self.assertIn("Smiling", words, "the list")
        self.refuse(USAGE, "smilng", "datasets", "show", "toy", "--filter", "smilng")
        self.refuse(USAGE, ")", "submit-train", "--dataset", "toy", "--filter", "(smiling")

    def test_nothing_matches(self):
        words = self.refuse(REFUSED, "32", "submit-train", "--dataset", "toy", "--filter", "bald & wearing_lipstick & male & !male")
        self.assertIn("0", words)

    def test_unknown_names(self):
        self.refuse(NOT_FOUND, "m", "convert", self.faces / "img_align_celeba", "--model", "mm")
        self.refuse(NOT_FOUND, "toy", "submit-train", "--dataset", "toyy", "--filter", "smiling")
        self.refuse(NOT_FOUND, "999", "jobs", "show", "999")
        self.refuse(NOT_FOUND, "nobody", "workers", "drain", "nobody")

    def test_what_the_engine_does_not_take_is_refused_at_once(self):
        train = ["submit-train", "--dataset", "toy", "--filter", "smiling", "--no-clean", "--steps", "2"]
        for words, said in [(["--set", "lerning_rate=1"], "Did you mean learning_rate"), (["--recipe", "clasic"], "Did you mean classic"),
                            (["--set", "noise=nan"], "noise cannot be 'nan'. Give it a number from 0 to 10."),
                            (["--set", "precision=fp16"], "Give it auto, fp32 or bf16."), (["--set", "sample_count=0"], "from 1 to 1024"),
                            (["--set", "flip=maybe"], "true or false")]:
            self.refuse(USAGE, said, *train, *words)

    def test_output_folder_not_writable(self):
        blocked = self.cluster.root / "blocked"
        blocked.write_text("a file where a folder should be")
        jobs = len(self.cluster.json("jobs", "list")["jobs"])
        self.refuse(REFUSED, "blocked", "convert", self.faces / "img_align_celeba", "--model", "m", "--out", blocked / "out")
        self.assertEqual(len(self.cluster.json("jobs", "list")["jobs"]), jobs, "refused before anything was sent")

    def test_coordinator_not_running(self):
        self.refuse(UNREACHABLE, "127.0.0.1:1", "--server", "127.0.0.1:1", "status")

    def test_two_coordinators_on_one_folder(self):
        second = subprocess.run([str(BIN / "mkcoordinator"), "--data-dir", str(self.cluster.data_dir), "--listen",
                                 "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
        self.assertEqual(second.returncode, REFUSED)
        self.assertIn(str(self.cluster.data_dir), second.stderr)
        self.cluster.ok("status")

    def test_other_addresses_than_loopback_are_refused(self):
        folder = self.cluster.root / "open"
        refused = subprocess.run([str(BIN / "mkcoordinator"), "--data-dir", str(folder), "--listen", "0.0.0.0:0"],
                                 capture_output=True, text=True, timeout=30)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("--insecure", refused.stderr)

    def test_usage(self):
        self.refuse(USAGE, "", "no-such-command")
        self.refuse(USAGE, "", "submit-train", "--steps", "many")
        self.refuse(USAGE, "", "jobs", "show")

    def test_name_taken_by_other_content(self):
        other = synth(self.cluster.root / "other", 40, seed=77)
        self.refuse(REFUSED, "toy", "datasets", "import", "toy", other)
        self.assertEqual(self.cluster.json("datasets", "show", "toy")["items"], 100)


if __name__ == "__main__":
    unittest.main()

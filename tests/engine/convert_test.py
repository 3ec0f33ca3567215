"""mkengine synth, prepare, train on a folder, and convert, as processes, over picture files."""
import filecmp
import io
import json
import os
import shutil
import signal
import struct
import subprocess
import tarfile
import tempfile
import unittest
import zlib

import engine_support
from engine_support import checkpoint, read_safetensors, write_safetensors


def picture_size(path):
    """(width, height) of a JPEG, from its frame header."""
    with open(path, "rb") as file:
        data = file.read()
    at = 2
    while data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + int.from_bytes(data[at + 2:at + 4], "big")
    return int.from_bytes(data[at + 7:at + 9], "big"), int.from_bytes(data[at + 5:at + 7], "big")


class ConvertTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.engine = engine_support.engine()
        cls.toys = os.path.join(cls.folder.name, "toys")
        cls.engine.run("synth", cls.toys, "--count", 60, "--seed", 3)
        cls.run_folder = os.path.join(cls.folder.name, "run")
        # A high rate, so that even two steps change the picture.
        cls.train_events, _ = cls.engine.run("train", cls.toys, "--filter", "smiling", "--out", cls.run_folder, "--steps", 2,
                                             "--batch-size", 2, "--set", "learning_rate=0.01", "--set", "half_life=100",
                                             "--precision", "fp32")
        cls.model = checkpoint(cls.run_folder, 2)
        cls.pictures = os.path.join(cls.toys, "img_align_celeba")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)

    def path(self, name):
        return os.path.join(self.scratch.name, name)

    def copy(self, *names):
        os.makedirs(self.path("in"), exist_ok=True)
        for name in names:
            shutil.copy(os.path.join(self.pictures, name), self.path("in"))
        return self.path("in")

    def convert(self, *words, model=None, expect=0, **options):
        return self.engine.run("convert", *words, "--model", model or self.model, expect=expect, **options)

    def test_training_on_a_folder_decodes_once(self):
        self.assertIn("prepared", [event["event"] for event in self.train_events])
        events, _ = self.engine.run("train", self.toys, "--filter", "smiling", "--out", self.run_folder, "--resume", self.model,
                                    "--steps", 3)
        self.assertNotIn("prepared", [event["event"] for event in events])

    def test_who_stops_a_resume_while_it_decodes_is_told_where_it_began(self):
        # What is said of the bad pictures is more than a pipe takes, so that not all is decoded before somebody reads.
        for name, count in (("bad", 2000), ("good", 8)):
            os.makedirs(self.path("faces/" + name))
            for row in range(count):
                path = self.path(f"faces/{name}/{row:060d}.jpg")
                if name == "bad":
                    with open(path, "wb") as file:
                        file.write(b"x")
                else:
                    shutil.copy(os.path.join(self.pictures, f"{row + 1:06d}.jpg"), path)
        process = self.engine.start("train", self.path("faces"), "--source", "bad", "--target", "good", "--out", self.path("run"),
                                    "--resume", self.model, "--steps", 3, "--events")
        self.addCleanup(process.kill)
        for line in process.stdout:
            if json.loads(line)["event"] == "quarantine":
                process.send_signal(signal.SIGTERM)
                break
        out, log = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 3, log)
        self.assertEqual(json.loads(out.splitlines()[-1]), {"event": "stopped", "step": 2})
        self.assertIn("step 2 is saved", log)
        self.assertFalse(os.path.exists(self.path("run/dataset.txt")))

    def test_a_picture_gives_the_same_bytes_alone_and_in_a_batch(self):
        names = [f"{i:06d}.jpg" for i in range(1, 22)]
        folder = self.copy(*names)
        for precision in ("fp32", "bf16"):
            self.convert(folder, "--out", self.path("all" + precision), "--precision", precision)
            for name in (names[0], names[7], names[-1]):
                alone = self.path("alone" + precision + name)
                self.convert(os.path.join(folder, name), "--out", alone, "--precision", precision)
                self.assertTrue(filecmp.cmp(os.path.join(alone, name), self.path(f"all{precision}/{name}"), shallow=False), name)

    def test_copies_of_a_picture_give_the_same_bytes_wherever_they_stand(self):
        # Long enough for batches of every size that is tried.
        names = [f"{i:06d}.jpg" for i in range(1, 20)]
        folder = self.copy(*names)
        for copy in range(24):
            for name in names:
                os.link(self.path("in/" + name), self.path(f"in/{copy:02d}-{name}"))
        events, _ = self.convert(folder, "--out", self.path("out"))
        self.assertEqual(events[-1], {"event": "done", "converted": 25 * 19, "failed": 0, "skipped": 0})
        for name in names:
            for copy in range(24):
                self.assertTrue(filecmp.cmp(self.path("out/" + name), self.path(f"out/{copy:02d}-{name}"), shallow=False), name)

    def test_size_tree_and_names_are_kept(self):
        os.makedirs(self.path("in/deeper"))
        folder = self.copy("000001.jpg")
        shutil.copy(os.path.join(self.pictures, "000002.jpg"), self.path("in/deeper/b.JPG"))
        events, _ = self.convert(folder, "--out", self.path("out"), "--recursive")
        self.assertEqual(picture_size(self.path("out/000001.jpg")), (178, 218))
        self.assertEqual(picture_size(self.path("out/deeper/b.JPG")), (178, 218))
        self.assertEqual(events[-1], {"event": "done", "converted": 2, "failed": 0, "skipped": 0})
        self.assertFalse(filecmp.cmp(self.path("out/000001.jpg"), self.path("in/000001.jpg"), shallow=False))
        leftovers = [name for _, _, names in os.walk(self.path("out")) for name in names if "part" in name]
        self.assertEqual(leftovers, [])

    def test_results_inside_the_folder_are_no_sources(self):
        os.makedirs(self.path("in/deeper"))
        folder = self.copy("000001.jpg")
        shutil.copy(os.path.join(self.pictures, "000002.jpg"), self.path("in/deeper"))
        for status in ("converted", "skipped", "skipped"):
            events, _ = self.convert(folder, "--recursive", "--out", self.path("in/deeper/out"))
            self.assertEqual({e["file"]: e["status"] for e in events if e["event"] == "file"},
                             {"000001.jpg": status, "deeper/000002.jpg": status})

    def test_a_bad_file_fails_alone(self):
        folder = self.copy("000001.jpg", "000002.jpg")
        with open(self.path("in/bad.jpg"), "w") as file:
            file.write("<html>not a picture</html>")
        with open(self.path("in/000002.jpg"), "r+b") as file:
            file.truncate(2000)
        events, _ = self.convert(folder, "--out", self.path("out"), expect=1)
        with open(self.path("out/manifest.jsonl")) as file:
            lines = {line["file"]: line for line in map(json.loads, file)}
        self.assertEqual({name: line["status"] for name, line in lines.items()},
                         {"000001.jpg": "converted", "000002.jpg": "failed", "bad.jpg": "failed"})
        self.assertNotEqual(lines["bad.jpg"]["reason"], "")
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["000001.jpg", "manifest.jsonl"])
        for line in lines.values():
            self.assertLessEqual({"file", "status", "reason", "faces", "seconds"}, set(line))

    def test_another_model_of_the_same_name_converts_anew(self):
        folder = self.copy("000001.jpg")
        model = shutil.copy(self.model, self.path("model.safetensors"))
        results = []
        for status in ("converted", "skipped", "converted"):
            if status == "converted" and results:
                metadata, tensors = read_safetensors(self.model)
                kind, shape, data = tensors["generator_ema.output.weight"]
                tensors["generator_ema.output.weight"] = (kind, shape, bytes(len(data)))
                write_safetensors(model, metadata, tensors)
            events, _ = self.convert(folder, "--out", self.path("out"), model=model)
            self.assertEqual([e["status"] for e in events if e["event"] == "file"], [status])
            with open(self.path("out/000001.jpg"), "rb") as file:
                results.append(file.read())
        self.assertEqual(results[0], results[1])
        self.assertNotEqual(results[0], results[2])

    def test_running_again_does_what_is_not_done(self):
        names = ["000001.jpg", "000002.jpg", "000003.jpg"]
        folder = self.copy(*names)
        self.convert(folder, "--out", self.path("out"))
        with open(self.path("out/000002.jpg"), "rb") as file:
            whole = file.read()
        with open(self.path("out/000002.jpg"), "r+b") as file:
            file.truncate(1000)
        os.remove(self.path("out/000003.jpg"))
        events, _ = self.convert(folder, "--out", self.path("out"))
        self.assertEqual({e["file"]: e["status"] for e in events if e["event"] == "file"},
                         {"000001.jpg": "skipped", "000002.jpg": "converted", "000003.jpg": "converted"})
        with open(self.path("out/000002.jpg"), "rb") as file:
            self.assertEqual(file.read(), whole)
        with open(self.path("out/manifest.jsonl")) as file:
            self.assertEqual([json.loads(line)["file"] for line in file], names)
        events, _ = self.convert(folder, "--out", self.path("out"), "--strength", "0.5")
        self.assertEqual(events[-1]["converted"], 3)

    def test_nothing_of_the_users_is_replaced(self):
        folder = self.copy("000001.jpg")
        with open(self.path("in/000001.jpg"), "rb") as file:
            before = file.read()
        events, _ = self.convert(folder, "--out", self.path("in/../in"), expect=1)
        self.assertEqual((events[-1]["class"], events[-1]["code"]), ("USER", "would_replace"))
        self.assertIn("is that picture itself", events[-1]["message"])
        os.makedirs(self.path("mine"))
        shutil.copy(os.path.join(self.pictures, "000002.jpg"), self.path("mine/000001.jpg"))
        events, _ = self.convert(folder, "--out", self.path("mine"), expect=1)
        self.assertIn("no conversion has made", events[-1]["message"])
        for name, wanted in (("in/000001.jpg", before), ("mine/000001.jpg", None)):
            with open(self.path(name), "rb") as file, open(os.path.join(self.pictures, "000002.jpg"), "rb") as other:
                self.assertEqual(file.read(), wanted or other.read())

    def big_picture(self, path, side):
        """A grey picture of `side` times `side` pixels, as PNG."""
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        rows = (b"\0" + b"\x80" * (3 * side)) * side
        with open(path, "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
                       chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))

    def test_big_pictures_are_not_all_in_memory_at_once(self):
        # 48 of 48 MB each; with the networks' own memory they would take some 3 GB.
        os.makedirs(self.path("in"))
        self.big_picture(self.path("in/00.jpg"), 4000)
        for copy in range(1, 48):
            os.link(self.path("in/00.jpg"), self.path(f"in/{copy:02d}.jpg"))
        engine = subprocess.Popen([self.engine.binary, "convert", self.path("in"), "--out", self.path("out"), "--model", self.model],
                                  stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(engine.pid, 0)
        engine.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(engine.returncode, 0)
        self.assertEqual(picture_size(self.path("out/47.jpg")), (4000, 4000))
        self.assertLess(used.ru_maxrss, 1.75 * 2 ** 20, "kB")

    def tar(self, name, members):
        with tarfile.open(self.path(name), "w", format=tarfile.PAX_FORMAT) as tar:
            for member, data in members:
                info = tarfile.TarInfo(member)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        return self.path(name)

    def test_requests(self):
        def picture(number):
            with open(os.path.join(self.pictures, f"{number:06d}.jpg"), "rb") as file:
                return file.read()
        long_name = "deep/" * 40 + "n" * 40 + ".jpg"
        one = self.tar("one.tar", [("b.jpg", picture(2)), ("bad.jpg", b"nothing"), (long_name, picture(1))])
        two = self.tar("two.tar", [(f"{i}.jpg", picture(i)) for i in range(1, 20)])
        requests = [{"request": "1", "input": one, "output": self.path("one.out")},
                    {"request": "x", "input": self.path("none.tar"), "output": self.path("none.out")},
                    {"request": "2", "input": two, "output": self.path("two.out")}]
        events, _ = self.convert("--requests", input="".join(json.dumps(request) + "\n" for request in requests) + "garbage\n")
        done = {e["request"]: e for e in events if e["event"] == "request_done"}
        self.assertEqual({key: (e["converted"], e["failed"]) for key, e in done.items()}, {"1": (2, 1), "2": (19, 0)})
        self.assertEqual([e.get("request") for e in events if e["event"] == "error"], ["x", None])
        self.assertFalse(os.path.exists(self.path("none.out")))
        with tarfile.open(self.path("one.out")) as first, tarfile.open(self.path("two.out")) as second:
            self.assertEqual(first.getnames(), ["b.jpg", long_name])
            self.assertEqual(first.extractfile("b.jpg").read(), second.extractfile("2.jpg").read())
            self.assertEqual(first.extractfile(long_name).read(), second.extractfile("1.jpg").read())

    def test_one_thread_is_one_beside_the_network(self):
        folder = self.copy("000001.jpg")
        with open(os.path.join(folder, "000001.jpg"), "rb") as file:
            request = {"request": "1", "input": self.tar("one.tar", [("a.jpg", file.read())]), "output": self.path("one.out")}
        engine = self.engine.start("convert", "--requests", "--model", self.model, "--device", "cpu", "--threads", 1, "--events",
                                   stdin=subprocess.PIPE)
        engine.stdin.write(json.dumps(request) + "\n")
        engine.stdin.flush()
        for line in engine.stdout:
            if json.loads(line)["event"] == "request_done":
                break
        threads = len(os.listdir(f"/proc/{engine.pid}/task"))
        engine.communicate()
        self.assertEqual(engine.returncode, 0)
        self.assertLessEqual(threads, 2)

    def test_prepare_names_what_it_leaves_out(self):
        folder = self.copy("000001.jpg")
        with open(self.path("in/bad.jpg"), "w") as file:
            file.write("text")
        events, _ = self.engine.run("prepare", folder, "--out", self.path("x.pixels"))
        self.assertEqual([e["name"] for e in events if e["event"] == "quarantine"], ["bad.jpg"])
        self.assertEqual(events[-2]["event"], "prepared")
        os.remove(self.path("in/000001.jpg"))
        events, _ = self.engine.run("prepare", folder, "--out", self.path("y.pixels"), expect=1)
        self.assertEqual((events[-1]["class"], events[-1]["code"]), ("USER", "no_pictures"))
        self.assertFalse(os.path.exists(self.path("y.pixels")))

    def test_prepare_and_grid_from_shards(self):
        os.makedirs(self.path("shards"))
        rows, data = [], b""
        for number in (1, 2, 3):
            with open(os.path.join(self.pictures, f"{number:06d}.jpg"), "rb") as file:
                picture = file.read()
            rows.append(f"0 {len(data)} {len(picture)} 0000000000000001 0 {number} name with blank {number}.jpg")
            data += picture
        with open(self.path("shards/s0"), "wb") as file:
            file.write(data)
        with open(self.path("index"), "w") as file:
            file.write("makeover-index 1 3 1 A B\ns0\n" + "\n".join(rows) + "\n")
        events, _ = self.engine.run("prepare", "--index", self.path("index"), "--shards", self.path("shards"), "--out",
                                    self.path("a.pixels"))
        self.assertEqual([(e["rows"], e["quarantined"]) for e in events if e["event"] == "prepared"], [(3, 0)])
        engine_support.write_rows(self.path("rows"), [2, 0])
        self.engine.run("grid", "--index", self.path("index"), "--shards", self.path("shards"), "--rows", self.path("rows"),
                        "--out", self.path("grid.png"))
        with open(self.path("grid.png"), "rb") as file:
            self.assertEqual(file.read(4), b"\x89PNG")
        with open(self.path("index"), "a") as file:
            file.write("one row too many\n")
        events, _ = self.engine.run("prepare", "--index", self.path("index"), "--shards", self.path("shards"), "--out",
                                    self.path("a.pixels"), expect=1)
        self.assertIn("line 6", events[-1]["message"])

    def test_times_may_have_several_units(self):
        # The time is read first: what is said is about the option behind it.
        events, _ = self.engine.run("train", self.toys, "--filter", "smiling", "--out", self.path("run"), "--time", "1h30m",
                                    "--seed", "x", expect=2)
        self.assertIn("--seed cannot be", events[-1]["message"])

    def test_mistakes(self):
        events, _ = self.convert(self.path("nowhere"), "--out", self.path("out"), expect=1)
        self.assertEqual((events[-1]["class"], events[-1]["code"]), ("USER", "no_such_path"))
        os.makedirs(self.path("empty"))
        events, _ = self.convert(self.path("empty"), expect=1)
        self.assertEqual(events[-1]["code"], "no_pictures")
        events, _ = self.engine.run("convert", self.pictures, "--model", os.path.join(self.pictures, "000001.jpg"), expect=1)
        self.assertEqual(events[-1]["class"], "USER")


if __name__ == "__main__":
    engine_support.main("__main__")

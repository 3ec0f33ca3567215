"""mkengine train as a process: what it writes, how it stops, how it goes on."""
import json
import os
import re
import signal
import struct
import tempfile
import unittest
import zlib

import engine_support
from engine_support import checkpoint, read_safetensors, write_index, write_pixels, write_rows, write_safetensors

# Fixed, so that runs of different lengths are the same run as far as both go.
COMMON = ["--batch-size", 2, "--set", "half_life=4", "--set", "metrics_steps=1"]


def state(path):
    """Every bit that training goes on from; time has passed differently."""
    tensors = read_safetensors(path)[1]
    del tensors["schedule.elapsed_seconds"]
    return tensors


def last_error(events):
    errors = [event for event in events if event["event"] == "error"]
    return errors[-1] if errors else None


class TrainTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.engine = engine_support.engine()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def train(self, out, *words, **options):
        return self.engine.train(self.folder.name, self.path(out), *COMMON, *words, **options)

    def assert_same_state(self, one, other):
        one, other = state(one), state(other)
        self.assertEqual(list(one), list(other))
        self.assertEqual([name for name in one if one[name] != other[name]], [])

    def test_resume_gives_the_same_bits(self):
        self.check_resume("classic", "block0")

    def test_resume_gives_the_same_bits_with_every_loss_of_makeover(self):
        self.check_resume("makeover", "down0", "gradient_penalty_steps=2", "augment=0.5", "augment_goal=1", "noise=0.1")
        self.assertGreater(struct.unpack("<f", state(checkpoint(self.path("straight"), 6))["augment.growth"][2])[0], 0)

    def test_resume_gives_the_same_bits_with_balanced_families(self):
        # Sources 0 to 4: two smile. Targets 5 to 8: three do.
        write_index(self.path("index"), ["Male", "Smiling"], [1, 3, 1, 3, 1, 2, 2, 2, 0])
        aim = ("--index", self.path("index"), "--source", "male", "--target", "!male")
        _, log = self.check_resume("makeover", "down0", "balance=3", "keep_weight=1", "keep_goal=1e-9", "aim_weight=1", more=aim)
        self.assertGreater(struct.unpack("<f", state(checkpoint(self.path("straight"), 6))["keep.growth"][2])[0], 0.01)
        self.assertIn("balanced sources and targets: Smiling 43% and 42% (40% and 75%)", log)
        _, log = self.train("even", "--recipe", "makeover", "--steps", 6, "--set", "balance=1", *aim)
        self.assertNotIn("balanced", log)
        even, balanced = (state(checkpoint(self.path(run), 6)) for run in ("even", "straight"))
        self.assertNotEqual(even["generator.down0.conv1.weight"], balanced["generator.down0.conv1.weight"])

    def test_families_are_balanced_without_sources_that_are_targets(self):
        write_index(self.path("index"), ["Male", "Smiling"], [1, 3, 1, 3, 1, 2, 2, 2, 0])
        for sources, said in (([0, 1, 2, 3, 4], True), ([0, 1, 2, 3, 4, 5], True), ([5, 6, 7, 8], False)):
            _, log = self.train(f"out{sources[0]}{len(sources)}", "--recipe", "makeover", "--steps", 1, "--index",
                                self.path("index"), "--source", "male", "--target", "!male", rows=(sources, [5, 6, 7, 8]))
            self.assertEqual("(40% and 75%)" in log, said, log)

    def test_a_run_that_reads_attributes_does_not_go_on_without_them(self):
        write_index(self.path("index"), ["Male", "Smiling"], [1, 3, 1, 3, 1, 2, 2, 2, 0])
        aim = ("--index", self.path("index"), "--source", "male", "--target", "!male")
        events, _ = self.train("out", "--recipe", "makeover", "--steps", 2, "--set", "aim_weight=1", *aim)
        self.assertIn("aim", [e for e in events if e["event"] == "metrics"][-1]["values"])
        resume = ("--steps", 3, "--resume", checkpoint(self.path("out"), 2))
        events, _ = self.train("more", *resume, expect=1)
        self.assertEqual(last_error(events)["code"], "other_labels")
        self.train("more", *resume, *aim)

    def check_cost(self, loss, steps=3, rate=0.001):
        """That a result which is still nearly its face costs its weight times a little."""
        def last_values(out, weight):
            words = ["--recipe", "makeover", "--steps", steps]
            for setting in ("warm_up=0", "mirror_weight=0", "hue_weight=0", "cold_weight=0", "purple_weight=0", "chroma_blur=0",
                            "augment=0", f"learning_rate={rate}"):
                words += ["--set", setting]
            events, _ = self.train(out, *words, "--set", f"{loss}_weight={weight}")
            return [e for e in events if e["event"] == "metrics"][-1]["values"]
        self.assertNotIn(loss, last_values("without", 0))
        values = last_values("with", 1000)
        other = 0.7 * values["adversarial"] + 0.3 * values["pixel"] + values["identity"]
        self.assertGreater(values[loss], 1e-5)
        self.assertLess(values[loss], 0.01)
        self.assertAlmostEqual(values["generator"], other + 1000 * values[loss], delta=1e-5 * (1 + abs(values["generator"])))

    def test_unlike_results_of_mirrored_faces_cost(self):
        self.check_cost("mirror")

    def test_changed_colours_cost(self):
        self.check_cost("hue")

    def test_cold_colours_cost(self):
        self.check_cost("cold", steps=6, rate=0.003)  # a little of it is free

    def test_purple_costs(self):
        self.check_cost("purple", steps=2)  # the third step is away from it

    def small_faces(self, *, lists=None, missing=()):
        """90 faces of 40x48, of which 0 to 49 are men and 0 to 9 in the test partition; words that train or measure with them."""
        write_pixels(self.path("faces.pixels"), 90, height=48, width=40, missing=missing)
        write_index(self.path("index"), ["Male", "Smiling"], [(row < 50) + 2 * (row % 2) for row in range(90)], [2] * 10 + [0] * 80)
        return ["--recipe", "makeover", "--size", "40x48", "--index", self.path("index"), *(lists or ("--source", "male", "--target", "!male"))]

    def test_what_is_measured_with_is_not_learned_from(self):
        """Of ten test faces that a list of sources begins with one is the sample: whether the others have pictures is no matter."""
        for out, missing in (("all", ()), ("few", range(1, 10))):
            for count in (50, 18):
                _, log = self.train(f"{out}{count}", "--steps", 3, *self.small_faces(missing=missing), rows=(range(count), range(50, 90)))
                self.assertNotIn("too few", log)
        for count in (50, 18):
            self.assert_same_state(checkpoint(self.path(f"all{count}"), 3), checkpoint(self.path(f"few{count}"), 3))

    def test_too_few_others_learn_from_all(self):
        for out, missing in (("all", ()), ("few", range(1, 10))):
            _, log = self.train(out, "--steps", 3, *self.small_faces(missing=missing), rows=(range(17), range(50, 90)))
            self.assertIn("an evaluation will measure with some that were trained with", log)
        one, other = (state(checkpoint(self.path(out), 3)) for out in ("all", "few"))
        self.assertNotEqual(one["generator.down0.conv1.weight"], other["generator.down0.conv1.weight"])

    def test_who_cannot_be_measured_is_told_before_anything_is_trained(self):
        words = self.small_faces(lists=("--source", "!male", "--target", "male"))
        judged = ("--judge-cache", self.path("judges"))
        events, _ = self.train("out", "--steps", 3, "--evaluate-every", 3, *words, *judged, rows=(range(50, 90), range(10, 50)), expect=1)
        self.assertEqual(last_error(events)["code"], "no_faces")
        events, _ = self.engine.run("evaluate", "--pixels", self.path("faces.pixels"), "--baseline", "copy", *words[2:], *judged, expect=1)
        self.assertEqual(last_error(events)["code"], "no_faces")
        self.assertFalse(os.path.exists(self.path("judges")) and os.listdir(self.path("judges")))

    def test_rows_beyond_the_index_are_refused(self):
        write_index(self.path("index"), ["Male"], [1, 0])
        events, _ = self.train("out", "--recipe", "makeover", "--steps", 1, "--index", self.path("index"), "--source",
                               "male", "--target", "!male", expect=2)
        self.assertIn("more than the 2 rows of the index", last_error(events)["message"])

    def check_resume(self, recipe, block, *settings, more=()):
        """(events, stderr) of the run that went on."""
        self.engine.threads = 2
        words = [word for setting in settings for word in ("--set", setting)]
        self.train("straight", "--recipe", recipe, "--steps", 6, "--set", "checkpoint_steps=3", *words, *more)
        events, log = self.train("resumed", "--steps", 6, "--resume", checkpoint(self.path("straight"), 3), *more)
        self.assertEqual([e["step"] for e in events if e["event"] == "metrics"], [4, 5, 6])
        self.assert_same_state(checkpoint(self.path("straight"), 6), checkpoint(self.path("resumed"), 6))
        self.assertNotEqual(state(checkpoint(self.path("straight"), 3))[f"generator.{block}.conv1.weight"],
                            state(checkpoint(self.path("straight"), 6))[f"generator.{block}.conv1.weight"])
        return events, log

    def test_sigterm_saves_and_the_run_goes_on(self):
        write_pixels(self.path("faces.pixels"), 9)
        write_rows(self.path("source"), range(5))
        write_rows(self.path("target"), range(5, 9))
        out = self.path("out")
        process = self.engine.start(*self.engine.train_words(self.folder.name, out), *COMMON, "--recipe", "classic", "--steps",
                                    10000, "--events")
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "metrics" and events[-1]["step"] == 2:
                process.send_signal(signal.SIGTERM)
        _, log = process.communicate()
        self.assertEqual(process.returncode, 3)
        self.assertEqual([e["event"] for e in events[-2:]], ["checkpoint", "stopped"])
        step = events[-1]["step"]
        self.assertIn(f"step {step} is saved", log)
        self.assertGreaterEqual(step, 2)
        self.assertEqual(events[-2]["path"], checkpoint(out, step))
        self.train("out", "--steps", step + 1, "--resume", checkpoint(out, step))
        self.train("straight", "--steps", step + 1)
        self.assert_same_state(checkpoint(out, step + 1), checkpoint(self.path("straight"), step + 1))

    def test_resume_writes_metrics_once(self):
        self.train("out", "--steps", 3, "--set", "checkpoint_steps=2")
        with open(self.path("out/metrics.jsonl"), "a") as file:
            file.write('{"step": 4, "gen')  # as a killed run leaves it
        self.train("out", "--steps", 4, "--resume", checkpoint(self.path("out"), 2))
        with open(self.path("out/metrics.jsonl")) as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual([line["step"] for line in lines], [1, 2, 3, 4])
        self.assertEqual([line["anneal"] for line in lines], [1, 1, 1, 1])

    def test_annealing_moves(self):
        events, _ = self.train("out", "--steps", 6, "--set", "half_life=2")
        values = [e["values"] for e in events if e["event"] == "metrics"]
        self.assertEqual([v["anneal"] for v in values], [1, 1, 0.5, 0.5, 0.25, 0.25])
        self.assertEqual([v["learningRate"] for v in values], [2e-4, 2e-4, 1e-4, 1e-4, 5e-5, 5e-5])

    def test_events_and_files(self):
        events, _ = self.train("out", "--steps", 2, "--set", "sample_steps=1", "--dataset-digest", "abc")
        self.assertEqual([e["event"] for e in events if e["event"] != "progress"],
                         ["start", "sample", "metrics", "sample", "metrics", "sample", "checkpoint", "done"])
        self.assertEqual(sorted(os.listdir(self.path("out/samples"))), ["batch000000.png", "batch000001.png", "batch000002.png"])
        self.assertEqual(read_safetensors(checkpoint(self.path("out"), 2))[0]["dataset"], "abc")
        self.assertEqual((events[0]["command"], events[0]["device"], events[0]["precision"]), ("train", "cpu", "fp32"))

    def test_the_sample_is_a_picture_of_the_held_out_faces(self):
        self.train("out", "--steps", 1)
        with open(self.path("out/samples/batch000000.png"), "rb") as file:
            data = file.read()
        self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
        chunks, at = [], 8
        while at < len(data):
            (size,) = struct.unpack(">I", data[at:at + 4])
            kind, body = data[at + 4:at + 8], data[at + 8:at + 8 + size]
            self.assertEqual(struct.unpack(">I", data[at + 8 + size:at + 12 + size])[0], zlib.crc32(kind + body))
            chunks.append((kind, body))
            at += 12 + size
        width, height = struct.unpack(">II", chunks[0][1][:8])
        self.assertEqual((width, height), (640, 100))
        lines = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
        self.assertEqual(len(lines), 100 * (1 + 640 * 3))

    def test_time_ends_a_run(self):
        events, _ = self.train("out", "--time", "1s")
        self.assertEqual(events[-1]["event"], "done")
        self.assertGreater(events[-1]["step"], 0)

    def test_missing_pictures_are_left_out(self):
        write_pixels(self.path("faces.pixels"), 9, missing=[5, 6, 7])
        events, _ = self.train("out", "--steps", 1, expect=1)
        self.assertEqual((last_error(events)["class"], last_error(events)["code"]), ("USER", "too_few_pictures"))

    def test_a_resumed_training_goes_on_in_its_precision(self):
        self.train("out", "--steps", 1, "--set", "precision=bf16")
        # Without --precision fp32, which stands in train_words and goes before the setting.
        words = [word for word in self.engine.train_words(self.folder.name, self.path("out")) if word not in ("--precision", "fp32")]
        events, _ = self.engine.run(*words, "--resume", checkpoint(self.path("out"), 1), "--steps", 2)
        self.assertEqual(next(e for e in events if e["event"] == "start")["precision"], "fp32")

    def test_what_a_checkpoint_settles_cannot_be_another(self):
        self.train("out", "--steps", 1)
        resume = ("--resume", checkpoint(self.path("out"), 1), "--steps", 2)
        for words, message in ((("--recipe", "makeover"), "recipe classic"), (("--seed", 2), "seed 1"), (("--set", "seed=2"), "seed 1")):
            events, _ = self.train("out", *resume, *words, expect=2)
            self.assertIn(message, last_error(events)["message"])
        self.train("out", *resume, "--recipe", "classic", "--seed", 1)

    def test_a_training_goes_on_with_its_own_layers_and_says_other_filters(self):
        words = self.small_faces()
        self.train("out", "--steps", 1, *words, rows=(range(50), range(50, 90)))
        resume = ("--resume", checkpoint(self.path("out"), 1), "--steps", 2)
        events, _ = self.train("more", *words, *resume, "--set", "generator_channels=32", rows=(range(50), range(50, 90)), expect=2)
        self.assertIn("other layers than --set asks for", last_error(events)["message"])
        for source, target, other in (("male", "smiling", True), ("!smiling", "!male", True), ("male", "!male", False)):
            others = self.small_faces(lists=("--source", source, "--target", target))
            _, log = self.train("more", *others, *resume, rows=(range(50), range(50, 90)))
            said = f"the checkpoint's training turned 'male' into '!male'; it goes on with '{source}' and '{target}'"
            self.assertEqual(said in log, other, log)

    def test_a_damaged_state_is_not_gone_on_from(self):
        self.train("out", "--steps", 1)
        metadata, tensors = read_safetensors(checkpoint(self.path("out"), 1))
        nan, number = struct.pack("<f", float("nan")), lambda value: struct.pack("<d", value)
        changes = {"generator_ema.block0.conv1.weight": lambda data: nan + data[4:], "optimizer.generator.mean": lambda data: data[:-4] + nan,
                   "schedule.rate_scale": lambda _: number(-4), "schedule.elapsed_seconds": lambda _: number(-1),
                   "schedule.step": lambda _: struct.pack("<q", 2)}
        for name, change in changes.items():
            dtype, shape, data = tensors[name]
            write_safetensors(self.path("damaged"), metadata, {**tensors, name: (dtype, shape, change(data))})
            events, _ = self.train("more", "--resume", self.path("damaged"), "--steps", 2, expect=1)
            self.assertEqual(last_error(events)["code"], "bad_checkpoint" if name.startswith("schedule") else "diverged")
            self.assertIn(name, last_error(events)["message"])
            self.assertFalse(os.path.exists(self.path("more/metrics.jsonl")) and os.path.getsize(self.path("more/metrics.jsonl")))
        write_safetensors(self.path("damaged"), metadata, tensors)
        self.train("more", "--resume", self.path("damaged"), "--steps", 2)

    def test_where_there_is_no_folder_to_write_to_nothing_is_measured(self):
        for option in ("--sheet", "--figures"):
            events, _ = self.engine.run("evaluate", self.folder.name, "--baseline", "copy", option, self.path("none/file"), expect=2)
            self.assertIn("there is no folder " + self.path("none"), last_error(events)["message"])

    def test_a_process_that_may_run_on_one_processor_takes_one_thread(self):
        mine = os.sched_getaffinity(0)
        self.addCleanup(os.sched_setaffinity, 0, mine)
        os.sched_setaffinity(0, {min(mine)})
        self.engine.threads = 0
        events, _ = self.train("out", "--steps", 0)
        self.assertEqual(events[0]["threads"], 1)

    def test_what_is_read_is_not_written_over(self):
        self.train("out", "--steps", 1)
        model = checkpoint(self.path("out"), 1)
        os.symlink(model, self.path("link"))
        before = read_safetensors(model)
        for words in (["export", "--model", model, "--out", model], ["export", "--model", model, "--out", self.path("link")],
                      ["evaluate", self.folder.name, "--model", model, "--figures", model],
                      ["evaluate", self.folder.name, "--model", model, "--sheet", self.path("link")]):
            events, _ = self.engine.run(*words, expect=2)
            self.assertIn("choose another", last_error(events)["message"])
        self.assertEqual(read_safetensors(model), before)

    def test_a_filter_is_whole_by_itself(self):
        for expression in ("smiling) & (male", "smiling) | (male", "smiling &"):
            process = self.engine.start("train", self.labelled_folder(), "--filter", expression, "--out", self.path("none"))
            _, stderr = process.communicate()
            self.assertEqual(process.returncode, 2, expression)
            self.assertNotIn("blurry", stderr)

    def labelled_folder(self):
        folder = self.path("labelled")
        os.makedirs(folder + "/img_align_celeba", exist_ok=True)
        with open(folder + "/img_align_celeba/000001.jpg", "w") as file:
            file.write("not looked at")
        with open(folder + "/list_attr_celeba.txt", "w") as file:
            file.write("1\nBlurry Eyeglasses Male Smiling\n000001.jpg -1 -1 1 1\n")
        return folder

    def test_rows_beyond_the_cache_are_refused(self):
        events, _ = self.train("out", "--steps", 1, rows=([0, 1, 9], [2, 3]), expect=1)
        self.assertEqual((last_error(events)["class"], last_error(events)["code"]), ("USER", "bad_rows"))

    def test_damaged_files_are_refused(self):
        self.train("out", "--steps", 1)
        with open(checkpoint(self.path("out"), 1), "r+b") as file:
            file.truncate(100000)
        events, _ = self.train("out2", "--steps", 2, "--resume", checkpoint(self.path("out"), 1), expect=1)
        self.assertEqual(last_error(events)["code"], "bad_safetensors")
        with open(self.path("faces.pixels"), "r+b") as file:
            file.truncate(100000)
        events, _ = self.train("out2", "--steps", 2, expect=1)
        self.assertEqual(last_error(events)["code"], "bad_pixels")
        os.remove(self.path("faces.pixels"))
        os.mkdir(self.path("faces.pixels"))
        events, _ = self.train("out2", "--steps", 2, expect=1)
        self.assertIn("no plain file", last_error(events)["message"])

    def test_a_loss_that_is_no_number_fails_the_task(self):
        self.train("out", "--steps", 1)
        path = checkpoint(self.path("out"), 1)
        with open(path, "rb") as file:
            data = bytearray(file.read())
        (size,) = struct.unpack("<Q", data[:8])
        begin = json.loads(data[8:8 + size])["generator.block0.conv1.weight"]["data_offsets"][0]
        data[8 + size + begin:12 + size + begin] = struct.pack("<f", float("nan"))
        with open(path, "wb") as file:
            file.write(data)
        events, _ = self.train("out", "--steps", 3, "--resume", path, expect=1)
        self.assertEqual((last_error(events)["class"], last_error(events)["code"]), ("TASK", "diverged"))
        self.assertFalse(os.path.exists(checkpoint(self.path("out"), 3)))

    def test_a_loss_that_becomes_no_number_fails_the_task(self):
        """Of a weight that is a number still: what is made of it is none."""
        self.train("out", "--steps", 1)
        metadata, tensors = read_safetensors(checkpoint(self.path("out"), 1))
        name = "generator.block0.conv1.weight"
        dtype, shape, data = tensors[name]
        write_safetensors(self.path("huge"), metadata, {**tensors, name: (dtype, shape, struct.pack("<f", 3e38) + data[4:])})
        events, _ = self.train("more", "--steps", 3, "--resume", self.path("huge"), expect=1)
        self.assertIn("a loss or a weight is no number", [e["reason"] for e in events if e["event"] == "rollback"][0])
        self.assertEqual((last_error(events)["class"], last_error(events)["code"]), ("TASK", "diverged"))
        self.assertFalse(os.path.exists(checkpoint(self.path("more"), 3)))

    def test_a_generator_that_is_no_number_is_not_delivered(self):
        self.train("out", "--steps", 1)
        metadata, tensors = read_safetensors(checkpoint(self.path("out"), 1))
        dtype, shape, data = tensors["generator_ema.output.bias"]
        tensors["generator_ema.output.bias"] = (dtype, shape, struct.pack("<f", float("nan")) + data[4:])
        write_safetensors(self.path("bad"), metadata, tensors)
        events, _ = self.engine.run("export", "--model", self.path("bad"), "--out", self.path("exported"), expect=1)
        self.assertIn("generator_ema.output.bias", last_error(events)["message"])
        self.assertFalse(os.path.exists(self.path("exported")))

    def train_too_fast(self, rate, discriminator_rate, *more, expect, steps=20):
        """(rollbacks, last event) of a training of one or both networks at a rate that makes nonsense of them within the first steps."""
        write_pixels(self.path("faces.pixels"), 40)
        settings = ["metrics_steps=1", "sample_steps=4", "sample_count=6", f"learning_rate={rate}",
                    f"discriminator_rate={discriminator_rate}"]
        words = [word for setting in settings for word in ("--set", setting)]
        events, _ = self.engine.train(self.folder.name, self.path("out"), "--batch-size", 4, "--steps", steps, *words, *more,
                                      rows=(range(24), range(24, 40)), expect=expect)
        return [e for e in events if e["event"] == "rollback"], events[-1]

    def test_a_training_that_goes_wrong_returns_with_half_the_rate(self):
        returns, last = self.train_too_fast(0.1, 0.001, expect=0)
        self.assertEqual((last["event"], last["step"]), ("done", 20))
        self.assertTrue(returns)
        self.assertEqual([e["rateScale"] for e in returns], [0.5 ** (i + 1) for i in range(len(returns))])
        for event in returns:
            self.assertLess(event["step"], event["from"])
            self.assertIn("the same result", event["reason"])
        # What was undone is not told twice.
        with open(self.path("out/metrics.jsonl")) as file:
            self.assertEqual([json.loads(line)["step"] for line in file], list(range(1, 21)))

    def test_a_discriminator_that_goes_astray_is_noticed(self):
        returns, last = self.train_too_fast(0.001, 100, "--recipe", "makeover", "--set", "checkpoint_steps=5", expect=0, steps=40)
        self.assertEqual((last["event"], last["step"]), ("done", 40))
        self.assertTrue(returns)
        for event in returns:
            self.assertIn("stays above ten times what guessing gives", event["reason"])
            self.assertLess(event["step"], event["from"] - 10)  # a state from before it began

    def test_a_training_that_stays_wrong_fails(self):
        returns, last = self.train_too_fast(1, 0.001, expect=1)
        self.assertEqual((last["class"], last["code"], len(returns)), ("TASK", "diverged", 5))
        self.assertEqual(os.listdir(self.path("out/checkpoints")), [])

    def test_two_processes_at_once_train_one_judge(self):
        write_pixels(self.path("faces.pixels"), 80, height=48, width=40)
        write_index(self.path("index"), ["smiling", "young"], [row % 4 for row in range(80)])
        words = ["evaluate", "--pixels", self.path("faces.pixels"), "--index", self.path("index"), "--source", "!smiling", "--target", "smiling",
                 "--baseline", "copy", "--size", "40x48", "--judge-cache", self.path("judges"), "--threads", 1, "-o", "json"]
        first = self.engine.start(*words)
        said = ""
        while "training a judge" not in said:
            said = first.stderr.readline()
            self.assertTrue(said, "the first ended without a judge")
        second = self.engine.start(*words)
        outputs = [process.communicate() for process in (second, first)]
        self.assertEqual((second.returncode, first.returncode), (0, 0), outputs)
        self.assertNotIn("training a judge", outputs[0][1])
        self.assertEqual(json.loads(outputs[0][0]), json.loads(outputs[1][0]))

    def test_a_full_disk_is_of_class_storage(self):
        write_pixels(self.path("faces.pixels"), 9)
        os.makedirs(self.path("out/samples"))
        os.symlink("/dev/full", self.path("out/samples/batch000000.png.partial"))
        events, _ = self.train("out", "--steps", 1, expect=1)
        self.assertEqual(last_error(events)["class"], "STORAGE")

    def test_usage(self):
        for words, message in ((["train", "--out", "x", "--stesp", "1"], "Did you mean --steps"),
                               (["trian"], "Did you mean train"), (["train", "x"], "--out"), (["bench", "--seconds", "x"], "--seconds"),
                               (["bench", "--recipe", "clasic"], "Did you mean classic"), (["bench", "--set", "nois=1"], "Did you mean noise"),
                               (["train", "--pixels", "x", "--out", "y"], "--source-rows")):
            process = self.engine.start(*words)
            _, stderr = process.communicate()
            self.assertEqual(process.returncode, 2, words)
            self.assertIn(message, stderr)

    def test_wrong_usage_makes_no_folder(self):
        with open(self.path("index"), "w") as file:
            file.write("makeover-index 1 0 0 a\n")
        for words, message in ((["--evaluate-every", 2], "--pixels with --index"),
                               (["--evaluate-every", 2, "--index", self.path("index")], "needs --source E and --target E"),
                               (["--set", "time_seconds=9"], "cannot both end"),
                               (["--filter", "a", "--preset", "mtf"], "Say what to train"), (["a-folder"], "no DIR")):
            events, _ = self.train("none", "--steps", 1, *words, expect=2)
            self.assertIn(message, last_error(events)["message"])
            self.assertFalse(os.path.exists(self.path("none")), words)

    def test_sample_pictures_become_no_class(self):
        for picture in ("faces/men/a.jpg", "faces/women/b.jpg"):
            os.makedirs(os.path.dirname(self.path(picture)))
            with open(self.path(picture), "w"):
                pass
        os.symlink(self.path("faces"), self.path("link"))
        for out, told in (("faces/run", True), ("faces", True), ("link/new/run", True), ("faces2", False), ("run", False)):
            expect = 2 if told else 1  # too few pictures
            events, _ = self.engine.run("train", self.path("faces"), "--filter", "women", "--out", self.path(out), expect=expect)
            self.assertEqual("among the classes" in last_error(events)["message"], told, out)

    def test_unknown_settings_and_recipes(self):
        for words, message in ((("--set", "learning_rat=1"), "Did you mean learning_rate"), (("--recipe", "clasic"), "Did you mean classic"),
                               (("--set", "noise=11"), "from 0 to"), (("--set", "size=99999999999x4"), "multiples of 4 from"),
                               (("--set", "noise"), "is no setting")):
            events, _ = self.train("out", *words, expect=2)
            self.assertIn(message, last_error(events)["message"])

    def test_help_of_every_command(self):
        process = self.engine.start("--help")
        text, _ = process.communicate()
        self.assertEqual(process.returncode, 0)
        commands = re.findall(r"^  (\w+)  ", text, re.M)
        self.assertIn("train", commands)
        self.assertGreaterEqual(len(commands), 7)
        for command in commands:
            process = self.engine.start(command, "--help")
            text, _ = process.communicate()
            self.assertEqual(process.returncode, 0)
            self.assertIn(f"mkengine {command}", text)
            self.assertIn("Examples:", text)

    def test_probe(self):
        events, _ = self.engine.run("probe")
        self.assertEqual(events[0]["devices"][0]["name"], "cpu")
        self.assertGreater(events[0]["devices"][0]["memoryBytes"], 1 << 28)
        self.assertEqual(events[0]["recipes"], ["makeover", "classic"])
        settings = {setting["name"]: setting for setting in events[0]["settings"]}
        self.assertEqual(settings["noise"], {"name": "noise", "kind": "number", "min": 0, "max": 10, "words": [],
                                             "values": "a number from 0 to 10"})
        self.assertEqual(settings["precision"]["words"], ["auto", "fp32", "bf16"])
        self.assertEqual({setting["kind"] for setting in settings.values()}, {"whole", "number", "truth", "word", "size"})

    def bench(self, *words):
        """What a hardly measured `mkengine bench` prints as JSON."""
        process = self.engine.start("bench", "--seconds", 0, "--batch-size", 2, "--device", "cpu", "-o", "json", *words)
        text, stderr = process.communicate()
        self.assertEqual(process.returncode, 0, stderr)
        return json.loads(text)

    def test_bench(self):
        bench = self.bench()
        for key in ("trainImagesPerSecond", "inferImagesPerSecond", "threads", "batchSize"):
            self.assertGreater(bench[key], 0, key)
        self.assertIn(bench["precision"], ("fp32", "bf16"))
        self.assertEqual(bench["size"], "80x100")
        self.assertIs(bench["byGraph"], False)  # as on any processor

    def test_bench_of_a_changed_recipe(self):
        bench = self.bench("--recipe", "classic", "--size", "40x48", "--set", "precision=fp32", "--set", "batch_size=3")
        self.assertEqual([bench["recipe"], bench["size"], bench["precision"], bench["batchSize"]], ["classic", "40x48", "fp32", 3])

    def test_bench_measures_the_size_that_is_asked_for(self):
        small, large = (self.bench("--recipe", "classic", "--size", size)["peakMemoryBytes"] for size in ("40x48", "80x100"))
        self.assertGreater(large, small + 8 * 2**20)


if __name__ == "__main__":
    engine_support.main("__main__")

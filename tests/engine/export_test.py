"""mkengine export as a process: what others make of its files.  EXPORT_TEST.PY MKENGINE NETWORK_OUTPUTS

ONNX is read by Debian's python3-onnx, whose checker is that of the standard, and computed by onnx_by_hand.py; TorchScript by
Debian's python3-torch. The truth is what the engine's own network computes from the same checkpoint.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy
import onnx
import torch

import onnx_by_hand
from engine_support import Engine, checkpoint, read_safetensors, write_pixels, write_safetensors

FORMATS = ["safetensors", "torchscript", "onnx"]
ROWS = 16


def far_from_the_first(path, seed=7):
    """Gives a checkpoint weights and statistics with which every part of the generator matters."""
    metadata, tensors = read_safetensors(path)
    random = numpy.random.default_rng(seed)
    for name, (dtype, shape, data) in tensors.items():
        if not name.startswith("generator_ema."):
            continue
        values = numpy.frombuffer(data, numpy.float32).reshape(shape)
        if name.endswith("running_var"):
            values = random.uniform(0.3, 2, shape)
        elif values.ndim == 4:
            values = values + random.normal(0, 0.3 / numpy.sqrt(values[0].size), shape)
        else:
            values = values + random.normal(0, 0.1, shape)
        tensors[name] = (dtype, shape, values.astype(numpy.float32).tobytes())
    write_safetensors(path, metadata, tensors)


class ExportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.engine = Engine(MKENGINE, threads=2)
        cls.pixels = cls.path("faces.pixels")
        write_pixels(cls.pixels, ROWS)
        cls.made = {}
        for recipe in ("classic", "makeover"):
            cls.engine.train(cls.folder.name, cls.path(recipe), "--recipe", recipe, "--steps", 1, "--batch-size", 2)
            model = checkpoint(cls.path(recipe), 1)
            far_from_the_first(model)
            out = cls.path(recipe + ".outputs")
            subprocess.run([OUTPUTS, model, cls.pixels, str(ROWS), out], check=True)
            cls.made[recipe] = (model, cls.tensor(out, "converted"))

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    @classmethod
    def tensor(cls, path, name):
        _, shape, data = read_safetensors(path)[1][name]
        return torch.from_numpy(numpy.frombuffer(data, numpy.float32).reshape(shape).copy())

    def pictures(self):
        """The rows of the cache as network_outputs takes them: every second one mirrored."""
        with open(self.pixels, "rb") as file:
            bytes_of = numpy.frombuffer(file.read()[-ROWS * 100 * 80 * 3:], numpy.uint8)
        faces = torch.from_numpy(bytes_of.reshape(ROWS, 100, 80, 3).astype(numpy.float32) / 255).permute(0, 3, 1, 2)
        faces[1::2] = faces[1::2].flip(3)
        return faces.contiguous()

    def each(self):
        for recipe, (model, expected) in self.made.items():
            yield recipe, model, expected, []
            yield recipe, model, expected, ["--fold"]

    def export(self, model, form, options=(), name="out"):
        out = self.path(name)
        events, _ = self.engine.run("export", "--model", model, "--format", form, "--out", out, *options)
        self.assertEqual((events[-1]["event"], events[-1]["step"]), ("done", 1))
        return out

    def assert_near(self, values, expected, bound):
        self.assertEqual(values.shape, expected.shape)
        self.assertLess((values - expected).abs().max().item(), bound)

    def test_onnx_for_any_batch(self):
        faces = self.pictures()
        for _, model, expected, options in self.each():
            exported = onnx.load(self.export(model, "onnx", options))
            onnx.checker.check_model(exported, full_check=True)
            self.assertEqual(exported.graph.input[0].type.tensor_type.shape.dim[0].dim_param, "N")
            for count in (1, 3, 16):
                with torch.no_grad():
                    self.assert_near(onnx_by_hand.run(exported, faces[:count]), expected[:count], 1e-4)

    def run_onnxruntime(self, model, faces):
        faces.numpy().tofile(self.path("in"))
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnxruntime_run.js")
        done = subprocess.run(["node", script, model, self.path("in"), str(len(faces)), self.path("made")],
                              capture_output=True, text=True)
        if done.returncode == 3:
            self.skipTest("npm's onnxruntime-node is not installed where NODE_PATH says")
        self.assertEqual(done.returncode, 0, done.stderr)
        return torch.from_numpy(numpy.fromfile(self.path("made"), numpy.float32).reshape(faces.shape))

    @unittest.skipUnless(shutil.which("node"), "node is not installed, so onnxruntime-node is not either")
    def test_onnxruntime(self):
        faces = self.pictures()
        for recipe, model, expected, options in self.each():
            exported = self.export(model, "onnx", options, name="out.onnx")
            for count in (1, 3, 16):
                made = self.run_onnxruntime(exported, faces[:count])
                print(f"onnxruntime, {recipe} {options}, batch {count}: {(made - expected[:count]).abs().max():.1e}")
                self.assert_near(made, expected[:count], 1e-4)

    def test_torchscript(self):
        faces = self.pictures()
        for _, model, expected, options in self.each():
            module = torch.jit.load(self.export(model, "torchscript", options))
            with torch.no_grad():
                self.assert_near(module(faces), expected, 1e-4 if options else 1e-5)

    def test_folding_leaves_no_normalisation_behind_a_convolution(self):
        model, _ = self.made["classic"]
        plain, folded = (onnx.load(self.export(model, "onnx", options)) for options in ([], ["--fold"]))
        count = [sum(node.op_type == "Mul" for node in one.graph.node) for one in (plain, folded)]
        self.assertLess(count[1], count[0])
        self.assertEqual(sum(node.op_type == "Conv" for node in folded.graph.node),
                         sum(node.op_type == "Conv" for node in plain.graph.node))

    def metadata_of(self, path, form):
        if form == "onnx":
            return {one.key: one.value for one in onnx.load(path).metadata_props}
        if form == "torchscript":
            files = {"makeover.json": ""}
            torch.jit.load(path, _extra_files=files)
            return json.loads(files["makeover.json"])
        return read_safetensors(path)[0]

    def test_metadata_says_what_goes_in_and_comes_out(self):
        for recipe, model, _, options in self.each():
            for form in FORMATS:
                metadata = self.metadata_of(self.export(model, form, options), form)
                self.assertEqual((metadata["recipe"], metadata["step"]), (recipe, "1"))
                self.assertEqual(metadata["folded"], "true" if options else "false")
                self.assertEqual(json.loads(metadata["input"]),
                                 {"name": "picture", "type": "float32", "shape": ["N", 3, 100, 80], "channels": "RGB",
                                  "range": [0, 1]})
                self.assertEqual(json.loads(metadata["output"])["name"], "makeover")
                self.assertEqual(json.loads(metadata["geometry"]),
                                 {"frame": "178x218", "window": "49,90,80x100", "size": "80x100"})

    def test_equal_checkpoints_give_equal_bytes(self):
        model, _ = self.made["classic"]
        for form in FORMATS:
            with open(self.export(model, form, name="a"), "rb") as a, open(self.export(model, form, name="b"), "rb") as b:
                self.assertEqual(a.read() == b.read(), True, form)

    def test_what_cannot_be(self):
        broken = self.path("broken")
        with open(broken, "wb") as file:
            file.write(b"no checkpoint")
        for words, status, code in [(["--model", broken, "--out", self.path("x")], 1, "bad_safetensors"),
                                    (["--model", broken], 2, "usage"),
                                    (["--model", broken, "--out", self.path("x"), "--format", "caffe"], 2, "usage")]:
            events, _ = self.engine.run("export", *words, expect=status)
            self.assertEqual(events[-1]["code"], code)
            self.assertFalse(os.path.exists(self.path("x")))


if __name__ == "__main__":
    MKENGINE, OUTPUTS = sys.argv[1:3]
    del sys.argv[1:3]
    unittest.main(verbosity=2)

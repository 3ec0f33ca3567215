"""Recipe `classic` written again in PyTorch (in float64, as the truth that float32 has to come near), and compared with
the engine: outputs, losses, gradients, updated weights.

Nothing here is derived from the engine's sources; both follow the same description.  REFERENCE.PY MKENGINE NETWORK_OUTPUTS
"""
import os
import subprocess
import sys
import tempfile
import unittest

import numpy
import torch
import torch.nn.functional as F

from engine_support import Engine, checkpoint, read_safetensors

TYPES = {"F32": numpy.float32, "F64": numpy.float64, "I64": numpy.int64}


def load(path):
    return {name: torch.from_numpy(numpy.frombuffer(data, TYPES[dtype]).reshape(shape).astype(numpy.float64))
            for name, (dtype, shape, data) in read_safetensors(path)[1].items()}


class Weights:
    """Tensors under a prefix; those with a gradient are the parameters, in the order of the checkpoint."""

    def __init__(self, tensors, prefix):
        self.tensors = {name[len(prefix) + 1:]: value for name, value in tensors.items() if name.startswith(prefix + ".")}
        self.names = [name for name in self.tensors if "running" not in name]

    def require_grad(self):
        for name in self.names:
            self.tensors[name].requires_grad_()
        return [self.tensors[name] for name in self.names]

    def conv(self, name, x):
        weight = self.tensors[name + ".weight"]
        return F.conv2d(x, weight, self.tensors[name + ".bias"], padding=weight.shape[2] // 2)

    def block(self, number, x, training):
        name = f"block{number}"
        if f"{name}.projection.weight" in self.tensors:
            x = self.conv(f"{name}.projection", x)
        if training:
            mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        else:
            mean, variance = self.tensors[f"{name}.norm.running_mean"], self.tensors[f"{name}.norm.running_var"]
        view = (1, -1, 1, 1)
        x = (x - mean.view(view)) / torch.sqrt(variance.view(view) + 1e-3) + self.tensors[f"{name}.norm.bias"].view(view)
        x = x + self.conv(f"{name}.conv1", F.relu(x))
        return x + self.conv(f"{name}.conv2", F.relu(x))


def twice(x):
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def generate(weights, x, training):
    y = 2 * x - 1
    y = F.avg_pool2d(weights.block(0, y, training), 2)
    y = F.avg_pool2d(weights.block(1, y, training), 2)
    y = twice(weights.block(3, weights.block(2, y, training), training))
    y = twice(weights.block(5, weights.block(4, y, training), training))
    y = weights.block(7, weights.block(6, y, training), training)
    return 0.5 + 1.1 * (torch.sigmoid(weights.conv("output", y)) - 0.5)


def discriminate(weights, x):
    y = 2 * x - 1
    for number in range(4):
        y = F.avg_pool2d(weights.block(number, y, True), 2)
    return weights.conv("output", weights.block(4, y, True)).mean((1, 2, 3))


def cross_entropy(logits, real):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(real)))


def pixels(path, rows):
    with open(path, "rb") as file:
        data = file.read()
    count = int.from_bytes(data[24:32], "little")
    begin = int.from_bytes(data[32:40], "little")
    faces = numpy.frombuffer(data[begin:], numpy.uint8).reshape(count, 100, 80, 3)[rows]
    return torch.from_numpy(faces.copy()).permute(0, 3, 1, 2).double() / 255


class ReferenceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        torch.set_num_threads(2)
        cls.folder = tempfile.TemporaryDirectory()
        cls.out = os.path.join(cls.folder.name, "out")
        # Batches of all pictures, without flips and noise, so that order and chance do not matter; and a rate so high
        # that three steps lead far away from the near-identity.
        cls.settings = {"half_life": 2, "learning_rate": 0.005, "noise": 0, "flip": 0}
        words = [word for key, value in cls.settings.items() for word in ("--set", f"{key}={value}")]
        cls.events, _ = Engine(BINARY).train(cls.folder.name, cls.out, "--steps", 4, "--batch-size", 4, "--set",
                                             "checkpoint_steps=1", "--set", "metrics_steps=1", *words)
        cls.cache = os.path.join(cls.folder.name, "faces.pixels")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_metadata(self):
        metadata, tensors = read_safetensors(checkpoint(self.out, 4))
        self.assertEqual(set(metadata), {"recipe", "step", "config", "dataset", "makeover_version"})
        self.assertEqual(metadata["step"], "4")
        dtype, shape, _ = tensors["generator.block0.conv1.weight"]
        self.assertEqual((dtype, shape), ("F32", [24, 24, 3, 3]))

    def test_parameter_counts(self):
        tensors = load(checkpoint(self.out, 4))
        for prefix, count in (("generator", 593603), ("generator_ema", 593603), ("discriminator", 835441)):
            weights = Weights(tensors, prefix)
            self.assertEqual(sum(weights.tensors[name].numel() for name in weights.names if "norm" not in name), count)

    def test_first_weights(self):
        tensors = load(checkpoint(self.out, 0))
        for name, weight in tensors.items():
            if name.startswith("optimizer") or not name.endswith("weight"):
                continue
            bound = 0.1 / weight.numel()
            rest = weight.clone()
            if "projection" in name or name == "generator.output.weight" or name == "generator_ema.output.weight":
                for i in range(min(weight.shape[:2])):
                    rest[i, i, 0, 0] -= 1
                bound += 1e-7
            self.assertLessEqual(rest.abs().max().item(), bound, name)
            self.assertGreater(rest.abs().max().item(), 0.9 * 0.1 / weight.numel() if weight.numel() > 500 else 0, name)

    def test_outputs(self):
        for step in (0, 4):
            path = os.path.join(self.folder.name, "outputs.safetensors")
            subprocess.run([OUTPUTS, checkpoint(self.out, step), self.cache, "4", path], check=True)
            engine, tensors = load(path), load(checkpoint(self.out, step))
            faces = pixels(self.cache, [0, 1, 2, 3])
            faces[1::2] = faces[1::2].flip(3)
            with torch.no_grad():
                converted = generate(Weights(tensors, "generator_ema"), faces, training=False)
                logits = discriminate(Weights(tensors, "discriminator"), faces)
            self.assertLess((converted - engine["converted"]).abs().max().item(), 1e-4)
            self.assertLess((logits - engine["logits"]).abs().max().item(), 1e-4 * max(1, logits.abs().max().item()))

    def check_step(self, before):
        old, new = load(checkpoint(self.out, before)), load(checkpoint(self.out, before + 1))
        temperature = 0.5 ** (before // self.settings["half_life"])
        generator, discriminator = Weights(old, "generator"), Weights(old, "discriminator")
        parameters = generator.require_grad(), discriminator.require_grad()
        source, target = pixels(self.cache, [1, 2, 3, 4]), pixels(self.cache, [5, 6, 7, 8])
        result = generate(generator, source, training=True)
        fake, real = discriminate(discriminator, result), discriminate(discriminator, target)
        p = 0.70 + 0.25 * temperature
        adversarial = cross_entropy(fake, True)
        pixel = (F.avg_pool2d(result, 4) - F.avg_pool2d(source, 4)).abs().mean()
        losses = (1 - p) * adversarial + p * pixel, cross_entropy(real, True) + cross_entropy(fake, False)
        values = next(e["values"] for e in self.events if e["event"] == "metrics" and e["step"] == before + 1)
        for name, loss in (("adversarial", adversarial), ("pixel", pixel), ("generator", losses[0]),
                           ("discriminator", losses[1])):
            self.assertAlmostEqual(values[name], loss.item(), delta=1e-4 * max(1, abs(loss.item())), msg=name)
        self.assertAlmostEqual(values["anneal"], temperature)
        for name, loss, weights in (("generator", losses[0], parameters[0]), ("discriminator", losses[1], parameters[1])):
            gradient = torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, weights, retain_graph=True)])
            self.check_update(name, gradient, old, new, self.settings["learning_rate"] * temperature)

    def check_update(self, network, gradient, old, new, rate):
        prefix = f"optimizer.{network}."
        moved = (new[prefix + "mean"] - 0.9 * old[prefix + "mean"]) / 0.1
        # By its length: single weights in front of a normalisation see the rounding of long sums. And 1e-5 for the
        # untrained discriminator, whose gradients of real and generated pictures all but cancel.
        length = gradient.norm().item()
        self.assertGreater(length, 1e-3)
        self.assertLess((moved - gradient).norm().item(), 1e-4 * length + 1e-5, f"gradient of the {network}")
        steps = new[prefix + "steps"].item()
        mean = new[prefix + "mean"] / (1 - 0.9 ** steps)
        variance = new[prefix + "variance"] / (1 - 0.999 ** steps)
        weights = Weights(old, network)
        before = torch.cat([weights.tensors[name].detach().reshape(-1) for name in weights.names])
        after = torch.cat([Weights(new, network).tensors[name].reshape(-1) for name in weights.names])
        expected = before - rate * mean / (variance.sqrt() + 1e-8)
        self.assertLess((after - expected).abs().max().item(), 1e-4 * rate * 10 + 1e-6, f"weights of the {network}")
        self.assertGreater((after - before).abs().max().item(), 0.1 * rate)

    def test_first_step(self):
        self.check_step(0)

    def test_fourth_step(self):
        self.check_step(3)

    def test_average_follows(self):
        old, new = load(checkpoint(self.out, 3)), load(checkpoint(self.out, 4))
        decay = min(0.999, (1 + 3) / (10 + 3))
        for name in ("block0.conv1.weight", "block3.norm.running_var"):
            expected = decay * old["generator_ema." + name] + (1 - decay) * new["generator." + name]
            self.assertLess((new["generator_ema." + name] - expected).abs().max().item(), 1e-6)


if __name__ == "__main__":
    BINARY, OUTPUTS = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main(verbosity=2)

"""The peer of `mkengine bench`: recipe `classic` as a careful user of PyTorch writes it, timed at one setting.

    /usr/bin/python3 pytorch_peer.py train|infer [--precision fp32|bf16] [--batch-size 16] [--seconds 10] [--threads N]
                                                 [--device cuda:0 [--compile MODE]]
    /usr/bin/python3 pytorch_peer.py export FILE.onnx

Prints one line of JSON: imagesPerSecond (the median over rounds), peakMemoryBytes (of the process), and the settings.
Networks, losses and step are the engine's: one discriminator pass over the generated batch serves both losses, each
gradient is asked for its own network's weights alone, weights and statistics stay float32. Networks are in
channels_last; in inference they are traced and frozen, or, from PyTorch 2 on, compiled: MODE is torch.compile's, such as
reduce-overhead, which replays CUDA graphs.
"""
import argparse
import copy
import importlib
import json
import os
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

HEIGHT, WIDTH = 100, 80


class Conv(nn.Module):
    """A convolution that computes in the type of its input."""

    def __init__(self, inputs, outputs, kernel):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.padding = kernel // 2
        bound = 0.1 / self.weight.numel()
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, x):
        return F.conv2d(x, self.weight.to(x.dtype), self.bias.to(x.dtype), padding=self.padding)


class ShiftNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("scale", torch.ones(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        return F.batch_norm(x, self.running_mean, self.running_var, self.scale, self.bias, self.training, 0.01, 1e-3)


class Block(nn.Module):
    def __init__(self, inputs, outputs, kernel):
        super().__init__()
        self.projection = Conv(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        if inputs != outputs:
            with torch.no_grad():
                for i in range(min(inputs, outputs)):
                    self.projection.weight[i, i] += 1
        self.norm = ShiftNorm(outputs)
        self.conv1 = Conv(outputs, outputs, kernel)
        self.conv2 = Conv(outputs, outputs, kernel)

    def forward(self, x):
        x = self.norm(self.projection(x))
        x = x + self.conv1(F.relu(x))
        return x + self.conv2(F.relu(x))


class Twice(nn.Module):
    def forward(self, x):
        return F.interpolate(x, scale_factor=2.0, mode="nearest")


class Generator(nn.Module):
    def __init__(self, dtype):
        super().__init__()
        self.dtype = dtype
        self.body = nn.Sequential(
            Block(3, 24, 3), nn.AvgPool2d(2), Block(24, 48, 3), nn.AvgPool2d(2), Block(48, 96, 3), Block(96, 96, 3), Twice(),
            Block(96, 64, 3), Block(64, 64, 3), Twice(), Block(64, 48, 3), Block(48, 48, 1), Conv(48, 3, 1))

    def forward(self, x):
        y = self.body((2 * x - 1).to(self.dtype))
        return 0.5 + 1.1 * (torch.sigmoid(y.float()) - 0.5)


class Discriminator(nn.Module):
    def __init__(self, dtype):
        super().__init__()
        self.dtype = dtype
        self.body = nn.Sequential(Block(3, 32, 3), nn.AvgPool2d(2), Block(32, 48, 3), nn.AvgPool2d(2), Block(48, 96, 3),
                                  nn.AvgPool2d(2), Block(96, 128, 3), nn.AvgPool2d(2))
        self.end = nn.Sequential(Block(128, 128, 3), Conv(128, 1, 1))

    def forward(self, x):
        # The end is float32 in the engine too: in bf16 its normalisation loses the gradient.
        return self.end(self.body((2 * x - 1).to(self.dtype)).float()).mean((1, 2, 3))


def on_device(network, arguments):
    return network.to(arguments.device, memory_format=torch.channels_last)


def compiled(network, arguments):
    """The same network, compiled where that is asked for. Both losses go back through the discriminator, so it must keep its buffers."""
    if not arguments.compile:
        return network
    importlib.import_module("torch._functorch.config").donated_buffer = False  # not loaded by PyTorch itself
    return torch.compile(network, mode=arguments.compile)


class Peer:
    """Both networks, their optimisers, the averaged generator, and the step."""

    def __init__(self, dtype, arguments):
        self.generator = on_device(Generator(dtype), arguments)
        self.discriminator = on_device(Discriminator(dtype), arguments)
        self.generate = compiled(self.generator, arguments)
        self.judge = compiled(self.discriminator, arguments)
        self.average = copy.deepcopy(self.generator).eval()
        self.generator_weights = list(self.generator.parameters())
        self.discriminator_weights = list(self.discriminator.parameters())
        self.adams = [torch.optim.Adam(weights, lr=2e-4, foreach=True)
                      for weights in (self.generator_weights, self.discriminator_weights)]

    def step(self, source, target):
        noise = torch.empty_like(source)
        nn.init.trunc_normal_(noise, std=0.2, a=-0.4, b=0.4)
        result = self.generate(source)
        fake = self.judge(result + noise)
        real = self.judge(target + noise)
        pixel = F.avg_pool2d(result - source, 4).abs().mean()
        generator_loss = 0.05 * F.softplus(-fake).mean() + 0.95 * pixel
        discriminator_loss = F.softplus(-real).mean() + F.softplus(fake).mean()
        gradients = (torch.autograd.grad(generator_loss, self.generator_weights, retain_graph=True),
                     torch.autograd.grad(discriminator_loss, self.discriminator_weights))
        for weights, gradient, adam in zip((self.generator_weights, self.discriminator_weights), gradients, self.adams):
            for weight, part in zip(weights, gradient):
                weight.grad = part
            adam.step()
        self.update_average()
        return generator_loss

    @torch.no_grad()
    def update_average(self):
        average = [*self.average.parameters(), *self.average.buffers()]
        torch._foreach_mul_(average, 0.999)
        torch._foreach_add_(average, [*self.generator.parameters(), *self.generator.buffers()], alpha=0.001)


def faces(count):
    """Made-up pictures in uint8, as a cache of pixels holds them."""
    return torch.randint(0, 256, (count, HEIGHT, WIDTH, 3), dtype=torch.uint8)


def batch(pixels, device):
    """[N, 3, H, W] in [0, 1], channels last."""
    if device != "cpu":
        pixels = pixels.pin_memory().to(device, non_blocking=True)
    return (pixels.float() / 255).permute(0, 3, 1, 2)


def measure(seconds, images, work):
    for _ in range(2):
        work()
    rates, end = [], time.monotonic() + seconds
    while len(rates) < 5 or time.monotonic() < end:
        begin = time.monotonic()
        work()
        rates.append(images / (time.monotonic() - begin))
    return statistics.median(rates)


def train(arguments, dtype):
    peer, source, target = Peer(dtype, arguments), faces(arguments.batch_size), faces(arguments.batch_size)
    steps = 1 if arguments.device == "cpu" else 24  # between two waits for the device

    def work():
        for _ in range(steps):
            loss = peer.step(batch(source, arguments.device), batch(target, arguments.device))
        return loss.item()

    return measure(arguments.seconds, steps * arguments.batch_size, work)


def infer(arguments, dtype):
    generator = on_device(Generator(dtype), arguments).eval()
    pixels = faces(arguments.batch_size)
    with torch.no_grad():
        if arguments.compile:
            network = compiled(generator, arguments)
        else:
            network = torch.jit.freeze(torch.jit.trace(generator, batch(pixels, arguments.device)))
        if arguments.optimise:
            network = torch.jit.optimize_for_inference(network)
        return measure(arguments.seconds, arguments.batch_size,
                       lambda: (network(batch(pixels, arguments.device)).clamp(0, 1) * 255).round().to(torch.uint8).cpu())


def export(path):
    """The generator in inference mode as ONNX, for onnxruntime."""
    generator = Generator(torch.float32).eval()
    torch.onnx.export(generator, torch.zeros(1, 3, HEIGHT, WIDTH), path, input_names=["pictures"], output_names=["results"],
                      dynamic_axes={"pictures": {0: "n"}, "results": {0: "n"}}, opset_version=13)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("train", "infer", "export"))
    parser.add_argument("file", nargs="?")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="bf16")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", metavar="MODE")
    parser.add_argument("--optimise", action="store_true", help="torch.jit.optimize_for_inference on top of freeze")
    return parser.parse_args()


def main():
    arguments = parse()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    if arguments.what == "export":
        return export(arguments.file)
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[arguments.precision]
    rate = {"train": train, "infer": infer}[arguments.what](arguments, dtype)
    print(json.dumps({"what": arguments.what, "imagesPerSecond": rate, "precision": arguments.precision,
                      "batchSize": arguments.batch_size, "device": arguments.device, "compile": arguments.compile, "threads": arguments.threads,
                      "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                      "torch": torch.__version__}))


if __name__ == "__main__":
    sys.exit(main())

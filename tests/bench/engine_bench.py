"""mkengine's speed beside PyTorch's and onnxruntime's, in one run: rounds in which they take turns, medians, ratios.

    python3 engine_bench.py MKENGINE [--rounds 3] [--seconds 6] [--threads N] [--onnxruntime FOLDER] [--avx2]

Prints a table in Markdown. PyTorch runs at each of its good settings and the best counts: fp32 and bf16, always channels_last,
batches given back to the system by malloc or kept, in inference frozen with and without its optimiser at several batch sizes.
FOLDER holds node_modules/onnxruntime-node (`npm install --ignore-scripts onnxruntime-node`). --avx2 measures what a processor
without AVX-512 does, in fp32: PyTorch is told so, and MKENGINE is the target mkengine_avx2.
"""
import argparse
import collections
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KEEP = {"MALLOC_MMAP_THRESHOLD_": "2000000000", "MALLOC_TRIM_THRESHOLD_": "2000000000", "MALLOC_TOP_PAD_": "67108864"}
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "DNNL_MAX_CPU_ISA": "AVX2"}
ORT = """
const ort = require(process.argv[2] + '/node_modules/onnxruntime-node');
(async () => {
  const [model, batch, seconds, threads] = [process.argv[3], ...process.argv.slice(4).map(Number)];
  const session = await ort.InferenceSession.create(model, {intraOpNumThreads: threads, interOpNumThreads: 1});
  const pictures = new ort.Tensor('float32', Float32Array.from({length: batch * 24000}, Math.random), [batch, 3, 100, 80]);
  const rates = [], end = performance.now() + 1000 * seconds;
  for (let round = -2; round < 5 || performance.now() < end; ++round) {
    const begin = performance.now();
    await session.run({pictures});
    if (round >= 0) rates.push(1000 * batch / (performance.now() - begin));
  }
  rates.sort((a, b) => a - b);
  console.log(JSON.stringify({imagesPerSecond: rates[rates.length >> 1]}));
})();
"""


def run(words, environment=None):
    """The JSON that a program prints, or None where it cannot run here."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        print(f"{' '.join(map(str, words))}: {done.stderr.strip()[-500:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


class Table:
    """Figures by what is measured and by whom."""

    def __init__(self):
        self.figures = collections.defaultdict(list)

    def add(self, key, value):
        if value is not None:
            self.figures[key].append(value)
            print(f"{', '.join(key)}: {value:,.0f}", file=sys.stderr, flush=True)

    def median(self, key):
        return statistics.median(self.figures[key]) if self.figures[key] else None

    def best(self, what):
        """(figure, setting) of the peer's best setting."""
        found = [(self.median(key), key[1]) for key in self.figures if key[0] == what and key[1] != "mkengine"]
        return max(found) if found else (None, "absent")


def measure_engine(arguments, table):
    for precision in arguments.precisions:
        found = run([arguments.mkengine, "bench", "--recipe", "classic", "--precision", precision, "--seconds",
                     2 * arguments.seconds, "--threads", arguments.threads, "-o", "json"])
        for field, what in (("train", "training"), ("infer", "inference"), ("input", "input")):
            table.add((f"{what} {precision}", "mkengine"), found[f"{field}ImagesPerSecond"])
        table.add((f"memory {precision}", "mkengine"), found["peakMemoryBytes"])


def measure_peer(arguments, table):
    peer = ["/usr/bin/python3", HERE / "pytorch_peer.py"]
    threads = ["--threads", arguments.threads]
    for precision in arguments.precisions:
        for name, environment in (("malloc as it is", {}), ("malloc keeps", KEEP)):
            words = [*peer, "train", *threads, "--precision", precision, "--seconds", arguments.seconds]
            found = run(words, environment) or {}
            table.add((f"training {precision}", f"PyTorch, {name}"), found.get("imagesPerSecond"))
            table.add((f"memory {precision}", f"PyTorch, {name}"), found.get("peakMemoryBytes"))
        for batch_size in (8, 16, 32):
            for extra in ((), ("--optimise",)):
                words = [*peer, "infer", *threads, "--precision", precision, "--batch-size", batch_size, "--seconds",
                         arguments.seconds / 3, *extra]
                found = run(words, KEEP) or {}
                name = f"PyTorch frozen{', optimised' if extra else ''}, batch {batch_size}"
                table.add((f"inference {precision}", name), found.get("imagesPerSecond"))


def measure_onnxruntime(arguments, table, folder):
    if not arguments.onnxruntime:
        return
    model, script = os.path.join(folder, "generator.onnx"), os.path.join(folder, "ort.js")
    subprocess.run(["/usr/bin/python3", str(HERE / "pytorch_peer.py"), "export", model], check=True, capture_output=True)
    pathlib.Path(script).write_text(ORT)
    for batch_size in (4, 16):
        found = run(["node", script, os.path.abspath(arguments.onnxruntime), model, batch_size, arguments.seconds / 2,
                     arguments.threads])
        table.add(("onnxruntime", f"onnxruntime fp32, batch {batch_size}"), (found or {}).get("imagesPerSecond"))


def rows(arguments, table):
    for what in [f"{kind} {precision}" for kind in ("training", "inference") for precision in arguments.precisions]:
        yield what, "images/s", table.median((what, "mkengine")), *table.best(what), 1
    if arguments.onnxruntime:
        best = f"inference {arguments.precisions[-1]}"
        yield best, "images/s", table.median((best, "mkengine")), *table.best("onnxruntime"), 1
    for precision in arguments.precisions:
        what = f"memory {precision}"
        _, setting = table.best(f"training {precision}")
        yield f"peak memory of training {precision}", "MB", table.median((what, "mkengine")), table.median((what, setting)), setting, 1e-6
    yield "input, one thread", "images/s", table.median((f"input {arguments.precisions[-1]}", "mkengine")), None, "", 1


def print_table(arguments, table):
    print("| figure | mkengine | peer | ratio | peer's best setting |\n| --- | --- | --- | --- | --- |")
    for what, unit, ours, peer, setting, scale in rows(arguments, table):
        theirs = f"{peer * scale:,.1f} {unit}" if peer else "-"
        ratio = f"{ours / peer:.2f}" if peer else "-"
        print(f"| {what} | {ours * scale:,.1f} {unit} | {theirs} | {ratio} | {setting} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mkengine")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6, help="about how long each setting runs in a round")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each program")
    parser.add_argument("--onnxruntime", metavar="FOLDER")
    parser.add_argument("--avx2", action="store_true")
    arguments = parser.parse_args()
    arguments.precisions = ("fp32",) if arguments.avx2 else ("fp32", "bf16")
    os.environ.update(AVX2 if arguments.avx2 else {})
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(arguments.rounds):
            measure_engine(arguments, table)
            measure_peer(arguments, table)
            measure_onnxruntime(arguments, table, folder)
    print_table(arguments, table)


if __name__ == "__main__":
    main()

"""mkengine's speed on a GPU beside PyTorch's with torch.compile, in one run: rounds in which they take turns, medians, ratios.

    python3 gpu_bench.py [--rounds 2] [--seconds 10] [--device cuda:0] [--build FOLDER] [--batch-sizes 64 256] [--modes none ...]

Builds mkengine in FOLDER with the LibTorch of this Python's own PyTorch, 2.7 or later, unless it is built there already; so one
command on a machine with a GPU, PyTorch, CUDA's compiler, CMake and Ninja does it all. Prints the device and a table in Markdown:
recipe classic at several batch sizes, each program at the best of its settings, and makeover beside it. "graph" says whether
mkengine's training steps were replayed as one CUDA graph. Modes are torch.compile's; compiling takes up to minutes each.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

from engine_bench import HERE, Table, run

MODES = ("none", "default", "reduce-overhead", "max-autotune")


def build(folder):
    """The path of mkengine."""
    folder = pathlib.Path(folder).resolve()
    program = folder / "bin" / "mkengine"
    if not program.exists():
        import torch
        root = HERE.parent.parent
        subprocess.run(["cmake", "--preset", "engine", "-B", str(folder), f"-DCMAKE_PREFIX_PATH={torch.utils.cmake_prefix_path}"],
                       cwd=root, check=True, stdout=sys.stderr)
        subprocess.run(["cmake", "--build", str(folder)], check=True, stdout=sys.stderr)
    return program


def measure_engine(arguments, mkengine, table):
    for recipe in ("classic", "makeover"):
        for batch_size in arguments.batch_sizes:
            found = run([mkengine, "bench", "--recipe", recipe, "--device", arguments.device, "--precision", "bf16",
                         "--batch-size", batch_size, "--seconds", 2 * arguments.seconds, "-o", "json"])
            if found is None:
                continue
            way = "graph" if found["byGraph"] else "no graph"
            table.add((f"{recipe} training", f"batch {batch_size}, {way}"), found["trainImagesPerSecond"])
            table.add((f"{recipe} conversion", f"batch {found['inferBatchSize']}"), found["inferImagesPerSecond"])
            table.add(("input", "one thread"), found["inputImagesPerSecond"])


def measure_peer(arguments, table):
    for what, title in (("train", "training"), ("infer", "conversion")):
        for batch_size in arguments.batch_sizes:
            for mode in arguments.modes:
                words = [sys.executable, HERE / "pytorch_peer.py", what, "--device", arguments.device, "--precision", "bf16",
                         "--batch-size", batch_size, "--seconds", arguments.seconds, *(() if mode == "none" else ("--compile", mode))]
                found = run(words) or {}
                name = f"batch {batch_size}, {'not compiled' if mode == 'none' else f'compiled, {mode}'}"
                table.add((f"PyTorch {title}", name), found.get("imagesPerSecond"))


def print_table(table):
    print("| figure | mkengine | its setting | PyTorch | its setting | ratio |\n| --- | --- | --- | --- | --- | --- |")
    for recipe, what in (("classic", "training"), ("classic", "conversion"), ("makeover", "training"), ("makeover", "conversion")):
        ours, setting = table.best(f"{recipe} {what}")
        peer, theirs = table.best(f"PyTorch {what}") if recipe == "classic" else (None, "")
        ratio = f"{ours / peer:.2f}" if ours and peer else "-"
        shown = [f"{value:,.0f} images/s" if value else "-" for value in (ours, peer)]
        print(f"| {recipe}, {what} | {shown[0]} | {setting} | {shown[1]} | {theirs} | {ratio} |")
    print("\nAll settings:")
    for key in sorted(table.figures):
        print(f"  {', '.join(key)}: {table.median(key):,.0f} images/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10, help="about how long each setting runs in a round")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--build", metavar="FOLDER")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=(64, 128, 256))
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    arguments = parser.parse_args()
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        mkengine = build(arguments.build or folder)
        subprocess.run([str(mkengine), "probe"], check=True)
        for _ in range(arguments.rounds):
            measure_engine(arguments, mkengine, table)
            measure_peer(arguments, table)
    print_table(table)


if __name__ == "__main__":
    main()

"""What trainings of equal time have learned: each is run with several seeds and judged on faces that it has not seen.

    python3 quality_bench.py MKENGINE FACES --out DIR --run NAME=OPTIONS [--run NAME=OPTIONS ...]
        [--seeds 1 2 3] [--time 15m] [--sides "--preset mtf"] [--judge-on FACES] [--at-once 1] [--threads N]

FACES is a folder with attributes, a run's OPTIONS are those of `mkengine train`: --run "makeover=" --run "classic=--recipe classic".
Prints a table in Markdown: the figures of `mkengine evaluate` per run, means over the seeds, and what each seed gave. DIR keeps
every training and its contact sheet; a training that is there already is not run again. Trainings on a part of a folder
(fewer_targets.py) are judged on the whole with --judge-on. For equal arithmetic rather than equal
time on one machine, --at-once 2 --threads 1 --time 30m stands for fifteen minutes of two cores.
"""
import argparse
import concurrent.futures
import json
import pathlib
import shlex
import statistics
import subprocess

FIGURES = [("target rate", "targetRate", 100, "{:.1f} %"), ("attribute-KID", "kid", 1, "{:.3f}"), ("kept", "kept", 100, "{:.1f} %"),
           ("low-L1", "lowL1", 1, "{:.3f}"), ("identity", "identity", 1, "{:.3f}")]


def checkpoint(folder):
    """The newest of a training that has ended, or None."""
    log = folder / "events.jsonl"
    if not log.exists() or '"done"' not in log.read_text():
        return None
    return max((folder / "checkpoints").glob("*.safetensors"), key=lambda path: path.name)


def train(arguments, name, options, seed):
    folder = arguments.out / f"{name}-{seed}"
    if checkpoint(folder) is None:
        folder.mkdir(parents=True, exist_ok=True)
        words = [arguments.mkengine, "train", arguments.faces, *shlex.split(arguments.sides), "--out", folder, "--time", arguments.time,
                 "--seed", seed, "--threads", arguments.threads, "--events", *shlex.split(options)]
        with open(folder / "events.jsonl", "w") as events, open(folder / "log", "w") as log:
            subprocess.run([str(word) for word in words], stdout=events, stderr=log, check=True)
    return name, seed, checkpoint(folder)


def judge(arguments, name, seed, subject):
    words = [arguments.mkengine, "evaluate", arguments.judge_on or arguments.faces, *shlex.split(arguments.sides), *subject, "--judge-cache",
             arguments.out / "judges", "--sheet", arguments.out / f"{name}-{seed}.png", "-o", "json"]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def row(name, steps, figures):
    """A line of the table: means, and the seeds' own figures behind them."""
    cells = []
    for _, key, scale, form in FIGURES:
        values = [scale * figure["after"][key] for figure in figures]
        each = " (" + ", ".join(form.format(value).removesuffix(" %") for value in values) + ")" if len(values) > 1 else ""
        cells.append(form.format(statistics.mean(values)) + each)
    return f"| {name} | {steps} | " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mkengine")
    parser.add_argument("faces")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--run", action="append", required=True, metavar="NAME=OPTIONS")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--time", default="15m")
    parser.add_argument("--sides", default="--preset mtf")
    parser.add_argument("--judge-on", metavar="FACES")
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    runs = dict(run.partition("=")[::2] for run in arguments.run)
    with concurrent.futures.ThreadPoolExecutor(arguments.at_once) as pool:
        waiting = [pool.submit(train, arguments, name, options, seed) for seed in arguments.seeds for name, options in runs.items()]
        trained = [future.result() for future in waiting]
    print("| run | steps | " + " | ".join(title for title, *_ in FIGURES) + " |\n" + "| --- " * (2 + len(FIGURES)) + "|")
    print(row("the faces as they are", "", [judge(arguments, "copy", 0, ["--baseline", "copy"])]))
    for name in runs:
        models = [(seed, model) for of, seed, model in trained if of == name]
        steps = ", ".join(f"{int(model.stem.removeprefix('step')):,}" for _, model in models)
        print(row(name, steps, [judge(arguments, name, seed, ["--model", model]) for seed, model in models]))


if __name__ == "__main__":
    main()

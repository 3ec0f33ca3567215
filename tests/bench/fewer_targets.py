"""A copy of a CelebA folder with fewer target faces to learn from: what a training makes of a small set.

    python3 fewer_targets.py FACES OUT --keep 300 [--having Attractive] [--lacking Male Blurry Eyeglasses] [--seed 1]

Of FACES' faces that have the ones and lack the others, OUT keeps so many of the training and validation partitions, drawn by the
seed, and all of the test partition. Every other face stays. Pictures are linked, FACES is not changed.
"""
import argparse
import os
import pathlib
import random

ATTRIBUTES = "list_attr_celeba.txt"
PARTITIONS = "list_eval_partition.txt"
TEST = "2"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--keep", type=int, required=True)
    parser.add_argument("--having", nargs="*", default=["Attractive"])
    parser.add_argument("--lacking", nargs="*", default=["Male", "Blurry", "Eyeglasses"])
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    lines = (arguments.faces / ATTRIBUTES).read_text().splitlines()
    names = lines[1].split()
    partition = dict(line.split() for line in (arguments.faces / PARTITIONS).read_text().splitlines() if line.strip())

    def is_target(line):
        picture, *values = line.split()
        has = {name for name, value in zip(names, values) if value == "1"}
        return partition[picture] != TEST and has.issuperset(arguments.having) and has.isdisjoint(arguments.lacking)

    rows = [line for line in lines[2:] if line.strip()]
    targets = [line for line in rows if is_target(line)]
    kept = set(random.Random(arguments.seed).sample(targets, arguments.keep))
    rows = [line for line in rows if line in kept or not is_target(line)]

    arguments.out.mkdir(parents=True)
    for entry in arguments.faces.iterdir():
        if entry.name != ATTRIBUTES:
            os.symlink(entry.resolve(), arguments.out / entry.name)
    (arguments.out / ATTRIBUTES).write_text("\n".join([str(len(rows)), lines[1], *rows]) + "\n")
    print(f"{arguments.out}: {len(rows)} faces, {arguments.keep} of {len(targets)} targets to learn from")


if __name__ == "__main__":
    main()

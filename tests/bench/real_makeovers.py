"""How near to the targets a makeover could come that keeps what shall be kept: each test source becomes the photo of a real target.

    /usr/bin/python3 real_makeovers.py FACES --cache FILE --model CHECKPOINT [--passes 12]

FACES and FILE are those of independent_judge.py; whom CHECKPOINT turns into whom is asked of real photos. For each source one is drawn
from targets of the validation partition, or of the training partition, which the judge has learned from, so that all drawn ones lie as
the partition's lie in the judge's features (maximum mean discrepancy, cubic kernel) while few readings of what shall be kept turn over
(Frank-Wolfe; a larger weight asks more for the former). Prints a line of a table in Markdown per partition and weight: medians of 20
drawings, attribute-KID to test targets, pairs of one photo left out; and the same distance with nothing taken off for being a sample, which
is the larger, and no estimate. A photo is another person, chosen by the judge's own readings: so this says what KID and kept allow
together, not what a generator can do.
"""
import argparse
import pathlib

import numpy as np
import torch

from independent_judge import TEST, Faces, Verdict, filters, judge_of, kept_columns, kernel, sources_of, thresholds_of

PARTITIONS = {"validation": 1, "training": 0}
WEIGHTS = (0.3, 1, 4)
ROUNDS, DRAWINGS = 400, 20


def choose(pool, turned, weight):
    """The chance of each photo for each source, [sources, photos]; `turned` is the share of readings that it turns over, likewise."""
    within = kernel(pool, pool)
    usual = within.mean(1)
    chances = np.full(turned.shape, 1 / len(pool))
    for step in range(ROUNDS):
        slope = 2 * (within @ chances.mean(0) - usual)
        best = (weight * slope + turned).argmin(1)
        chances *= 1 - 2 / (step + 2)
        chances[np.arange(len(best)), best] += 2 / (step + 2)
    return chances


def distances(drawn, pool, aim):
    """Attribute-KID, and the distance of the drawn photos as they are, of their numbers in the pool."""
    within, targets = kernel(pool[drawn], pool[drawn]), kernel(aim, aim)
    among_targets = (targets.sum() - np.trace(targets)) / (len(aim) * (len(aim) - 1))
    rest = among_targets - 2 * kernel(pool[drawn], aim).mean()
    return within[drawn[:, None] != drawn].mean() + rest, within.mean() + rest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", type=pathlib.Path)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--passes", type=int, default=12, help="over the training faces, where FILE is not there yet")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    faces = Faces(arguments.faces)
    judge = judge_of(faces, arguments.cache, arguments.passes)

    def look(rows):
        verdict = Verdict(judge, faces.pictures[np.flatnonzero(rows)].float() / 255)
        return verdict.logits, verdict.features

    source, target = filters(arguments.model)
    test = faces.partitions == TEST
    logits, features = look(test)
    lines = thresholds_of(faces, logits)
    mean, deviation = features.mean(0), features.std(0) + 1e-6
    kept = kept_columns(faces, source, target)
    before = (look(sources_of(faces, source, target) & test)[0] > lines)[:, kept]
    aim = (look(faces.matching(target) & test)[1] - mean) / deviation
    print("| photos of | weight | kept | attribute-KID | as they are | photos | of |\n" + "| --- " * 7 + "|")
    for name, partition in PARTITIONS.items():
        logits, features = look(faces.matching(target) & (faces.partitions == partition))
        has, pool = (logits > lines)[:, kept], (features - mean) / deviation
        turned = (before[:, None] != has[None]).mean(2)
        for weight in WEIGHTS:
            chances, random = choose(pool, turned, weight), np.random.default_rng(1)
            figures = []
            for _ in range(DRAWINGS):
                drawn = np.array([random.choice(len(pool), p=chance) for chance in chances])
                figures.append((1 - turned[np.arange(len(drawn)), drawn].mean(), *distances(drawn, pool, aim), len(set(drawn))))
            share, kid, plain, photos = np.median(figures, 0)
            print(f"| {name} | {weight:g} | {100 * share:.1f} % | {kid:.3f} | {plain:.3f} | {photos:.0f} | {len(pool)} |", flush=True)


if __name__ == "__main__":
    main()

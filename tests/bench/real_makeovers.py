"""How near to the targets a makeover could come that keeps what shall be kept: each test source becomes the photo of a real target.

    /usr/bin/python3 real_makeovers.py FACES --cache FILE --model CHECKPOINT [--passes 12] [--choosers N]

FACES and FILE are those of independent_judge.py; whom CHECKPOINT turns into whom is asked of real photos. For each source one is drawn
from targets of the validation partition, or of the training partition, which the judge has learned from, so that all drawn ones lie as
the partition's lie in the judge's features (maximum mean discrepancy, cubic kernel) while few readings of what shall be kept turn over
(Frank-Wolfe; a larger weight asks more for the former). Prints a line of a table in Markdown per partition and weight: medians of 20
drawings, attribute-KID to test targets, pairs of one photo left out; and the same distance with nothing taken off for being a sample, which
is the larger, and no estimate. A photo is another person, so this says what KID and kept allow together, not what a generator can do.

The judge itself chooses, which no training can know; with --choosers that many other judges do, by the mean of their logits and all of their
features, and the judge says what it thinks of their choice. They learn from the same faces by other seeds and rest beside FILE.
"""
import argparse
import pathlib

import numpy as np
import torch

from independent_judge import TEST, Faces, Verdict, filters, judge_of, kept_columns, kernel, sources_of, thresholds_of

FIRST_SEED = 21  # the judge's is 20

PARTITIONS = {"validation": 1, "training": 0}
WEIGHTS = (0.1, 0.3, 1, 4)
ROUNDS, DRAWINGS = 400, 20


class View:
    """What one judge or several see of faces: the mean of their logits, and the features of all, standardised."""

    def __init__(self, faces, judges):
        self.faces, self.judges = faces, judges
        logits, features = self.raw(faces.partitions == TEST)
        self.lines, self.mean, self.deviation = thresholds_of(faces, logits), features.mean(0), features.std(0) + 1e-6

    def raw(self, rows):
        pictures = self.faces.pictures[np.flatnonzero(rows)].float() / 255
        verdicts = [Verdict(judge, pictures) for judge in self.judges]
        return np.mean([verdict.logits for verdict in verdicts], 0), np.concatenate([verdict.features for verdict in verdicts], 1)

    def look(self, rows):
        """Which attributes each face has, and its features."""
        logits, features = self.raw(rows)
        return logits > self.lines, (features - self.mean) / self.deviation


def turned_over(view, sources, pool, kept):
    """The share of readings that each photo turns over, [sources, photos]."""
    return (view.look(sources)[0][:, None, kept] != view.look(pool)[0][None][:, :, kept]).mean(2)


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
    parser.add_argument("--choosers", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    faces = Faces(arguments.faces)
    judge = View(faces, [judge_of(faces, arguments.cache, arguments.passes)])
    seeds = range(FIRST_SEED, FIRST_SEED + arguments.choosers)
    others = [judge_of(faces, arguments.cache.with_name(f"{arguments.cache.stem}-{seed}{arguments.cache.suffix}"), arguments.passes, seed)
              for seed in seeds]
    chooser = View(faces, others) if others else judge

    source, target = filters(arguments.model)
    test = faces.partitions == TEST
    kept = kept_columns(faces, source, target)
    sources = sources_of(faces, source, target) & test
    aim = judge.look(faces.matching(target) & test)[1]
    print("| photos of | weight | kept | the choosers say | attribute-KID | as they are | photos | of |\n" + "| --- " * 8 + "|")
    for name, partition in PARTITIONS.items():
        pool = faces.matching(target) & (faces.partitions == partition)
        turned = turned_over(judge, sources, pool, kept)
        seen = turned_over(chooser, sources, pool, kept)
        features, wanted = judge.look(pool)[1], chooser.look(pool)[1]
        for weight in WEIGHTS:
            chances, random = choose(wanted, seen, weight), np.random.default_rng(1)
            figures = []
            for _ in range(DRAWINGS):
                drawn = np.array([random.choice(len(features), p=chance) for chance in chances])
                own = (np.arange(len(drawn)), drawn)
                figures.append((1 - turned[own].mean(), 1 - seen[own].mean(), *distances(drawn, features, aim), len(set(drawn))))
            share, said, kid, plain, photos = np.median(figures, 0)
            print(f"| {name} | {weight:g} | {100 * share:.1f} % | {100 * said:.1f} % | {kid:.3f} | {plain:.3f} | {photos:.0f} | {len(features)} |",
                  flush=True)


if __name__ == "__main__":
    main()

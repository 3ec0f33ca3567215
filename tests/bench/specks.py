"""Coloured specks that a model puts on test faces: how many faces have some, and a contact sheet of the worst.

    /usr/bin/python3 specks.py MKENGINE FACES --model CHECKPOINT [--model CHECKPOINT ...] [--sheets FOLDER]

FACES is a folder in CelebA's layout. A speck is a place of the result whose colour (a* and b* of CIELAB, sRGB, D65) differs by 12 or more
from every colour that the source has within 3 pixels, by 15 or more from the mean of the result's 11x11 places around it, and lies
from these towards green or blue: lips and cheeks may redden, teeth may whiten. A face has specks where there are three such places. Prints a
line of a table in Markdown per model; sheets show pairs, before and after, the most specks first.
"""
import argparse
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from independent_judge import TEST, Faces, filters, run

NEAR, AROUND = 3, 5  # pixels
FROM_SOURCE, FROM_AROUND, PLACES = 12, 15, 3
ROWS, COLUMNS = 4, 6


def lab(pictures):
    """a* and b* [N, 2, H, W] of sRGB pictures [N, 3, H, W] in [0, 1]."""
    linear = torch.where(pictures <= 0.04045, pictures / 12.92, ((pictures + 0.055) / 1.055) ** 2.4)
    matrix = torch.tensor([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    white = matrix.sum(1).view(1, 3, 1, 1)
    ratio = torch.einsum("ij,njyx->niyx", matrix, linear) / white
    f = torch.where(ratio > (6 / 29) ** 3, ratio.clamp_min(1e-9) ** (1 / 3), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return torch.stack([500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


def distance_to_source(source, result):
    """To the nearest colour of the source within NEAR pixels, [N, H, W]."""
    height, width = source.shape[2:]
    wide = F.pad(source, (NEAR,) * 4, mode="replicate")
    least = None
    for dy in range(2 * NEAR + 1):
        for dx in range(2 * NEAR + 1):
            off = (result - wide[:, :, dy:dy + height, dx:dx + width]).norm(dim=1)
            least = off if least is None else torch.minimum(least, off)
    return least


def specks(sources, results):
    """[N, H, W], true at specks."""
    before, after = lab(sources), lab(results)
    around = F.avg_pool2d(after, 2 * AROUND + 1, 1, AROUND, count_include_pad=False)
    off = after - around
    cold = (off[:, 0] < -off[:, 1].abs() / 2) | (off[:, 1] < -off[:, 0].abs() / 2)
    return (distance_to_source(before, after) > FROM_SOURCE) & (off.norm(dim=1) > FROM_AROUND) & cold


def write_sheet(path, sources, results, counts):
    worst = counts.argsort(descending=True)[:ROWS * COLUMNS]
    pairs = torch.cat([sources[worst], results[worst]], 3).permute(0, 2, 3, 1)
    pairs = F.pad(pairs.permute(0, 3, 1, 2), (0, 0, 0, 0, 0, 0, 0, ROWS * COLUMNS - len(worst))).permute(0, 2, 3, 1)
    height, width = pairs.shape[1:3]
    sheet = pairs.reshape(ROWS, COLUMNS, height, width, 3).transpose(1, 2).reshape(ROWS * height, COLUMNS * width, 3)
    Image.fromarray((sheet.clamp(0, 1) * 255).round().to(torch.uint8).numpy()).save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mkengine")
    parser.add_argument("faces", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path, action="append", required=True)
    parser.add_argument("--sheets", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    faces = Faces(arguments.faces)
    print("| model | faces with specks | places | faces |\n" + "| --- " * 4 + "|")
    for number, model in enumerate(arguments.model):
        rows = np.flatnonzero(faces.matching(filters(model)[0]) & (faces.partitions == TEST))
        sources = faces.pictures[rows].float() / 255
        results = run(arguments.mkengine, model, sources).clamp(0, 1)
        counts = specks(sources, results).sum((1, 2))
        print(f"| {model} | {(counts >= PLACES).sum().item()} | {counts.sum().item()} | {len(rows)} |", flush=True)
        if arguments.sheets:
            arguments.sheets.mkdir(parents=True, exist_ok=True)
            write_sheet(arguments.sheets / f"{number}.png", sources, results, counts)


if __name__ == "__main__":
    main()

"""Looks at pictures with PIL and numpy, which share no code with what is tested."""

import io
import pathlib

import numpy as np
from PIL import Image

WINDOW = (slice(90, 190), slice(49, 129))  # Rows and columns of the part of a 178x218 face that changes.


def pixels(source):
    """A picture as float RGB, height x width x 3, 0 to 255. Truncated files raise."""
    if isinstance(source, bytes):
        source = io.BytesIO(source)
    with Image.open(source) as picture:
        picture.load()
        return np.asarray(picture.convert("RGB"), dtype=np.float64)


def size(path):
    with Image.open(path) as picture:
        return picture.size


def difference(a, b):
    """Mean absolute difference, of 255."""
    return float(np.abs(a - b).mean())


def is_plain(a, deviation_min=15.0):
    """True for a grey or one-coloured picture."""
    return float(a.std()) < deviation_min


def correlation(a, b):
    """Of the brightness of two pictures: 1 for the same, about 0 for unrelated ones."""
    x, y = (p.mean(axis=2).ravel() - p.mean() for p in (a, b))
    return float((x @ y) / (np.linalg.norm(x) * np.linalg.norm(y) + 1e-9))


def outside_window(a):
    kept = a.copy()
    kept[WINDOW] = 0
    return kept


def files_below(folder):
    return sorted(str(p.relative_to(folder)) for p in pathlib.Path(folder).rglob("*") if p.is_file())

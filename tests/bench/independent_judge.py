"""The figures of `mkengine evaluate` by a judge that shares no code, network or library with it: PyTorch from Python.

    /usr/bin/python3 independent_judge.py MKENGINE FACES --cache FILE --model CHECKPOINT [--model CHECKPOINT ...] [--passes 12]
        [--everybody]

FACES is a folder in CelebA's layout. The judge is a plain convolutional network that learns the 40 attributes from the training
partition (some minutes), then rests in FILE. Models are run as TorchScript, as `mkengine export` writes it; whom a model
turns into whom stands in its checkpoint. Judged are test faces: one line of a table in Markdown per model, and one for the faces as they are.
With --everybody faces that judge and model have learned from are judged too: that says nothing of new faces, but chance moves it less, so it
compares settings.
"""
import argparse
import json
import pathlib
import re
import struct
import subprocess
import tempfile

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

LEFT, TOP, WIDTH, HEIGHT = 49, 90, 80, 100
KEPT = ["Smiling", "Mouth_Slightly_Open", "Young", "Pale_Skin", "Black_Hair", "Bangs", "Eyeglasses", "High_Cheekbones"]
TEST = 2


class Faces:
    """Pictures [N, 3, HEIGHT, WIDTH] of bytes, attributes [N, 40] and partitions [N] of a folder in CelebA's layout."""

    def __init__(self, folder):
        lines = (folder / "list_attr_celeba.txt").read_text().splitlines()
        self.names = lines[1].split()
        rows = [line.split() for line in lines[2:] if line.strip()]
        self.attributes = np.array([[value == "1" for value in row[1:]] for row in rows])
        lists = (line.split() for line in (folder / "list_eval_partition.txt").read_text().splitlines() if line.strip())
        partitions = {name: int(partition) for name, partition in lists}
        self.partitions = np.array([partitions[row[0]] for row in rows])
        self.pictures = torch.stack([self.picture(folder / "img_align_celeba" / row[0]) for row in rows])

    @staticmethod
    def picture(path):
        crop = Image.open(path).convert("RGB").crop((LEFT, TOP, LEFT + WIDTH, TOP + HEIGHT))
        return torch.from_numpy(np.asarray(crop).transpose(2, 0, 1).copy())

    def column(self, name):
        return [known.lower() for known in self.names].index(name.lower())

    def matching(self, expression):
        """Of a filter: names, !, &, |, brackets, and * for everybody."""
        code = re.sub(r"\w+", lambda word: f"a[:, {self.column(word[0])}]", expression).replace("!", "~").replace("*", "(a[:, 0] | ~a[:, 0])")
        return eval(code, {"__builtins__": {}}, {"a": self.attributes})  # nothing but columns and operators is left in it


class Judge(nn.Module):
    def __init__(self, attributes):
        super().__init__()
        layers = []
        for inputs, outputs in [(3, 24), (24, 48), (48, 96), (96, 128), (128, 160)]:
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.GELU(), nn.MaxPool2d(2)]
        self.trunk = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.4), nn.Linear(160 * 3 * 2, 192), nn.BatchNorm1d(192), nn.GELU())
        self.head = nn.Linear(192, attributes)

    def forward(self, pictures):
        features = self.trunk(pictures * 2 - 1)
        return self.head(F.dropout(features, 0.4, self.training)), features


def learn(faces, passes, seed, batch=32):
    torch.manual_seed(seed)
    judge = Judge(len(faces.names))
    rows = np.flatnonzero(faces.partitions == 0)
    labels = torch.from_numpy(faces.attributes.astype(np.float32))
    steps = passes * (len(rows) // batch)
    adam = torch.optim.AdamW(judge.parameters(), 2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 4e-3, total_steps=steps)
    for step in range(steps):
        some = torch.from_numpy(rows[np.random.default_rng([seed, step // (len(rows) // batch)]).permutation(len(rows))])
        some = some[step % (len(rows) // batch) * batch:][:batch]
        pictures = F.pad(faces.pictures[some].float() / 255, (4, 4, 4, 4), mode="replicate")
        dy, dx = torch.randint(0, 9, (2,)).tolist()
        pictures = pictures[:, :, dy:dy + HEIGHT, dx:dx + WIDTH]
        if torch.rand(()) < 0.5:
            pictures = pictures.flip(3)
        adam.zero_grad()
        F.binary_cross_entropy_with_logits(judge(pictures)[0], labels[some]).backward()
        adam.step()
        schedule.step()
    return judge.eval()


def judge_of(faces, cache, passes, seed=20):
    """The judge that rests in a file, or learns, by chance of `seed`, and is put there."""
    if cache.exists():
        judge = Judge(len(faces.names)).eval()
        judge.load_state_dict(torch.load(cache))
    else:
        judge = learn(faces, passes, seed)
        torch.save(judge.state_dict(), cache)
    return judge


class Verdict:
    """What the judge says of pictures in [0, 1]: the mean of a face and its mirror image."""

    def __init__(self, judge, pictures):
        with torch.no_grad():
            both = [judge(torch.cat([part, part.flip(3)])) for part in pictures.split(64)]
        halves = [[half.chunk(2) for half in out] for out in both]
        self.logits, self.features = (torch.cat([(a + b) / 2 for a, b in (half[i] for half in halves)]).numpy() for i in range(2))


def kernel(a, b):
    return (a @ b.T / a.shape[1] + 1) ** 3


def kernel_distance(x, y):
    """The unbiased estimate of the squared maximum mean discrepancy with the cubic kernel (Binkowski and others, 2018)."""
    n, m = len(x), len(y)
    within = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in (kernel(x, x), kernel(y, y))]
    return sum(within) - 2 * kernel(x, y).sum() / (n * m)


def literals(expression):
    return {(word.lower(), not no) for no, word in re.findall(r"(!?)\s*(\w+)", expression)}


def headline(source, target):
    """What the target asks for and no source has; where there is none such, all that the target adds."""
    opposite = {(word, not value) for word, value in literals(source)}
    return sorted(literals(target) & opposite or literals(target) - literals(source))


def run(mkengine, model, pictures):
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder) / "generator.pt"
        command = [mkengine, "export", "--model", str(model), "--format", "torchscript", "--out", str(script)]
        subprocess.run(command, check=True, capture_output=True)
        generator = torch.jit.load(str(script))
    with torch.no_grad():
        return torch.cat([(generator(part) * 255).round() / 255 for part in pictures.split(64)])


def filters(model):
    raw = model.read_bytes()
    about = json.loads(raw[8:8 + struct.unpack("<Q", raw[:8])[0]])["__metadata__"]
    return about["source"], about["target"]


def sources_of(faces, source, target):
    """Whom the filters turn into others: a source that is a target already is no test."""
    rows = faces.matching(source)
    for word, value in headline(source, target):
        rows &= faces.attributes[:, faces.column(word)] != value
    return rows


def kept_columns(faces, source, target):
    return [faces.column(name) for name in KEPT if name.lower() not in {word for word, _ in literals(target) - literals(source)}]


def thresholds_of(faces, logits):
    """Above them lie as many of the test faces' logits as have the attribute."""
    shares = faces.attributes[faces.partitions == TEST].mean(0)
    return np.array([np.quantile(logits[:, i], 1 - share) for i, share in enumerate(shares)])


def measure(faces, judge, model, mkengine, everybody):
    source, target = filters(model)
    test = faces.partitions == TEST
    wanted = headline(source, target)
    judged = test | everybody
    sources = sources_of(faces, source, target) & judged
    pictures = faces.pictures[np.flatnonzero(sources)].float() / 255
    results = pictures if mkengine is None else run(mkengine, model, pictures)
    aim = Verdict(judge, faces.pictures[np.flatnonzero(faces.matching(target) & judged)].float() / 255).features
    everyone = Verdict(judge, faces.pictures[np.flatnonzero(test)].float() / 255)
    thresholds = thresholds_of(faces, everyone.logits)
    mean, deviation = everyone.features.mean(0), everyone.features.std(0) + 1e-6
    before, after = Verdict(judge, pictures), Verdict(judge, results)
    has = [verdict.logits > thresholds for verdict in (before, after)]
    met = np.all([has[1][:, faces.column(word)] == value for word, value in wanted], axis=0)
    kept = kept_columns(faces, source, target)
    accuracy = np.mean((everyone.logits > thresholds)[:, faces.column(wanted[0][0])] == faces.attributes[test][:, faces.column(wanted[0][0])])
    return {"faces": len(pictures), "target": met.mean(), "kid": kernel_distance((after.features - mean) / deviation, (aim - mean) / deviation),
            "kept": (has[0] == has[1])[:, kept].mean(), "low": (F.avg_pool2d(results, 4) - F.avg_pool2d(pictures, 4)).abs().mean().item(),
            "judge": f"{wanted[0][0]} {100 * accuracy:.1f} %"}


def line(name, figures):
    print(f"| {name} | {100 * figures['target']:.1f} % | {figures['kid']:.3f} | {100 * figures['kept']:.1f} % | {figures['low']:.3f} "
          f"| {figures['faces']} | {figures['judge']} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mkengine")
    parser.add_argument("faces", type=pathlib.Path)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, action="append", required=True)
    parser.add_argument("--passes", type=int, default=12, help="over the training faces, where FILE is not there yet")
    parser.add_argument("--everybody", action="store_true", help="judge faces that were learned from too")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    faces = Faces(arguments.faces)
    judge = judge_of(faces, arguments.cache, arguments.passes)
    print("| model | target rate | attribute-KID | kept | low-L1 | faces | judge |\n" + "| --- " * 7 + "|")
    line("the faces as they are", measure(faces, judge, arguments.model[0], None, arguments.everybody))
    for model in arguments.model:
        line(model, measure(faces, judge, model, arguments.mkengine, arguments.everybody))


if __name__ == "__main__":
    main()

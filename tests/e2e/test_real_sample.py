"""Counts on a real sample of CelebA against a count of our own. Skipped where there is no sample."""

import os
import pathlib
import unittest

from cluster import Cluster

BESIDE = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data" / "celeba-sample"
SAMPLE = pathlib.Path(os.environ.get("MAKEOVER_CELEBA", BESIDE))


@unittest.skipUnless((SAMPLE / "list_attr_celeba.txt").is_file(), "no sample of CelebA here")
class RealSample(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(workers=1).__enter__()
        cls.addClassCleanup(cls.cluster.__exit__)
        cls.cluster.ok("datasets", "import", "celeba", SAMPLE)
        lines = (SAMPLE / "list_attr_celeba.txt").read_text().splitlines()
        names = lines[1].split()
        cls.rows = [{n: v == "1" for n, v in zip(names, line.split()[1:])} for line in lines[2:]]

    def count(self, predicate):
        return sum(1 for r in self.rows if predicate(r))

    def check(self, options, source, target):
        found = self.cluster.json("submit-train", "--dry-run", *options)
        self.assertEqual((found["sourceCount"], found["targetCount"]), (self.count(source), self.count(target)), options)

    def test_counts(self):
        clean = lambda r: not r["Blurry"] and not r["Eyeglasses"]
        self.check(["--preset", "mtf"], lambda r: clean(r) and r["Male"],
                   lambda r: clean(r) and not r["Male"] and r["Attractive"])
        self.check(["--preset", "ftm"], lambda r: clean(r) and not r["Male"],
                   lambda r: clean(r) and r["Male"] and r["Attractive"] and r["No_Beard"] and not r["Goatee"] and not r["Mustache"])
        self.check(["--filter", "attractive"], clean, lambda r: clean(r) and r["Attractive"])
        self.check(["--filter", "smiling & (young | !male), no-beard", "--no-clean"], lambda r: True,
                   lambda r: r["Smiling"] and (r["Young"] or not r["Male"]) and r["No_Beard"])
        self.check(["--source", "male=false", "--target", "blond hair"], lambda r: clean(r) and not r["Male"],
                   lambda r: clean(r) and r["Blond_Hair"])

    def test_shown_counts(self):
        shown = {c["attribute"]: c["count"] for c in self.cluster.json("datasets", "show", "celeba")["attributeCounts"]}
        self.assertEqual(shown, {n: self.count(lambda r: r[n]) for n in shown})
        self.assertEqual(len(shown), 40)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""What cannot be is said before anything is spent on it."""

import unittest

from mkctl_support import CommandTest


class Refusals(CommandTest):
    def test_an_evaluation_is_named_by_its_job(self):
        sheet = self.folder / "sheet.png"
        named = self.ctl("evaluate", "smile", "--out", sheet, "-o", "name")
        newest = max(job["id"] for job in self.json("jobs", "list")["jobs"])
        self.assertEqual(named.stdout, f"{newest}\n")
        self.assertIn(str(sheet), named.stderr)


if __name__ == "__main__":
    unittest.main()

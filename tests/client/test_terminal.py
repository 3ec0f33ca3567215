#!/usr/bin/env python3
"""What a person sees on a terminal: moving lines, colours, Ctrl-C."""

import signal
import unittest

from mkctl_support import BIN, FakeCluster, Typed, write_faces


class OnATerminal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = FakeCluster(workers=1)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__)
        write_faces(cls.cluster.root / "faces")
        cls.cluster.ok("datasets", "import", "faces", cls.cluster.root / "faces")

    def typed(self, *args, columns=80, **variables):
        environment = {k: v for k, v in self.cluster.environment().items() if k != "NO_COLOR"}
        typed = Typed([BIN / "mkctl", *args], {**environment, "TERM": "xterm", **variables}, columns)
        self.addCleanup(typed.kill)
        return typed

    def queued(self):
        """A training that waits for another that never ends."""
        first = int(self.cluster.ok("submit-train", "--filter", "smiling", "-o", "name"))
        self.addCleanup(self.cluster.run, "jobs", "cancel", first)
        second = int(self.cluster.ok("submit-train", "--filter", "smiling", "--after", first, "-o", "name"))
        self.addCleanup(self.cluster.run, "jobs", "cancel", second)
        return second

    def test_ctrl_c_detaches_and_says_so(self):
        job = self.queued()
        watch = self.typed("jobs", "watch", job)
        watch.wait_shown(f"job {job} QUEUED")
        watch.signal(signal.SIGINT)
        self.assertEqual(watch.end(), 130)
        self.assertIn(f'Detached. The job goes on; "mkctl jobs watch {job}"', watch.shown)
        self.assertEqual(self.cluster.job(job)["state"], "QUEUED")

    def test_an_ignored_hang_up_stays_ignored(self):
        job = self.queued()
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
        watch = self.typed("jobs", "watch", job)
        signal.signal(signal.SIGHUP, before)
        watch.wait_shown(f"job {job} QUEUED")
        watch.signal(signal.SIGHUP)
        self.cluster.ok("jobs", "cancel", job)
        self.assertEqual(watch.end(), 1)
        self.assertIn(f"Job {job} CANCELLED", watch.shown)

    def test_a_training_moves_on_one_line(self):
        job = int(self.cluster.ok("submit-train", "--filter", "smiling", "--steps", "1000", "-o", "name"))
        watch = self.typed("jobs", "watch", job)
        self.cluster.command("step 500")
        watch.wait_shown(r"\[=+> +\] +50%  500/1,000 steps")
        self.cluster.command("finish 1000")
        self.assertEqual(watch.end(), 0)
        self.assertIn("\r", watch.shown)
        self.assertRegex(watch.shown, rf"Job {job} SUCCEEDED after \S+ at step 1,000\.")
        self.assertLess(max(len(line) for line in watch.lines("job ")), 80)

    def test_narrow(self):
        job = self.queued()
        watch = self.typed("jobs", "watch", job, columns=24)
        watch.wait_shown(f"job {job} Q")
        watch.signal()
        self.assertEqual(watch.end(), 130)
        self.assertLess(max(len(line) for line in watch.lines("job ")), 24)

    def test_a_window_that_becomes_narrow(self):
        job = int(self.cluster.ok("submit-train", "--filter", "smiling", "--steps", "1000", "-o", "name"))
        self.addCleanup(self.cluster.run, "jobs", "cancel", job)
        watch = self.typed("jobs", "watch", job, columns=100)
        watch.wait_shown(f"job {job} ")
        watch.resize(30)
        self.cluster.command("step 500")
        watch.wait_shown(f"job {job} RUNNING +50%")
        self.assertLess(len(watch.lines(f"job {job} RUNNING   50%")[0]), 30)
        watch.signal()
        self.assertEqual(watch.end(), 130)

    def test_logs_leave_the_terminal_as_it_is(self):
        job = int(self.cluster.ok("submit-train", "--filter", "smiling", "--steps", "1000", "-o", "name"))
        self.addCleanup(self.cluster.run, "jobs", "cancel", job)
        logs = self.typed("jobs", "logs", job, "-f")
        self.cluster.command("escape 7")
        self.cluster.command("finish 1000")
        self.assertEqual(logs.end(), 0)
        self.assertIn("?[2J?]0;title??31mred 7\r\n", logs.shown)
        for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            plain = self.typed("jobs", "logs", job, **variables)
            self.assertEqual(plain.end(), 0)
            self.assertNotIn("\x1b", plain.shown)
            self.assertIn("red 7", plain.shown)
        self.assertIn("\x1b[2J\x1b]0;title\x07\u009b31mred 7\n", self.cluster.ok("jobs", "logs", job), "as it is into a pipe")

    def test_colours(self):
        shown = self.typed("status")
        self.assertEqual(shown.end(), 0)
        self.assertIn("\x1b[32mACTIVE\x1b[0m", shown.shown)
        for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            plain = self.typed("status", **variables)
            self.assertEqual(plain.end(), 0)
            self.assertNotIn("\x1b", plain.shown)
            self.assertIn("ACTIVE", plain.shown)

    def test_tables_keep_within_the_window(self):
        job = self.queued()
        for columns in (80, 70):
            shown = self.typed("jobs", "list", columns=columns, NO_COLOR="1")
            self.assertEqual(shown.end(), 0)
            lines = shown.shown.splitlines()
            self.assertIn(str(job), shown.shown)
            self.assertLessEqual(max(map(len, lines)), columns, shown.shown)
        wide = self.typed("jobs", "list", "-o", "wide", NO_COLOR="1")
        self.assertEqual(wide.end(), 0)
        self.assertNotIn("…", wide.shown)

    def test_status_keeps_fresh(self):
        watch = self.typed("status", "-w")
        watch.wait_shown("Coordinator:")
        watch.wait_shown(r"(?s)Coordinator:.*Coordinator:")
        watch.signal()
        self.assertEqual(watch.end(), 130)


if __name__ == "__main__":
    unittest.main()

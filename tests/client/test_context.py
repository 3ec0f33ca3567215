#!/usr/bin/env python3
"""Which coordinator mkctl asks, and `mkctl up`, which writes that down."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from mkctl_support import BIN, Cluster, Program, children_of, needs_engine

NOBODY = "127.0.0.1:1"


class Precedence(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(workers=0)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__)

    def status(self, option=None, variable=None, context=None):
        """The exit status of `mkctl status`, and its errors."""
        with tempfile.TemporaryDirectory() as home:
            environment = {k: v for k, v in os.environ.items() if k not in ("MKCTL_SERVER", "XDG_CONFIG_HOME")}
            environment["HOME"] = home
            if variable is not None:
                environment["MKCTL_SERVER"] = variable
            if context:
                path = pathlib.Path(home) / ".config/makeover/config.toml"
                path.parent.mkdir(parents=True)
                path.write_text(f'# written by hand\nserver = "{context}"\n')
            done = subprocess.run([str(BIN / "mkctl"), "status", *(["--server", option] if option else [])],
                                  env=environment, capture_output=True, text=True, timeout=60)
            return done.returncode, done.stderr

    def test_option_then_environment_then_file(self):
        here = self.cluster.address
        self.assertEqual(self.status(option=here, variable=NOBODY, context=NOBODY), (0, ""))
        self.assertEqual(self.status(variable=here, context=NOBODY), (0, ""))
        self.assertEqual(self.status(context=here), (0, ""))
        self.assertEqual(self.status(variable="", context=here), (0, ""))
        self.assertEqual(self.status(option=NOBODY, variable=here, context=here)[0], 5)
        self.assertEqual(self.status(variable=NOBODY, context=here)[0], 5)
        self.assertEqual(self.status(context=NOBODY)[0], 5)

    def test_a_bad_address_names_where_it_comes_from(self):
        status, said = self.status(variable="nowhere")
        self.assertEqual(status, 2)
        self.assertIn("It comes from MKCTL_SERVER.", said)
        status, said = self.status(context="nowhere")
        self.assertEqual(status, 2)
        self.assertIn("makeover/config.toml.", said)


class Up(unittest.TestCase):
    def test_up_writes_the_context_and_ends_cleanly(self):
        with tempfile.TemporaryDirectory() as home:
            environment = {k: v for k, v in os.environ.items() if k not in ("MKCTL_SERVER",)}
            environment.update(HOME=home, XDG_CONFIG_HOME=home + "/config", XDG_DATA_HOME=home + "/data", NO_COLOR="1")
            up = Program([BIN / "mkctl", "up", "--listen", "127.0.0.1:0", "--devices", "cpu"], home + "/up.log",
                         env=environment)
            try:
                address = up.wait_line("listening on ").split()[-1]
                context = pathlib.Path(home, "config/makeover/config.toml").read_text()
                self.assertIn(f'server = "{address}"', context)
                found = subprocess.run([str(BIN / "mkctl"), "status", "-o", "json"], env=environment, capture_output=True,
                                       text=True, timeout=60)
                self.assertEqual(found.returncode, 0, found.stderr)
                self.assertIn(home + "/data/makeover", found.stdout)
                again = subprocess.run([str(BIN / "mkctl"), "up", "--listen", "127.0.0.1:0", "--devices", "cpu"],
                                       env=environment, capture_output=True, text=True, timeout=60)
                self.assertEqual(again.returncode, 4, again.stderr)
            finally:
                status = up.stop()
            self.assertEqual(status, 0, up.log())
            after = subprocess.run([str(BIN / "mkctl"), "status"], env=environment, capture_output=True, text=True,
                                   timeout=60)
            self.assertEqual(after.returncode, 5, "the coordinator is gone")

    def test_up_ends_cleanly_though_nobody_reads_what_it_says(self):
        with tempfile.TemporaryDirectory() as home:
            environment = {**os.environ, "XDG_CONFIG_HOME": home + "/config", "XDG_DATA_HOME": home + "/data"}
            up = subprocess.Popen([str(BIN / "mkctl"), "up", "--listen", "127.0.0.1:0", "--devices", "cpu"], env=environment,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertTrue(up.stdout.readline().startswith(b"listening on "))
            up.stdout.close()
            up.stderr.close()
            up.send_signal(signal.SIGINT)
            self.assertEqual(up.wait(60), 0)

    @needs_engine
    def test_several_workers_share_what_the_machine_has_and_an_ignored_hang_up_ends_nothing(self):
        with tempfile.TemporaryDirectory() as home:
            environment = {k: v for k, v in os.environ.items() if k != "MKCTL_SERVER"}
            environment.update(HOME=home, XDG_CONFIG_HOME=home + "/config", XDG_DATA_HOME=home + "/data", NO_COLOR="1")
            before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
            up = Program([BIN / "mkctl", "up", "--listen", "127.0.0.1:0", "--workers", "2"], home + "/up.log", env=environment)
            signal.signal(signal.SIGHUP, before)

            def workers():
                done = subprocess.run([str(BIN / "mkctl"), "workers", "list", "-o", "json"], env=environment, timeout=60,
                                      capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, f"{done.stderr}\n{up.log()}")
                return {w["name"]: w for w in json.loads(done.stdout)["workers"]}
            try:
                up.wait_line("listening on ")
                while len(workers()) < 2:
                    pass  # at the pace of the calls themselves
                names = [d["name"] for w in workers().values() for d in w["devices"]]
                self.assertEqual(len([n for n in names if n != "cpu"]), len({n for n in names if n != "cpu"}), names)
                up.process.send_signal(signal.SIGHUP)
                # Only one that goes on starts what has ended again.
                os.kill(children_of(up.pid)[-1], signal.SIGKILL)
                while "is started again" not in up.log():
                    self.assertIsNone(up.process.poll(), up.log())
                self.assertNotIn("Stopping", up.log())
            finally:
                status = up.stop()
            self.assertEqual(status, 0, up.log())

    def test_up_refuses_other_machines(self):
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run([str(BIN / "mkctl"), "up", "--listen", "0.0.0.0:0", "--data-dir", home + "/d"],
                                  env={**os.environ, "XDG_CONFIG_HOME": home}, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn("Refusing to listen on 0.0.0.0:0", done.stderr)
            self.assertFalse(pathlib.Path(home, "makeover/config.toml").exists())


if __name__ == "__main__":
    unittest.main()

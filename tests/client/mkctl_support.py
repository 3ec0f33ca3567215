"""mkctl against a real coordinator and a real worker, whose engine is a stand-in that does what a test says."""

import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import fcntl
import json
import termios
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from cluster import BIN, DEADLINE_S, Cluster, Program, children_of, needs_engine  # noqa: E402, F401

FAKE_ENGINE = os.environ["FAKE_ENGINE"]
DONE, FAILED, USAGE, DETACHED, REFUSED, UNREACHABLE, NOT_FOUND = 0, 1, 2, 3, 4, 5, 6
ATTRIBUTES = ["Eyeglasses", "Male", "Smiling"]


def write_faces(folder, count=160):
    """CelebA's layout with bytes that nobody decodes: every second one is Male, every third Smiling."""
    folder = pathlib.Path(folder)
    pictures = folder / "img_align_celeba"
    pictures.mkdir(parents=True)
    rows = [str(count), " ".join(ATTRIBUTES)]
    for i in range(count):
        (pictures / f"{i:06d}.jpg").write_bytes(b"picture %d" % i)
        rows.append(f"{i:06d}.jpg  -1 {1 if i % 2 else -1} {1 if i % 3 == 0 else -1}")
    (folder / "list_attr_celeba.txt").write_text("\n".join(rows) + "\n")
    return folder


class FakeCluster(Cluster):
    """The worker runs the stand-in engine; `command` writes what its training does next."""

    def start_worker(self, name):
        folder = self.root / f"engine-{name}"
        if not folder.exists():
            folder.mkdir()
            os.mkfifo(folder / "train")
        # Open at both ends, so that words wait for the engine and the engine for words.
        self.words = getattr(self, "words", {})
        self.words[name] = os.open(folder / "train", os.O_RDWR)
        self.workers[name] = Program([BIN / "mkworker", "--coordinator", self.address, "--data-dir", self.root / name,
                                      "--name", name, "--devices", "cpu", "--engine", FAKE_ENGINE],
                                     self.root / f"{name}.log", env={**os.environ, "FAKE_ENGINE_DIR": str(folder)})
        self.workers[name].wait_line("registered as ")

    def command(self, text, worker="w1"):
        os.write(self.words[worker], (text + "\n").encode())

    def __exit__(self, *unused):
        super().__exit__()
        for descriptor in getattr(self, "words", {}).values():
            os.close(descriptor)


class CommandTest(unittest.TestCase):
    """One cluster for all tests of a class: an imported dataset `faces`, a finished training with the model `smile`."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = FakeCluster(workers=1)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__)
        cls.folder = cls.cluster.root
        write_faces(cls.folder / "faces")
        cls.imported = cls.cluster.run("datasets", "import", "faces", cls.folder / "faces")
        assert cls.imported.returncode == 0, cls.imported
        cls.train = cls.start_training("smile")
        cls.cluster.command("log 30\nsample 0\nstep 10\nsample 200\ncheckpoint 200\nfinish 300")
        cls.waited = cls.cluster.run("jobs", "wait", cls.train)
        assert cls.waited.returncode == 0, (cls.waited, cls.cluster.logs())

    @classmethod
    def start_training(cls, model, *options):
        return int(cls.cluster.ok("submit-train", "--filter", "smiling", "--name", model, "-o", "name", *options))

    def ctl(self, *args, status=DONE, cwd=None):
        done = self.cluster.run(*args, cwd=cwd)
        self.assertEqual(done.returncode, status, f"mkctl {args}\n{done.stdout}\n{done.stderr}")
        self.assertNotIn("\x1b", done.stdout + done.stderr, "no colour where no terminal is")
        return done

    def refused(self, *args, status=REFUSED, cwd=None):
        """What an error says; stdout stays empty."""
        done = self.ctl(*args, status=status, cwd=cwd)
        self.assertEqual(done.stdout, "")
        last = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        self.assertEqual(len(last), 1, done.stderr)
        return done.stderr

    def json(self, *args, status=DONE):
        return json.loads(self.ctl(*args, "-o", "json", status=status).stdout)

    def assert_hints(self, done):
        self.assertRegex(done.stderr, r"(?m)^  \S.* # \S", "the next commands worth trying")


class Typed:
    """mkctl on a terminal of its own."""

    def __init__(self, argv, env, columns=80, rows=24):
        self.master, slave = pty.openpty()
        self.rows = rows
        self.resize(columns)
        self.process = subprocess.Popen([str(a) for a in argv], stdin=slave, stdout=slave, stderr=slave, env=env,
                                        start_new_session=True)
        os.close(slave)
        self.shown = ""

    def resize(self, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, columns, 0, 0))

    def _read(self, timeout_s):
        ready, _, _ = select.select([self.master], [], [], timeout_s)
        if not ready:
            return False
        try:
            got = os.read(self.master, 65536)
        except OSError:
            return False  # the other end is closed
        self.shown += got.decode(errors="replace")
        return bool(got)

    def plain(self):
        """All that was shown, without colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.shown)

    def lines(self, beginning):
        """The moving lines that begin so, as they stood on the screen."""
        texts = re.split(r"[\r\n]+", self.plain().replace("\x1b[K", ""))
        return [text for text in texts if text.startswith(beginning)]

    def wait_shown(self, pattern):
        end = time.monotonic() + DEADLINE_S
        while not re.search(pattern, self.plain()):
            if not self._read(max(0, end - time.monotonic())):
                raise AssertionError(f"never shown: {pattern}\n{self.shown!r}")

    def kill(self):
        """For the end of a test that failed; nothing where it has ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.end()

    def signal(self, number=signal.SIGINT):
        self.process.send_signal(number)

    def end(self):
        """The exit status, after all that it shows."""
        while self._read(DEADLINE_S):
            pass
        status = self.process.wait(DEADLINE_S)
        os.close(self.master)
        return status

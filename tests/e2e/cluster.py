"""A real cluster for tests: real processes on free loopback ports, in a folder of its own, ended by their process ids."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

BIN = pathlib.Path(os.environ["MAKEOVER_BIN"])
# The build for the thread sanitizer has none.
needs_engine = unittest.skipUnless((BIN / "mkengine").exists(), "this build has no mkengine")
DEADLINE_S = float(os.environ.get("MAKEOVER_TEST_DEADLINE_S", "240"))


class Program:
    """A child process whose stdout lines can be waited for and whose stderr goes to a file."""

    def __init__(self, argv, log_path, env=None):
        self.log_path = log_path
        self._log = open(log_path, "ab")
        self._lines = []
        self._changed = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen([str(a) for a in argv], stdout=subprocess.PIPE, stderr=self._log,
                                        stdin=subprocess.DEVNULL, env=env)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self._lines.append(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def pid(self):
        return self.process.pid

    def wait_line(self, beginning, timeout_s=60):
        """The first line of stdout that begins so; an error when the program ends first."""
        def found():
            return next((l for l in self._lines if l.startswith(beginning)), None)
        with self._changed:
            self._changed.wait_for(lambda: found() is not None or self._ended, timeout_s)
            if found() is None:
                raise AssertionError(f"no line '{beginning}' from {self.process.args}: {self._lines} {self.log()}")
            return found()

    def log(self):
        return pathlib.Path(self.log_path).read_text(errors="replace")[-4000:]

    def kill9(self):
        self.process.send_signal(signal.SIGKILL)
        self.stop()

    def stop(self, timeout_s=60):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join()
        self.process.stdout.close()
        self._log.close()
        return self.process.returncode


def children_of(pid):
    """Ids of a process's children, by /proc."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
        try:
            found += [int(p) for p in (task / "children").read_text().split()]
        except OSError:
            pass  # The thread has ended.
    return found


class Cluster:
    """A coordinator and workers. Use as a context manager."""

    QUICK = ("--lease-ms", "4000", "--heartbeat-ms", "1000", "--retry-ms", "200")

    def __init__(self, workers=1, coordinator_options=QUICK, data_dir=None):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="makeover-e2e-"))
        self.data_dir = pathlib.Path(data_dir) if data_dir else self.root / "coordinator"
        self.coordinator_options = coordinator_options
        self.coordinator = None
        self.address = "127.0.0.1:0"
        self.workers = {}
        self.initial_workers = workers
        self.worker_threads = 1
        self.others = []

    def __enter__(self):
        try:
            self.start_coordinator()
            for i in range(self.initial_workers):
                self.start_worker(f"w{i + 1}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        for program in [*self.others, *self.workers.values(), self.coordinator]:
            if program:
                program.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def start_coordinator(self):
        self.coordinator = Program([BIN / "mkcoordinator", "--data-dir", self.data_dir, "--listen", self.address,
                                    *self.coordinator_options], self.root / "coordinator.log")
        self.address = self.coordinator.wait_line("listening on ").split()[-1]

    def start_worker(self, name):
        self.workers[name] = Program([BIN / "mkworker", "--coordinator", self.address, "--data-dir", self.root / name,
                                      "--name", name, "--devices", "cpu", "--threads", self.worker_threads],
                                     self.root / f"{name}.log")
        self.workers[name].wait_line("registered as ")

    def restart_coordinator(self):
        self.coordinator.kill9()
        self.start_coordinator()

    def restart_worker(self, name):
        self.workers[name].kill9()
        self.start_worker(name)

    def kill_engine(self, worker, signal_number=signal.SIGKILL):
        """Kills the worker's engine children; how many there were."""
        killed = 0
        for pid in children_of(self.workers[worker].pid):
            try:
                os.kill(pid, signal_number)
                killed += 1
            except ProcessLookupError:
                pass
        return killed

    def environment(self):
        return {**os.environ, "MKCTL_SERVER": self.address, "XDG_CONFIG_HOME": str(self.root / "config"),
                "NO_COLOR": "1"}

    def run(self, *args, timeout_s=DEADLINE_S, cwd=None):
        """Runs mkctl to its end; a CompletedProcess with text."""
        return subprocess.run([str(BIN / "mkctl"), *[str(a) for a in args]], env=self.environment(), text=True,
                              capture_output=True, timeout=timeout_s, stdin=subprocess.DEVNULL, cwd=cwd)

    def ok(self, *args, **options):
        done = self.run(*args, **options)
        assert done.returncode == 0, f"mkctl {args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.logs()}"
        return done.stdout

    def json(self, *args, **options):
        return json.loads(self.ok(*args, "-o", "json", **options))

    def start(self, *args):
        """Starts mkctl and does not wait."""
        program = Program([BIN / "mkctl", *args], self.root / f"mkctl-{len(self.others)}.log", env=self.environment())
        self.others.append(program)
        return program

    def job(self, job_id):
        return self.json("jobs", "show", job_id)

    def wait_for(self, what, predicate, timeout_s=DEADLINE_S):
        """Asks again and again, at the pace of the calls themselves, until the answer is true."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            answer = predicate()
            if answer:
                return answer
        raise AssertionError(f"waited {timeout_s} s in vain for: {what}\n{self.logs()}")

    def wait_job(self, job_id, predicate, what):
        def met():
            job = self.job(job_id)
            if predicate(job):
                return job
            assert job["state"] not in ("FAILED", "CANCELLED", "SUCCEEDED"), f"job ended without {what}: {job}\n{self.logs()}"
            return None
        return self.wait_for(what, met)

    def logs(self):
        programs = {"coordinator": self.coordinator, **self.workers}
        return "\n".join(f"--- {n}\n{p.log()}" for n, p in programs.items() if p)

    def verify(self):
        return self.ok("admin", "verify")


def synth(folder, count, seed=1):
    subprocess.run([str(BIN / "mkengine"), "synth", str(folder), "--count", str(count), "--seed", str(seed)],
                   check=True, capture_output=True)
    return pathlib.Path(folder)

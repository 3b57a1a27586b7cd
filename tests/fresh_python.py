"""Fresh Python processes, for what depends on the order of imports, on their absence, or on the environment at start.

Each is forked from one process that has imported torch and other large packages. It has imported neither this package
nor transformers, nor anything that reads the environment of the Hugging Face libraries, so that a fork is as fresh as
a new process, and takes less processor time by the seconds of these imports.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SERVER = """
import json, os, sys, traceback

for name in ("torch._dynamo", "torch._inductor.decomposition", "torch.distributed.tensor", "scipy.optimize", "pandas",
             "pyarrow.dataset", "sympy", "matplotlib.pyplot", "torchao", "bitsandbytes"):
    try:
        __import__(name)
    except ImportError:
        pass
assert not {"transformers", "huggingface_hub", "datasets", "ts_llm_fusion"} & set(sys.modules)


def run(task):
    os.environ.clear()
    os.environ.update(task["environment"])
    os.chdir(task["folder"])
    sys.path[0] = ""
    sys.argv = ["-c", *task["arguments"]]
    for number, path in ((1, task["out"]), (2, task["err"])):
        os.dup2(os.open(path, os.O_WRONLY), number)
    sys.stdout.reconfigure(line_buffering=True)
    try:
        exec(compile(task["code"], "<string>", "exec"), {"__name__": "__main__"})
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    # As the interpreter ends a program, whatever it raised: with a traceback, never in the code of the server.
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


for line in sys.stdin:
    task = json.loads(line)
    if "wait" in task:
        ended, status = os.waitpid(task["wait"], task["options"])
        answer = os.waitstatus_to_exitcode(status) if ended else None
    else:
        answer = os.fork() or run(task)
    print(json.dumps(answer), flush=True)
"""


@dataclass(frozen=True)
class Finished:
    """How a process ended."""

    returncode: int
    stdout: str
    stderr: str


class FreshPython:
    """Runs programs in fresh processes.

    Args:
        server: the process that they are forked from.
        folder: an empty folder.
    """

    def __init__(self, server: subprocess.Popen, folder: Path):
        self.server, self.folder, self.count = server, folder, 0

    def ask(self, **task) -> int | None:
        """Send a task to the server; its answer is the number of a process, or how one ended."""
        self.server.stdin.write(json.dumps(task) + "\n")
        self.server.stdin.flush()
        return json.loads(self.server.stdout.readline())

    def start(
        self, code: str, *arguments: str, environment: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> "Running":
        """Start a program with its arguments, in an environment and a folder, by default those of the tests."""
        self.count += 1
        out, err = (self.folder / f"{self.count}.{name}" for name in ("out", "err"))
        for path in (out, err):
            path.touch()
        process = self.ask(
            code=code,
            arguments=list(map(str, arguments)),
            environment=dict(os.environ if environment is None else environment),
            folder=str(folder or Path.cwd()),
            out=str(out),
            err=str(err),
        )
        return Running(self, process, out, err)

    def run(self, code: str, *arguments: str, **options) -> Finished:
        """Run a program to its end; see `start`."""
        return self.start(code, *arguments, **options).wait()

    def run_ranks(self, code: str, *arguments: str, processes: int, environment: Mapping[str, str]) -> None:
        """Run a program in several processes as torch starts them for `accelerate launch`, in its environment."""
        common = {**environment, "WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1"}
        ranks = [{"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(processes)]
        running = [self.start(code, *arguments, environment={**common, **rank}) for rank in ranks]
        for process in running:
            finished = process.wait()
            assert finished.returncode == 0, finished.stderr[-2000:]


@dataclass
class Running:
    """A process, by its number and the files that it writes to."""

    python: FreshPython
    pid: int
    out: Path
    err: Path
    finished: Finished | None = None

    def poll(self, options: int = os.WNOHANG) -> Finished | None:
        """How the process ended, None while it runs."""
        if self.finished is None:
            code = self.python.ask(wait=self.pid, options=options)
            if code is not None:
                self.finished = Finished(code, self.out.read_text(), self.err.read_text())
        return self.finished

    def wait(self) -> Finished:
        """Wait for the end of the process."""
        return self.poll(0)

    def kill(self, signal: int) -> Finished:
        """Send a signal to the process, and wait for its end."""
        os.kill(self.pid, signal)
        return self.wait()


@contextmanager
def forking(folder: Path) -> Iterator[FreshPython]:
    """Start the process to fork from; `folder` is an empty one."""
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with server:
        yield FreshPython(server, folder)
        server.stdin.close()

"""Runs a version of a function as a Node process, one for each concurrent call, in place of a container."""

import logging
import os
import signal
import subprocess
import threading
import time
from collections import deque
from pathlib import Path

from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import (
    LambdaRuntimeException,
    RuntimeExecutor,
)

from localstack_host.runtime_api import Invocation, RuntimeApi, error_payload

LOG = logging.getLogger(__name__)
BOOTSTRAP = Path(__file__).with_name("bootstrap.mjs")
INIT_TIMEOUT_SECONDS = 20
# How long the last lines of an invocation may take to come through the pipe; they have been written by then.
OUTPUT_TIMEOUT_SECONDS = 1

_command: list[str] = []
_processes: set[subprocess.Popen] = set()


def configure(node: Path, instance: Path) -> None:
    # The instance is not for `bootstrap.mjs`: its processes are found by their command lines.
    _command[:] = [str(node), str(BOOTSTRAP), f"--instance={instance}"]


def end_all() -> None:
    for process in list(_processes):
        kill(process)


def kill(process: subprocess.Popen) -> None:
    """With what the function itself has started: the process leads a group of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class ProcessRuntimeExecutor(RuntimeExecutor):
    def __init__(self, id: str, function_version) -> None:
        super().__init__(id=id, function_version=function_version)
        self._api: RuntimeApi | None = None
        self._process: subprocess.Popen | None = None
        self._reader: threading.Thread | None = None
        self._env: dict[str, str] = {}
        self._lines: list[str] = []
        self._last_lines: deque[str] = deque(maxlen=500)
        self._lock = threading.Lock()
        self._taken = False
        self._output_ended = threading.Event()

    # What LocalStack asks of an executor.

    def start(self, env_vars: dict[str, str]) -> None:
        self._api = RuntimeApi()
        self._env = {
            "PATH": os.environ.get("PATH", os.defpath),
            **{name: str(value) for name, value in env_vars.items() if value is not None},
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "LAMBDA_TASK_ROOT": str(self.function_version.config.code.get_unzipped_code_location()),
        }
        self._spawn()

    def stop(self) -> None:
        if self._process:
            kill(self._process)
        if self._api:
            self._api.close()
            self._api = None

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return f"http://{self._api.address}" if self._api else "http://127.0.0.1:0"

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        if self._process.poll() is not None:
            self._spawn()  # Lost to a timeout, a crash or a signal: the next call starts anew, as on AWS.
        timeout = self.function_version.config.timeout
        invocation = Invocation(
            request_id=payload["invoke-id"],
            arn=payload["invoked-function-arn"],
            body=payload["payload"].encode(),
            deadline_ms=int((time.time() + timeout) * 1000),
            trace_id=payload.get("trace-id", ""),
        )
        with self._lock:
            self._lines.clear()
        self._output_ended.clear()
        name = f"RequestId: {invocation.request_id}"
        self._log(f"START {name} Version: {self.function_version.id.qualifier}")
        begin = time.monotonic()
        self._submit(invocation)
        self._wait(invocation, begin + timeout, timeout)
        self._output_ended.wait(OUTPUT_TIMEOUT_SECONDS)
        elapsed_ms = (time.monotonic() - begin) * 1000
        memory = self.function_version.config.memory_size
        self._log(f"END {name}")
        self._log(f"REPORT {name}\tDuration: {elapsed_ms:.2f} ms\tMemory Size: {memory} MB")
        with self._lock:
            logs = "\n".join(self._lines) + "\n"
        return InvocationResult(
            request_id=invocation.request_id,
            payload=invocation.payload,
            is_error=invocation.is_error,
            logs=logs,
        )

    def get_logs(self) -> str:
        with self._lock:
            return "\n".join(self._last_lines)

    @classmethod
    def prepare_version(cls, function_version) -> None:
        if function_version.config.code is None:
            raise LambdaRuntimeException("container images do not run without Docker")
        if not (function_version.config.runtime or "").startswith("nodejs"):
            raise LambdaRuntimeException(f"{function_version.config.runtime} does not run here, only Node.js")
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version) -> None:
        pass

    # The process.

    def _spawn(self) -> None:
        self._api.reset()
        process = self._process = subprocess.Popen(
            _command,
            cwd=self._env["LAMBDA_TASK_ROOT"],
            env=self._env,
            # Closes when LocalStack ends, whatever ended it.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        _processes.add(process)
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()
        deadline = time.monotonic() + INIT_TIMEOUT_SECONDS
        while not self._api.ready.wait(0.01):
            if process.poll() is not None:
                message = f"Runtime exited during init: {how(process)}"
                raise StatusErrorException(message, error_payload("Runtime.ExitError", message))
            if time.monotonic() > deadline:
                kill(process)
                message = "Init timed out"
                raise StatusErrorException(message, error_payload("Sandbox.Timedout", message))
        if self._api.init_error is not None:
            kill(process)
            raise StatusErrorException("Init failed", self._api.init_error)

    def _submit(self, invocation: Invocation) -> None:
        self._taken = False
        self._api.submit(invocation)

    def _wait(self, invocation: Invocation, deadline: float, timeout: int) -> None:
        """Until there is an answer, or the process or its time has ended."""
        name = f"RequestId: {invocation.request_id}"
        while not invocation.done.wait(0.01):
            if self._process.poll() is not None:
                # What it has said counts, to the last line.
                self._reader.join(OUTPUT_TIMEOUT_SECONDS)
                if self._taken or time.monotonic() > deadline:
                    message = f"{name} Error: Runtime exited with error: {how(self._process)}"
                    invocation.finish(error_payload("Runtime.ExitError", message), is_error=True)
                else:
                    # Killed just before: whatever did that, the function has not seen this call.
                    self._spawn()
                    self._submit(invocation)
            elif time.monotonic() > deadline:
                kill(self._process)
                self._process.wait()
                self._log(f"{invocation.request_id} Task timed out after {timeout:.2f} seconds")
                message = f"{name} Error: Task timed out after {timeout:.2f} seconds"
                invocation.finish(error_payload("Sandbox.Timedout", message), is_error=True)

    def _read(self, process: subprocess.Popen) -> None:
        """A NUL says that an invocation begins or ends: its answer takes another way, and may come first."""
        for line in process.stdout:
            text, mark, what = line.rstrip("\n").partition("\0")
            if text or not mark:
                self._log(text)
            if what == "begin":
                self._taken = True
            elif what == "end":
                self._output_ended.set()
        process.wait()
        _processes.discard(process)
        if process is self._process:
            self._output_ended.set()

    def _log(self, line: str) -> None:
        with self._lock:
            self._lines.append(line)
            self._last_lines.append(line)


def how(process: subprocess.Popen) -> str:
    code = process.returncode
    return f"exit status {code}" if code >= 0 else f"signal: {signal.Signals(-code).name}"

"""DynamoDB Local as a child of LocalStack."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path


class DynamoDbLocal:
    """Starts at once; `on_exit` is called should it end by itself, as its tables have then gone."""

    def __init__(self, java: Path, folder: Path, instance: Path, on_exit: Callable[[], None]) -> None:
        self._port: Future[int] = Future()
        self._on_exit = on_exit
        options = [
            # An instance lives for minutes: the first compiler is worth its time, the second is not.
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx512m",
            f"-Djava.library.path={folder}/lib",
            # Libraries are unpacked there, and stay.
            f"-Djava.io.tmpdir={instance}/root/tmp",
            f"-Dlog4j2.configurationFile={folder}/log4j2.xml",
        ]
        self._process = subprocess.Popen(
            [
                java,
                *options,
                "-cp",
                f"{folder}/classes:{folder}/lib/*",
                "LoopbackDynamoDb",
                f"--instance={instance}",
            ],
            # Never written to: that it closes tells the JVM that LocalStack has gone.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Not in the group of LocalStack: nothing that is meant for that one ends it first.
            start_new_session=True,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def port(self) -> int:
        """Waits until it listens."""
        return self._port.result()

    def _read(self) -> None:
        for line in self._process.stdout:
            if line.startswith("port "):
                self._port.set_result(int(line.removeprefix("port ")))
            else:
                sys.stdout.write(f"dynamodb: {line}")
        print(f"DynamoDB Local ended with {self._process.wait()}", flush=True)
        self._on_exit()

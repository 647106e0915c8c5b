"""LocalStack as a plain process on this host, without Docker.

`python -m localstack_host --instance=FOLDER --port=N --node=FILE --java=FILE --dynamodb=FOLDER [--owned]`

What else LocalStack is to know comes in its own environment variables, from `scripts/localstack/instance.ts`.
The file FOLDER/ready appears once gateway and DynamoDB answer. With --owned the end of standard input ends
all of it: nothing outlives whoever started it, however that one ends.
"""

import argparse
import os
import sys
import threading
from pathlib import Path

from localstack_host.dynamodb import DynamoDbLocal

# What a deployment of ours touches. LocalStack loads a service at its first call, which takes a second or two
# for all of them: here this is done while the caller still bundles and synthesizes.
SERVICES = (
    "dynamodb sts cloudformation s3 iam ssm dynamodbstreams kms lambda apigateway",
    "logs events sqs sns cloudwatch",
)


def main() -> None:
    options = parse(sys.argv[1:])
    # Read when `localstack` is imported. The second is a name: function URLs put a label before it.
    os.environ["GATEWAY_LISTEN"] = f"127.0.0.1:{options.port}"
    os.environ["LOCALSTACK_HOST"] = f"localhost:{options.port}"
    # The JVM starts beside LocalStack's imports, on another core.
    dynamodb = DynamoDbLocal(options.java, options.dynamodb, options.instance, on_exit=lambda: end(1))
    from localstack_host import corrections, executor

    executor.configure(node=options.node, instance=options.instance)
    corrections.apply(dynamodb, end)
    if options.owned:
        run_aside(lambda: (sys.stdin.buffer.read(), end(0)))
    run_aside(lambda: tell_when_ready(options.instance, dynamodb))

    from localstack.runtime.main import main as run_localstack

    run_localstack()


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="localstack_host")
    for name in ("instance", "node", "java", "dynamodb"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--owned", action="store_true")
    return parser.parse_args(arguments)


def run_aside(task) -> None:
    threading.Thread(target=task, daemon=True).start()


def tell_when_ready(folder: Path, dynamodb: DynamoDbLocal) -> None:
    from localstack.runtime import events

    events.infra_ready.wait()
    run_aside(load_services)
    dynamodb.port()
    (folder / "ready").touch()


def load_services() -> None:
    from localstack.services.plugins import SERVICE_PLUGINS

    for name in " ".join(SERVICES).split():
        SERVICE_PLUGINS.require(name)


def end(code: int) -> None:
    """At once: all state is in memory, so LocalStack's orderly end, of several seconds, would keep nothing.

    DynamoDB ends by itself, when the pipe to its standard input closes.
    """
    from localstack_host import executor

    executor.end_all()
    sys.stdout.flush()
    os._exit(code)


main()

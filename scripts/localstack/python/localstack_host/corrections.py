"""What LocalStack 2026.3.0 needs in order to run here. Everything else is upstream's."""

import functools
import sys
from collections.abc import Callable
from types import SimpleNamespace

from localstack import config
from localstack.runtime.runtime import LocalstackRuntime
from localstack.services.lambda_.invocation import runtime_executor

from localstack_host.dynamodb import DynamoDbLocal
from localstack_host.executor import ProcessRuntimeExecutor


def apply(dynamodb: DynamoDbLocal, end: Callable[[int], None]) -> None:
    # Made when it was installed.
    config.dirs.static_libs = f"{sys.prefix}/usr/lib/localstack"
    run_functions_as_processes()
    use_dynamodb(dynamodb)
    listen_on_the_named_interface()
    judge_resource_types_offline()
    log_where_the_function_says()
    answer_deployments_late()
    know_any_type_as_binary()
    LocalstackRuntime.exit = lambda self, code=0: end(code)


def run_functions_as_processes() -> None:
    """Stands where upstream looks for installed executors, and falls back to the one for Docker."""
    plugin = SimpleNamespace(load=lambda: ProcessRuntimeExecutor)
    runtime_executor.EXECUTOR_PLUGIN_MANAGER = SimpleNamespace(
        exists=lambda name: True, load=lambda name: plugin
    )


def use_dynamodb(dynamodb: DynamoDbLocal) -> None:
    """Upstream would download DynamoDB Local and start it at the first call."""
    from localstack.services.dynamodb.server import DynamodbServer

    @functools.cache
    def get() -> DynamodbServer:
        return DynamodbServer(port=dynamodb.port(), host="127.0.0.1")

    DynamodbServer.get = staticmethod(get)
    DynamodbServer.start_dynamodb = lambda self: True
    DynamodbServer.stop_dynamodb = lambda self: None


def listen_on_the_named_interface() -> None:
    """Upstream drops the host of GATEWAY_LISTEN for IPv4 and binds every interface.

    Here a port that is taken is an error, too, and there is no TLS, whose key took a while to make.
    """

    def listen(self: LocalstackRuntime) -> None:
        from rolo.serving.twisted import TwistedGateway
        from twisted.internet import reactor

        [address] = config.GATEWAY_LISTEN
        site = TwistedGateway(self.components.gateway)
        reactor.listenTCP(address.port, site, interface=address.host)

    LocalstackRuntime._init_gateway_server = listen


def judge_resource_types_offline() -> None:
    """With CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES=0 a remote catalogue says which types are supported.

    Without an answer every type is refused. Here the installed resource providers decide.
    """
    from localstack.utils.catalog import catalog, catalog_loader
    from localstack.utils.catalog.common import (
        CloudFormationResourcesSupportAtRuntime,
        CloudFormationResourcesSupportInLatest,
    )

    without_provider = ("AWS::CDK::Metadata", "AWS::CloudFormation::CustomResource")

    def offline(self):
        raise catalog_loader.AwsCatalogLoaderException("offline")

    def status(self, resource_name, service_name, is_pro_resource=False):
        available = self._get_cfn_resources_available_at_runtime()
        if (
            resource_name in available
            or resource_name in without_provider
            or not resource_name.startswith("AWS::")
        ):
            return CloudFormationResourcesSupportAtRuntime.AVAILABLE
        return CloudFormationResourcesSupportInLatest.NOT_SUPPORTED

    catalog_loader.RemoteCatalogLoader.get_remote_catalog = offline
    catalog.AwsCatalogRuntimePlugin.get_cloudformation_resource_status = status


def log_where_the_function_says() -> None:
    """LoggingConfig.LogGroup is stored by upstream, but not used."""
    from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment

    upstream = ExecutionEnvironment.get_log_group_name

    def get_log_group_name(self) -> str:
        return (self.function_version.config.logging_config or {}).get("LogGroup") or upstream(self)

    ExecutionEnvironment.get_log_group_name = get_log_group_name


def answer_deployments_late() -> None:
    """The CDK asks every 5 s whether CloudFormation is done; with this, mostly once.

    A request that takes too long is made again: hence the limit.
    """
    from localstack.services.cloudformation.v2 import provider

    upstream = provider.start_worker_thread

    def start_worker_thread(work):
        thread = upstream(work)
        thread.join(timeout=20)
        return thread

    provider.start_worker_thread = start_worker_thread


def know_any_type_as_binary() -> None:
    """Among the binary media types of an API, upstream passes over the one for all, */*."""
    from localstack.services.apigateway.next_gen.execute_api.integrations import aws

    upstream = aws.mime_type_matches_binary_media_types

    def matches(mime_type, binary_media_types):
        return "*/*" in binary_media_types or upstream(mime_type, binary_media_types)

    aws.mime_type_matches_binary_media_types = matches

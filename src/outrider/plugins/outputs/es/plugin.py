"""The es output."""

from __future__ import annotations

from outrider.model.errors import UserError
from outrider.net.http import basic_auth
from outrider.pipeline.common.bulk_output import BulkOutput
from outrider.pipeline.common.http_nodes import Node, NodeClients, NodeOptions
from outrider.pipeline.common.nodes import beside_upstream, each_node
from outrider.pipeline.options import OutputCore
from outrider.plugins.outputs.es.cloud import address
from outrider.plugins.outputs.es.config import Options


class Es(BulkOutput[Options]):
    """Stores records in Elasticsearch."""

    Options = Options

    def check(self) -> None:
        """See Output."""
        options = self.options
        super().check()
        if options.upstream:
            self._take_turns()
        if options.cloud_id:
            try:
                host, port = address(options.cloud_id)
            except ValueError as error:
                fix = "copy the Cloud ID of the deployment from Elastic's console, NAME:TEXT"
                raise UserError(str(error), key="cloud_id", fix=fix) from error
            if not self.core.tls:
                raise UserError("cloud_id needs TLS", fix="add: tls On")
            self.connect(host, port)
        if options.cloud_auth:
            user, _, password = options.cloud_auth.partition(":")
            self.headers.append(basic_auth(user, password))
        if options.http_api_key:
            self.headers.append(("Authorization", f"ApiKey {options.http_api_key}"))

    def doubts(self) -> list[UserError]:
        """See Output."""
        return beside_upstream(self.core) if self.options.upstream else []

    def _take_turns(self) -> None:
        options = self.options
        for key, given in (("cloud_id", options.cloud_id), ("aws_auth", options.aws_auth)):
            if given:
                raise UserError(f"{key} and upstream exclude each other", fix="remove one of them")

        def node(name: str, core: OutputCore, own: Options) -> Node:
            return Node(name, self.bulk_client(core=core))

        servers = self.context.library.upstreams.servers(options.upstream)
        self.client = NodeClients(each_node(servers, self.core, options, NodeOptions, node), self.log)
        self.peer = f"upstream '{servers.name}'"

"""What the es and opensearch outputs have in common: the options, the request, and the fate of each record."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import Literal, TypeVar

from outrider.formats.bulk import Bulk, BulkForm, judge
from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.net.http import Answer, HttpClient, basic_auth, refusal, retry_after
from outrider.pipeline.common.http_output import USER_AGENT, Compression, HttpOutput, compressed
from outrider.pipeline.options import OutputCore, Secret, Size, option, secret_option
from outrider.pipeline.plugin import Delivery

_ANSWER_LEAST = 16 << 20
_NO_ID = "the record has no id in id_key, which an update needs"


@dataclass(frozen=True, kw_only=True)
class BulkOptions:
    """See the help of each field."""

    index: str = option("fluent-bit", "index; %Y and the like stand for the present day, $key for a field")
    type: str = option("_doc", "type of the documents, where it is sent")
    suppress_type_name: bool = option(False, "send no type: Elasticsearch 8 and OpenSearch 2 refuse it")
    http_user: str = option("", "user of basic authentication")
    http_passwd: Secret = secret_option("", "password of basic authentication")
    compress: Compression = option("none", "compression of the body")
    logstash_format: bool = option(False, "name indices by the day of the record")
    logstash_prefix: str = option("logstash", "begin of those names")
    logstash_prefix_separator: str = option("-", "between that and the day")
    logstash_prefix_key: str = option("", "$field that holds the begin of the name")
    logstash_dateformat: str = option("%Y.%m.%d", "form of the day")
    time_key: str = option("@timestamp", "key of the time")
    time_key_format: str = option("%Y-%m-%dT%H:%M:%S", "form of the time, before its fraction")
    time_key_nanos: bool = option(False, "nine digits of the fraction instead of three")
    include_tag_key: bool = option(False, "put the tag into the record")
    tag_key: str = option("flb-key", "key of the tag")
    generate_id: bool = option(False, "make ids from the records, so that one sent twice is stored once")
    id_key: str = option("", "$field that holds the id")
    write_operation: Literal["create", "index", "update", "upsert"] = option("create", "what is done with records")
    replace_dots: bool = option(False, "put _ for dots in keys")
    current_time_index: bool = option(False, "use the present time instead of the record's")
    path: str = option("", "path before /_bulk")
    pipeline: str = option("", "ingest pipeline")
    buffer_size: Size = option(512_000, "most bytes of an answer to read; more than 16M where that is larger")
    trace_output: bool = option(False, "accepted; see log_level debug of the server")
    trace_error: bool = option(False, "accepted; what the server refuses is always told")
    aws_auth: bool = option(False, "sign requests with AWS Signature Version 4")
    aws_region: str = option("", "region of the domain")
    aws_profile: str = option("", "profile of the AWS configuration files")
    aws_sts_endpoint: str = option("", "endpoint of STS for aws_role_arn")
    aws_role_arn: str = option("", "role to assume")
    aws_external_id: str = option("", "external id for aws_role_arn")
    aws_service_name: Literal["es", "aoss"] = option("es", "es, or aoss for OpenSearch Serverless")


B = TypeVar("B", bound=BulkOptions)
_FORM = [field.name for field in dataclasses.fields(BulkForm)]


class BulkOutput(HttpOutput[B]):
    """A batch is one bulk request; of one that fails in part only the failed records are sent again."""

    PORT = 9200

    def check(self) -> None:
        """See Output."""
        options = self.options
        self.connect("", 0)
        try:
            self._bulk = Bulk(BulkForm(**{name: getattr(options, name) for name in _FORM}))
        except ValueError as error:
            raise UserError(str(error)) from error
        base = options.path.rstrip("/")
        base = f"/{base}" if base and not base.startswith("/") else base
        self._path = f"{base}/_bulk/?pipeline={options.pipeline}" if options.pipeline else f"{base}/_bulk"
        if not (self._path.isascii() and self._path.isprintable()) or " " in self._path:
            raise UserError(f"path '{options.path}' or pipeline '{options.pipeline}' is no part of a URL")
        self.headers = [("Content-Type", "application/x-ndjson")]
        if not options.aws_auth:
            self.headers.append(USER_AGENT)
        if options.http_user:
            self.headers.append(basic_auth(options.http_user, options.http_passwd))

    def connect(self, host: str, port: int) -> None:
        """Make the client, for the output's own host where none is given. Raises UserError."""
        options = self.options
        client = self.bulk_client(host, port)
        self.peer = str(client)
        self.client = self.signing(client, options.aws_service_name, options) if options.aws_auth else client

    def bulk_client(self, host: str = "", port: int = 0, core: OutputCore | None = None) -> HttpClient:
        """As ``client_of``, for answers that tell of every record. Raises UserError."""
        client = self.client_of(host, port, core=core)
        client.answer_max = max(self.options.buffer_size, _ANSWER_LEAST)
        return client

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        bare = self._bulk.without_id(batch)
        if len(bare) == len(batch):
            return Delivery(0, len(bare), _NO_ID, refused=bare)
        good = sorted(set(range(len(batch))).difference(bare)) if bare else range(len(batch))
        batch = batch.part(good) if bare else batch
        body = self._bulk.encode(batch, int(time.time()), escape_unicode=self.context.escape_unicode)
        body, encoding = compressed(body, self.options.compress)
        answer = await self.client.request("POST", self._path, headers=[*self.headers, *encoding], body=body)
        delivery = self.judge(answer, batch)
        if not bare:
            return delivery
        reason = f"{_NO_ID}; {delivery.reason}".removesuffix("; ")
        rest = [good[place] for place in delivery.rest]
        refused = sorted([*bare, *(good[place] for place in delivery.refused)])
        return Delivery(delivery.delivered, len(refused), reason, rest, delivery.after, refused)

    def judge(self, answer: Answer, batch: Batch) -> Delivery:
        """See HttpOutput."""
        error = refusal(answer)
        if error is not None:
            raise error
        try:
            verdict = judge(answer.body, len(batch))
        except ValueError as odd:
            raise PeerError(f"{self.peer}: {odd}: {answer.quoted}") from odd
        delivered = len(batch) - len(verdict.retry) - len(verdict.dropped)
        after = retry_after(answer) if verdict.retry else 0.0
        return Delivery(delivered, len(verdict.dropped), verdict.reason, verdict.retry, after, verdict.dropped)

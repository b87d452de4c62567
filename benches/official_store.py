"""LaunchDarkly's own DynamoDB store for Python, and the CPU time of this process."""

import resource

from ldclient.impl.integrations.dynamodb.dynamodb_feature_store import _DynamoDBFeatureStoreCore


def open_store(endpoint, table):
    """A store without a cache. Over TLS boto3 trusts the certificates of AWS_CA_BUNDLE."""
    client_options = {
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "aws_access_key_id": "benchmark",
        "aws_secret_access_key": "benchmark",
    }
    return _DynamoDBFeatureStoreCore(table, None, client_options)


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime

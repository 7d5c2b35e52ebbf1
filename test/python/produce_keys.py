"""Publishes messages through the C++ client, whose default hash chooses the partitions.

Standard input is JSON: serviceUrl, topic, batching, and messages, each with a payload, and with key, orderingKey, or
both.
"""

import json
import sys

import pulsar

wanted = json.load(sys.stdin)
client = pulsar.Client(wanted["serviceUrl"], logger=pulsar.FileLogger(pulsar.LoggerLevel.Error, "/dev/null"))
producer = client.create_producer(
    wanted["topic"], batching_enabled=wanted["batching"], batching_max_publish_delay_ms=500, block_if_queue_full=True
)
failures = []


def sent(result, _message_id):
    if result != pulsar.Result.Ok:
        failures.append(result)


for message in wanted["messages"]:
    producer.send_async(
        message["payload"].encode(),
        sent,
        partition_key=message.get("key"),
        ordering_key=message.get("orderingKey"),
    )
producer.flush()
client.close()
if failures:
    sys.exit(f"{len(failures)} messages were not stored: {failures[0]}")

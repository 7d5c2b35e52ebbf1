"""Publishes a message with each key through the C++ client, whose default hash chooses the partition.

The one argument is JSON: serviceUrl, topic, keys. Each line on stdout is a JSON object with a key and the partition that the
broker stored its message in.
"""

import json
import sys

import pulsar

wanted = json.loads(sys.argv[1])
client = pulsar.Client(wanted["serviceUrl"], logger=pulsar.FileLogger(pulsar.LoggerLevel.Error, "/dev/null"))
producer = client.create_producer(wanted["topic"])
for key in wanted["keys"]:
    stored = producer.send(b"x", partition_key=key)
    print(json.dumps({"key": key, "partition": stored.partition()}), flush=True)
client.close()

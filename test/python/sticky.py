"""A Key_Shared consumer that asks for some slots only, and acknowledges: SERVICE_URL TOPIC SUBSCRIPTION NAME FIRST LAST.

It goes with its input."""

import sys

import pulsar

url, topic, subscription, name, first, last = sys.argv[1:]
client = pulsar.Client(url, logger=pulsar.FileLogger(pulsar.LoggerLevel.Error, "/dev/null"))
policy = pulsar.ConsumerKeySharedPolicy(
    key_shared_mode=pulsar.KeySharedMode.Sticky, sticky_ranges=[(int(first), int(last))]
)
consumer = client.subscribe(
    topic,
    subscription,
    consumer_type=pulsar.ConsumerType.KeyShared,
    consumer_name=name,
    key_shared_policy=policy,
    receiver_queue_size=10,
    message_listener=lambda one, message: one.acknowledge(message),
)
print("connected", flush=True)
sys.stdin.read()
client.close()

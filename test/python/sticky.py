"""A Key_Shared consumer that asks for some slots only: SERVICE_URL TOPIC SUBSCRIPTION NAME FIRST LAST; gone with its input."""

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
)
print("connected", flush=True)
sys.stdin.read()
client.close()

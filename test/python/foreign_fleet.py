"""A fleet of Pulsar consumers of the C++ client that keep trying to subscribe, and report what they handle.

The one argument is JSON: serviceUrl, topic, subscription, type, names, workMs, slowEvery, slowMs, retryMs. Each line on
stdout is a JSON object. It stops at the end of its standard input.
"""

import json
import logging
import os
import sys
import threading
import time

import pulsar

TYPES = {
    "Shared": pulsar.ConsumerType.Shared,
    "Failover": pulsar.ConsumerType.Failover,
    "Key_Shared": pulsar.ConsumerType.KeyShared,
}

wanted = json.loads(sys.argv[1])
stopping = threading.Event()
printing = threading.Lock()


def now_ms():
    return time.time() * 1000


def say(event, **facts):
    with printing:
        print(json.dumps({"event": event, **facts}), flush=True)


def live(client, name):
    while not stopping.is_set():
        try:
            consumer = client.subscribe(
                wanted["topic"],
                wanted["subscription"],
                consumer_type=TYPES[wanted["type"]],
                consumer_name=name,
                receiver_queue_size=50,
                initial_position=pulsar.InitialPosition.Earliest,
            )
        except pulsar.PulsarException as error:
            say("refused", consumer=name, reason=str(error))
            stopping.wait(wanted["retryMs"] / 1000)
            continue
        say("connected", consumer=name)
        serve(consumer, name)
        consumer.close()


def serve(consumer, name):
    while not stopping.is_set():
        try:
            message = consumer.receive(timeout_millis=200)
        except pulsar.Timeout:
            continue
        received = now_ms()
        sequence = int(message.data().decode())
        slow = sequence % wanted["slowEvery"] == 0
        time.sleep((wanted["slowMs"] if slow else wanted["workMs"]) / 1000)
        ended = now_ms()
        consumer.acknowledge(message)
        say(
            "handled",
            sequence=sequence,
            key=message.partition_key(),
            consumer=name,
            receivedAt=received,
            startedAt=received,
            endedAt=ended,
        )


# The client's log would contain every refusal; this program reports refusals on stdout.
quiet = logging.getLogger("pulsar")
quiet.setLevel(logging.CRITICAL)
client = pulsar.Client(wanted["serviceUrl"], logger=quiet)
threads = [threading.Thread(target=live, args=(client, name)) for name in wanted["names"]]
for thread in threads:
    thread.start()
sys.stdin.read()
stopping.set()
for thread in threads:
    thread.join()
client.close()
sys.stdout.flush()
# The client's own threads may still log through Python while the interpreter shuts down, which would abort the process.
os._exit(0)

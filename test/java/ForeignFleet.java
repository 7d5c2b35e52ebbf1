// A fleet of consumers of the Java client on one subscription. Each retries its subscribe until the broker accepts it,
// processes its messages one after the other, and prints events as lines of JSON.
//
//   java -cp "$CLASSPATH" ForeignFleet.java '{"serviceUrl": …, "topic": …, "subscription": …,
//        "type": "Shared|Failover|Key_Shared", "names": ["java-0", …], "workMs": 5, "slowEvery": 97,
//        "slowMs": 60, "retryMs": 250}'
//
// The payload of a message is its sequence number as text. It runs until stdin ends.

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.pulsar.client.api.Consumer;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.PulsarClientException;
import org.apache.pulsar.client.api.SubscriptionInitialPosition;
import org.apache.pulsar.client.api.SubscriptionType;

public class ForeignFleet {
    static final PrintStream OUT = System.out;

    static {
        // before the client is loaded, because its logging would use stdout
        System.setOut(System.err);
        // each refusal would be logged with several stack traces
        LoggerContext logging = LoggerContext.getContext(PulsarClient.class.getClassLoader(), false, null);
        logging.getConfiguration().getRootLogger().setLevel(Level.ERROR);
        logging.updateLoggers();
    }

    static final ObjectMapper JSON = new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES);

    record Options(String serviceUrl, String topic, String subscription, SubscriptionType type, List<String> names,
            long workMs, long slowEvery, long slowMs, long retryMs) { }

    record Refused(String event, String consumer, String reason) { }

    record Connected(String event, String consumer) { }

    record Handled(String event, long sequence, String key, String consumer, long receivedAt, long startedAt,
            long endedAt) { }

    final PulsarClient client;
    final Options options;
    final CountDownLatch stopped = new CountDownLatch(1);

    ForeignFleet(PulsarClient client, Options options) {
        this.client = client;
        this.options = options;
    }

    public static void main(String[] args) throws Exception {
        if (args.length != 1) {
            System.err.println("usage: OPTIONS, one JSON object");
            System.exit(2);
        }
        Options options = JSON.readValue(args[0], Options.class);
        int status = 0;
        try (PulsarClient client = PulsarClient.builder().serviceUrl(options.serviceUrl).build()) {
            if (!new ForeignFleet(client, options).run()) {
                status = 1;
            }
        } catch (Exception e) {
            e.printStackTrace();
            status = 1;
        }
        System.exit(status);
    }

    /** Whether no consumer has failed. */
    boolean run() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(options.names.size());
        List<Future<?>> running = new ArrayList<>();
        for (String name : options.names) {
            running.add(threads.submit(() -> {
                try {
                    consume(name);
                } catch (Throwable e) {
                    // at once, not only when the fleet is stopped
                    System.err.println(name + " failed");
                    e.printStackTrace();
                    throw e;
                }
                return null;
            }));
        }
        System.in.transferTo(OutputStream.nullOutputStream());
        stopped.countDown();
        boolean fine = true;
        for (Future<?> future : running) {
            try {
                future.get();
            } catch (ExecutionException e) {
                fine = false;
            }
        }
        threads.shutdown();
        return fine;
    }

    void consume(String name) throws Exception {
        try (Consumer<byte[]> consumer = subscribe(name)) {
            while (consumer != null && stopped.getCount() > 0) {
                // a timeout, as interrupting the client's receive() could lose a message or its acknowledgement
                Message<byte[]> message = consumer.receive(100, TimeUnit.MILLISECONDS);
                if (message != null) {
                    handle(consumer, name, message, System.currentTimeMillis());
                }
            }
        }
    }

    /** Null when the fleet was stopped before the broker accepted the consumer. */
    Consumer<byte[]> subscribe(String name) throws Exception {
        while (stopped.getCount() > 0) {
            try {
                Consumer<byte[]> consumer = client.newConsumer().topic(options.topic)
                        .subscriptionName(options.subscription).subscriptionType(options.type)
                        .subscriptionInitialPosition(SubscriptionInitialPosition.Earliest)
                        .consumerName(name).receiverQueueSize(50).subscribe();
                print(new Connected("connected", name));
                return consumer;
            } catch (PulsarClientException e) {
                print(new Refused("refused", name, e.getMessage()));
                stopped.await(options.retryMs, TimeUnit.MILLISECONDS);
            }
        }
        return null;
    }

    void handle(Consumer<byte[]> consumer, String name, Message<byte[]> message, long receivedAt) throws Exception {
        long sequence = Long.parseLong(new String(message.getData(), StandardCharsets.UTF_8));
        boolean slow = options.slowEvery > 0 && sequence % options.slowEvery == 0;
        long startedAt = System.currentTimeMillis();
        Thread.sleep(slow ? options.slowMs : options.workMs);
        long endedAt = System.currentTimeMillis();
        consumer.acknowledgeAsync(message);
        print(new Handled("handled", sequence, Objects.requireNonNullElse(message.getKey(), ""), name, receivedAt,
                startedAt, endedAt));
    }

    static void print(Object line) throws IOException {
        byte[] bytes = (JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8);
        synchronized (OUT) {
            OUT.write(bytes);
            OUT.flush();
        }
    }
}

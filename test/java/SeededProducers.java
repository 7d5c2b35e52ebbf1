// Publishes with the Java client to one topic, plain or partitioned, with producers that have seeded faults, and
// prints the actual content of the topic as one JSON document, derived from the message ids.
//
//   java -cp "$CLASSPATH" SeededProducers.java SERVICE_URL TOPIC [--messages N] [--payload BYTES]
//        [--compression NONE|LZ4|ZLIB|ZSTD|SNAPPY|ALL] [--seed N]
//
// Kinds of producers, each named <kind>-<compression>:
//   keyless           no batching, no key
//   default-batching  default batcher; its batches mix keys, apart from runs of one key that are flushed
//   key-based         key based batcher
//   ordering-key      no batching; key, and on every third message an ordering key as well
//   chunked           no batching; key, three chunks a message; one message in 200 is of this kind
//
// No other producer may publish to the topic in the meantime.

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pulsar.client.api.BatcherBuilder;
import org.apache.pulsar.client.api.CompressionType;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.MessageIdAdv;
import org.apache.pulsar.client.api.Producer;
import org.apache.pulsar.client.api.ProducerBuilder;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.TypedMessageBuilder;

public class SeededProducers {
    static final PrintStream OUT = System.out;

    static {
        // before the client is loaded, because its logging would use stdout
        System.setOut(System.err);
    }

    static final int KEYS = 500;
    static final int CHUNK_SIZE = 20 * 1024;
    static final int CHUNKED_BODY = 50 * 1024;
    static final int CHUNKS = 3;

    record Position(int partition, long ledger, long entry) implements Comparable<Position> {
        static final Comparator<Position> ORDER = Comparator.comparingInt(Position::partition)
                .thenComparingLong(Position::ledger).thenComparingLong(Position::entry);

        static Position of(MessageIdAdv id) {
            return new Position(id.getPartitionIndex(), id.getLedgerId(), id.getEntryId());
        }

        @Override
        public int compareTo(Position other) {
            return ORDER.compare(this, other);
        }

        @Override
        public String toString() {
            return partition + ":" + ledger + ":" + entry;
        }
    }

    static final class Batch {
        final String stickyKey;
        int seen;
        int lastIndex;
        boolean mixed;

        Batch(String stickyKey) {
            this.stickyKey = stickyKey;
        }
    }

    /** What one producer really published. */
    static final class Truth {
        final String name;
        long messages;
        long entries;
        long keyless;
        long orderingKeys;
        long chunkedMessages;
        long chunkEntries;
        final Map<Position, Batch> batches = new HashMap<>();
        final Set<String> keys = new HashSet<>();

        Truth(String name) {
            this.name = name;
        }

        synchronized void add(String key, String orderingKey, MessageId messageId, Ledgers ledgers) {
            messages++;
            if (key == null) {
                keyless++;
            } else {
                keys.add(key);
            }
            if (orderingKey != null) {
                orderingKeys++;
            }
            MessageIdAdv id = (MessageIdAdv) messageId;
            Position position = Position.of(id);
            String stickyKey = orderingKey != null ? orderingKey : key;
            if (id.getFirstChunkMessageId() != null) {
                chunkedMessages++;
                chunkEntries += CHUNKS;
                entries += CHUNKS;
                ledgers.add(Position.of(id.getFirstChunkMessageId()));
                ledgers.add(position);
                ledgers.addUnseen(CHUNKS - 2);
            } else if (id.getBatchIndex() >= 0) {
                // the batch size is 0 in ids of sent messages, only the index is set
                Batch batch = batches.get(position);
                if (batch == null) {
                    batch = new Batch(stickyKey);
                    batches.put(position, batch);
                    entries++;
                    ledgers.add(position);
                }
                batch.seen++;
                batch.lastIndex = Math.max(batch.lastIndex, id.getBatchIndex());
                batch.mixed |= !Objects.equals(batch.stickyKey, stickyKey);
            } else {
                entries++;
                ledgers.add(position);
            }
        }

        List<Position> mixed() {
            List<Position> positions = new ArrayList<>();
            batches.forEach((position, batch) -> {
                if (batch.mixed) {
                    positions.add(position);
                }
            });
            return positions;
        }
    }

    /** Counts entries per ledger, to prove at the end that the document has no missing and no additional entry. */
    static final class Ledgers {
        private final Map<String, long[]> spans = new HashMap<>();
        private long unseen;

        synchronized void add(Position p) {
            long[] span = spans.computeIfAbsent(p.partition + ":" + p.ledger,
                    key -> new long[] {Long.MAX_VALUE, Long.MIN_VALUE, 0});
            span[0] = Math.min(span[0], p.entry);
            span[1] = Math.max(span[1], p.entry);
            span[2]++;
        }

        /** The ids of middle chunks are not known, only that the entry exists. */
        synchronized void addUnseen(int entries) {
            unseen += entries;
        }

        synchronized long unexplained() {
            long gaps = 0;
            for (long[] span : spans.values()) {
                gaps += span[1] - span[0] + 1 - span[2];
            }
            return gaps - unseen;
        }
    }

    final PulsarClient client;
    final String topic;
    final int payload;
    final long seed;
    final Ledgers ledgers = new Ledgers();
    final AtomicReference<Throwable> failure = new AtomicReference<>();

    SeededProducers(PulsarClient client, String topic, int payload, long seed) {
        this.client = client;
        this.topic = topic;
        this.payload = payload;
        this.seed = seed;
    }

    public static void main(String[] args) throws Exception {
        Map<String, String> options = new HashMap<>(Map.of(
                "messages", "200000", "payload", "400", "compression", "NONE", "seed", "1"));
        List<String> plain = new ArrayList<>();
        for (int i = 0; i < args.length; i++) {
            if (args[i].startsWith("--") && options.containsKey(args[i].substring(2)) && i + 1 < args.length) {
                options.put(args[i].substring(2), args[++i]);
            } else {
                plain.add(args[i]);
            }
        }
        if (plain.size() != 2 || plain.stream().anyMatch(arg -> arg.startsWith("--"))) {
            System.err.println("usage: SERVICE_URL TOPIC [--messages N] [--payload BYTES] [--compression NAME|ALL]"
                    + " [--seed N]");
            System.exit(2);
        }
        int total = Integer.parseInt(options.get("messages"));
        String compression = options.get("compression").toUpperCase(Locale.ROOT);
        List<CompressionType> compressions = compression.equals("ALL")
                ? Arrays.asList(CompressionType.values()) : List.of(CompressionType.valueOf(compression));

        int status = 0;
        try (PulsarClient client = PulsarClient.builder().serviceUrl(plain.get(0)).build()) {
            SeededProducers producers = new SeededProducers(client, plain.get(1),
                    Integer.parseInt(options.get("payload")), Long.parseLong(options.get("seed")));
            List<Truth> truths = new ArrayList<>();
            for (int i = 0; i < compressions.size(); i++) {
                int share = total / compressions.size() + (i < total % compressions.size() ? 1 : 0);
                truths.addAll(producers.publish(compressions.get(i), share));
            }
            String problem = producers.problem(truths);
            if (problem != null) {
                System.err.println(problem);
                status = 1;
            }
            OUT.write((json(truths) + "\n").getBytes(StandardCharsets.UTF_8));
            OUT.flush();
        } catch (Exception e) {
            e.printStackTrace();
            status = 1;
        }
        System.exit(status);
    }

    interface Kind {
        void publish(Truth truth, int count, Random random) throws Exception;
    }

    /** The five kinds at the same time, so that their entries, and chunks with them, interleave. */
    List<Truth> publish(CompressionType compression, int count) throws Exception {
        int chunked = count / 200;
        int each = (count - chunked) / 4;
        record Part(String name, int count, Kind kind) { }
        List<Part> parts = List.of(
                new Part("keyless", each, (t, n, r) -> keyless(t, compression, n, r)),
                new Part("default-batching", count - chunked - 3 * each,
                        (t, n, r) -> defaultBatching(t, compression, n, r)),
                new Part("key-based", each, (t, n, r) -> keyBased(t, compression, n, r)),
                new Part("ordering-key", each, (t, n, r) -> orderingKey(t, compression, n, r)),
                new Part("chunked", chunked, (t, n, r) -> chunked(t, compression, n, r)));
        ExecutorService threads = Executors.newFixedThreadPool(parts.size());
        try {
            List<Truth> truths = new ArrayList<>();
            List<Future<?>> running = new ArrayList<>();
            for (Part part : parts) {
                Truth truth = new Truth(part.name + "-" + compression.name().toLowerCase(Locale.ROOT));
                truths.add(truth);
                Random random = new Random(seed * 31 + truth.name.hashCode());
                running.add(threads.submit(() -> {
                    part.kind.publish(truth, part.count, random);
                    return null;
                }));
            }
            for (Future<?> future : running) {
                future.get();
            }
            if (failure.get() != null) {
                throw new IllegalStateException("a message was not sent", failure.get());
            }
            return truths;
        } finally {
            threads.shutdownNow();
        }
    }

    void keyless(Truth truth, CompressionType compression, int count, Random random) throws Exception {
        try (Producer<byte[]> producer = builder(truth, compression).enableBatching(false).create()) {
            for (int i = 0; i < count; i++) {
                send(producer, truth, null, null, body(i, random));
            }
            producer.flush();
        }
    }

    void defaultBatching(Truth truth, CompressionType compression, int count, Random random) throws Exception {
        try (Producer<byte[]> producer = batching(builder(truth, compression)).create()) {
            for (int sent = 0; sent < count; ) {
                int run = Math.min(count - sent, 1 + random.nextInt(40));
                // a third of the runs has one key, in a separate batch
                String same = random.nextInt(3) == 0 ? user(random) : null;
                for (int i = 0; i < run; i++) {
                    send(producer, truth, same != null ? same : user(random), null, body(sent + i, random));
                }
                sent += run;
                producer.flushAsync();
            }
            producer.flush();
        }
    }

    void keyBased(Truth truth, CompressionType compression, int count, Random random) throws Exception {
        try (Producer<byte[]> producer = batching(builder(truth, compression))
                .batcherBuilder(BatcherBuilder.KEY_BASED).create()) {
            int first = 0;
            for (int i = 0; i < count; i++) {
                // few keys at a time, because otherwise hardly any two messages would share a batch
                if (i % 200 == 0) {
                    first = random.nextInt(KEYS);
                }
                send(producer, truth, "user-" + (first + random.nextInt(20)) % KEYS, null, body(i, random));
            }
            producer.flush();
        }
    }

    void orderingKey(Truth truth, CompressionType compression, int count, Random random) throws Exception {
        try (Producer<byte[]> producer = builder(truth, compression).enableBatching(false).create()) {
            for (int i = 0; i < count; i++) {
                String ordering = i % 3 == 2 ? "order-" + random.nextInt(100) : null;
                send(producer, truth, user(random), ordering, body(i, random));
            }
            producer.flush();
        }
    }

    void chunked(Truth truth, CompressionType compression, int count, Random random) throws Exception {
        try (Producer<byte[]> producer = builder(truth, compression).enableBatching(false).enableChunking(true)
                .chunkMaxMessageSize(CHUNK_SIZE).maxPendingMessages(100).create()) {
            for (int i = 0; i < count; i++) {
                // noise: a body that compresses well would need no chunks
                byte[] body = new byte[CHUNKED_BODY];
                random.nextBytes(body);
                send(producer, truth, user(random), null, body);
            }
            producer.flush();
        }
    }

    ProducerBuilder<byte[]> builder(Truth truth, CompressionType compression) throws Exception {
        ProducerBuilder<byte[]> builder = client.newProducer();
        if (hasSetting("setCompressMinMsgBodySize")) {
            // newer clients leave small bodies uncompressed
            builder.loadConf(Map.of("compressMinMsgBodySize", 0));
        }
        // no send timeout: a message sent again would be an entry too much
        return builder.topic(topic).producerName(truth.name).compressionType(compression)
                .sendTimeout(0, TimeUnit.SECONDS).blockIfQueueFull(true).maxPendingMessages(2000);
    }

    static ProducerBuilder<byte[]> batching(ProducerBuilder<byte[]> builder) {
        return builder.enableBatching(true).batchingMaxMessages(200)
                .batchingMaxPublishDelay(20, TimeUnit.MILLISECONDS);
    }

    void send(Producer<byte[]> producer, Truth truth, String key, String orderingKey, byte[] body) {
        TypedMessageBuilder<byte[]> message = producer.newMessage().value(body);
        if (key != null) {
            message.key(key);
        }
        if (orderingKey != null) {
            message.orderingKey(orderingKey.getBytes(StandardCharsets.UTF_8));
        }
        CompletableFuture<MessageId> sent = message.sendAsync();
        sent.thenAccept(id -> truth.add(key, orderingKey, id, ledgers)).exceptionally(error -> {
            failure.compareAndSet(null, error);
            return null;
        });
    }

    static String user(Random random) {
        return "user-" + random.nextInt(KEYS);
    }

    byte[] body(int number, Random random) {
        StringBuilder text = new StringBuilder(payload + 40);
        text.append("message ").append(number).append(' ').append(random.nextInt());
        while (text.length() < payload) {
            text.append(" the quick brown fox jumps over the lazy dog");
        }
        return text.substring(0, Math.max(1, payload)).getBytes(StandardCharsets.US_ASCII);
    }

    static boolean hasSetting(String setter) {
        try {
            Class<?> conf = Class.forName("org.apache.pulsar.client.impl.conf.ProducerConfigurationData");
            return Arrays.stream(conf.getMethods()).anyMatch(method -> method.getName().equals(setter));
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    String problem(List<Truth> truths) {
        for (Truth truth : truths) {
            for (Map.Entry<Position, Batch> entry : truth.batches.entrySet()) {
                Batch batch = entry.getValue();
                if (batch.seen != batch.lastIndex + 1) {
                    return "batch " + entry.getKey() + ": " + batch.seen + " ids, last index " + batch.lastIndex;
                }
            }
        }
        long unexplained = ledgers.unexplained();
        return unexplained == 0 ? null : unexplained + " entries in the topic are not accounted for";
    }

    static String json(List<Truth> truths) {
        long messages = 0;
        long entries = 0;
        long keyless = 0;
        long orderingKeys = 0;
        long chunkedMessages = 0;
        long chunkEntries = 0;
        long batches = 0;
        List<Position> mixed = new ArrayList<>();
        Set<String> keys = new HashSet<>();
        Map<String, String> byProducer = new TreeMap<>();
        for (Truth truth : truths) {
            List<Position> own = truth.mixed();
            messages += truth.messages;
            entries += truth.entries;
            keyless += truth.keyless;
            orderingKeys += truth.orderingKeys;
            chunkedMessages += truth.chunkedMessages;
            chunkEntries += truth.chunkEntries;
            batches += truth.batches.size();
            mixed.addAll(own);
            keys.addAll(truth.keys);
            byProducer.put(truth.name, "{\"messages\":" + truth.messages + ",\"entries\":" + truth.entries
                    + ",\"keyless\":" + truth.keyless + ",\"orderingKeys\":" + truth.orderingKeys
                    + ",\"mixedBatches\":" + own.size() + ",\"chunkedMessages\":" + truth.chunkedMessages + "}");
        }
        mixed.sort(Comparator.naturalOrder());
        List<String> positions = new ArrayList<>();
        mixed.forEach(position -> positions.add("\"" + position + "\""));
        List<String> producers = new ArrayList<>();
        byProducer.forEach((name, text) -> producers.add("\"" + name + "\":" + text));
        return "{\"messages\":" + messages + ",\"entries\":" + entries + ",\"keyless\":" + keyless
                + ",\"orderingKeys\":" + orderingKeys + ",\"chunkedMessages\":" + chunkedMessages
                + ",\"chunkEntries\":" + chunkEntries + ",\"batches\":" + batches
                + ",\"mixedBatches\":{\"count\":" + mixed.size() + ",\"positions\":[" + String.join(",", positions)
                + "]},\"distinctKeys\":" + keys.size() + ",\"byProducer\":{" + String.join(",", producers) + "}}";
    }
}

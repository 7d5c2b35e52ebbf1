// Prints test vectors made by executing the broker's own consumer selectors (and, in failover mode,
// the broker's own choice of the active consumer) over seeded random sequences.
//
//   java -Dfile.encoding=UTF-8 -cp "$CLASSPATH" SelectorVectors.java VERSION SELECTOR SEED GROUP...
//   java -Dfile.encoding=UTF-8 -cp "$CLASSPATH" SelectorVectors.java VERSION failover SEED COUNT
//
//   VERSION   label copied into the output, e.g. 4.2.4
//   SELECTOR  consistent-hashing | consistent-hashing-classic | auto-split
//   GROUP     POINTS:SCENARIOS:STEPS[:collide], e.g. 100:6:24; "collide" draws from names whose first
//             points coincide instead of from the usual names (sensible with POINTS 1)
//
// -Dfile.encoding=UTF-8 matters on Java 17: the broker hashes names with String.getBytes().

import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pulsar.broker.service.ConsistentHashingStickyKeyConsumerSelector;
import org.apache.pulsar.broker.service.Consumer;
import org.apache.pulsar.broker.service.HashRangeAutoSplitStickyKeyConsumerSelector;
import org.apache.pulsar.broker.service.StickyKeyConsumerSelector;
import org.apache.pulsar.broker.service.TransportCnx;
import org.apache.pulsar.client.api.Range;
import sun.misc.Unsafe;

public class SelectorVectors {
    static final PrintStream OUT = System.out;

    static {
        // before any broker class is loaded, because its logging would use stdout
        System.setOut(System.err);
    }

    static final int MAX_CONNECTED = 10;
    static final Unsafe UNSAFE = unsafe();
    // Selectors of 3.x use the raw 31-bit hash; those of 4.x report their range of slots.
    static final boolean SLOTS = hasMethod(StickyKeyConsumerSelector.class, "getKeyHashRange");
    static final TransportCnx CNX = connection();

    static final List<String> NAMES = names();

    static List<String> names() {
        List<String> names = new ArrayList<>();
        // repeated entries make equal names frequent
        for (int i = 0; i < 5; i++) {
            names.add("worker");
        }
        for (int i = 0; i < 12; i++) {
            names.add("app-" + i);
        }
        for (int i = 0; i < 2; i++) {
            // "consumer1" + 10 == "consumer11" + 0: such names share points on old brokers
            names.addAll(List.of("consumer1", "consumer11", "consumer111"));
            names.addAll(List.of("\u017c\u00f3\u0142w", "\u7528\u6237-1"));
        }
        return names;
    }

    record Connected(int id, Consumer consumer) { }

    record Group(int points, int scenarios, int steps, boolean collide) {
        static Group parse(String text) {
            String[] parts = text.split(":");
            return new Group(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]),
                    parts.length > 3 && parts[3].equals("collide"));
        }
    }

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(OUT, false, StandardCharsets.UTF_8);
        if (args.length < 4) {
            System.err.println("usage: VERSION SELECTOR SEED GROUP... | VERSION failover SEED COUNT");
            System.exit(2);
        }
        if (!Charset.defaultCharset().equals(StandardCharsets.UTF_8)) {
            System.err.println("start with -Dfile.encoding=UTF-8");
            System.exit(2);
        }
        String version = args[0];
        String selector = args[1];
        long seed = Long.parseLong(args[2]);
        if (selector.equals("failover")) {
            out.print(failover(version, seed, Integer.parseInt(args[3])));
        } else {
            List<Group> groups = new ArrayList<>();
            for (int i = 3; i < args.length; i++) {
                groups.add(Group.parse(args[i]));
            }
            out.print(selectors(version, selector, seed, groups));
        }
        out.flush();
        System.exit(0);
    }

    // ---- sticky key selectors

    static String selectors(String version, String kind, long seed, List<Group> groups) throws Exception {
        StringBuilder json = new StringBuilder();
        json.append("{\"pulsar\":").append(quote(version)).append(",\"selector\":").append(quote(kind))
                .append(",\"scenarios\":[");
        String between = "\n";
        for (int g = 0; g < groups.size(); g++) {
            Group group = groups.get(g);
            List<String> names = group.collide ? collidingNames(kind, group.points) : NAMES;
            for (int s = 0; s < group.scenarios; s++) {
                json.append(between).append(scenario(kind, group, names, s, seed * 1_000_003 + g * 1009L + s));
                between = ",\n";
            }
        }
        return json.append("\n]}\n").toString();
    }

    static String scenario(String kind, Group group, List<String> names, int number, long seed) throws Exception {
        // two generators: the same seed joins and leaves alike on every version
        Random random = new Random(seed);
        Random probes = new Random(~seed);
        StickyKeyConsumerSelector selector = create(kind, group.points);
        List<Connected> connected = new ArrayList<>();
        Map<Consumer, Integer> ids = new IdentityHashMap<>();
        int nextId = 0;
        int target = 3 + random.nextInt(MAX_CONNECTED - 2);
        boolean draining = false;

        StringBuilder json = new StringBuilder("{\"points\":" + group.points + ",\"steps\":[");
        int step = 0;
        int attempts = 0;
        while (step < group.steps) {
            // every other scenario empties the subscription once, halfway
            if (number % 2 == 1 && step == group.steps / 2) {
                draining = true;
            }
            if (connected.isEmpty()) {
                draining = draining && step == group.steps / 2;
            }
            int chance = draining ? 0 : connected.size() < target ? 75 : connected.size() < MAX_CONNECTED ? 35 : 0;
            String what;
            if (connected.isEmpty() || random.nextInt(100) < chance) {
                String name = names.get(random.nextInt(names.size()));
                Consumer consumer = consumer(name, nextId, 0);
                if (!join(selector, consumer)) {
                    if (++attempts > 1000) {
                        throw new IllegalStateException("no join succeeds");
                    }
                    continue;
                }
                ids.put(consumer, nextId);
                connected.add(new Connected(nextId, consumer));
                what = "\"join\":" + quote(name) + ",\"id\":" + nextId;
                nextId++;
            } else {
                Connected gone = connected.remove(random.nextInt(connected.size()));
                selector.removeConsumer(gone.consumer);
                what = "\"leave\":" + gone.id;
            }
            boolean empty = connected.isEmpty();
            json.append(step == 0 ? "\n" : ",\n").append('{').append(what)
                    .append(",\"owners\":\"").append(sha256(empty ? "" : owners(kind, selector, ids)))
                    .append("\",\"some\":").append(some(kind, selector, ids, probes))
                    .append(",\"ranges\":\"").append(sha256(empty ? "" : ranges(selector, ids))).append("\"}");
            step++;
        }
        return json.append("\n]}").toString();
    }

    static boolean join(StickyKeyConsumerSelector selector, Consumer consumer) {
        try {
            CompletableFuture<?> added = selector.addConsumer(consumer);
            added.join();
            return true;
        } catch (RuntimeException refused) {
            return false;
        }
    }

    static StickyKeyConsumerSelector create(String kind, int points) throws Exception {
        Class<?> type;
        Object[] arguments;
        switch (kind) {
            case "consistent-hashing":
                type = ConsistentHashingStickyKeyConsumerSelector.class;
                // true: as the broker does where it tracks draining hashes
                arguments = SLOTS ? new Object[] {points, true} : new Object[] {points};
                break;
            case "consistent-hashing-classic":
                type = ConsistentHashingStickyKeyConsumerSelector.class;
                arguments = new Object[] {points, false, Integer.MAX_VALUE - 1};
                break;
            case "auto-split":
                type = HashRangeAutoSplitStickyKeyConsumerSelector.class;
                arguments = SLOTS ? new Object[] {true} : new Object[] {};
                break;
            default:
                throw new IllegalArgumentException("unknown selector " + kind);
        }
        Class<?>[] signature = new Class<?>[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            signature[i] = arguments[i] instanceof Boolean ? boolean.class : int.class;
        }
        Constructor<?> constructor = type.getConstructor(signature);
        return (StickyKeyConsumerSelector) constructor.newInstance(arguments);
    }

    static boolean wide(String kind) {
        return kind.equals("consistent-hashing-classic") || kind.equals("consistent-hashing") && !SLOTS;
    }

    static int lowest(String kind) {
        return SLOTS && !kind.equals("auto-split") ? 1 : 0;
    }

    static int highest(String kind) {
        return !wide(kind) ? 65535 : SLOTS ? Integer.MAX_VALUE - 1 : Integer.MAX_VALUE;
    }

    static String owners(String kind, StickyKeyConsumerSelector selector, Map<Consumer, Integer> ids) {
        StringBuilder text = new StringBuilder();
        int first = lowest(kind);
        int count = wide(kind) ? 20_000 : 65_536;
        int stride = wide(kind) ? 107_374 : 1;
        for (int i = first; i < count; i++) {
            if (i > first) {
                text.append(',');
            }
            Consumer owner = selector.select(i * stride);
            text.append(owner == null ? "-" : ids.get(owner));
        }
        return text.toString();
    }

    static String some(String kind, StickyKeyConsumerSelector selector, Map<Consumer, Integer> ids, Random probes) {
        int low = lowest(kind);
        int high = highest(kind);
        List<Integer> ends = new ArrayList<>();
        selector.getConsumerKeyHashRanges().values().forEach(list -> list.forEach(r -> ends.add(r.getEnd())));
        ends.sort(Comparator.naturalOrder());
        // off-by-one mistakes show at the ends of the space and on both sides of a boundary
        int boundary = ends.isEmpty() ? low : Math.min(high, ends.get(probes.nextInt(ends.size())));
        int random1 = low + probes.nextInt(high - low);
        int random2 = low + probes.nextInt(high - low);
        int[] hashes = {low, boundary, boundary < high ? boundary + 1 : low, random1, random2, high};
        StringBuilder json = new StringBuilder("[");
        for (int i = 0; i < hashes.length; i++) {
            Consumer owner = selector.select(hashes[i]);
            json.append(i == 0 ? "[" : ",[").append(hashes[i]).append(',')
                    .append(owner == null ? "null" : ids.get(owner)).append(']');
        }
        return json.append(']').toString();
    }

    static String ranges(StickyKeyConsumerSelector selector, Map<Consumer, Integer> ids) {
        TreeMap<Integer, List<Range>> byId = new TreeMap<>();
        selector.getConsumerKeyHashRanges().forEach((consumer, list) -> byId.put(ids.get(consumer), list));
        StringBuilder text = new StringBuilder();
        byId.forEach((id, list) -> {
            List<Range> sorted = new ArrayList<>(list);
            sorted.sort(Comparator.comparingInt(Range::getStart).thenComparingInt(Range::getEnd));
            text.append(id).append(':');
            sorted.forEach(r -> text.append('[').append(r.getStart()).append('-').append(r.getEnd()).append(']'));
            text.append('\n');
        });
        return text.toString();
    }

    // Asks the selector itself where a lone consumer's first point lies; no formula of its own.
    static List<String> collidingNames(String kind, int points) throws Exception {
        Field ring = field(ConsistentHashingStickyKeyConsumerSelector.class, "hashRing");
        Map<Integer, List<String>> byPoint = new LinkedHashMap<>();
        int candidates = wide(kind) ? 200_000 : 3_000;
        for (int i = 0; i < candidates; i++) {
            String name = "c-" + i;
            StickyKeyConsumerSelector selector = create(kind, 1);
            selector.addConsumer(consumer(name, 0, 0));
            Integer point = (Integer) ((NavigableMap<?, ?>) ring.get(selector)).firstKey();
            byPoint.computeIfAbsent(point, p -> new ArrayList<>()).add(name);
        }
        List<String> names = new ArrayList<>();
        byPoint.values().stream().filter(list -> list.size() > 1)
                // the biggest groups first, then in order of appearance
                .sorted(Comparator.comparingInt((List<String> list) -> -list.size()))
                .limit(2).forEach(names::addAll);
        return names;
    }

    // ---- the active consumer of a failover subscription

    static String failover(String version, long seed, int count) throws Exception {
        Class<?> base = Class.forName("org.apache.pulsar.broker.service.AbstractDispatcherSingleActiveConsumer");
        // of the concrete dispatchers the one that schedules no reads
        Class<?> type = Class.forName(
                "org.apache.pulsar.broker.service.nonpersistent.NonPersistentDispatcherSingleActiveConsumer");
        Method pick = base.getDeclaredMethod("pickAndScheduleActiveConsumer");
        pick.setAccessible(true);
        Method active = base.getMethod("getActiveConsumer");
        Class<?> configType = Class.forName("org.apache.pulsar.broker.ServiceConfiguration");
        Method hashing = configType.getMethod("setActiveConsumerFailoverConsistentHashing", boolean.class);

        Random random = new Random(seed);
        String[] topics = {"persistent://public/default/orders", "persistent://public/default/payments",
            "persistent://acme/eu/clicks", "persistent://acme/eu/\u017c\u00f3\u0142w", "persistent://t/n/a"};
        StringBuilder json = new StringBuilder();
        json.append("{\"pulsar\":").append(quote(version)).append(",\"selector\":\"failover\",\"entries\":[");
        for (int i = 0; i < count; i++) {
            boolean partitioned = random.nextInt(3) > 0;
            int partition = partitioned ? random.nextInt(12) : -1;
            String topic = topics[random.nextInt(topics.length)] + (partitioned ? "-partition-" + partition : "");
            boolean consistent = random.nextBoolean();
            boolean priorities = random.nextBoolean();
            CopyOnWriteArrayList<Consumer> consumers = new CopyOnWriteArrayList<>();
            Map<Consumer, Integer> order = new IdentityHashMap<>();
            StringBuilder listed = new StringBuilder();
            int size = 1 + random.nextInt(7);
            for (int c = 0; c < size; c++) {
                String name = NAMES.get(random.nextInt(NAMES.size()));
                int priority = priorities ? random.nextInt(3) : 0;
                Consumer consumer = consumer(name, c, priority);
                consumers.add(consumer);
                order.put(consumer, c);
                listed.append(c == 0 ? "" : ",").append("{\"name\":").append(quote(name))
                        .append(",\"priorityLevel\":").append(priority).append('}');
            }
            Object config = configType.getConstructor().newInstance();
            hashing.invoke(config, consistent);
            Object dispatcher = UNSAFE.allocateInstance(type);
            put(dispatcher, field(base, "consumers"), consumers);
            put(dispatcher, field(base, "topicName"), topic);
            put(dispatcher, field(base, "partitionIndex"), partition);
            put(dispatcher, field(base.getSuperclass(), "serviceConfig"), config);
            pick.invoke(dispatcher);
            Consumer chosen = (Consumer) active.invoke(dispatcher);
            json.append(i == 0 ? "\n" : ",\n").append("{\"topic\":").append(quote(topic))
                    .append(",\"partitionIndex\":").append(partition)
                    .append(",\"consistentHashing\":").append(consistent)
                    .append(",\"consumers\":[").append(listed)
                    .append("],\"active\":").append(quote(chosen.consumerName()))
                    .append(",\"activeIndex\":").append(order.get(chosen)).append('}');
        }
        return json.append("\n]}\n").toString();
    }

    // ---- consumers without a broker

    static Consumer consumer(String name, long id, int priority) throws Exception {
        Consumer consumer = (Consumer) UNSAFE.allocateInstance(Consumer.class);
        put(consumer, field(Consumer.class, "consumerName"), name);
        put(consumer, field(Consumer.class, "priorityLevel"), priority);
        // equality is by consumer id and client address
        put(consumer, field(Consumer.class, "consumerId"), id);
        put(consumer, field(Consumer.class, "cnx"), CNX);
        return consumer;
    }

    static TransportCnx connection() {
        return (TransportCnx) Proxy.newProxyInstance(SelectorVectors.class.getClassLoader(),
                new Class<?>[] {TransportCnx.class}, (proxy, method, arguments) -> switch (method.getName()) {
                    case "hashCode" -> 1;
                    case "equals" -> proxy == arguments[0];
                    case "toString" -> "no connection";
                    case "clientAddress" -> null;
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    static final Map<String, Field> FIELDS = new HashMap<>();

    static Field field(Class<?> type, String name) {
        return FIELDS.computeIfAbsent(type.getName() + "." + name, key -> {
            try {
                Field field = type.getDeclaredField(name);
                field.setAccessible(true);
                return field;
            } catch (NoSuchFieldException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @SuppressWarnings("deprecation")
    static void put(Object object, Field field, Object value) {
        long offset = UNSAFE.objectFieldOffset(field);
        if (field.getType() == int.class) {
            UNSAFE.putInt(object, offset, ((Number) value).intValue());
        } else if (field.getType() == long.class) {
            UNSAFE.putLong(object, offset, ((Number) value).longValue());
        } else {
            UNSAFE.putObject(object, offset, value);
        }
    }

    static Unsafe unsafe() {
        try {
            Field field = Unsafe.class.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            return (Unsafe) field.get(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    static boolean hasMethod(Class<?> type, String name) {
        for (Method method : type.getMethods()) {
            if (method.getName().equals(name)) {
                return true;
            }
        }
        return false;
    }

    static String sha256(String text) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        StringBuilder hex = new StringBuilder();
        for (byte b : digest) {
            hex.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
        }
        return hex.toString();
    }

    static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}

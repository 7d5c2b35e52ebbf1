// Workers of Redisson: each takes a lock, works, releases it, and begins again, until the process is killed. Two holders of one
// lock at the same time are reported in Redis, under keys of their own.
//
//   java -cp "$CLASSPATH" RedissonWorkers.java '{"redisUrl": …, "prefix": …, "counters": …, "id": …}'

import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.redisson.Redisson;
import org.redisson.api.RLock;
import org.redisson.api.RMap;
import org.redisson.api.RedissonClient;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.Config;

public class RedissonWorkers {
    static final int WORKERS = 5;
    static final int KEYS = 3;
    static RedissonClient redisson;
    static String prefix;
    static String counters;
    static String id;

    public static void main(String[] args) {
        prefix = textOf(args[0], "prefix");
        counters = textOf(args[0], "counters");
        id = textOf(args[0], "id");
        Config config = new Config();
        config.useSingleServer().setAddress(textOf(args[0], "redisUrl"));
        redisson = Redisson.create(config);
        for (int worker = 0; worker < WORKERS; worker++) {
            int number = worker;
            new Thread(() -> keepWorking(number)).start();
        }
        System.out.println("{\"ready\": true}");
    }

    static void keepWorking(int worker) {
        String me = id + "/redisson/" + worker;
        while (true) {
            int name = ThreadLocalRandom.current().nextInt(KEYS);
            RLock lock = redisson.getLock(prefix + "lock:redisson-" + name);
            // Two of the workers renew the lock; the others have a fixed lease.
            if (worker < 2) lock.lock();
            else lock.lock(25, TimeUnit.SECONDS);
            work("redisson-" + name, me);
            try {
                lock.unlock();
            } catch (IllegalMonitorStateException lost) {
                violate(lock.getName() + ": " + me + ": " + lost.getMessage());
            }
        }
    }

    static void violate(String text) {
        redisson.<String>getList(counters + "violations", StringCodec.INSTANCE).add(text);
    }

    static void work(String lock, String me) {
        RMap<String, String> holders = redisson.getMap(counters + "holders:" + lock, StringCodec.INSTANCE);
        String entry = UUID.randomUUID().toString();
        holders.fastPut(entry, id);
        Set<String> killed = redisson.<String>getSet(counters + "killed", StringCodec.INSTANCE).readAll();
        for (Map.Entry<String, String> other : holders.readAllMap().entrySet()) {
            if (other.getKey().equals(entry) || killed.contains(other.getValue())) continue;
            violate(lock + ": " + me + " and " + other.getValue());
        }
        redisson.<String, String>getMap(counters + "progress", StringCodec.INSTANCE).fastPut(me, "" + System.currentTimeMillis());
        try {
            Thread.sleep(100 + ThreadLocalRandom.current().nextInt(1500));
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
        holders.fastRemove(entry);
    }

    static String textOf(String json, String field) {
        Matcher found = Pattern.compile("\"" + field + "\"\\s*:\\s*\"([^\"\\\\]*)\"").matcher(json);
        if (!found.find()) throw new IllegalArgumentException(field + " is missing");
        return found.group(1);
    }
}

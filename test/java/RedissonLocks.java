// Holds Redisson locks of every kind, acquired like its users do, until stdin ends. It never releases them. With -Dmany=N it
// holds N plain locks instead, for which -Dlease=SECONDS fixes the lease; with -Dreader=true only a read lock; with -Dwaiter=true
// it waits for the plain lock "stuck", and then holds it.
//
//   java -cp "$CLASSPATH" [-Dmany=N [-Dlease=SECONDS] | -Dreader=true | -Dwaiter=true] RedissonLocks.java '{"redisUrl": …, "prefix": …}'
//
// Each line on stdout is a JSON object: a lock's key, family and token. While it runs, a fair lock and a plain lock have one
// waiter each.

import java.io.PrintStream;
import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.redisson.Redisson;
import org.redisson.api.RLock;
import org.redisson.api.RPermitExpirableSemaphore;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;

public class RedissonLocks {
    static final PrintStream OUT = System.out;

    public static void main(String[] args) throws Exception {
        System.setOut(System.err);
        String prefix = textOf(args[0], "prefix");
        Config config = new Config();
        config.useSingleServer().setAddress(textOf(args[0], "redisUrl"));
        RedissonClient redisson = Redisson.create(config);
        String holder = redisson.getId() + ":" + Thread.currentThread().getId();
        int many = Integer.getInteger("many", 0);
        if (Boolean.getBoolean("waiter")) waitFor(redisson.getLock(prefix + "stuck"), holder);
        else if (Boolean.getBoolean("reader")) holdRead(redisson, prefix, holder);
        else if (many > 0) holdMany(redisson, prefix, many, holder);
        else holdEveryKind(redisson, prefix, holder);
        OUT.println("{\"ready\": true}");
        System.in.read();
        Runtime.getRuntime().halt(0);
    }

    static void holdMany(RedissonClient redisson, String prefix, int many, String holder) throws InterruptedException {
        for (int at = 0; at < many; at++) {
            String key = prefix + "redisson:" + redisson.getId() + ":" + at;
            hold(redisson.getLock(key), Long.getLong("lease", -1));
            say(key, "redisson", holder);
        }
    }

    static void waitFor(RLock lock, String holder) {
        OUT.println("{\"waiting\": true}");
        lock.lock();
        say(lock.getName(), "redisson", holder);
    }

    static void holdEveryKind(RedissonClient redisson, String prefix, String holder) throws InterruptedException {
        hold(redisson.getLock(prefix + "renewed"), -1);
        say(prefix + "renewed", "redisson", holder);
        hold(redisson.getLock(prefix + "leased"), 60);
        say(prefix + "leased", "redisson", holder);
        RLock twice = redisson.getLock(prefix + "twice");
        hold(twice, -1);
        hold(twice, -1);
        say(prefix + "twice", "redisson", holder);
        hold(redisson.getSpinLock(prefix + "spin"), -1);
        say(prefix + "spin", "redisson", holder);
        hold(redisson.getFencedLock(prefix + "token"), -1);
        say(prefix + "token", "redisson", holder);
        RLock fair = redisson.getFairLock(prefix + "fair");
        hold(fair, -1);
        say(prefix + "fair", "redisson", holder);
        RLock[] members = {redisson.getLock(prefix + "{m}1"), redisson.getLock(prefix + "{m}2")};
        hold(redisson.getMultiLock(members), -1);
        for (RLock member : members) say(member.getName(), "redisson", holder);
        holdRead(redisson, prefix, holder);
        hold(redisson.getReadWriteLock(prefix + "write").writeLock(), -1);
        say(prefix + "write", "redisson-read-write", holder + ":write");

        RPermitExpirableSemaphore permits = redisson.getPermitExpirableSemaphore(prefix + "permits");
        permits.trySetPermits(2);
        byte[] permit = HexFormat.of().parseHex(permits.acquire(60, TimeUnit.SECONDS));
        say("{" + prefix + "permits}:timeout", "redisson-permits", "base64:" + Base64.getEncoder().encodeToString(permit));

        CountDownLatch waiting = new CountDownLatch(2);
        wait(redisson.getFairLock(prefix + "fair"), waiting);
        wait(redisson.getLock(prefix + "renewed"), waiting);
        waiting.await();
    }

    static void holdRead(RedissonClient redisson, String prefix, String holder) throws InterruptedException {
        hold(redisson.getReadWriteLock(prefix + "read").readLock(), -1);
        say(prefix + "read", "redisson-read-write", holder);
    }

    static void hold(RLock lock, long leaseSeconds) throws InterruptedException {
        if (!lock.tryLock(0, leaseSeconds, TimeUnit.SECONDS)) throw new IllegalStateException(lock.getName());
    }

    static void wait(RLock lock, CountDownLatch waiting) {
        Thread thread = new Thread(() -> {
            waiting.countDown();
            lock.lock();
        });
        thread.setDaemon(true);
        thread.start();
    }

    static void say(String key, String family, String token) {
        OUT.printf("{\"key\": \"%s\", \"family\": \"%s\", \"token\": \"%s\"}%n", key, family, token);
    }

    // Redisson has no JSON parser among its dependencies, and two strings do not need one.
    static String textOf(String json, String field) {
        Matcher found = Pattern.compile("\"" + field + "\"\\s*:\\s*\"([^\"\\\\]*)\"").matcher(json);
        if (!found.find()) throw new IllegalArgumentException(field + " is missing");
        return found.group(1);
    }
}

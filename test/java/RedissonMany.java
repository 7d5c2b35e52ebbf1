// Holds many Redisson locks, renewed by Redisson's watchdog, until it is killed.
//
//   java -cp "$CLASSPATH" RedissonMany.java '{"redisUrl": …, "prefix": …}'
//
// Each line on stdout is a JSON object: a lock's key, family and token.

import java.io.PrintStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.redisson.Redisson;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;

public class RedissonMany {
    static final int COUNT = 500;

    public static void main(String[] args) throws Exception {
        PrintStream out = System.out;
        System.setOut(System.err);
        String prefix = textOf(args[0], "prefix");
        Config config = new Config();
        config.useSingleServer().setAddress(textOf(args[0], "redisUrl"));
        RedissonClient redisson = Redisson.create(config);
        String holder = redisson.getId() + ":" + Thread.currentThread().getId();
        for (int at = 0; at < COUNT; at++) {
            String key = prefix + "redisson:" + redisson.getId() + ":" + at;
            if (!redisson.getLock(key).tryLock()) throw new IllegalStateException(key);
            out.printf("{\"key\": \"%s\", \"family\": \"redisson\", \"token\": \"%s\"}%n", key, holder);
        }
        out.println("{\"ready\": true}");
        System.in.read();
        Runtime.getRuntime().halt(0);
    }

    // Redisson brings no reader of JSON, and two plain texts need none.
    static String textOf(String json, String field) {
        Matcher found = Pattern.compile("\"" + field + "\"\\s*:\\s*\"([^\"\\\\]*)\"").matcher(json);
        if (!found.find()) throw new IllegalArgumentException(field + " is missing");
        return found.group(1);
    }
}

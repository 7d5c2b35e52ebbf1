// Publishes messages through the Java client, whose default hash chooses the partitions.
//
//   java -cp "$CLASSPATH" ProduceKeys.java < OPTIONS
//
// Standard input is JSON: serviceUrl, topic, batching, and messages, each with a payload, and with key or bytes (base64),
// orderingKey, or both.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.Producer;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.TypedMessageBuilder;

public class ProduceKeys {
    public static void main(String[] args) throws Exception {
        JsonNode wanted = new ObjectMapper().readTree(System.in);
        int status = 0;
        try (PulsarClient client = PulsarClient.builder().serviceUrl(wanted.get("serviceUrl").asText()).build();
                Producer<byte[]> producer = client.newProducer().topic(wanted.get("topic").asText())
                        .enableBatching(wanted.get("batching").asBoolean())
                        // A batch of one message is sent as a single message.
                        .batchingMaxPublishDelay(500, TimeUnit.MILLISECONDS).blockIfQueueFull(true).create()) {
            List<CompletableFuture<MessageId>> sent = new ArrayList<>();
            for (JsonNode message : wanted.get("messages")) {
                byte[] payload = message.get("payload").asText().getBytes(StandardCharsets.UTF_8);
                TypedMessageBuilder<byte[]> builder = producer.newMessage().value(payload);
                if (message.has("key")) {
                    builder.key(message.get("key").asText());
                }
                if (message.has("bytes")) {
                    builder.keyBytes(Base64.getDecoder().decode(message.get("bytes").asText()));
                }
                if (message.has("orderingKey")) {
                    builder.orderingKey(message.get("orderingKey").asText().getBytes(StandardCharsets.UTF_8));
                }
                sent.add(builder.sendAsync());
            }
            producer.flush();
            for (CompletableFuture<MessageId> one : sent) {
                one.get();
            }
        } catch (Exception e) {
            e.printStackTrace();
            status = 1;
        }
        System.exit(status);
    }
}

// Leaves a transaction of the Java client open until stdin ends, and prints one line when it is.
//
//   java -cp "$CLASSPATH" OpenTransaction.java SERVICE_URL TOPIC produce MESSAGES
//   java -cp "$CLASSPATH" OpenTransaction.java SERVICE_URL TOPIC acknowledge SUBSCRIPTION
//
// produce: one message in the transaction, then MESSAGES outside of it.
// acknowledge: receives one message and acknowledges it in the transaction, on a Shared subscription.

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.apache.pulsar.client.api.Consumer;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.Producer;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.SubscriptionType;
import org.apache.pulsar.client.api.transaction.Transaction;

public class OpenTransaction {
    static final PrintStream OUT = System.out;

    static {
        // before the client is loaded, because its logging would use stdout
        System.setOut(System.err);
    }

    public static void main(String[] args) throws Exception {
        if (args.length != 4) {
            System.err.println("usage: SERVICE_URL TOPIC produce MESSAGES | acknowledge SUBSCRIPTION");
            System.exit(2);
        }
        try (PulsarClient client = PulsarClient.builder().serviceUrl(args[0]).enableTransaction(true).build()) {
            Transaction open = client.newTransaction().withTransactionTimeout(10, TimeUnit.MINUTES).build().get();
            switch (args[2]) {
                case "produce" -> produce(client, open, args[1], Integer.parseInt(args[3]));
                case "acknowledge" -> acknowledge(client, open, args[1], args[3]);
                default -> throw new IllegalArgumentException(args[2]);
            }
            OUT.println("open");
            System.in.transferTo(System.err);
            open.abort().get();
        }
        System.exit(0);
    }

    static void produce(PulsarClient client, Transaction open, String topic, int messages) throws Exception {
        try (Producer<byte[]> producer = client.newProducer().topic(topic).enableBatching(false).create()) {
            producer.newMessage(open).key("user-0").value("x".getBytes(StandardCharsets.UTF_8)).send();
            for (int number = 0; number < messages; number++) {
                producer.newMessage().key("user-" + number).value("x".getBytes(StandardCharsets.UTF_8)).send();
            }
        }
    }

    static void acknowledge(PulsarClient client, Transaction open, String topic, String subscription)
            throws Exception {
        Consumer<byte[]> consumer = client.newConsumer().topic(topic).subscriptionName(subscription)
                .subscriptionType(SubscriptionType.Shared).receiverQueueSize(10).subscribe();
        Message<byte[]> message = consumer.receive();
        consumer.acknowledgeAsync(message.getMessageId(), open).get();
    }
}

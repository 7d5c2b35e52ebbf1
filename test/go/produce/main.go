// Publishes messages through the Go client, whose default router chooses the partitions.
//
// Standard input is JSON: serviceUrl, topic, batching, and messages, each with a payload, and with key, orderingKey, or both.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/apache/pulsar-client-go/pulsar"
	"github.com/apache/pulsar-client-go/pulsar/log"
)

type wish struct {
	ServiceURL string `json:"serviceUrl"`
	Topic      string
	Batching   bool
	Messages   []struct {
		Payload     string
		Key         string
		OrderingKey string
	}
}

func main() {
	var wanted wish
	must(json.NewDecoder(os.Stdin).Decode(&wanted))
	client, err := pulsar.NewClient(pulsar.ClientOptions{
		URL:    wanted.ServiceURL,
		Logger: log.NewLoggerWithSlog(slog.New(slog.NewTextHandler(io.Discard, nil))),
	})
	must(err)
	defer client.Close()
	producer, err := client.CreateProducer(pulsar.ProducerOptions{
		Topic: wanted.Topic, DisableBatching: !wanted.Batching, BatchingMaxPublishDelay: 500 * time.Millisecond,
	})
	must(err)
	defer producer.Close()
	for _, message := range wanted.Messages {
		producer.SendAsync(context.Background(), &pulsar.ProducerMessage{
			Payload:     []byte(message.Payload),
			Key:         message.Key,
			OrderingKey: message.OrderingKey,
		}, func(_ pulsar.MessageID, _ *pulsar.ProducerMessage, err error) { must(err) })
	}
	must(producer.Flush())
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// A fleet of consumers of the Go client that retry their subscribe, and report the messages that they process.
//
// The one argument is JSON: serviceUrl, topic, subscription, type, names, workMs, slowEvery, slowMs, retryMs. Each line on
// stdout is a JSON object. It stops at the end of its standard input.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/apache/pulsar-client-go/pulsar"
	"github.com/apache/pulsar-client-go/pulsar/log"
)

var types = map[string]pulsar.SubscriptionType{
	"Shared":     pulsar.Shared,
	"Failover":   pulsar.Failover,
	"Key_Shared": pulsar.KeyShared,
}

type wish struct {
	ServiceURL   string `json:"serviceUrl"`
	Topic        string
	Subscription string
	Type         string
	Names        []string
	WorkMs       int
	SlowEvery    int
	SlowMs       int
	RetryMs      int
}

type said struct {
	Event      string `json:"event"`
	Consumer   string `json:"consumer"`
	Reason     string `json:"reason,omitempty"`
	Sequence   int    `json:"sequence"`
	Key        string `json:"key"`
	ReceivedAt int64  `json:"receivedAt"`
	StartedAt  int64  `json:"startedAt"`
	EndedAt    int64  `json:"endedAt"`
}

var printing sync.Mutex

func say(line said) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(text))
}

func main() {
	var wanted wish
	if err := json.Unmarshal([]byte(os.Args[1]), &wanted); err != nil {
		panic(err)
	}
	client, err := pulsar.NewClient(pulsar.ClientOptions{
		URL: wanted.ServiceURL,
		// The client's log would contain every refusal; this program reports refusals on stdout.
		Logger: log.NewLoggerWithSlog(slog.New(slog.NewTextHandler(io.Discard, nil))),
	})
	if err != nil {
		panic(err)
	}
	stopping, stop := context.WithCancel(context.Background())
	var members sync.WaitGroup
	for _, name := range wanted.Names {
		members.Add(1)
		go func() {
			defer members.Done()
			live(stopping, client, wanted, name)
		}()
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	stop()
	members.Wait()
	client.Close()
}

func live(stopping context.Context, client pulsar.Client, wanted wish, name string) {
	for stopping.Err() == nil {
		consumer, err := client.Subscribe(pulsar.ConsumerOptions{
			Topic:                       wanted.Topic,
			SubscriptionName:            wanted.Subscription,
			Type:                        types[wanted.Type],
			Name:                        name,
			ReceiverQueueSize:           50,
			SubscriptionInitialPosition: pulsar.SubscriptionPositionEarliest,
		})
		if err != nil {
			say(said{Event: "refused", Consumer: name, Reason: err.Error()})
			pause(stopping, wanted.RetryMs)
			continue
		}
		say(said{Event: "connected", Consumer: name})
		serve(stopping, consumer, wanted, name)
		consumer.Close()
	}
}

func serve(stopping context.Context, consumer pulsar.Consumer, wanted wish, name string) {
	for {
		message, err := consumer.Receive(stopping)
		if errors.Is(err, context.Canceled) {
			return
		}
		if err != nil {
			panic(err)
		}
		received := time.Now().UnixMilli()
		sequence, err := strconv.Atoi(string(message.Payload()))
		if err != nil {
			panic(err)
		}
		workMs := wanted.WorkMs
		if sequence%wanted.SlowEvery == 0 {
			workMs = wanted.SlowMs
		}
		time.Sleep(time.Duration(workMs) * time.Millisecond)
		ended := time.Now().UnixMilli()
		if err := consumer.Ack(message); err != nil {
			panic(err)
		}
		say(said{
			Event: "handled", Consumer: name, Sequence: sequence, Key: message.Key(),
			ReceivedAt: received, StartedAt: received, EndedAt: ended,
		})
	}
}

func pause(stopping context.Context, ms int) {
	select {
	case <-stopping.Done():
	case <-time.After(time.Duration(ms) * time.Millisecond):
	}
}

// Holds locks of Go libraries, acquired like their users do, until its standard input ends. It never releases them.
//
// The one argument is JSON: redisUrl, prefix. Each line on stdout is a JSON object: a lock's key, family and token.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/bsm/redislock"
	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

type wish struct {
	RedisURL string `json:"redisUrl"`
	Prefix   string
}

type held struct {
	Key    string `json:"key"`
	Family string `json:"family"`
	Token  string `json:"token"`
}

func main() {
	var wanted wish
	must(json.Unmarshal([]byte(os.Args[1]), &wanted))
	options, err := redis.ParseURL(wanted.RedisURL)
	must(err)
	client := redis.NewClient(options)

	mutex := redsync.New(goredis.NewPool(client)).NewMutex(wanted.Prefix+"lock:redsync", redsync.WithExpiry(time.Minute))
	must(mutex.Lock())
	say(held{mutex.Name(), "redsync", mutex.Value()})

	for name, metadata := range map[string]string{"bare": "", "named": "worker-7"} {
		key := wanted.Prefix + "lock:bsm-" + name
		lock, err := redislock.Obtain(context.Background(), client, key, time.Minute, &redislock.Options{Metadata: metadata})
		must(err)
		say(held{key, "bsm-redislock", lock.Token() + metadata})
	}
	queue := strings.ReplaceAll(wanted.Prefix, ":", "")
	parsed, err := asynq.ParseRedisURI(wanted.RedisURL)
	must(err)
	task, err := asynq.NewClient(parsed).Enqueue(asynq.NewTask("report", nil), asynq.Queue(queue), asynq.Unique(time.Minute))
	must(err)
	keys, err := client.Keys(context.Background(), "asynq:{"+queue+"}:unique:*").Result()
	must(err)
	say(held{keys[0], "asynq", task.ID})
	say(map[string]bool{"ready": true})
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func say(line any) {
	text, err := json.Marshal(line)
	must(err)
	fmt.Println(string(text))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

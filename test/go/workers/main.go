// Workers of Go's lock libraries: each takes a lock, works, releases it, and begins again, until it is killed. Two holders of one
// lock at the same time are reported in Redis, under keys of their own.
//
// The one argument is JSON: redisUrl, prefix (of the locks), counters (the prefix of all other keys), id (of this process).
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/bsm/redislock"
	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"
)

const (
	workers = 5
	keys    = 3
	lease   = 15 * time.Second
)

var (
	background = context.Background()
	client     *redis.Client
	wanted     struct {
		RedisURL             string `json:"redisUrl"`
		Prefix, Counters, ID string
	}
)

func main() {
	must(json.Unmarshal([]byte(os.Args[1]), &wanted))
	options, err := redis.ParseURL(wanted.RedisURL)
	must(err)
	client = redis.NewClient(options)
	sync := redsync.New(goredis.NewPool(client))
	for worker := range workers {
		go keepWorking("redsync", worker, func(name string, work func()) {
			mutex := sync.NewMutex(wanted.Prefix+"lock:redsync-"+name, redsync.WithExpiry(lease), redsync.WithTries(1))
			for mutex.Lock() != nil {
				time.Sleep(100 * time.Millisecond)
			}
			work()
			_, err := mutex.Unlock()
			report(mutex.Name(), err)
		})
		go keepWorking("bsm", worker, func(name string, work func()) {
			patient := &redislock.Options{RetryStrategy: redislock.LinearBackoff(100 * time.Millisecond)}
			within, cancel := context.WithTimeout(background, 10*time.Minute)
			defer cancel()
			lock, err := redislock.Obtain(within, client, wanted.Prefix+"lock:bsm-"+name, lease, patient)
			must(err)
			work()
			report(lock.Key(), lock.Release(background))
		})
	}
	fmt.Println(`{"ready": true}`)
	select {}
}

func keepWorking(library string, worker int, hold func(string, func())) {
	me := fmt.Sprintf("%s/%s/%d", wanted.ID, library, worker)
	for {
		name := fmt.Sprint(rand.IntN(keys))
		hold(name, func() { work(library+"-"+name, me) })
	}
}

func work(lock, me string) {
	holders := wanted.Counters + "holders:" + lock
	entry := fmt.Sprintf("%s-%d", me, time.Now().UnixNano())
	must(client.HSet(background, holders, entry, wanted.ID).Err())
	killed, err := client.SMembers(background, wanted.Counters+"killed").Result()
	must(err)
	others, err := client.HGetAll(background, holders).Result()
	must(err)
	for other, process := range others {
		if other != entry && !slices.Contains(killed, process) {
			must(client.RPush(background, wanted.Counters+"violations", fmt.Sprintf("%s: %s and %s", lock, me, process)).Err())
		}
	}
	must(client.HSet(background, wanted.Counters+"progress", me, time.Now().UnixMilli()).Err())
	time.Sleep(100*time.Millisecond + time.Duration(rand.Float64()*1.5e9))
	must(client.HDel(background, holders, entry).Err())
}

// A lock that was lost while its holder worked cannot be released.
func report(lock string, err error) {
	if err != nil {
		must(client.RPush(background, wanted.Counters+"violations", fmt.Sprintf("%s: %s: %v", lock, wanted.ID, err)).Err())
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

import {operands, shellWord, suggestedCommand} from '../../../suggested-command.js'
import {parseTopicName, partitionName} from '../../../topic-name.js'
import {clientsText} from './client-facts.js'
import type {FindingConsumer, Remedy} from './doctor-finding.js'
import type {SubscriptionFacts} from './subscription-facts.js'

type About = Pick<SubscriptionFacts, 'subscription' | 'topic'>

/** A `pulsar-admin` command that is safe to paste. */
export function pulsarAdmin(...words: readonly string[]): string {
  return ['pulsar-admin', ...words.map(shellWord)].join(' ')
}

/** `tenant/namespace` of a topic. */
export function namespaceOf(topic: string): string {
  const {namespace, tenant} = parseTopicName(topic)
  return `${tenant}/${namespace}`
}

/** The name of a partition, or of the topic if it has none: commands that act on entries accept nothing else. */
export function partitionNameOf(topic: string, partition: number | null): string {
  return partition === null ? topic : partitionName(parseTopicName(topic), partition).full
}

export function inspectCommand({subscription, topic}: About): Remedy {
  return {command: suggestedCommand('subscriptions', 'inspect', ...operands(topic, subscription)), cost: 'none'}
}

export function oldestKeysCommand({subscription, topic}: About): Remedy {
  return {
    command: suggestedCommand('keys', 'sample', '--where', 'head', '--max', '10', ...operands(topic, subscription)),
    cost: 'none (lists the keys of the oldest messages)',
  }
}

export function checkConsumers(clients: readonly FindingConsumer[]): Remedy {
  return {
    command: `check the threads and the log of ${clientsText(clients)} for what ${clients.length === 1 ? 'it is' : 'they are'} waiting for`,
    cost: 'none',
  }
}

export function restartConsumers(clients: readonly FindingConsumer[]): Remedy[] {
  return clients.length === 0
    ? []
    : [
        {
          command: `restart ${clientsText(clients)}`,
          cost: 'unacked messages are delivered to other consumers; partially processed messages are processed again',
        },
      ]
}

export function unloadTopic({topic}: About): Remedy {
  return {
    command: pulsarAdmin('topics', 'unload', topic),
    cost: 'all clients of the topic reconnect, which takes a second or more; unacked messages of all its subscriptions are delivered again',
  }
}

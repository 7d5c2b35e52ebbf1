import {operands, shellCommand} from '../../../suggested-command.js'
import {parseTopicName, partitionName} from '../../../topic-name.js'
import {clientsText} from './client-facts.js'
import type {FindingConsumer, Remedy} from './doctor-finding.js'
import type {SubscriptionFacts} from './subscription-facts.js'

type About = Pick<SubscriptionFacts, 'subscription' | 'topic'>

/** The commands that remedies contain, by program. For each, a test pastes it into a shell and verifies what it does. */
export const REMEDY_COMMANDS = {
  keyshift: [
    'doctor',
    'keys owner',
    'keys ranges',
    'keys sample',
    'locks inspect',
    'locks release',
    'migrate list',
    'subscriptions inspect',
  ],
  'pulsar-admin': [
    'namespaces remove-dispatch-rate',
    'namespaces remove-subscription-dispatch-rate',
    'topicPolicies remove-dispatch-rate',
    'topicPolicies remove-subscription-dispatch-rate',
    'topicPolicies set-backlog-quota',
    'topicPolicies set-message-ttl',
    'topics create-subscription',
    'topics skip',
    'topics unload',
  ],
} as const

type Program = keyof typeof REMEDY_COMMANDS

/** A command of a program, safe to paste. */
function remedyOf<P extends Program>(program: P) {
  return (command: (typeof REMEDY_COMMANDS)[P][number], ...words: readonly string[]): string =>
    shellCommand(program, ...command.split(' '), ...words)
}

export const keyshift = remedyOf('keyshift')
export const pulsarAdmin = remedyOf('pulsar-admin')

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
  return {command: keyshift('subscriptions inspect', ...operands(topic, subscription)), cost: 'none'}
}

export function oldestKeysCommand({subscription, topic}: About): Remedy {
  return {
    command: keyshift('keys sample', '--where', 'head', '--max', '10', ...operands(topic, subscription)),
    cost: 'none (lists the keys of the oldest messages)',
  }
}

/** The command that names the consumer of a key; none on Shared, where any consumer may receive it. */
export function ownerRemedies(
  {subscription, topic, type}: About & Pick<SubscriptionFacts, 'type'>,
  key: string,
): Remedy[] {
  if (type === 'Shared') return []
  return [{command: keyshift('keys owner', ...operands(topic, subscription, key)), cost: 'none'}]
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
    command: pulsarAdmin('topics unload', topic),
    cost: 'all clients of the topic reconnect, which takes a second or more; unacked messages of all its subscriptions are delivered again',
  }
}

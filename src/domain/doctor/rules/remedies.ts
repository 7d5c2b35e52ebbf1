import {operands, shellWord, suggestedCommand} from '../../../suggested-command.js'
import type {Remedy} from '../facts/doctor-finding.js'
import type {SubscriptionFacts} from '../facts/subscription-facts.js'

type About = Pick<SubscriptionFacts, 'subscription' | 'topic'>

/** A `pulsar-admin` command that is safe to paste. */
export function pulsarAdmin(...words: readonly string[]): string {
  return ['pulsar-admin', ...words.map(shellWord)].join(' ')
}

export function inspectCommand({subscription, topic}: About): Remedy {
  return {command: suggestedCommand('subscriptions', 'inspect', ...operands(topic, subscription)), cost: 'none'}
}

export function restartConsumer(name: string): Remedy {
  return {
    command: `restart consumer ${name}`,
    cost: 'its unacked messages are delivered to other consumers; partially processed messages are processed again',
  }
}

export function unloadTopic({topic}: About): Remedy {
  return {
    command: pulsarAdmin('topics', 'unload', topic),
    cost: 'all clients of the topic reconnect, which takes a second or more; unacked messages of all its subscriptions are delivered again',
  }
}

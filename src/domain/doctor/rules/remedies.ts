import type {SubscriptionFacts} from '../facts/subscription-facts.js'
import type {Remedy} from '../facts/doctor-finding.js'

type About = Pick<SubscriptionFacts, 'subscription' | 'topic'>

export function inspectCommand({subscription, topic}: About): Remedy {
  return {command: `keyshift subscriptions inspect ${topic} ${subscription}`, cost: 'none'}
}

export function restartConsumer(name: string): Remedy {
  return {
    command: `restart ${name}`,
    cost: 'its unacknowledged messages are delivered again, to others; what it has half done is done twice',
  }
}

export function unloadTopic({topic}: About): Remedy {
  return {
    command: `pulsar-admin topics unload ${topic}`,
    cost: 'everybody on the topic reconnects, for a second or more; unacknowledged messages of all subscriptions are delivered again',
  }
}

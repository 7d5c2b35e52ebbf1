import assert from 'node:assert/strict'

import type {Message, MessageConsumer} from '../../../src/clients/pulsar-messages/transport.js'
import {type CollectedSubscription, collectSubscription} from '../../../src/domain/topic-stats/collect-topic-stats.js'
import type {TopicName} from '../../../src/topic-name.js'
import {type Place, until} from '../servers/live.js'

/** Key_Shared consumers that join and leave, and the keys that each received. */
export class KeyedFleet {
  /** key → the name of the consumer that received it */
  readonly received = new Map<string, string>()
  private readonly place: Place
  private readonly topic: TopicName
  private readonly onMessage: (message: Message, consumer: string) => void
  private readonly members: Array<{readonly name: string; readonly consumer: MessageConsumer}> = []

  constructor(place: Place, topic: TopicName, onMessage: KeyedFleet['onMessage'] = () => undefined) {
    this.place = place
    this.topic = topic
    this.onMessage = onMessage
  }

  static async start(place: Place, topic: TopicName, names: readonly string[]): Promise<KeyedFleet> {
    const fleet = new KeyedFleet(place, topic)
    for (const name of names) await fleet.join(name)
    return fleet
  }

  /** The names in the order of joining. */
  get names(): string[] {
    return this.members.map(({name}) => name)
  }

  async join(name: string): Promise<void> {
    const joining: Promise<MessageConsumer> = this.place.transport.consume({
      topic: this.topic,
      subscription: 'decision',
      type: 'Key_Shared',
      name,
      receiverQueueSize: 1000,
      onMessage: (message) => {
        this.received.set(message.key ?? '', name)
        this.onMessage(message, name)
        // Unacked messages of a disconnected consumer are redelivered to another consumer.
        void joining.then((consumer) => consumer.ack(message)).catch(() => undefined)
      },
    })
    const consumer = await joining
    this.members.push({name, consumer})
  }

  /** Disconnects a consumer; of several with the same name, the last that joined. */
  async leave(name: string): Promise<void> {
    const at = this.members.findLastIndex((member) => member.name === name)
    const [member] = this.members.splice(at, 1)
    assert.ok(member, `${name} is not connected`)
    await member.consumer.close()
  }

  /** Waits until all messages are acknowledged. */
  async drained(): Promise<void> {
    await until('everything being acknowledged', async () => {
      const {partitions} = await collectSubscription(this.place.admin, this.topic.full, 'decision', {
        getPreciseBacklog: true,
      })
      return partitions.every(({subscription}) => subscription.msgBacklog === 0)
    })
  }

  /** The statistics, as soon as they show the current number of consumers. */
  async statistics(): Promise<CollectedSubscription> {
    let collected = await collectSubscription(this.place.admin, this.topic.full, 'decision')
    await until('the broker showing the change', async () => {
      collected = await collectSubscription(this.place.admin, this.topic.full, 'decision')
      return collected.partitions.every(({subscription}) => subscription.consumers?.length === this.members.length)
    })
    return collected
  }
}

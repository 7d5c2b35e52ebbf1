import type {ReservedSubscription} from '../../../clients/pulsar-messages/transport.js'
import type {TopicName} from '../../../topic-name.js'

/** Opens a seat; null where no message transport is to be had. */
export type OpenPlaceholder = (topic: TopicName, subscription: string) => Promise<ReservedSubscription | null>

/**
 * Keeps the name of a subscription that is not made yet. The door alone keeps a waiting fleet out, also when this process
 * is gone; but some clients (C++) try a subscription that is not found again by themselves, less and less often, and
 * would come late. A seat makes the broker refuse them outright, and they come back at their own pace.
 */
export class PlaceholderSubscription {
  private readonly open: OpenPlaceholder
  private reserved: ReservedSubscription | null = null

  constructor(open: OpenPlaceholder) {
    this.open = open
  }

  async reserve(topic: TopicName, subscription: string): Promise<void> {
    this.reserved ??= await this.open(topic, subscription)
  }

  async release(): Promise<void> {
    const {reserved} = this
    this.reserved = null
    await reserved?.close()
  }
}

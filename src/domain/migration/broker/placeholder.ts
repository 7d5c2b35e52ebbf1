import type {ReservedSubscription} from '../../../clients/pulsar-messages/transport.js'
import type {TopicName} from '../../../topic-name.js'

/** Opens a placeholder subscription; null where no message transport is available. */
export type OpenPlaceholder = (topic: TopicName, subscription: string) => Promise<ReservedSubscription | null>

/**
 * Holds a placeholder consumer on the new subscription until it is created. The auto-create block already blocks waiting
 * consumers, even without this process. But C++ clients retry a missing subscription with growing delays and would connect
 * late; refused by the placeholder they fail at once and the application retries at its own pace.
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

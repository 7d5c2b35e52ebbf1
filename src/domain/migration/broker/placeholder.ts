import type {Seat} from '../../../clients/pulsar-messages/transport.js'
import type {TopicName} from '../../../topic-name.js'

/** Opens a seat; null where no message transport is to be had. */
export type OpenSeat = (topic: TopicName, subscription: string) => Promise<Seat | null>

/**
 * Keeps the name of a subscription that is not made yet. The door alone keeps a waiting fleet out, also when this process
 * is gone; but some clients (C++) try a subscription that is not found again by themselves, less and less often, and
 * would come late. A seat makes the broker refuse them outright, and they come back at their own pace.
 */
export class TargetSeat {
  private readonly open: OpenSeat
  private seat: Seat | null = null

  constructor(open: OpenSeat) {
    this.open = open
  }

  async take(topic: TopicName, subscription: string): Promise<void> {
    this.seat ??= await this.open(topic, subscription)
  }

  async release(): Promise<void> {
    const {seat} = this
    this.seat = null
    await seat?.close()
  }
}

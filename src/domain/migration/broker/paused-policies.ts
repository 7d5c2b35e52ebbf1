import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import type {AutoSubscriptionCreation, DispatchRate, SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../errors.js'
import type {TopicName} from '../../../topic-name.js'
import {collectTopic} from '../../topic-stats/collect-topic-stats.js'
import {isPaused, keepsCountAcrossRates, messagesAllowedBy, pausedRate} from '../pause-rate.js'

/**
 * The one writer of the topic policies that a migration changes. Every change of a topic policy resets the rate limiter of
 * each paused subscription, which then delivers one more entry per partition (seen on 3.0.7, 4.0.7 and 4.2.4). So while a
 * subscription is paused and has consumers, the writer refuses any other change.
 */
export class TopicPolicyWriter {
  private readonly admin: PulsarAdmin
  private readonly topic: TopicName
  private readonly keepsCountAcrossRates: boolean
  private readonly paused: () => readonly string[]

  /** @param paused the subscriptions that are paused now according to the journal. */
  constructor(admin: PulsarAdmin, topic: TopicName, brokerVersion: string, paused: () => readonly string[]) {
    this.admin = admin
    this.topic = topic
    this.keepsCountAcrossRates = keepsCountAcrossRates(brokerVersion)
    this.paused = paused
  }

  /**
   * Pauses delivery to one subscription. Its consumers stay connected and process the messages they have.
   *
   * @param stillAllowed the number of messages of each partition that are still delivered, replayed messages first.
   */
  async pause(subscription: string, stillAllowed = 1): Promise<void> {
    await this.requireNoPausedConsumers(subscription)
    const soFar = this.keepsCountAcrossRates ? messagesAllowedBy(await this.rate(subscription)) : 0
    await this.admin.setSubscriptionDispatchRate(this.topic, subscription, pausedRate(soFar + stillAllowed))
  }

  /** Pauses a subscription that does not exist yet. Messages delivered later under this rate go to its own consumers. */
  async pauseUncreated(subscription: string): Promise<void> {
    await this.requireNoPausedConsumers(null)
    await this.admin.setSubscriptionDispatchRate(this.topic, subscription, pausedRate(1))
  }

  async isPaused(subscription: string): Promise<boolean> {
    return isPaused(await this.rate(subscription))
  }

  rate(subscription: string): Promise<DispatchRate | null> {
    return this.admin.subscriptionDispatchRate(this.topic, subscription)
  }

  /** Ends the pause: restores the original rate. */
  async resume(subscription: string, rate: DispatchRate | null): Promise<void> {
    await this.requireNoPausedConsumers(subscription)
    await this.admin.setSubscriptionDispatchRate(this.topic, subscription, rate)
  }

  types(): Promise<SubscriptionType[] | null> {
    return this.admin.subscriptionTypes(this.topic)
  }

  /**
   * Sets the allowed subscription types; null removes the policy.
   *
   * @param ended a subscription whose pause the same step has ended, which the journal does not show yet: asking the broker
   *   for its consumers would lengthen the delivery pause.
   */
  async setTypes(types: readonly SubscriptionType[] | null, ended: string | null = null): Promise<void> {
    await this.requireNoPausedConsumers(ended)
    await this.admin.setSubscriptionTypes(this.topic, types)
  }

  autoCreation(): Promise<AutoSubscriptionCreation | null> {
    return this.admin.autoSubscriptionCreation(this.topic)
  }

  /** Sets whether a subscribe may create a subscription; null removes the policy. */
  async setAutoCreation(value: AutoSubscriptionCreation | null): Promise<void> {
    await this.requireNoPausedConsumers(null)
    await this.admin.setAutoSubscriptionCreation(this.topic, value)
  }

  /** @param except the subscription whose own pause begins, ends or has ended. */
  private async requireNoPausedConsumers(except: string | null): Promise<void> {
    const paused = this.paused().filter((name) => name !== except)
    if (paused.length === 0) return
    const {partitions} = await collectTopic(this.admin, this.topic, {excludePublishers: true})
    const connected = paused.filter((name) =>
      partitions.some(({stats}) => (stats.subscriptions?.[name]?.consumers ?? []).length > 0),
    )
    // The journal may be behind: a process can die after it ended a pause and before it recorded that.
    const isPaused = await Promise.all(connected.map((name) => this.isPaused(name)))
    const affected = connected.filter((_, at) => isPaused[at])
    if (affected.length === 0) return
    throw new Conflict(
      'E_PAUSED_WITH_CONSUMERS',
      `a policy change now would deliver one message per partition, because a paused subscription has consumers: ${affected.join(', ')}`,
      {data: {paused: affected}},
    )
  }
}

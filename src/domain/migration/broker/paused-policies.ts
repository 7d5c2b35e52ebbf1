import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import type {AutoSubscriptionCreation, DispatchRate, SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../errors.js'
import type {TopicName} from '../../../topic-name.js'
import {collectTopic} from '../../topic-stats/collect-topic-stats.js'
import {isPaused, keepsCountAcrossRates, messagesAllowedBy, pausedRate} from '../pause-rate.js'

/**
 * The policies of the topic that a migration changes, and the one rule they are under: every change of a topic policy
 * makes the limiter of each held subscription start afresh, and hands it one more entry per partition. So while a
 * subscription is held, nothing else is changed until it has no consumer left (seen on 3.0.7, 4.0.7 and 4.2.4).
 */
export class TopicPolicyWriter {
  private readonly admin: PulsarAdmin
  private readonly topic: TopicName
  private readonly keepsCountAcrossRates: boolean
  private readonly paused: Set<string>

  /** @param held the subscriptions that the journal says are held. */
  constructor(admin: PulsarAdmin, topic: TopicName, brokerVersion: string, paused: readonly string[]) {
    this.admin = admin
    this.topic = topic
    this.keepsCountAcrossRates = keepsCountAcrossRates(brokerVersion)
    this.paused = new Set(paused)
  }

  /**
   * Holds delivery to one subscription; its consumers stay connected and finish what they have.
   *
   * @param butFor how many messages of each partition still to hand out, the ones that were read already first.
   */
  async pause(subscription: string, stillAllowed = 1): Promise<void> {
    await this.requireNoPausedConsumers(subscription)
    this.paused.add(subscription)
    const soFar = this.keepsCountAcrossRates ? messagesAllowedBy(await this.rate(subscription)) : 0
    await this.admin.setSubscriptionDispatchRate(this.topic, subscription, pausedRate(soFar + stillAllowed))
  }

  /** Holds a subscription that nobody has yet: what the hold lets out is for its own fleet, so it need not stay silent. */
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

  /** Ends the hold: gives back the rate that was found. */
  async resume(subscription: string, rate: DispatchRate | null): Promise<void> {
    await this.requireNoPausedConsumers(subscription)
    await this.admin.setSubscriptionDispatchRate(this.topic, subscription, rate)
    this.paused.delete(subscription)
  }

  /** A subscription that was deleted hands out nothing any more. */
  forget(subscription: string): void {
    this.paused.delete(subscription)
  }

  types(): Promise<SubscriptionType[] | null> {
    return this.admin.subscriptionTypes(this.topic)
  }

  /** Sets who may subscribe; null removes the policy. */
  async setTypes(types: readonly SubscriptionType[] | null): Promise<void> {
    await this.requireNoPausedConsumers(null)
    await this.admin.setSubscriptionTypes(this.topic, types)
  }

  autoCreation(): Promise<AutoSubscriptionCreation | null> {
    return this.admin.autoSubscriptionCreation(this.topic)
  }

  /** Sets whether subscribing may make a subscription; null removes the policy. */
  async setAutoCreation(value: AutoSubscriptionCreation | null): Promise<void> {
    await this.requireNoPausedConsumers(null)
    await this.admin.setAutoSubscriptionCreation(this.topic, value)
  }

  /** @param except the subscription whose own hold begins or ends. */
  private async requireNoPausedConsumers(except: string | null): Promise<void> {
    const paused = [...this.paused].filter((name) => name !== except)
    if (paused.length === 0) return
    const {partitions} = await collectTopic(this.admin, this.topic, {excludePublishers: true})
    const connected = paused.filter((name) =>
      partitions.some(({stats}) => (stats.subscriptions?.[name]?.consumers ?? []).length > 0),
    )
    // The journal may lag: a process can end between the end of a hold and writing that down.
    const isPaused = await Promise.all(connected.map((name) => this.isPaused(name)))
    const affected = connected.filter((_, at) => isPaused[at])
    if (affected.length === 0) return
    throw new Conflict(
      'E_PAUSED_WITH_CONSUMERS',
      `${affected.join(', ')} is held and has consumers: a change of policy now would hand them one message per partition`,
      {data: {paused: affected}},
    )
  }
}

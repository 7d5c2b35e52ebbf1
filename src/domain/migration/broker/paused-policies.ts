import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import type {AutoSubscriptionCreation, DispatchRate, SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../errors.js'
import type {TopicName} from '../../../topic-name.js'
import {collectTopic} from '../../topic-stats/collect-topic-stats.js'
import {allowedBy, countsOn, holdingRate, isHolding} from '../pause-rate.js'

/**
 * The policies of the topic that a migration changes, and the one rule they are under: every change of a topic policy
 * makes the limiter of each held subscription start afresh, and hands it one more entry per partition. So while a
 * subscription is held, nothing else is changed until it has no consumer left (seen on 3.0.7, 4.0.7 and 4.2.4).
 */
export class HeldPolicies {
  private readonly admin: PulsarAdmin
  private readonly topic: TopicName
  private readonly limiterCountsOn: boolean
  private readonly held: Set<string>

  /** @param held the subscriptions that the journal says are held. */
  constructor(admin: PulsarAdmin, topic: TopicName, brokerVersion: string, held: readonly string[]) {
    this.admin = admin
    this.topic = topic
    this.limiterCountsOn = countsOn(brokerVersion)
    this.held = new Set(held)
  }

  /**
   * Holds delivery to one subscription; its consumers stay connected and finish what they have.
   *
   * @param butFor how many messages of each partition still to hand out, the ones that were read already first.
   */
  async hold(subscription: string, butFor = 1): Promise<void> {
    await this.requireNobodyHeld(subscription)
    this.held.add(subscription)
    const soFar = this.limiterCountsOn ? allowedBy(await this.rate(subscription)) : 0
    await this.admin.setSubscriptionDispatchRate(this.topic, subscription, holdingRate(soFar + butFor))
  }

  /** Holds a subscription that nobody has yet: what the hold lets out is for its own fleet, so it need not stay silent. */
  async holdUnmade(subscription: string): Promise<void> {
    await this.requireNobodyHeld(null)
    await this.admin.setSubscriptionDispatchRate(this.topic, subscription, holdingRate(1))
  }

  async isHeld(subscription: string): Promise<boolean> {
    return isHolding(await this.rate(subscription))
  }

  rate(subscription: string): Promise<DispatchRate | null> {
    return this.admin.subscriptionDispatchRate(this.topic, subscription)
  }

  /** Ends the hold: gives back the rate that was found. */
  async letRun(subscription: string, rate: DispatchRate | null): Promise<void> {
    await this.requireNobodyHeld(subscription)
    await this.admin.setSubscriptionDispatchRate(this.topic, subscription, rate)
    this.held.delete(subscription)
  }

  /** A subscription that was deleted hands out nothing any more. */
  forget(subscription: string): void {
    this.held.delete(subscription)
  }

  types(): Promise<SubscriptionType[] | null> {
    return this.admin.subscriptionTypes(this.topic)
  }

  /** Sets who may subscribe; null removes the policy. */
  async setTypes(types: readonly SubscriptionType[] | null): Promise<void> {
    await this.requireNobodyHeld(null)
    await this.admin.setSubscriptionTypes(this.topic, types)
  }

  door(): Promise<AutoSubscriptionCreation | null> {
    return this.admin.autoSubscriptionCreation(this.topic)
  }

  /** Sets whether subscribing may make a subscription; null removes the policy. */
  async setDoor(value: AutoSubscriptionCreation | null): Promise<void> {
    await this.requireNobodyHeld(null)
    await this.admin.setAutoSubscriptionCreation(this.topic, value)
  }

  /** @param except the subscription whose own hold begins or ends. */
  private async requireNobodyHeld(except: string | null): Promise<void> {
    const held = [...this.held].filter((name) => name !== except)
    if (held.length === 0) return
    const {partitions} = await collectTopic(this.admin, this.topic, {excludePublishers: true})
    const connected = held.filter((name) =>
      partitions.some(({stats}) => (stats.subscriptions?.[name]?.consumers ?? []).length > 0),
    )
    // The journal may lag: a process can end between the end of a hold and writing that down.
    const isHeld = await Promise.all(connected.map((name) => this.isHeld(name)))
    const atStake = connected.filter((_, at) => isHeld[at])
    if (atStake.length === 0) return
    throw new Conflict(
      'E_HELD_SIDE',
      `${atStake.join(', ')} is held and has consumers: a change of policy now would hand them one message per partition`,
      {data: {held: atStake}},
    )
  }
}

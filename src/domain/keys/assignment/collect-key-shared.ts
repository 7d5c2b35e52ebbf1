import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {type CollectedSubscription, collectSubscription} from '../../topic-stats/collect-topic-stats.js'
import {collectSettings} from '../../topic-stats/collect-broker-settings.js'
import {DEFAULT_SETTINGS, type SelectorSettings} from '../selectors/algorithms.js'
import {parseVersion} from '../selectors/broker-version.js'
import {collectConsistentStats} from './collect-consistent-stats.js'
import type {BrokerFacts} from './detect-selector.js'

/** The input of every command about keys, read concurrently; if possible at a moment when every slot has an owner. */
export async function collectKeyShared(
  admin: PulsarAdmin,
  topic: string,
  subscription: string,
): Promise<{collected: CollectedSubscription; facts: BrokerFacts}> {
  const [collected, facts] = await Promise.all([
    collectSubscription(admin, topic, subscription).then((read) => collectConsistentStats(admin, read)),
    collectBrokerFacts(admin),
  ])
  return {collected, facts}
}

/**
 * The broker's version and the settings that determine the selector. Only superusers may read the settings; otherwise they
 * are null and the selector is detected from the statistics.
 */
export async function collectBrokerFacts(admin: PulsarAdmin): Promise<BrokerFacts> {
  const [version, settings] = await Promise.all([admin.brokerVersion(), collectSettings(admin, SELECTOR_SETTINGS)])
  return brokerFacts({version, settings})
}

/** The settings that decide which selector the broker uses. */
export const SELECTOR_SETTINGS = [
  'subscriptionKeySharedUseConsistentHashing',
  'subscriptionKeySharedConsistentHashingReplicaPoints',
  'subscriptionKeySharedUseClassicPersistentImplementation',
  'activeConsumerFailoverConsistentHashing',
] as const

export type SelectorSettingTexts = Partial<Record<(typeof SELECTOR_SETTINGS)[number], string>>

/** @param settings null if this login may not read them. */
export function brokerFacts({
  settings,
  version,
}: {
  readonly version: string
  readonly settings: SelectorSettingTexts | null
}): BrokerFacts {
  return {version: parseVersion(version), settings: selectorSettings(settings)}
}

function selectorSettings(settings: SelectorSettingTexts | null): SelectorSettings | null {
  return (
    settings && {
      usesConsistentHashing: settings.subscriptionKeySharedUseConsistentHashing !== 'false',
      points: Number(settings.subscriptionKeySharedConsistentHashingReplicaPoints ?? DEFAULT_SETTINGS.points),
      isClassic: settings.subscriptionKeySharedUseClassicPersistentImplementation === 'true',
      failoverUsesConsistentHashing: settings.activeConsumerFailoverConsistentHashing === 'true',
    }
  )
}

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {SELECTOR_SETTINGS, type SelectorSettingTexts} from '../keys/assignment/collect-key-shared.js'
import {collectSettings} from '../topic-stats/collect-broker-settings.js'
import {LIMIT_SETTINGS, type LimitSettings} from './collect-limits.js'

/** The broker's version and the settings that all collectors of a diagnosis use. */
export interface BrokerReading {
  readonly version: string
  /** null if this login may not read them */
  readonly settings: (LimitSettings & SelectorSettingTexts) | null
}

export async function collectBroker(admin: PulsarAdmin): Promise<BrokerReading> {
  const [version, settings] = await Promise.all([
    admin.brokerVersion(),
    collectSettings(admin, [...LIMIT_SETTINGS, ...SELECTOR_SETTINGS]),
  ])
  return {version, settings}
}

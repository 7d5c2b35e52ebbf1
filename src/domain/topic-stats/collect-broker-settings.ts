import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {orWhenRefused} from '../../clients/pulsar-admin/admin-refused.js'

/** Takes just these settings out of an answer that also holds the broker's secrets; null where this login may not read it. */
export async function collectSettings<N extends string>(
  admin: PulsarAdmin,
  names: readonly N[],
): Promise<Partial<Record<N, string>> | null> {
  const settings = await orWhenRefused(admin.runtimeConfiguration(), null)
  if (settings === null) return null
  const named = names.filter((name) => name in settings).map((name) => [name, settings[name]])
  return Object.fromEntries(named) as Partial<Record<N, string>>
}

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {orWhenRefused} from '../../clients/pulsar-admin/admin-refused.js'

/** Extracts only these settings, because the answer also contains secrets of the broker. Null without the permission. */
export async function collectSettings<N extends string>(
  admin: PulsarAdmin,
  names: readonly N[],
): Promise<Partial<Record<N, string>> | null> {
  const settings = await orWhenRefused(admin.runtimeConfiguration(), null)
  if (settings === null) return null
  const named = names.filter((name) => name in settings).map((name) => [name, settings[name]])
  return Object.fromEntries(named) as Partial<Record<N, string>>
}

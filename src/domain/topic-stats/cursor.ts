import type {CursorStats, InternalStats} from '../../clients/pulsar-admin/types.js'

/** The cursor of a subscription in a topic's internal statistics; undefined where the broker reports none. */
export function cursorOf(stats: InternalStats, subscription: string): CursorStats | undefined {
  const cursors = stats.cursors ?? {}
  const name = javaUrlEncoded(subscription)
  return Object.hasOwn(cursors, name) ? cursors[name] : undefined
}

/**
 * Encodes a text as Java's URLEncoder does, because the broker names the cursors of a managed ledger that way
 * (PersistentTopic, `Codec.encode`): letters, digits and `.-*_` are unchanged, a space becomes `+`. Unlike URLEncoder,
 * encodeURIComponent does not encode `!'()~` and encodes a space as `%20`.
 */
function javaUrlEncoded(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replaceAll(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

import type {CursorStats, InternalStats} from '../../clients/pulsar-admin/types.js'

/** The cursor of a subscription in a topic's internal statistics; undefined where the broker reports none. */
export function cursorOf(stats: InternalStats, subscription: string): CursorStats | undefined {
  const cursors = stats.cursors ?? {}
  const name = javaUrlEncoded(subscription)
  return Object.hasOwn(cursors, name) ? cursors[name] : undefined
}

/**
 * A text as Java's URLEncoder writes it, which is how the broker names the cursors of a managed ledger
 * (PersistentTopic, `Codec.encode`): letters, digits and `.-*_` stay, a space becomes `+`. encodeURIComponent also leaves
 * `!'()~` and writes a space as `%20`.
 */
function javaUrlEncoded(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replaceAll(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

import type {ConsumerStats} from '../../clients/pulsar-admin/types.js'

/** The broker gives a consumer no number: two of one name and address are told apart by when they came. */
export function consumerId({address, connectedSince, consumerName}: ConsumerStats): string {
  return JSON.stringify([consumerName, address, connectedSince])
}

/** A consumer's name and address as people know them. */
export function personOf({address, consumerName}: ConsumerStats): {name: string | null; address: string | null} {
  return {name: consumerName === '' ? null : (consumerName ?? null), address: address?.replace(/^\//, '') ?? null}
}

/** ISO 8601 UTC; null for a consumer that has acknowledged nothing since the topic was loaded: the broker writes 0. */
export function lastAckedAt({lastAckedTimestamp}: ConsumerStats): string | null {
  return lastAckedTimestamp ? new Date(lastAckedTimestamp).toISOString() : null
}

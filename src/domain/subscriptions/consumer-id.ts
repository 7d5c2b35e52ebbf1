import type {ConsumerStats} from '../../clients/pulsar-admin/types.js'

/** The broker gives a consumer no number: two of one name and address are told apart by when they came. */
export function consumerId({address, connectedSince, consumerName}: ConsumerStats): string {
  return JSON.stringify([consumerName, address, connectedSince])
}

import type {ConsumerStats} from '../../clients/pulsar-admin/types.js'

/** Epoch ms as ISO 8601 UTC. Null for 0 and below: the broker reports 0 when the event has not happened since the topic was loaded. */
export function timeOf(epochMs: number | undefined): string | null {
  return epochMs === undefined || epochMs <= 0 ? null : new Date(epochMs).toISOString()
}

/** Converts the broker's local time with zone to UTC. */
export function utcOf(text: string | undefined): string | null {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}

/** When the first of these clients connected, epoch ms; null without a client, or if the broker does not report it. */
export function firstConnection(clients: ReadonlyArray<Pick<ConsumerStats, 'connectedSince'>>): number | null {
  const times = clients
    .map(({connectedSince}) => Date.parse(connectedSince ?? ''))
    .filter((time) => !Number.isNaN(time))
  return times.length === 0 ? null : Math.min(...times)
}

/** The latest of some times, epoch ms. The broker writes 0 or a negative number for a time that it does not know. */
export function latest(times: ReadonlyArray<number | null | undefined>): number | null {
  const known = times.filter((time) => typeof time === 'number' && time > 0) as number[]
  return known.length === 0 ? null : Math.max(...known)
}

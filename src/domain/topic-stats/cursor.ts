import type {CursorStats, InternalStats} from '../../clients/pulsar-admin/types.js'

export function cursorOf(stats: InternalStats, subscription: string): CursorStats | undefined {
  return stats.cursors?.[encodeURIComponent(subscription)]
}

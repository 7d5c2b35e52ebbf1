import type {AutoSubscriptionCreation} from '../../../clients/pulsar-admin/types.js'

export const AUTO_CREATE = {
  allowed: {allowAutoSubscriptionCreation: true},
  blocked: {allowAutoSubscriptionCreation: false},
} as const satisfies Record<string, AutoSubscriptionCreation>

import type {AutoSubscriptionCreation} from '../../../clients/pulsar-admin/types.js'

export const DOOR = {
  open: {allowAutoSubscriptionCreation: true},
  closed: {allowAutoSubscriptionCreation: false},
} as const satisfies Record<string, AutoSubscriptionCreation>

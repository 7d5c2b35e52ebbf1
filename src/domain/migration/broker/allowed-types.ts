import type {SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import type {MigrationPlan} from '../plan/plan.js'

/**
 * What may subscribe: all that was allowed, without these. Exclusive always may, for readers subscribe as Exclusive and
 * would break, and an empty policy would allow everything.
 */
export function allowedTypesWithout(
  {allowedTypes}: MigrationPlan,
  ...types: readonly SubscriptionType[]
): SubscriptionType[] {
  return [...new Set<SubscriptionType>(['Exclusive', ...allowedTypes])]
    .filter((type) => !types.includes(type))
    .toSorted()
}

export function haveSameTypes(
  types: readonly SubscriptionType[] | null,
  wanted: readonly SubscriptionType[] | null,
): boolean {
  return types?.toSorted().join() === wanted?.toSorted().join()
}

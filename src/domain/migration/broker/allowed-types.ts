import type {SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import type {MigrationPlan} from '../plan/plan.js'

/**
 * The allowed subscription types of the plan without these. Exclusive is always allowed: readers subscribe as Exclusive and
 * would break, and an empty policy allows every type.
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

import type {SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {Blocked} from '../../../errors.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {numberText, partitionLabel} from '../../../wording.js'
import type {CollectedSubscription} from '../../topic-stats/collect-topic-stats.js'
import {DEFAULT_SETTINGS, emptySelector, possibleAlgorithms, type SelectorSettings} from '../selectors/algorithms.js'
import type {BrokerFacts} from './detect-selector.js'
import {reportedConsumers} from './reported-consumers.js'
import {slotsByOwner} from '../selectors/segments.js'
import {sizeOf} from '../hashing/key-space.js'

/** Maximum number of consumers in the message; its data contains all. */
const SHOWN = 8

/**
 * Requires that every partition is Key_Shared, except those without a type: a partition that was added to the topic has none
 * until a consumer connects to it.
 *
 * @throws Blocked E_NOT_KEY_SHARED with the actual type and the shares that its consumers would get as Key_Shared.
 */
export function requireKeyShared(collected: CollectedSubscription, facts: BrokerFacts): void {
  const others = collected.partitions.filter(({subscription}) => subscription.type !== 'Key_Shared')
  const other = others.find(({subscription}) => hasType(subscription)) ?? others[0]
  const isMissing = others.length < collected.partitions.length && others.every((row) => !hasType(row.subscription))
  if (!other || isMissing) return
  const type = other.subscription.type ?? 'None'
  const where = other.partition === null ? '' : ` on ${partitionLabel(other.partition)}`
  const found = hasType(other.subscription)
    ? `is ${type}${where}`
    : `has no type${where}, because no consumer has connected since the topic was loaded`
  const {subscription, topic} = collected
  const afterSwitch = sharesAfterSwitch(
    reportedConsumers(other.subscription).map(({name}) => name),
    facts,
  )
  const shown = afterSwitch.slice(0, SHOWN).map(({name, share}) => `${name} ${(share * 100).toFixed(0)} %`)
  const more = afterSwitch.length > SHOWN ? ` and ${numberText(afterSwitch.length - SHOWN)} more` : ''
  throw new Blocked(
    'E_NOT_KEY_SHARED',
    `${topic.full} ${subscription} ${found}; key ranges exist only on Key_Shared subscriptions` +
      (shown.length === 0 ? '' : `. As Key_Shared, its consumers would own: ${shown.join(', ')}${more}`),
    {
      data: {topic: topic.full, subscription, type, partition: other.partition, afterSwitch},
      next: [
        hasType(other.subscription)
          ? suggestedCommand('keys', 'simulate', topic.full, subscription)
          : suggestedCommand('subscriptions', 'inspect', topic.full, subscription),
        ...(type === 'Shared'
          ? [suggestedCommand('migrate', 'plan', topic.full, subscription, '--to', 'Key_Shared')]
          : []),
      ],
    },
  )
}

function hasType({type = 'None'}: SubscriptionStats): boolean {
  return type !== 'None'
}

/** The shares of the key space that consumers with these names would get if they joined in this order. */
function sharesAfterSwitch(names: readonly string[], facts: BrokerFacts): Array<{name: string; share: number}> {
  const settings: SelectorSettings = facts.settings ?? DEFAULT_SETTINGS
  const [algorithm] = possibleAlgorithms(facts.version, settings, 'AUTO_SPLIT')
  if (!algorithm) return []
  const members = names.map((name) => ({name}))
  const selector = emptySelector<{name: string}>(algorithm, settings.points)
  for (const member of members) selector.join(member)
  const counts = slotsByOwner(selector.segments())
  return members.map((member) => ({name: member.name, share: (counts.get(member) ?? 0) / sizeOf(selector.space)}))
}

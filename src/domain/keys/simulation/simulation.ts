import {Blocked, Usage} from '../../../errors.js'
import type {CollectedSubscription, SubscriptionPartition} from '../../topic-stats/collect-topic-stats.js'
import {
  type Algorithm,
  DEFAULT_SETTINGS,
  emptySelector,
  possibleAlgorithms,
  type SelectorName,
  type SelectorSettings,
} from '../selectors/algorithms.js'
import {type BrokerFacts, detectAssignment} from '../assignment/detect-selector.js'
import {type ConsumerChange, consumerChange, patternOf, type WantedConsumers} from './consumer-change.js'
import {type HashWeights, sumOf} from './hash-weights.js'
import {type Proposals, searchNames} from './name-search.js'
import type {SlotRange} from '../selectors/slot-ranges.js'
import {type FailoverChoice, simulatedFailover} from './simulate-failover.js'
import {
  type MemberChange,
  simulate,
  type SimulatedMember,
  type SimulatedPartition,
  type SimulatedPartitionState,
} from './simulate-partition.js'

/** What a simulation had to take for granted. */
export type Assumption = 'default-settings' | 'join-order' | 'name-index' | 'priority-level'

export type SimulatedMode = 'auto-split' | 'consistent-hashing' | 'failover'

export interface KeySimulation {
  /** null offline */
  topic: string | null
  subscription: string | null
  /** the type it has now; null offline */
  type: string | null
  selector: SelectorName | null
  algorithmSince: Algorithm['since'] | null
  points: number | null
  slotSpace: SlotRange | null
  leave: string[]
  join: string[]
  /** per partition, as consumers are connected to it */
  partitions: SimulatedPartition[]
  /** the one consumer that would get everything; empty but with the mode failover */
  failover: FailoverChoice[]
  /** messages of the sample that weighs the shares; null without one */
  sampledMessages: number | null
  /** null unless asked for */
  proposals: Proposals | null
  assumptions: Assumption[]
}

export interface SimulationOptions {
  readonly wanted: WantedConsumers
  /** null keeps the selector that it has */
  readonly mode: SimulatedMode | null
  readonly searchesNames: boolean
  /** messages by sticky key hash, per partition index; null without a sample */
  readonly weights: ReadonlyArray<Map<number, number>> | null
}

/**
 * What would be if consumers joined or left a subscription, or if it became Key_Shared.
 *
 * @throws Usage E_CONSUMER_UNKNOWN, E_NAMES_LIKE. @throws Blocked E_SELECTOR_UNKNOWN where what is reported is not what
 *   any known selector gives; E_STICKY_JOIN.
 */
export function simulateLive(
  collected: CollectedSubscription,
  facts: BrokerFacts,
  options: SimulationOptions,
): KeySimulation {
  const stages = collected.partitions.map((row) => partitionStateOf(collected, row, facts, options.mode))
  // By name: a consumer of a partitioned topic is at every partition. The fullest partition tells who is there.
  const [fullest] = stages.toSorted((a, b) => b.members.length - a.members.length)
  const names = (fullest?.members ?? []).map(({name}) => name)
  const change = consumerChange(names, options.wanted)
  const base = {
    ...simulationHead(stages, change),
    topic: collected.topic.full,
    subscription: collected.subscription,
    type: collected.partitions[0]?.subscription.type ?? null,
  }
  if (options.mode === 'failover') return asFailover(base, collected, facts)
  const partitions = stages.map((state, at) => simulate(state, changeAt(state, change), options.weights?.[at] ?? null))
  return {...base, partitions, ...extras(stages, options)}
}

/** The same from nothing: no broker is asked. */
export function simulateOffline(facts: BrokerFacts, options: SimulationOptions): KeySimulation {
  if (options.mode === 'failover') {
    throw new Usage(
      'E_OFFLINE_FAILOVER',
      'the mode failover depends on the topic and its partitions; leave out --offline',
    )
  }
  const state = emptyPartitionState(null, [], facts, options.mode)
  const change = consumerChange([], options.wanted)
  const partition = simulate(state, changeAt(state, change), null)
  const head = {...simulationHead([state], change), topic: null, subscription: null, type: null}
  return {...head, partitions: [partition], ...extras([state], options)}
}

interface PartitionState extends SimulatedPartitionState {
  readonly algorithm: Algorithm
  readonly points: number | null
  /** Everyone who is connected, also where the selector begins empty. */
  readonly members: readonly SimulatedMember[]
  readonly assumptions: readonly Assumption[]
}

function partitionStateOf(
  collected: CollectedSubscription,
  {partition, subscription}: SubscriptionPartition,
  facts: BrokerFacts,
  mode: SimulatedMode | null,
): PartitionState {
  const assignment = detectAssignment(subscription, facts)
  const {algorithm, restored} = assignment
  const isAsItIs = subscription.type === 'Key_Shared' && (mode === null || mode === algorithm?.selector)
  const isEmpty = !algorithm && assignment.consumers.length === 0
  if (!isAsItIs || isEmpty) return emptyPartitionState(partition, assignment.consumers, facts, mode)
  if (!algorithm || !restored) {
    const where = partition === null ? 'the topic' : `partition ${String(partition)}`
    throw new Blocked(
      'E_SELECTOR_UNKNOWN',
      `what ${where} reports is not what a known selector gives; nothing can be foretold`,
      {
        data: {partition, consumers: assignment.consumers.length},
        next: [`keyshift keys ranges ${collected.topic.full} ${collected.subscription}`],
      },
    )
  }
  if (algorithm.ring && restored.points === null) {
    throw new Blocked('E_POINTS_UNKNOWN', 'how many points the broker gives each consumer does not show here', {
      data: {partition},
      next: ['give it with --points; brokers have 100 unless they are set up otherwise'],
    })
  }
  return {
    partition,
    drains:
      algorithm.since === '4.0' && algorithm.selector !== 'sticky' && subscription.allowOutOfOrderDelivery !== true,
    algorithm,
    points: restored.points,
    selector: restored.selector,
    members: assignment.consumers,
    assumptions: restored.unseen.length > 0 ? ['name-index'] : [],
  }
}

/** A dispatcher that nobody has joined: everyone joins it in the order in which they connected. */
function emptyPartitionState(
  partition: number | null,
  members: readonly SimulatedMember[],
  facts: BrokerFacts,
  mode: SimulatedMode | null,
): PartitionState {
  const known = facts.settings ?? DEFAULT_SETTINGS
  const settings: SelectorSettings =
    mode === null || mode === 'failover' ? known : {...known, usesConsistentHashing: mode === 'consistent-hashing'}
  const [algorithm] = possibleAlgorithms(facts.version, settings, 'AUTO_SPLIT')
  if (!algorithm) throw new Blocked('E_SELECTOR_UNKNOWN', 'no selector is known for this broker version')
  return {
    partition,
    drains: false,
    algorithm,
    points: algorithm.ring ? settings.points : null,
    selector: emptySelector<SimulatedMember>(algorithm, settings.points),
    members,
    assumptions: [
      ...(facts.settings && facts.version ? [] : (['default-settings'] as const)),
      ...(algorithm.ring ? [] : (['join-order'] as const)),
    ],
  }
}

function changeAt({members, selector}: PartitionState, change: ConsumerChange): MemberChange {
  const staying = [...members]
  const leave = change.leave.flatMap((name) => {
    const at = staying.findLastIndex((member) => member.name === name)
    return at === -1 ? [] : staying.splice(at, 1)
  })
  const newcomers = change.join.map((name) => ({name, address: null, unackedMessages: null}))
  // Where the selector begins empty, those who are connected come first.
  return selector.members.length === 0 ? {leave: [], join: [...staying, ...newcomers]} : {leave, join: newcomers}
}

type Head = Omit<KeySimulation, 'subscription' | 'topic' | 'type'>

function simulationHead(stages: readonly PartitionState[], change: ConsumerChange): Head {
  const [first] = stages
  return {
    selector: first?.algorithm.selector ?? null,
    algorithmSince: first?.algorithm.since ?? null,
    points: first?.points ?? null,
    slotSpace: first ? {start: first.algorithm.space.first, end: first.algorithm.space.last} : null,
    leave: [...change.leave],
    join: [...change.join],
    partitions: [],
    failover: [],
    sampledMessages: null,
    proposals: null,
    assumptions: [...new Set(stages.flatMap(({assumptions}) => assumptions))],
  }
}

function extras(
  stages: readonly PartitionState[],
  {searchesNames, wanted, weights}: SimulationOptions,
): Pick<KeySimulation, 'proposals' | 'sampledMessages'> {
  const all = weights && mergeWeights(weights)
  const sampledMessages = all && sumOf(all)
  const [first] = stages
  if (!searchesNames || !first) return {sampledMessages, proposals: null}
  if (!first.algorithm.ring || first.points === null) {
    throw new Blocked(
      'E_NAMES_NOT_USED',
      `names have no effect on ${first.algorithm.selector}; only the order of joining has`,
    )
  }
  const names = first.selector.members.map(({name}) => name)
  const namesLike = wanted.namesLike ?? patternOf(names) ?? 'consumer-{0..N}'
  return {sampledMessages, proposals: searchNames(first.algorithm, first.points, {names, namesLike}, all)}
}

function mergeWeights(weights: ReadonlyArray<Map<number, number>>): HashWeights {
  const all = new Map<number, number>()
  for (const part of weights) for (const [hash, weight] of part) all.set(hash, (all.get(hash) ?? 0) + weight)
  return all
}

function asFailover(head: KeySimulation, collected: CollectedSubscription, facts: BrokerFacts): KeySimulation {
  return {
    ...head,
    selector: null,
    algorithmSince: null,
    points: null,
    slotSpace: null,
    failover: simulatedFailover(collected, head, facts),
    assumptions: ['priority-level', ...(facts.settings ? [] : (['default-settings'] as const))],
  }
}

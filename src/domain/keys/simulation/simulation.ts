import {Blocked, Usage} from '../../../errors.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {partitionLabel} from '../../../wording.js'
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

/** An assumption of the simulation where a fact is unknown. */
export type Assumption = 'default-settings' | 'join-order' | 'name-index' | 'priority-level'

export type SimulatedMode = 'auto-split' | 'consistent-hashing' | 'failover'

export interface KeySimulation {
  /** null offline */
  topic: string | null
  subscription: string | null
  /** the current type; null offline */
  type: string | null
  selector: SelectorName | null
  algorithmSince: Algorithm['since'] | null
  points: number | null
  slotSpace: SlotRange | null
  leave: string[]
  join: string[]
  /** by partition, based on the consumers connected to it */
  partitions: SimulatedPartition[]
  /** the active consumer of each partition; empty except with the mode failover */
  failover: FailoverChoice[]
  /** number of sampled messages; null without a sample */
  sampledMessages: number | null
  /** null unless requested, and without consumers after the change */
  proposals: Proposals | null
  assumptions: Assumption[]
}

export interface SimulationOptions {
  readonly wanted: WantedConsumers
  /** null keeps the current selector */
  readonly mode: SimulatedMode | null
  readonly searchesNames: boolean
  /** messages by sticky key hash, per partition index; null without a sample */
  readonly weights: ReadonlyArray<Map<number, number>> | null
}

/**
 * Simulates that consumers join or leave a subscription, or that it becomes Key_Shared.
 *
 * @throws Usage E_CONSUMER_UNKNOWN, E_NAMES_LIKE. @throws Blocked E_SELECTOR_UNKNOWN when no known selector produces the
 *   reported assignment; E_STICKY_JOIN.
 */
export function simulateLive(
  collected: CollectedSubscription,
  facts: BrokerFacts,
  options: SimulationOptions,
): KeySimulation {
  const states = collected.partitions.map((row) => partitionStateOf(collected, row, facts, options.mode))
  // A consumer of a partitioned topic is connected to every partition, so the one with the most consumers has all names.
  const [fullest] = states.toSorted((a, b) => b.members.length - a.members.length)
  const names = (fullest?.members ?? []).map(({name}) => name)
  const change = consumerChange(names, options.wanted)
  const base = {
    ...simulationHead(states, change),
    topic: collected.topic.full,
    subscription: collected.subscription,
    type: collected.partitions[0]?.subscription.type ?? null,
  }
  if (options.mode === 'failover') return asFailover(base, collected, facts)
  const partitions = states.map((state, at) => simulate(state, changeAt(state, change), options.weights?.[at] ?? null))
  return {...base, partitions, ...extras(states, options)}
}

/** The same for an empty subscription, without contacting a broker. */
export function simulateOffline(facts: BrokerFacts, options: SimulationOptions): KeySimulation {
  if (options.mode === 'failover') {
    throw new Usage(
      'E_OFFLINE_FAILOVER',
      '--mode failover requires a topic, because the result depends on its partitions; omit --offline',
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
  /** All connected consumers, even if the selector starts empty. */
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
  const keepsSelector = subscription.type === 'Key_Shared' && (mode === null || mode === algorithm?.selector)
  const isEmpty = !algorithm && assignment.consumers.length === 0
  if (!keepsSelector || isEmpty) return emptyPartitionState(partition, assignment.consumers, facts, mode)
  if (!algorithm || !restored) {
    throw new Blocked(
      'E_SELECTOR_UNKNOWN',
      `cannot predict an assignment: no known selector produces the ranges on ${partitionLabel(partition)}`,
      {
        data: {partition, consumers: assignment.consumers.length},
        next: [suggestedCommand('keys', 'ranges', collected.topic.full, collected.subscription)],
      },
    )
  }
  if (algorithm.ring && restored.points === null) {
    throw new Blocked('E_POINTS_UNKNOWN', 'the number of points per consumer is unknown', {
      data: {partition},
      next: ['specify it with --points; the default of the broker is 100'],
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

/** A dispatcher without consumers, which all of them then join in the order in which they connected. */
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
  if (!algorithm) throw new Blocked('E_SELECTOR_UNKNOWN', 'no known selector for this broker version')
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
  // An empty selector is joined by the connected consumers first.
  return selector.members.length === 0 ? {leave: [], join: [...staying, ...newcomers]} : {leave, join: newcomers}
}

type Head = Omit<KeySimulation, 'subscription' | 'topic' | 'type'>

function simulationHead(states: readonly PartitionState[], change: ConsumerChange): Head {
  const [first] = states
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
    assumptions: [...new Set(states.flatMap(({assumptions}) => assumptions))],
  }
}

function extras(
  states: readonly PartitionState[],
  {searchesNames, wanted, weights}: SimulationOptions,
): Pick<KeySimulation, 'proposals' | 'sampledMessages'> {
  const all = weights && mergeWeights(weights)
  const sampledMessages = all && sumOf(all)
  const [first] = states
  if (!searchesNames || !first) return {sampledMessages, proposals: null}
  if (!first.algorithm.ring || first.points === null) {
    throw new Blocked(
      'E_NAMES_NOT_USED',
      `${first.algorithm.selector} ignores consumer names; only the order in which consumers join matters`,
    )
  }
  const names = first.selector.members.map(({name}) => name)
  if (names.length === 0) return {sampledMessages, proposals: null}
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

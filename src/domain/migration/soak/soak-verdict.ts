import {counted, durationText, partitionLabel} from '../../../wording.js'
import type {PartitionWindow, SoakWindow} from './soak-window.js'

/** The normal values before the switch, over all windows. */
export interface Baseline {
  /** the highest age of the oldest message of any partition; null when unknown */
  readonly oldestAgeMs: number | null
  /** of the delivered messages, from 0 to 1; null when unknown */
  readonly redeliveredShare: number | null
}

/** One respect in which a window is worse than the baseline. */
export interface Regression {
  readonly code: 'age' | 'coverage' | 'no-progress' | 'redelivery' | 'old-consumers' | 'type-changed'
  readonly message: string
}

/** An age is a regression only when it exceeds twice the baseline by this, in ms. */
const AGE_SLACK_MS = 3000
/** Redelivery is a regression only above twice the baseline's share plus this share, and above this count in a window. */
const REDELIVERED_SLACK = 0.1
const REDELIVERED_LEAST = 20

export function baselineOf(windows: readonly SoakWindow[]): Baseline {
  const rows = windows.flatMap(({partitions}) => partitions)
  return {
    oldestAgeMs: most(rows.map(({oldestAgeMs}) => oldestAgeMs)),
    redeliveredShare: most(windows.map(redeliveredShare)),
  }
}

/**
 * How a window is worse than the baseline.
 *
 * @param before the previous window; an age only counts while it rises.
 * @param type the expected subscription type.
 */
export function regressionsOf(
  baseline: Baseline,
  before: SoakWindow | null,
  window: SoakWindow,
  type: string,
): Regression[] {
  return [
    ...oldConsumersConnected(window),
    ...window.partitions.flatMap((row) => [
      ...typeChanged(row, type),
      ...uncovered(row),
      ...notDelivering(
        row,
        before?.partitions.find(({partition}) => partition === row.partition),
      ),
      ...olderThanBefore(
        row,
        before?.partitions.find(({partition}) => partition === row.partition),
        baseline,
      ),
    ]),
    ...redelivering(window, baseline),
  ]
}

function oldConsumersConnected({oldConsumers: names}: SoakWindow): Regression[] {
  if (names.length === 0) return []
  return [{code: 'old-consumers', message: `old consumers are connected: ${names.join(', ')}`}]
}

function typeChanged({consumers, partition, type}: PartitionWindow, wanted: string): Regression[] {
  if (type === wanted || consumers === 0) return []
  return [
    {
      code: 'type-changed',
      message: `the subscription on ${partitionLabel(partition)} is ${type === null ? 'deleted' : `of type ${type}`} instead of ${wanted}`,
    },
  ]
}

function uncovered({consumers, partition, slotsWithoutOwner}: PartitionWindow): Regression[] {
  if (consumers === 0) return [{code: 'coverage', message: `${partitionLabel(partition)} has no consumer`}]
  if (slotsWithoutOwner === 0) return []
  const slots = counted(slotsWithoutOwner, 'key-hash slot')
  return [{code: 'coverage', message: `${slots} of ${partitionLabel(partition)} without an owner`}]
}

/** Messages are waiting, and none was delivered in two windows. */
function notDelivering(row: PartitionWindow, before: PartitionWindow | undefined): Regression[] {
  const isStopped = (one: PartitionWindow | undefined): boolean =>
    one?.outMessages === 0 && (one.backlogEntries ?? 0) > 0
  if (!isStopped(row) || !isStopped(before)) return []
  return [
    {
      code: 'no-progress',
      message: `${partitionLabel(row.partition)} delivers no messages although some are waiting${heaviestText(row)}`,
    },
  ]
}

function olderThanBefore(row: PartitionWindow, before: PartitionWindow | undefined, baseline: Baseline): Regression[] {
  const age = row.oldestAgeMs
  if (age === null || baseline.oldestAgeMs === null) return []
  const isGrowing = age > (before?.oldestAgeMs ?? 0)
  if (!isGrowing || age < AGE_SLACK_MS + 2 * baseline.oldestAgeMs) return []
  return [
    {
      code: 'age',
      message: `the oldest message of ${partitionLabel(row.partition)} has waited ${durationText(age)} (before the switch at most ${durationText(baseline.oldestAgeMs)})${heaviestText(row)}`,
    },
  ]
}

function redelivering(window: SoakWindow, baseline: Baseline): Regression[] {
  const share = redeliveredShare(window)
  if (share === null || baseline.redeliveredShare === null) return []
  const count = sum(window.partitions.map(({redeliveredMessages}) => redeliveredMessages)) ?? 0
  if (count < REDELIVERED_LEAST || share < 2 * baseline.redeliveredShare + REDELIVERED_SLACK) return []
  return [
    {
      code: 'redelivery',
      message: `${percent(share)} of the deliveries are redeliveries (before the switch at most ${percent(baseline.redeliveredShare)})`,
    },
  ]
}

function redeliveredShare({partitions}: SoakWindow): number | null {
  const again = sum(partitions.map(({redeliveredMessages}) => redeliveredMessages))
  const out = sum(partitions.map(({outMessages}) => outMessages))
  return again === null || out === null ? null : out === 0 ? 0 : again / out
}

function heaviestText({heaviest}: PartitionWindow): string {
  if (!heaviest || heaviest.unackedMessages === 0) return ''
  return `; ${heaviest.name} has ${counted(heaviest.unackedMessages, 'unacked message')}`
}

/** The sum; null when any part is unknown. */
function sum(values: ReadonlyArray<number | null>): number | null {
  return values.reduce<number | null>((total, value) => (total === null || value === null ? null : total + value), 0)
}

/** The largest known value; null when none is known. */
function most(values: ReadonlyArray<number | null>): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : Math.max(...known)
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

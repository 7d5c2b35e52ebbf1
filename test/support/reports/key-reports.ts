/** One report of each `keys` command, with every case that its text must show. */
import type {KeyOwners} from '../../../src/domain/keys/owners/key-owners.js'
import type {KeyRanges} from '../../../src/domain/keys/ranges/range-report.js'
import type {KeySimulation} from '../../../src/domain/keys/simulation/simulation.js'
import type {KeySample} from '../../../src/domain/message-sampling/sample-report.js'

const topic = 'persistent://public/default/orders'
const subscription = 'decision'
const keyed3 = {name: 'keyed-3', address: '/10.0.0.7:42414'}

export const owners: KeyOwners = {
  topic,
  subscription,
  hashingScheme: 'JavaStringHash',
  routing: {
    hashingScheme: 'JavaStringHash',
    source: 'messages',
    messagesSeen: 12,
    matchingSchemes: [],
    earlierPartitions: 1,
    byOrderingKey: false,
  },
  owners: [
    {
      key: 'user-42',
      partition: 0,
      partitionSource: 'scheme',
      foundOn: [0],
      slot: 5188,
      receiver: 'consumer',
      consumer: keyed3,
      draining: true,
      drainingConsumer: {name: 'keyed-1', address: null},
      sameSlot: ['user-977'],
      messages: null,
    },
    {
      key: 'user-43',
      partition: 1,
      partitionSource: 'scheme',
      foundOn: [0, 1],
      slot: 17_048,
      receiver: 'no-consumer',
      consumer: null,
      draining: false,
      drainingConsumer: null,
      sameSlot: [],
      messages: null,
    },
  ],
  slot: null,
}

const [first] = owners.owners

export const slotOwners: KeyOwners = {
  ...owners,
  owners: first
    ? [
        {...first, sameSlot: [], messages: 41},
        {...first, key: 'user-977', sameSlot: [], messages: 1},
      ]
    : [],
  slot: {
    ...{slot: 5188, keys: 2, messages: 42, sampledMessages: 10_000, sampledEntries: 10_000, unknownEntries: 1},
    ...{backlogEntries: 24_100, complete: false},
  },
}

export const ranges: KeyRanges = {
  topic,
  subscription,
  partitions: [
    {
      partition: 0,
      selector: 'consistent-hashing',
      algorithmSince: '4.0',
      selectorSource: 'configuration',
      points: 100,
      mode: 'AUTO_SPLIT',
      isOrderGuaranteed: true,
      slotSpace: {start: 1, end: 65_535},
      consumers: [
        {
          name: 'keyed-0',
          address: '/10.0.0.7:1',
          connectedSince: '2026-11-23T14:05:09.000Z',
          slots: 30_000,
          share: 0.4578,
          ranges: [
            {start: 1, end: 10_000},
            {start: 20_001, end: 40_000},
          ],
          availablePermits: 950,
          unackedMessages: 50,
        },
        {
          name: 'keyed-1',
          address: null,
          connectedSince: null,
          slots: 25_535,
          share: 0.3896,
          ranges: [10_001, 40_001, 60_001, 63_001].map((start) => ({start, end: start + 2500})),
          availablePermits: null,
          unackedMessages: null,
        },
      ],
      draining: [{slot: 77, consumer: 'keyed-0', unackedMessages: 3, blockedAttempts: 9}],
      replayMessages: 12,
      coverage: {missing: [{start: 50_001, end: 60_000}], overlapping: [{start: 20_001, end: 20_004}]},
      skew: 1.08,
    },
    {
      partition: 1,
      selector: null,
      algorithmSince: null,
      selectorSource: null,
      points: null,
      mode: null,
      isOrderGuaranteed: null,
      slotSpace: null,
      consumers: [],
      draining: [],
      replayMessages: null,
      coverage: null,
      skew: null,
    },
  ],
  findings: [
    {
      code: 'coverage-missing',
      severity: 'error',
      partition: 0,
      evidence: [
        {field: 'slots', value: 10_000},
        {field: 'consumers', value: 2},
      ],
    },
    {code: 'consumer-absent', severity: 'warn', partition: 1, evidence: [{field: 'name', value: 'keyed-0'}]},
  ],
}

const counts = {
  messages: 600,
  entries: 600,
  keylessMessages: 0,
  orderingKeyMessages: 0,
  mixedBatches: 0,
  chunkEntries: 0,
}

export const sample: KeySample = {
  topic,
  subscription,
  source: 'rest',
  where: 'spread',
  complete: false,
  stoppedBy: 'max',
  backlogEntries: 90_000,
  entries: 1000,
  messages: 1400,
  skippedEntries: 2,
  unreadableEntries: 3,
  distinctKeys: {count: 100_000, isExact: false},
  keylessMessages: 14,
  orderingKeyMessages: 7,
  delayedEntries: 1,
  chunkEntries: 6,
  chunkedMessages: 2,
  encryptedEntries: 0,
  uncertainKeys: 0,
  keysOnSeveralPartitions: 0,
  batches: 40,
  mixedBatches: {
    count: 12,
    first: Array.from({length: 11}, (_, at) => ({
      partition: 0,
      position: `5:${String(at)}`,
      producer: 'checkout',
      messages: 11,
      distinctKeys: 9,
    })),
  },
  compression: [
    {type: 'NONE', entries: 900},
    {type: 'LZ4', entries: 100},
  ],
  topKeys: [
    {
      key: 'user-42',
      isOrderingKey: false,
      messages: 700,
      share: 0.5,
      partition: 0,
      isOnSeveralPartitions: false,
      slot: 5188,
      consumer: 'keyed-3',
    },
    {
      key: 'base64:AQL/',
      isOrderingKey: true,
      messages: 7,
      share: 0.005,
      partition: 1,
      isOnSeveralPartitions: false,
      slot: null,
      consumer: null,
    },
  ],
  topKeysUndercount: 3,
  producers: [
    {...counts, name: 'checkout', clientVersion: 'Pulsar-Java-v4.2.4', mixedBatches: 12},
    {...counts, name: 'import', clientVersion: null, messages: 14, keylessMessages: 14},
  ],
}

export const simulation: KeySimulation = {
  topic,
  subscription,
  type: 'Key_Shared',
  selector: 'consistent-hashing',
  algorithmSince: '4.0',
  points: 100,
  slotSpace: {start: 1, end: 65_535},
  leave: ['keyed-1'],
  join: ['keyed-2'],
  partitions: [
    {
      partition: 0,
      slotsMoved: 25_535,
      shareMoved: 0.3896,
      sampledShareMoved: 0.41,
      draining: {expectedMessages: 12, atMostMessages: 50, redeliveredMessages: 7},
      skew: {before: 1.22, after: 1.08},
      consumers: [
        {
          name: 'keyed-0',
          address: '/10.0.0.7:1',
          before: {slots: 40_000, share: 0.61, sampledShare: 0.59},
          after: {slots: 35_535, share: 0.54, sampledShare: 0.55, ranges: [{start: 1, end: 35_535}]},
        },
        {name: 'keyed-1', address: null, before: {slots: 25_535, share: 0.39, sampledShare: 0.41}, after: null},
        {
          name: 'keyed-2',
          address: null,
          before: null,
          after: {slots: 30_000, share: 0.46, sampledShare: 0.45, ranges: [{start: 35_536, end: 65_535}]},
        },
      ],
    },
  ],
  failover: [],
  sampledMessages: 1400,
  proposals: {
    current: {skew: 1.08, largestShare: 0.54, smallestShare: 0.46},
    names: [
      {
        namesLike: 'keyed-v17-{0..N}',
        names: ['keyed-v17-0', 'keyed-v17-1'],
        skew: 1.001,
        largestShare: 0.5005,
        smallestShare: 0.4995,
      },
    ],
    points: [{points: 1000, skew: 1.02, largestShare: 0.51, smallestShare: 0.49}],
  },
  assumptions: ['name-index'],
}

export const failover: KeySimulation = {
  ...simulation,
  type: 'Shared',
  selector: null,
  algorithmSince: null,
  points: null,
  slotSpace: null,
  partitions: [],
  failover: [
    {partition: 0, before: null, after: 'keyed-0'},
    {partition: 1, before: null, after: 'keyed-2'},
  ],
  sampledMessages: null,
  proposals: null,
  assumptions: ['priority-level', 'default-settings', 'join-order'],
}

import type {SubscriptionFacts} from '../facts/subscription-facts.js'
import type {Draft} from '../facts/doctor-finding.js'

const FEWEST_MESSAGES = 50
const HOT = 0.3

/** What the messages themselves make difficult. */
export function messageRules(facts: SubscriptionFacts): Draft[] {
  const {sample} = facts
  if (sample === null || sample.messages === 0) return []
  return [...hotKey(facts, sample), ...(facts.type === 'Key_Shared' ? forKeyShared(facts, sample) : [])]
}

type Sample = NonNullable<SubscriptionFacts['sample']>

function hotKey({subscription, topic, type}: SubscriptionFacts, {messages, topKey}: Sample): Draft[] {
  const share = topKey ? topKey.messages / messages : 0
  if (topKey === null || messages < FEWEST_MESSAGES || share < HOT) return []
  const {key, partition} = topKey
  const percent = `${String(Math.round(share * 100))} %`
  return [
    {
      code: 'hot-key',
      severity: 'warn',
      message: `${percent} of the messages that wait are of one key, ${key}: ${
        type === 'Key_Shared'
          ? 'one consumer has to handle them all, whatever the others do'
          : 'they lie on one partition'
      }`,
      partitions: [partition],
      key,
      evidence: [
        {field: 'messages of the key', value: String(topKey.messages)},
        {field: 'messages looked at', value: String(messages)},
      ],
      remedies: [
        {command: `keyshift keys sample ${topic} ${subscription}`, cost: 'none'},
        {command: `keyshift keys owner ${topic} ${subscription} '${key}'`, cost: 'none'},
        {
          command: 'have the producers spread the key, or handle it faster',
          cost: 'a deployment; spreading gives up its order',
        },
      ],
    },
  ]
}

function forKeyShared(
  {subscription, topic}: SubscriptionFacts,
  {keylessMessages, messages, mixedBatches}: Sample,
): Draft[] {
  const sample = {command: `keyshift keys sample ${topic} ${subscription}`, cost: 'none: it names the producers'}
  return [
    ...(mixedBatches > 0
      ? [
          {
            code: 'mixed-key-batches',
            severity: 'warn' as const,
            message: `${String(mixedBatches)} batches hold several keys: each goes as a whole to the consumer of its first one, so a key is at several consumers`,
            evidence: [{field: 'mixed batches', value: String(mixedBatches)}],
            remedies: [
              sample,
              {command: 'have the producers use the key-based batcher', cost: 'a deployment; smaller batches'},
            ],
          },
        ]
      : []),
    ...(keylessMessages > 0
      ? [
          {
            code: 'keyless-messages',
            severity: 'warn' as const,
            message: `${String(keylessMessages)} of ${String(messages)} messages looked at have no key: nothing keeps them in order, or at one consumer`,
            evidence: [{field: 'messages without key', value: String(keylessMessages)}],
            remedies: [sample, {command: 'have the producers set a key', cost: 'a deployment'}],
          },
        ]
      : []),
  ]
}

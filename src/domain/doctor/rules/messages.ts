import type {SubscriptionFacts} from '../facts/subscription-facts.js'
import type {Draft} from '../facts/doctor-finding.js'
import {evidence} from '../facts/evidence.js'
import {operands} from '../../../suggested-command.js'
import {counted, keyText, numberText} from '../../../wording.js'
import {ownerRemedies, keyshift} from '../facts/remedies.js'

const FEWEST_MESSAGES = 50
const HOT = 0.3

/** Properties of the messages that prevent an even or ordered delivery. */
export function messageRules(facts: SubscriptionFacts): Draft[] {
  const {sample} = facts
  if (sample === null || sample.messages === 0) return []
  return [...hotKey(facts, sample), ...(facts.type === 'Key_Shared' ? forKeyShared(facts, sample) : [])]
}

type Sample = NonNullable<SubscriptionFacts['sample']>

function hotKey({subscription, topic, type}: SubscriptionFacts, {messages, topKey}: Sample): Draft[] {
  const share = topKey ? topKey.messages / messages : 0
  if (topKey === null || messages < FEWEST_MESSAGES || share < HOT) return []
  const {isUncertain = false, key, partition} = topKey
  const percent = `${String(Math.round(share * 100))} %`
  return [
    {
      code: 'hot-key',
      severity: 'warn',
      message: `${percent} of ${counted(messages, 'sampled message')} have the key ${keyText(key)}${
        isUncertain ? ' (a space in it may stand for a character beyond Latin-1, which HTTP headers cannot carry)' : ''
      }; ${
        type === 'Key_Shared'
          ? 'one consumer must process all of them, and further consumers do not help'
          : 'all of them are on one partition'
      }`,
      partitions: [partition],
      key,
      evidence: [evidence('messages of the key', topKey.messages), evidence('sampled messages', messages)],
      remedies: [
        isUncertain
          ? {
              command: keyshift('keys sample', '--source', 'websocket', ...operands(topic, subscription)),
              cost: 'a reader connects to the topic for a moment (shows the keys intact)',
            }
          : {command: keyshift('keys sample', ...operands(topic, subscription)), cost: 'none'},
        ...ownerRemedies({subscription, topic, type}, key),
        {
          command: 'split the key in the producers, or process it faster',
          cost: 'a deployment; a split key loses its order',
        },
      ],
    },
  ]
}

function forKeyShared(
  {subscription, topic}: SubscriptionFacts,
  {keylessMessages, messages, mixedBatches}: Sample,
): Draft[] {
  const sample = {
    command: keyshift('keys sample', ...operands(topic, subscription)),
    cost: 'none (lists the producers)',
  }
  return [
    ...(mixedBatches > 0
      ? [
          {
            code: 'mixed-key-batches',
            severity: 'warn' as const,
            message: `${counted(mixedBatches, 'sampled batch', 'sampled batches')} ${mixedBatches === 1 ? 'contains' : 'contain'} several keys; the broker delivers a batch to the consumer of its first key, so one key can reach several consumers`,
            evidence: [evidence('mixed batches', mixedBatches)],
            remedies: [
              sample,
              {
                command: 'set the key-based batcher (BatcherBuilder.KEY_BASED) in the producers',
                cost: 'a deployment; smaller batches',
              },
            ],
          },
        ]
      : []),
    ...(keylessMessages > 0
      ? [
          {
            code: 'keyless-messages',
            severity: 'warn' as const,
            message: `${numberText(keylessMessages)} of ${counted(messages, 'sampled message')} ${keylessMessages === 1 ? 'has' : 'have'} no key, so Key_Shared neither orders them nor keeps them at one consumer`,
            evidence: [evidence('messages without key', keylessMessages)],
            remedies: [sample, {command: 'set a message key in the producers', cost: 'a deployment'}],
          },
        ]
      : []),
  ]
}

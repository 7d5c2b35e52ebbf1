import type {ChainLink, Explanation} from '../../domain/why/explain-key.js'
import {paint} from '../output/palette.js'
import {keyText} from '../../wording.js'
import {evidenceText} from './evidence.js'

/** Links whose message already states their evidence. */
const STATED: ReadonlySet<ChainLink['subject']> = new Set(['draining', 'partition', 'slot'])

export function renderWhy({asOf, chain, changing, key, subscription, topic, verdict}: Explanation): string {
  return [
    `Key ${paint.strong(keyText(key))}, subscription ${subscription} of ${topic}`,
    ...chain.map(({evidence, message, subject}) => {
      if (STATED.has(subject)) return `  → ${message}`
      const proof = evidence
        .filter((one) => one.field !== 'address' || one.value !== 'none')
        .map((one) => evidenceText(one, asOf))
        .join(', ')
      return `  → ${message}${proof === '' ? '' : paint.secondary(`   (${proof})`)}`
    }),
    ...(changing ? [paint.warn('  consumers joined or left during the check; the owner may have changed again')] : []),
    `${paint.strong(verdict.code)}: ${verdict.message} (${verdict.confidence} confidence)`,
    `next: ${verdict.next}`,
  ].join('\n')
}

import type {Explanation} from '../../domain/why/explain-key.js'
import {paint} from '../output/palette.js'

export function renderWhy({chain, changing, key, subscription, topic, verdict}: Explanation): string {
  return [
    `${paint.strong(key)} of ${topic} ${subscription}`,
    ...chain.map(({evidence, message}) => {
      const proof = evidence.map(({field, value}) => `${field} = ${value}`).join(', ')
      return `  → ${message}${proof === '' ? '' : paint.secondary(`   (${proof})`)}`
    }),
    ...(changing ? [paint.warn('  consumers come or go: the owner may be another by now')] : []),
    `${paint.strong(verdict.code)}: ${verdict.message} (confidence ${verdict.confidence})`,
    `next: ${verdict.next}`,
  ].join('\n')
}

import chalk from 'chalk'

import type {Explanation} from '../../domain/why/explain-key.js'

export function renderWhy({chain, changing, key, subscription, topic, verdict}: Explanation): string {
  return [
    `${chalk.bold(key)} of ${topic} ${subscription}`,
    ...chain.map(({evidence, message}) => {
      const proof = evidence.map(({field, value}) => `${field} = ${value}`).join(', ')
      return `  → ${message}${proof === '' ? '' : chalk.dim(`   (${proof})`)}`
    }),
    ...(changing ? [chalk.yellow('  consumers come or go: the owner may be another by now')] : []),
    `${chalk.bold(verdict.code)}: ${verdict.message} (confidence ${verdict.confidence})`,
    `next: ${verdict.next}`,
  ].join('\n')
}

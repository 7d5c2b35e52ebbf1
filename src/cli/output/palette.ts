import {Chalk} from 'chalk'

import {hasColor} from './color-support.js'

/** Basic colors, where standard output or standard error shows any; the one that shows none leaves them out as it is written. */
const chalk = new Chalk({level: hasColor(process.stdout) || hasColor(process.stderr) ? 1 : 0})
const BANDS = ['bgBlue', 'bgGreen', 'bgYellow', 'bgMagenta', 'bgCyan', 'bgRed'] as const

/** What a color means is the same in all outputs. */
export const paint = {
  /** something is broken or at risk */
  error: chalk.red,
  /** needs attention */
  warn: chalk.yellow,
  ok: chalk.green,
  /** unknown, or less important than the text next to it */
  secondary: chalk.dim,
  strong: chalk.bold,
  heading: chalk.bold.underline,
  /** one of several areas next to each other */
  band: (at: number, text: string): string => chalk[BANDS[at % BANDS.length] ?? 'bgBlue'].black(text),
} as const satisfies Record<string, (...parts: never[]) => string>

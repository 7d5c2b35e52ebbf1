interface Stream {
  readonly isTTY?: boolean
}

/**
 * Whether texts on a stream have colors: `--no-color` and NO_COLOR turn them off, FORCE_COLOR turns them on (0 and false: off), and
 * otherwise a terminal has them unless TERM is dumb.
 */
export function hasColor({isTTY}: Stream, env: NodeJS.ProcessEnv = process.env, argv = process.argv): boolean {
  const end = argv.indexOf('--')
  if ((end < 0 ? argv : argv.slice(0, end)).includes('--no-color')) return false
  const {FORCE_COLOR: forced, NO_COLOR: refused, TERM: terminal} = env
  if (refused !== undefined && refused !== '') return false
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return isTTY === true && terminal !== 'dumb'
}

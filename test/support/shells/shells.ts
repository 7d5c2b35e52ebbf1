import {execFile, spawnSync} from 'node:child_process'
import {mkdir, readFile, rm, symlink} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {ROOT} from '../root.js'

/** Whether a program is there; shells but bash are not on every machine. */
export function isThere(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0
}

/** A shell's environment in which `keyshift` is the built command line, and node the one of the tests. */
export async function withKeyshift(folder: string, env: Record<string, string>): Promise<NodeJS.ProcessEnv> {
  const bin = join(folder, 'bin')
  await mkdir(bin, {recursive: true})
  await symlink(join(ROOT, 'bin', 'run.js'), join(bin, 'keyshift'))
  await symlink(process.execPath, join(bin, 'node'))
  return {...process.env, ...env, HOME: folder, PATH: `${bin}:${process.env['PATH'] ?? ''}`}
}

const run = promisify(execFile)

/** As readline would ask: words parted where bash parts them. @returns what would be put in place of the last. */
export async function askBash(words: readonly string[], line: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const script = `source <(keyshift completion bash)
    COMP_LINE=$1 COMP_POINT=\${#1}; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _keyshift
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const {stderr, stdout} = await run('bash', ['--norc', '-c', script, 'bash', line, ...words], {env})
  return lines(stdout + stderr)
}

/** @returns what fish lists for a line. */
export async function askFish(line: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const script = `source (keyshift completion fish | psub); complete -C $argv[1]`
  const {stderr, stdout} = await run('fish', ['--no-config', '-c', script, line], {env})
  return lines(stdout + stderr)
}

/** Types a line and Tab into a zsh on a terminal of its own. @returns the line behind it. */
export async function askZsh(line: string, folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const out = join(folder, 'line')
  await rm(out, {force: true})
  const script = `zmodload zsh/zpty zsh/zselect
    zpty z 'zsh -f -i'
    zpty -w z 'PS1=; autoload -U compinit; compinit -D -u; source <(keyshift completion zsh)'
    zpty -w z 'dump() { print -r -- "$BUFFER" > ${out}; }; zle -N dump; bindkey "^T" dump; print READY'
    zpty -r z ready '*READY*READY*'
    zpty -w -n z "$1"$'\\t\\x14'
    until [[ -s ${out} ]]; do zselect -t 5; done
    zpty -d z`
  await run('zsh', ['-f', '-c', script, 'zsh', line], {env, timeout: 20_000})
  return (await readFile(out, 'utf8')).replace(/\n$/, '')
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

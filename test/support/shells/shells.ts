import {execFile, spawnSync} from 'node:child_process'
import {mkdir, readFile, rm, symlink} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {DEADLINE_MS} from '../servers/live.js'
import {ROOT} from '../root.js'

/** Whether a program is installed. Only bash is on every machine. */
export function isThere(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0
}

/** The environment for a shell, in which `keyshift` is the built command line and `node` is the one that runs the tests. */
export async function withKeyshift(folder: string, env: Record<string, string>): Promise<NodeJS.ProcessEnv> {
  const bin = join(folder, 'bin')
  await mkdir(bin, {recursive: true})
  await symlink(join(ROOT, 'bin', 'run.js'), join(bin, 'keyshift'))
  await symlink(process.execPath, join(bin, 'node'))
  return {...process.env, ...env, HOME: folder, PATH: `${bin}:${process.env['PATH'] ?? ''}`}
}

const run = promisify(execFile)

/** Calls the completion like readline, with the words that bash splits. @returns the replacements of the last word. */
export async function askBash(words: readonly string[], line: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const script = `source <(keyshift completion bash)
    COMP_LINE=$1 COMP_POINT=\${#1}; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _keyshift
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const {stderr, stdout} = await run('bash', ['--norc', '-c', script, 'bash', line, ...words], {env})
  return lines(stdout + stderr)
}

/** @returns the candidates that fish lists for a line. */
export async function askFish(line: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const script = `source (keyshift completion fish | psub); complete -C $argv[1]`
  const {stderr, stdout} = await run('fish', ['--no-config', '-c', script, line], {env})
  return lines(stdout + stderr)
}

/** Types a line and Tab into a zsh on a pseudoterminal. @returns the completed line. */
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
  await run('zsh', ['-f', '-c', script, 'zsh', line], {env, timeout: DEADLINE_MS})
  return (await readFile(out, 'utf8')).replace(/\n$/, '')
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

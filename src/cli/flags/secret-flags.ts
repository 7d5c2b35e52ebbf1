import {resolve} from 'node:path'

import {Flags, type Interfaces} from '@oclif/core'

import type {SecretSource} from '../../clients/login/secret.js'

const WAYS = ['env', 'file', 'command'] as const

type SecretFlags<N extends string> = Record<`${N}-${(typeof WAYS)[number]}`, Interfaces.OptionFlag<string | undefined>>

/**
 * Flags that reference a secret in one of three ways: `--token-env NAME`, `--token-file FILE`, `--token-command COMMAND`.
 */
export function secretFlags<N extends string>(name: N, what: string, helpGroup: string): SecretFlags<N> {
  const flag = (way: (typeof WAYS)[number], description: string, helpValue: string): [string, object] => {
    const exclusive = WAYS.filter((other) => other !== way).map((other) => `${name}-${other}`)
    return [`${name}-${way}`, Flags.string({description, exclusive, helpGroup, helpValue})]
  }
  return Object.fromEntries([
    flag('env', `environment variable that contains ${what}`, 'VARIABLE'),
    flag('file', `file that contains ${what}; read again when it changes`, 'FILE'),
    flag('command', `command that prints ${what}`, 'COMMAND'),
  ]) as SecretFlags<N>
}

/** The secret that such flags reference; undefined without any. */
export function secretSource(flags: Readonly<Record<string, unknown>>, name: string): SecretSource | undefined {
  const [variable, file, command] = WAYS.map((way) => flags[`${name}-${way}`])
  if (typeof variable === 'string') return {env: variable}
  if (typeof file === 'string') return {file: resolve(file)}
  return typeof command === 'string' ? {command} : undefined
}

import {homedir} from 'node:os'
import {isAbsolute, join} from 'node:path'

/**
 * keyshift's folder for settings (config), for records of what it has done (state), or for files that it can create again
 * (cache).
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/ : a path that is not absolute is ignored
 */
export function ownFolder(kind: keyof typeof KINDS): string {
  const {fallback, variable} = KINDS[kind]
  const base = process.env[variable] ?? ''
  return join(isAbsolute(base) ? base : join(homedir(), fallback), 'keyshift')
}

const KINDS = {
  config: {variable: 'XDG_CONFIG_HOME', fallback: '.config'},
  state: {variable: 'XDG_STATE_HOME', fallback: join('.local', 'state')},
  cache: {variable: 'XDG_CACHE_HOME', fallback: '.cache'},
} as const

/** The audit log of lock releases, unless a flag or an argument names another one. */
export function auditLogPath(): string {
  const given = process.env['KEYSHIFT_AUDIT_LOG'] ?? ''
  return given !== '' ? given : join(ownFolder('state'), 'lock-releases.ndjson')
}

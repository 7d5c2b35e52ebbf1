import {suggestedCommand} from '../../suggested-command.js'
import type {ContextRow, SettingsReport, Shown, ShownTls} from '../connection/context-report.js'
import {type Column, renderPairs, renderTable} from './table.js'

const CONTEXTS: ReadonlyArray<Column<ContextRow>> = [
  {head: '', cell: ({isCurrent}) => (isCurrent ? '*' : '')},
  {head: 'name', cell: ({name}) => name},
  {head: 'admin url', cell: ({adminUrl}) => adminUrl},
  {head: 'login', cell: ({login}) => login, priority: 4},
  {head: 'redis', cell: ({redisUrl}) => redisUrl, priority: 3},
  {head: 'protected', cell: ({protected: isProtected}) => isProtected, priority: 2},
]
type Setting = readonly [label: string, value: string]

export function renderContexts(rows: readonly ContextRow[], path: string): string {
  if (rows.length === 0) {
    const command = suggestedCommand('context', 'add', 'NAME', '--admin-url', 'URL')
    return `No contexts defined in ${path}. Create one with:\n  ${command}`
  }
  return renderTable(CONTEXTS, rows)
}

/** Each setting with its value and source. */
export function renderSettings(report: SettingsReport): string {
  const {context, namespace, pulsar, redis} = report
  return renderPairs([
    ...(context === null
      ? [['context', `none; contexts are stored in ${report.path}`] as const]
      : setting('context', context)),
    ...(report.protected ? setting('protected', {value: 'yes', source: context?.source ?? ''}) : []),
    ...setting('namespace', namespace),
    ...setting('admin URL', pulsar.adminUrl),
    ...setting('service URL', pulsar.serviceUrl),
    ...setting('WebSocket URL', pulsar.webSocketUrl),
    ...(pulsar.login
      ? setting('login', pulsar.login)
      : [['login', pulsar.tls.certFile ? 'client certificate' : 'none'] as const]),
    ...tlsSettings('', pulsar.tls),
    ...setting('Redis URL', redis.url),
    ...setting('Redlock', redis.redlock && {...redis.redlock, value: redis.redlock.value.join(' ')}),
    ...setting('Redis password', redis.password),
    ...tlsSettings('Redis ', redis.tls),
  ])
}

function tlsSettings(prefix: string, {caFile, certFile, checkHostname, insecure, keyFile}: ShownTls): Setting[] {
  return [
    ...setting(`${prefix}TLS CA file`, caFile),
    ...setting(`${prefix}TLS certificate file`, certFile),
    ...setting(`${prefix}TLS key file`, keyFile),
    ...setting(`${prefix}TLS verification skipped`, insecure),
    ...setting(`${prefix}TLS host name verified`, checkHostname),
  ]
}

function setting(label: string, shown: Shown<boolean | string> | null): Setting[] {
  if (shown === null) return []
  const value = typeof shown.value === 'string' ? shown.value : shown.value ? 'yes' : 'no'
  return [[label, shown.source === '' ? value : `${value} (${shown.source})`]]
}

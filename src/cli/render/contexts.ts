import {suggestedCommand} from '../../suggested-command.js'
import type {ContextRow, SettingsReport, Shown, ShownTls} from '../connection/context-report.js'
import {type Cell, type Column, renderTable} from './table.js'

const CONTEXTS: ReadonlyArray<Column<ContextRow>> = [
  {head: '', cell: ({isCurrent}) => (isCurrent ? '*' : '')},
  {head: 'name', cell: ({name}) => name},
  {head: 'admin url', cell: ({adminUrl}) => adminUrl},
  {head: 'login', cell: ({login}) => login, priority: 4},
  {head: 'redis', cell: ({redisUrl}) => redisUrl, priority: 3},
  {head: 'protected', cell: ({protected: isProtected}) => isProtected, priority: 2},
]
const SETTINGS: ReadonlyArray<Column<readonly Cell[]>> = [
  {head: '', cell: ([name = null]) => name},
  {head: 'value', cell: (row) => row[1] ?? null, fit: 'wrap'},
  {head: 'source', cell: (row) => row[2] ?? null, fit: 'wrap'},
]

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
  const rows: Cell[][] = [
    ['context', context?.value ?? null, context?.source ?? `no current context; contexts are stored in ${report.path}`],
    ...(report.protected ? [['protected', 'yes', context?.source ?? '']] : []),
    ...row('namespace', namespace),
    ...row('admin URL', pulsar.adminUrl),
    ...row('service URL', pulsar.serviceUrl),
    ...row('WebSocket URL', pulsar.webSocketUrl),
    ...(pulsar.login
      ? row('login', pulsar.login)
      : [['login', pulsar.tls.certFile ? 'client certificate' : 'none', '']]),
    ...tlsRows('', pulsar.tls),
    ...row('Redis URL', redis.url),
    ...row('Redlock', redis.redlock && {...redis.redlock, value: redis.redlock.value.join(' ')}),
    ...row('Redis password', redis.password),
    ...tlsRows('Redis ', redis.tls),
  ]
  return renderTable(SETTINGS, rows)
}

function tlsRows(prefix: string, {caFile, certFile, checkHostname, insecure, keyFile}: ShownTls): Cell[][] {
  return [
    ...row(`${prefix}TLS CA file`, caFile),
    ...row(`${prefix}TLS certificate file`, certFile),
    ...row(`${prefix}TLS key file`, keyFile),
    ...row(`${prefix}TLS verification skipped`, insecure),
    ...row(`${prefix}TLS host name verified`, checkHostname),
  ]
}

function row(label: string, shown: Shown<boolean | string> | null): Cell[][] {
  return shown === null ? [] : [[label, shown.value, shown.source]]
}

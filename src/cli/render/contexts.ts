import type {ContextRow, SettingsReport, Shown, ShownTls} from '../connection/context-report.js'
import {type Cell, renderTable} from './table.js'
import {suggestedCommand} from '../../suggested-command.js'

export function renderContexts(rows: readonly ContextRow[], path: string): string {
  if (rows.length === 0)
    return `No contexts defined in ${path}. Create one with:\n  ${suggestedCommand('context', 'add', 'NAME', '--admin-url', 'URL')}`
  return renderTable(
    ['', 'name', 'admin url', 'login', 'redis', 'protected'],
    rows.map(({adminUrl, isCurrent, login, name, protected: isProtected, redisUrl}) => [
      isCurrent ? '*' : '',
      name,
      adminUrl,
      login,
      redisUrl,
      isProtected,
    ]),
  )
}

/** Each value with who said so. */
export function renderSettings(report: SettingsReport): string {
  const {context, namespace, pulsar, redis} = report
  const rows: Cell[][] = [
    ['context', context?.value ?? null, context?.source ?? `no context is used; they are in ${report.path}`],
    ...(report.protected ? [['protected', 'yes', context?.source ?? '']] : []),
    ...row('namespace', namespace),
    ...row('admin url', pulsar.adminUrl),
    ...row('service url', pulsar.serviceUrl),
    ...row('web socket url', pulsar.webSocketUrl),
    ...(pulsar.login ? row('login', pulsar.login) : [['login', pulsar.tls.certFile ? 'the certificate' : 'none', '']]),
    ...tlsRows('', pulsar.tls),
    ...row('redis url', redis.url),
    ...row('redlock', redis.redlock && {...redis.redlock, value: redis.redlock.value.join(' ')}),
    ...row('redis password', redis.password),
    ...tlsRows('redis ', redis.tls),
  ]
  return renderTable(['', 'value', 'from'], rows)
}

function tlsRows(prefix: string, {caFile, certFile, checkHostname, insecure, keyFile}: ShownTls): Cell[][] {
  return [
    ...row(`${prefix}tls authorities`, caFile),
    ...row(`${prefix}tls certificate`, certFile),
    ...row(`${prefix}tls key`, keyFile),
    ...row(`${prefix}tls insecure`, insecure),
    ...row(`${prefix}tls host name checked`, checkHostname),
  ]
}

function row(label: string, shown: Shown<boolean | string> | null): Cell[][] {
  return shown === null ? [] : [[label, shown.value, shown.source]]
}

import type {Context, LoginSource, TlsSource} from '../../clients/contexts/context.js'
import {secretFrom, type SecretSource} from '../../clients/login/secret.js'
import type {Sourced} from './default-addresses.js'
import type {Settings, SourcedTls} from './settings.js'
import {displayedRedisUrl, displayedUrl} from './displayed-url.js'

/** A value and its source; null where it is not set. */
export interface Shown<T> {
  value: T
  source: string
}

export interface ShownTls {
  caFile: Shown<string> | null
  certFile: Shown<string> | null
  keyFile: Shown<string> | null
  insecure: Shown<boolean> | null
  checkHostname: Shown<boolean> | null
}

/** The effective settings of a command and the source of each value. Secrets are referenced, never shown. */
export interface SettingsReport {
  /** the context file */
  path: string
  /** null without a context */
  context: Shown<string> | null
  protected: boolean
  namespace: Shown<string> | null
  pulsar: {
    /** null where the context does not set it */
    adminUrl: Shown<string> | null
    serviceUrl: Shown<string> | null
    webSocketUrl: Shown<string> | null
    /** null without a login, or with a certificate only */
    login: Shown<string> | null
    tls: ShownTls
  }
  redis: {
    url: Shown<string> | null
    /** the other servers of a Redlock */
    redlock: Shown<string[]> | null
    /** null for the password in the URL, or none */
    password: Shown<string> | null
    tls: ShownTls
  }
}

/** One context of a list. */
export interface ContextRow {
  name: string
  isCurrent: boolean
  adminUrl: string | null
  redisUrl: string | null
  login: string | null
  protected: boolean
}

export function reportSettings(settings: Settings, path: string): SettingsReport {
  const {adminUrl, context, isProtected, login, namespace, redisPassword, redisUrl, redlock, serviceUrl, webSocketUrl} =
    settings
  return {
    path,
    context,
    protected: isProtected,
    namespace,
    pulsar: {
      adminUrl: shown(adminUrl),
      serviceUrl: shown(serviceUrl),
      webSocketUrl: shown(webSocketUrl),
      login: login && {value: loginText(login.value), source: login.source},
      tls: shownTls(settings.tls),
    },
    redis: {
      url: shown(redisUrl, displayedRedisUrl),
      redlock: redlock && {value: redlock.value.map(displayedRedisUrl), source: redlock.source},
      password: redisPassword && {value: placeOf(redisPassword.value), source: redisPassword.source},
      tls: shownTls(settings.redisTls),
    },
  }
}

export function contextRow(name: string, context: Context, current: string | undefined): ContextRow {
  const {adminUrl, login, redis, tls} = context
  return {
    name,
    isCurrent: name === current,
    adminUrl: adminUrl === undefined ? null : displayedUrl(adminUrl),
    redisUrl: redis?.url === undefined ? null : displayedRedisUrl(redis.url),
    login: login === undefined ? certificateText(tls) : loginText(login),
    protected: context.protected === true,
  }
}

/** The kind of a login and where its secret is stored, for output. */
export function loginText(source: LoginSource): string {
  if ('token' in source) return `a token from ${placeOf(source.token)}`
  if ('basic' in source) return `the user ${source.basic.username}, password from ${placeOf(source.basic.password)}`
  const {clientId, issuerUrl, keyFile} = source.oauth2
  return `an access token from ${displayedUrl(issuerUrl)}, for the client of ${keyFile ?? clientId ?? ''}`
}

function placeOf(source: SecretSource): string {
  return secretFrom(source, {}).source
}

function certificateText(tls: TlsSource | undefined): string | null {
  return tls?.certFile === undefined ? null : `the certificate ${tls.certFile}`
}

function shown(url: Sourced<string> | null, show = displayedUrl): Shown<string> | null {
  return url && {value: show(url.value), source: url.source}
}

function shownTls({caFile, certFile, checksHostname, isInsecure, keyFile}: SourcedTls): ShownTls {
  return {caFile, certFile, keyFile, insecure: isInsecure, checkHostname: checksHostname}
}

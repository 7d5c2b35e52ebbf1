import type {ContextRow, SettingsReport} from '../../../src/cli/connection/context-report.js'

export const contexts: readonly ContextRow[] = [
  {
    name: 'prod-eu',
    isCurrent: true,
    adminUrl: 'https://pulsar.prod-eu.example:8443',
    redisUrl: 'rediss://redis.prod-eu.example:6380',
    login: 'a token from the file /run/secrets/pulsar-token',
    protected: true,
  },
  {
    name: 'local',
    isCurrent: false,
    adminUrl: 'http://localhost:8080',
    redisUrl: null,
    login: null,
    protected: false,
  },
]

const NO_TLS = {caFile: null, certFile: null, keyFile: null, insecure: null, checkHostname: null}

export const settings: SettingsReport = {
  path: '/home/ops/.config/keyshift/contexts.yaml',
  context: {value: 'prod-eu', source: 'current context in /home/ops/.config/keyshift/contexts.yaml'},
  protected: true,
  namespace: {value: 'orders/eu', source: 'KEYSHIFT_NAMESPACE'},
  pulsar: {
    adminUrl: {value: 'https://pulsar.prod-eu.example:8443', source: 'context prod-eu'},
    serviceUrl: null,
    webSocketUrl: {value: 'wss://pulsar.prod-eu.example:8443', source: 'default: same host as the admin API'},
    login: {value: 'a token from the file /run/secrets/pulsar-token', source: 'context prod-eu'},
    tls: {...NO_TLS, caFile: {value: '/etc/ssl/pulsar-ca.pem', source: 'KEYSHIFT_TLS_CA_FILE'}},
  },
  redis: {
    url: {value: 'rediss://redis.prod-eu.example:6380', source: 'context prod-eu'},
    redlock: null,
    password: {value: 'the variable REDIS_PASSWORD', source: 'context prod-eu'},
    tls: {...NO_TLS, insecure: {value: true, source: '--insecure'}},
  },
}

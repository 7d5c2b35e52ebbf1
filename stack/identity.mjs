// @ts-check
// The Pulsar versions, broker variants and Redis modes that a stack can have, and the name of each combination.

/** Invalid arguments. Nothing was changed, and the message lists the allowed values. */
export class UsageError extends Error {}

/** Versions whose complete dependency tree can be downloaded. The first is the default. */
export const PULSAR_VERSIONS = ['4.2.4', '4.0.7', '3.0.7']

export const REDIS_MODES = ['standalone', 'cluster', 'sentinel']

/**
 * Broker variants. `conf` overrides the settings of all stacks. `auth` adds logins with generated secrets: tokens only, or every
 * kind. `hasTls` adds TLS ports to the plain ports. `brokers` is the number of brokers in the cluster; 1 if not set.
 * @type {Record<string, {about: string, conf: Record<string, string | number | boolean>, needs?: '4.x', auth?: 'token' | 'every', hasTls?: true, brokers?: 2}>}
 */
export const VARIANTS = {
  default: {about: 'consistent hashing, topic policies on, no authentication', conf: {}},
  'auto-split': {
    about: 'Key_Shared by range splitting instead of consistent hashing',
    conf: {subscriptionKeySharedUseConsistentHashing: false},
  },
  'no-topic-policies': {
    about: 'topic-level policies switched off',
    conf: {topicLevelPoliciesEnabled: false},
  },
  classic: {
    about: 'the Key_Shared dispatcher of 3.x on a 4.x broker',
    conf: {subscriptionKeySharedUseClassicPersistentImplementation: true},
    needs: '4.x',
  },
  spare: {
    about: 'same as default under another name, for tests that restart the broker',
    conf: {},
  },
  transactions: {
    about: 'transactions enabled',
    conf: {transactionCoordinatorEnabled: true},
  },
  'token-auth': {
    about: 'token authentication and authorization; the admin token is in the file `token`',
    conf: {},
    auth: 'token',
  },
  secured: {
    about:
      'logins by token, password, certificate and OpenID Connect; authorization; TLS ports in addition to the plain ports',
    conf: {},
    auth: 'every',
    hasTls: true,
  },
  'two-brokers': {
    about:
      'two brokers in one cluster, with the token authentication of token-auth, and TLS ports in addition to the plain ports',
    conf: {},
    auth: 'token',
    hasTls: true,
    brokers: 2,
  },
}

/** @typedef {{id: string, pulsar: string, config: string, redis: string}} Identity */

/**
 * @param {{pulsar?: string, config?: string, redis?: string}} [wanted]
 * @returns {Identity}
 */
export function identify({pulsar = PULSAR_VERSIONS[0], config = 'default', redis = REDIS_MODES[0]} = {}) {
  oneOf('--pulsar', pulsar, PULSAR_VERSIONS)
  oneOf('--config', config, Object.keys(VARIANTS))
  oneOf('--redis', redis, REDIS_MODES)
  if (VARIANTS[config].needs === '4.x' && !pulsar.startsWith('4.')) {
    const versions = PULSAR_VERSIONS.filter((version) => version.startsWith('4.'))
    throw new UsageError(
      `--config ${config} requires Pulsar 4.x, but --pulsar is ${pulsar}. Use --pulsar ${versions.join(' or ')}.`,
    )
  }
  const id = [pulsar, config === 'default' ? [] : config, redis === 'standalone' ? [] : redis].flat().join('-')
  return {id, pulsar, config, redis}
}

/** All possible stacks. */
export function allIdentities() {
  return PULSAR_VERSIONS.flatMap((pulsar) =>
    Object.keys(VARIANTS)
      .filter((config) => VARIANTS[config].needs !== '4.x' || pulsar.startsWith('4.'))
      .flatMap((config) => REDIS_MODES.map((redis) => identify({pulsar, config, redis}))),
  )
}

/** @param {string} flag @param {string} value @param {string[]} allowed */
function oneOf(flag, value, allowed) {
  if (!allowed.includes(value))
    throw new UsageError(`${flag} ${value}: unknown value. Allowed values: ${allowed.join(', ')}.`)
}

// @ts-check
// What can be asked for: versions, broker variants and Redis modes, and the name each combination has.

/** A wrong request: nothing was done, and the message lists what is allowed. */
export class UsageError extends Error {}

/** Versions whose whole dependency tree can be downloaded. The first is the default. */
export const PULSAR_VERSIONS = ['4.2.4', '4.0.7', '3.0.7']

export const REDIS_MODES = ['standalone', 'cluster', 'sentinel']

/**
 * Broker variants: settings laid over those of every stack. `auth` adds logins, with secrets made for the stack: tokens alone,
 * or every kind there is. `hasTls` adds TLS ports beside the plain ones. `brokers` is how many there are in the cluster, when not one.
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
    about: 'as default, under a name of its own: for tests that restart its broker',
    conf: {},
  },
  'token-auth': {
    about: 'token authentication and authorization; the admin token is in the file `token`',
    conf: {},
    auth: 'token',
  },
  secured: {
    about: 'logins by token, password, certificate and OpenID Connect, authorization, TLS ports beside the plain ones',
    conf: {},
    auth: 'every',
    hasTls: true,
  },
  'two-brokers': {
    about:
      'two brokers in one cluster, with token authentication as in token-auth, and TLS ports beside the plain ones',
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
      `--config ${config} exists only on Pulsar 4.x, not on ${pulsar}. Use --pulsar ${versions.join(' or ')}.`,
    )
  }
  const id = [pulsar, config === 'default' ? [] : config, redis === 'standalone' ? [] : redis].flat().join('-')
  return {id, pulsar, config, redis}
}

/** Every stack that there can be. */
export function allIdentities() {
  return PULSAR_VERSIONS.flatMap((pulsar) =>
    Object.keys(VARIANTS)
      .filter((config) => VARIANTS[config].needs !== '4.x' || pulsar.startsWith('4.'))
      .flatMap((config) => REDIS_MODES.map((redis) => identify({pulsar, config, redis}))),
  )
}

/** @param {string} flag @param {string} value @param {string[]} allowed */
function oneOf(flag, value, allowed) {
  if (!allowed.includes(value)) throw new UsageError(`${flag} ${value}: unknown. Allowed: ${allowed.join(', ')}.`)
}

import {Args, Flags} from '@oclif/core'

import {defaultDuration, durationFlag} from './duration.js'

/** Which cluster a command uses, and whether it verifies certificates. */
export const contextFlags = {
  context: Flags.string({
    description: 'name of the context to use (default: the current context)',
    env: 'KEYSHIFT_CONTEXT',
    helpGroup: 'LOGIN',
    helpValue: 'NAME',
  }),
  insecure: Flags.boolean({
    description: 'skip TLS certificate verification',
    env: 'KEYSHIFT_INSECURE',
    helpGroup: 'LOGIN',
  }),
}

/**
 * The address of Pulsar and the login. A token is never the value of a flag, because flags are visible in the process
 * list.
 */
export const pulsarFlags = {
  ...contextFlags,
  'admin-url': Flags.string({
    description: 'address of the admin API (default: from the context, or http://localhost:8080)',
    env: 'KEYSHIFT_ADMIN_URL',
    helpGroup: 'PULSAR',
    helpValue: 'http://HOST:8080',
  }),
  'tls-ca-file': Flags.string({
    description: 'CA bundle (PEM) to use instead of the system CAs',
    env: 'KEYSHIFT_TLS_CA_FILE',
    helpGroup: 'LOGIN',
    helpValue: 'FILE',
  }),
  'tls-cert-file': Flags.string({
    description: 'client certificate to log in with (PEM)',
    env: 'KEYSHIFT_TLS_CERT_FILE',
    helpGroup: 'LOGIN',
    helpValue: 'FILE',
  }),
  'tls-key-file': Flags.string({
    description: 'private key of the client certificate (PEM)',
    env: 'KEYSHIFT_TLS_KEY_FILE',
    helpGroup: 'LOGIN',
    helpValue: 'FILE',
  }),
  'token-file': Flags.string({
    description: 'file that contains the token to log in with; read again when it changes',
    env: 'KEYSHIFT_TOKEN_FILE',
    helpGroup: 'LOGIN',
    helpValue: 'FILE',
  }),
}

export const yesFlag = Flags.boolean({char: 'y', description: 'do not ask for confirmation'})

/** Confirmation flags of the commands that change a cluster or Redis. */
export const confirmFlags = {
  'confirm-context': Flags.string({
    description: 'name of the protected context, to confirm without a prompt',
    env: 'KEYSHIFT_CONFIRM_CONTEXT',
    helpValue: 'NAME',
  }),
  yes: yesFlag,
}

/** Addresses for commands that may need a message transport. */
export const messageFlags = {
  'service-url': Flags.string({
    description: 'binary address of the broker, for the native transport (default: same host as the admin API)',
    env: 'KEYSHIFT_SERVICE_URL',
    helpGroup: 'PULSAR',
    helpValue: 'pulsar://HOST:6650',
  }),
  'web-socket-url': Flags.string({
    description: 'address of the WebSocket API (default: same host as the admin API)',
    env: 'KEYSHIFT_WEB_SOCKET_URL',
    helpGroup: 'PULSAR',
    helpValue: 'ws://HOST:8080',
  }),
}

/** How many messages of a backlog to sample, and which. */
export const sampleFlags = {
  max: Flags.integer({
    default: 10_000,
    description: 'maximum number of entries to read',
    helpGroup: 'SAMPLE',
    helpValue: 'N',
    min: 1,
  }),
  'time-limit': durationFlag({
    ...defaultDuration('30s'),
    description: 'stop reading after this time',
    helpGroup: 'SAMPLE',
  }),
  source: Flags.option({
    default: 'auto',
    description:
      'how to read: rest shows the most details, websocket and native are faster; auto uses REST if your permissions allow it',
    helpGroup: 'SAMPLE',
    options: ['auto', 'rest', 'websocket', 'native'] as const,
  })(),
  where: Flags.option({
    default: 'spread',
    description: 'which entries to read: the oldest (head), the newest (tail), or a spread across the backlog',
    helpGroup: 'SAMPLE',
    options: ['head', 'tail', 'spread'] as const,
  })(),
}

export const redisFlags = {
  ...contextFlags,
  'redis-url': Flags.string({
    description:
      'Redis address: redis://, rediss:// (TLS), redis+sentinel:// or rediss+sentinel://; Redis Cluster is detected (default: from the context, or redis://localhost:6379)',
    env: 'KEYSHIFT_REDIS_URL',
    helpGroup: 'REDIS',
    helpValue: 'redis://HOST:6379',
  }),
}

export const topicArg = Args.string({
  description:
    'topic, such as persistent://tenant/namespace/name, tenant/namespace/name or name; includes all its partitions',
  required: true,
})

export const subscriptionArg = Args.string({description: 'subscription name', required: true})

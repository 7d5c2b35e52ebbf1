import {Args, Flags} from '@oclif/core'

/** Which cluster, for every command that speaks to one. */
export const contextFlags = {
  context: Flags.string({
    description: 'a context, as context list shows them; the current one when left out',
    env: 'KEYSHIFT_CONTEXT',
    helpGroup: 'LOGIN',
    helpValue: 'NAME',
  }),
  insecure: Flags.boolean({
    description: 'take any certificate, of anybody',
    env: 'KEYSHIFT_INSECURE',
    helpGroup: 'LOGIN',
  }),
}

/** Where Pulsar is, and whom it takes us for. A token itself is never a flag, for it would stand in a process list. */
export const pulsarFlags = {
  ...contextFlags,
  'admin-url': Flags.string({
    description: "the broker's web address",
    env: 'KEYSHIFT_ADMIN_URL',
    helpGroup: 'PULSAR',
    helpValue: 'http://HOST:8080',
  }),
  'tls-ca-file': Flags.string({
    description: "authorities in place of the machine's own, PEM",
    env: 'KEYSHIFT_TLS_CA_FILE',
    helpGroup: 'LOGIN',
    helpValue: 'FILE',
  }),
  'tls-cert-file': Flags.string({
    description: 'a certificate to log in with, PEM',
    env: 'KEYSHIFT_TLS_CERT_FILE',
    helpGroup: 'LOGIN',
    helpValue: 'FILE',
  }),
  'tls-key-file': Flags.string({
    description: 'its key, PEM',
    env: 'KEYSHIFT_TLS_KEY_FILE',
    helpGroup: 'LOGIN',
    helpValue: 'FILE',
  }),
  'token-file': Flags.string({
    description: 'a file with a token to log in with; read again when it changes',
    env: 'KEYSHIFT_TOKEN_FILE',
    helpGroup: 'LOGIN',
    helpValue: 'FILE',
  }),
}

export const yesFlag = Flags.boolean({char: 'y', description: 'do not ask'})

/** For commands that change a cluster or Redis. */
export const confirmFlags = {
  'confirm-context': Flags.string({
    description: "the context's name, where it is protected and nobody can be asked",
    env: 'KEYSHIFT_CONFIRM_CONTEXT',
    helpValue: 'NAME',
  }),
  yes: yesFlag,
}

/** Where messages are read, for commands that may need a message transport. */
export const messageFlags = {
  'service-url': Flags.string({
    description: "the broker's binary address, for the native transport",
    env: 'KEYSHIFT_SERVICE_URL',
    helpGroup: 'PULSAR',
    helpValue: 'pulsar://HOST:6650',
  }),
  'web-socket-url': Flags.string({
    description: 'the WebSocket API; where the admin API is when left out',
    env: 'KEYSHIFT_WEB_SOCKET_URL',
    helpGroup: 'PULSAR',
    helpValue: 'ws://HOST:8080',
  }),
}

/** How much of a backlog to sample, and from where. */
export const sampleFlags = {
  max: Flags.integer({
    default: 10_000,
    description: 'entries to read at most',
    helpGroup: 'SAMPLE',
    helpValue: 'N',
    min: 1,
  }),
  seconds: Flags.integer({default: 30, description: 'stop after so long', helpGroup: 'SAMPLE', helpValue: 'N', min: 1}),
  source: Flags.option({
    default: 'auto',
    description: 'how to read: rest shows most, websocket and native are faster; auto is rest where the login may',
    helpGroup: 'SAMPLE',
    options: ['auto', 'rest', 'websocket', 'native'] as const,
  })(),
  where: Flags.option({
    default: 'spread',
    description: 'the oldest entries, the newest, or some of everywhere',
    helpGroup: 'SAMPLE',
    options: ['head', 'tail', 'spread'] as const,
  })(),
}

export const redisFlags = {
  ...contextFlags,
  'redis-url': Flags.string({
    description: 'Redis, as redis://, rediss://, redis+sentinel:// or rediss+sentinel://; a cluster is recognised',
    env: 'KEYSHIFT_REDIS_URL',
    helpGroup: 'REDIS',
    helpValue: 'redis://HOST:6379',
  }),
}

export const topicArg = Args.string({
  description: 'topic, as persistent://tenant/namespace/name or shorter; a partitioned topic is one topic',
  required: true,
})

export const subscriptionArg = Args.string({description: 'subscription name', required: true})

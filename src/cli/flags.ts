import {Args, Flags} from '@oclif/core'

/** Where Pulsar is. The token comes from the environment alone, so that it never stands in a process list. */
export const pulsarFlags = {
  'admin-url': Flags.string({
    description: "the broker's web address",
    env: 'KEYSHIFT_ADMIN_URL',
    helpGroup: 'PULSAR',
    helpValue: 'http://HOST:8080',
  }),
}

export const redisFlags = {
  'redis-url': Flags.string({
    description: 'Redis, as redis://, rediss:// or redis+sentinel://; a cluster is recognised',
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

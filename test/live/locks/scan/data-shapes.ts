import {NOW, type Shape, UUID} from '../../../support/reports/lock-shapes.js'

const HEX = '9f86d081884c7d659a2feaa0c55ad015'
const OBJECT_ID = '507f1f77bcf86cd799439011'
const BASE64 = 'kQ3mZr8vT1pXy0LdNfGh2A=='

/** Data of common software that is not a lock, under names or with values that look like one. None may be in a plan for many locks. */
export const DATA_SHAPES: readonly Shape[] = [
  // sessions and logins
  {key: 'sess:kQ3mZr8vT1pXy0LdNfG', stored: {string: '{"cookie":{"maxAge":null},"user":7}'}},
  {key: 'session:7', stored: {string: UUID}},
  {
    key: `spring:session:sessions:${UUID}`,
    stored: {hash: {creationTime: '1795607940000', maxInactiveInterval: '1800'}},
  },
  {key: `spring:session:sessions:expires:${UUID}`, stored: {string: ''}},
  {key: 'spring:session:expirations:1795608000000', stored: {set: [`expires:${UUID}`]}},
  {key: `:1:django.contrib.sessions.cache${HEX}`, stored: {string: '\u0080\u0004}'}},
  {key: `laravel_session:${HEX}`, stored: {string: 's:5:"a:0:{}";'}},
  {key: 'csrf:7', stored: {string: HEX}},
  {key: 'oauth:state:7', stored: {string: 'kQ3mZr8vT1pXy0LdNfG-2J'}},
  {key: 'refresh_token:7', stored: {string: UUID}},
  {key: 'otp:+491701234567', stored: {string: '483920'}},
  {key: 'password-reset:7', stored: {string: HEX}},
  // caches
  {key: 'cache:md5:index.html', stored: {string: HEX}},
  {key: 'etag:/index.html', stored: {string: BASE64}},
  {key: 'views:fragment/products/7', stored: {string: '<div>7</div>'}},
  {key: 'app_cache_:config', stored: {string: 'a:1:{s:4:"name";s:3:"app";}'}},
  {key: 'page:home:version', stored: {string: '42'}},
  {key: 'users::7', stored: {string: '{"@class":"User","id":7}'}},
  {key: ':1:views.decorators.cache.cache_page', stored: {string: 'x'}},
  {key: 'wp:options:alloptions', stored: {string: 'a:0:{}'}},
  // counters, limits and flags
  {key: 'counter:visits', stored: {string: '1048576'}},
  {key: 'rate-limit:10.0.0.7', stored: {string: '17'}},
  {key: 'throttle:api:7', stored: {string: '1'}},
  {key: 'bucket:7', stored: {hash: {tokens: '9', last: '1795607940'}}},
  {key: 'feature:dark-mode', stored: {string: 'true'}},
  {key: 'flags:checkout', stored: {hash: {enabled: '1', percentage: '20'}}},
  {key: 'flipper_features', stored: {set: ['search', 'checkout']}},
  {key: 'maintenance', stored: {string: 'on'}},
  // names that contain the letters of a word for a lock
  {key: 'block:height', stored: {string: '812345'}},
  {key: 'block:812345', stored: {string: HEX}},
  {key: 'blocklist:ips', stored: {set: ['10.0.0.7']}},
  {key: 'blocked:user:7', stored: {string: '1'}},
  {key: 'blockchain:head', stored: {string: HEX}},
  {key: 'clock:skew', stored: {string: '3'}},
  {key: 'clock:offset', stored: {string: '1'}},
  {key: 'wallclock:node-1', stored: {string: '1795607940000'}},
  {key: 'unlock-code:7', stored: {string: '4711'}},
  {key: 'unlocked:achievement:7', stored: {string: UUID}},
  {key: 'leaderboard', stored: {zset: {ann: 1200, bob: 900}}},
  {key: 'release:latest', stored: {string: '4.2.4'}},
  {key: 'interlocking:track:7', stored: {string: 'free'}},
  {key: 'wedlock:registry:7', stored: {hash: {name: 'Ann'}}},
  // jobs
  {key: `celery-task-meta-${UUID}`, stored: {string: '{"status":"SUCCESS"}'}},
  {key: '_kombu.binding.celery', stored: {set: ['celery']}},
  {key: 'celery', stored: {list: ['{"body":"W10="}']}},
  {key: 'unacked', stored: {hash: {[UUID]: '["{}","","celery"]'}}},
  {key: 'unacked_index', stored: {zset: {[UUID]: NOW / 1000}}},
  {key: 'queue:default', stored: {list: [`{"jid":"${OBJECT_ID}"}`]}},
  {key: `worker-3:4711:${OBJECT_ID}`, stored: {hash: {info: '{}', busy: '1', beat: '1795607940.25'}}},
  {key: 'retry', stored: {zset: {[`{"jid":"${OBJECT_ID}"}`]: NOW / 1000}}},
  {key: 'stat:processed', stored: {string: '104857'}},
  {key: 'bull:mail:42', stored: {hash: {name: 'send', data: '{}', timestamp: '1795607940000'}}},
  {key: 'bull:mail:stalled-check', stored: {string: '1795607940000'}},
  {key: 'bull:mail:id', stored: {string: '42'}},
  {key: 'rq:job:6f0e1c52', stored: {hash: {status: 'queued', origin: 'default'}}},
  {key: 'queues:default:reserved', stored: {zset: {'{"id":"7"}': NOW / 1000}}},
  // identifiers and indexes
  {key: 'user:by-token', stored: {hash: {[UUID]: '7'}}},
  {key: 'devices', stored: {hash: {[`${UUID}:17`]: 'phone'}}},
  {key: 'order:7:external-id', stored: {string: OBJECT_ID}},
  {key: 'owner:7', stored: {string: UUID}},
  {key: 'trending', stored: {zset: {[HEX]: NOW}}},
  {key: 'presence:room:7', stored: {zset: {[UUID]: NOW}}},
  {key: 'tenant:acme:primary', stored: {string: 'worker-3'}},
  {key: 'instance:heartbeat', stored: {string: `worker-3_4711_${HEX}`}},
]

import {type CompiledFamilies, compileFamilies} from './compiled.js'
import {MEDALLION, MEDALLION_READ_WRITE, MEDALLION_SEMAPHORE, REDLOCK_NET} from './dotnet.js'
import type {LockFamilies, LockFamily} from './family.js'
import {BSM, REDSYNC} from './go.js'
import {HOME_MADE} from './home-made.js'
import {JETCACHE, LOCK4J, REDISSON, REDISSON_PERMITS, REDISSON_READ_WRITE, SHEDLOCK, SPRING} from './java.js'
import {ARQ, ASYNQ, CELERY_SINGLETON, DRAMATIQ, REDBEAT, RQ} from './job-queues.js'
import {BULL, NODE_REDLOCK, NPM_REDIS_LOCK, REDIS_SEMAPHORE, WARLOCK} from './node.js'
import {LARAVEL, NEXTCLOUD, SYMFONY} from './php.js'
import {AIOREDLOCK, DOGPILE, POTTERY, PYTHON_REDIS_LOCK, REDIS_PY, REDLOCK_PY, TOOZ} from './python.js'
import {
  DISCOURSE,
  GITLAB,
  KREDIS,
  REDIS_MUTEX,
  REDIS_SEMAPHORE_RB,
  REDLOCK_RB,
  RESQUE_LOCK_TIMEOUT,
  SIDEKIQ,
} from './ruby.js'

/** The formats of libraries. All that match a lock are its candidates, so their order has no meaning. */
export const BUILTIN_FAMILIES: readonly LockFamily[] = [
  ...[REDISSON_READ_WRITE, REDISSON, REDISSON_PERMITS, SHEDLOCK, SPRING, LOCK4J, JETCACHE],
  ...[ARQ, ASYNQ, CELERY_SINGLETON, DRAMATIQ, REDBEAT, RQ],
  ...[AIOREDLOCK, DOGPILE, POTTERY, PYTHON_REDIS_LOCK, REDIS_PY, REDLOCK_PY, TOOZ],
  ...[DISCOURSE, GITLAB, KREDIS, REDIS_MUTEX, REDIS_SEMAPHORE_RB, REDLOCK_RB, RESQUE_LOCK_TIMEOUT, SIDEKIQ],
  ...[LARAVEL, NEXTCLOUD, SYMFONY],
  ...[MEDALLION, MEDALLION_READ_WRITE, MEDALLION_SEMAPHORE, REDLOCK_NET],
  ...[BSM, REDSYNC],
  ...[BULL, NODE_REDLOCK, NPM_REDIS_LOCK, REDIS_SEMAPHORE, WARLOCK],
  HOME_MADE,
]

/** The user's families, then the built-in ones. @throws Usage E_LOCK_FAMILIES. */
export function familiesWith(userFamilies: LockFamilies): CompiledFamilies {
  return compileFamilies(BUILTIN_FAMILIES, userFamilies)
}

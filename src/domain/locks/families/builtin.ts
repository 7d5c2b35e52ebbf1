import {type CompiledFamilies, compileFamilies} from './compiled.js'
import {MEDALLION, REDLOCK_NET} from './dotnet.js'
import type {LockFamilies, LockFamily} from './family.js'
import {BSM, REDSYNC} from './go.js'
import {REDISSON, REDISSON_READ_WRITE, SHEDLOCK, SPRING} from './java.js'
import {PLAIN, UUID_TOKEN} from './last.js'
import {BULL, NODE_REDLOCK, REDIS_SEMAPHORE} from './node.js'
import {LARAVEL, SYMFONY} from './php.js'
import {PYTHON_REDIS_LOCK, REDIS_PY} from './python.js'
import {REDIS_MUTEX, SIDEKIQ} from './ruby.js'

/** In matching order: unambiguous formats first, then likely ones, and last the formats that match nearly every token. */
export const BUILTIN_FAMILIES: readonly LockFamily[] = [
  ...[REDISSON_READ_WRITE, REDISSON, SHEDLOCK, SPRING],
  ...[REDIS_PY, PYTHON_REDIS_LOCK],
  ...[SIDEKIQ, SYMFONY, LARAVEL, MEDALLION, REDIS_MUTEX, REDLOCK_NET, REDSYNC],
  ...[BULL, REDIS_SEMAPHORE, NODE_REDLOCK],
  ...[UUID_TOKEN, BSM, PLAIN],
]

/** The user's families, then the built-in ones. @throws Usage E_LOCK_FAMILIES. */
export function familiesWith(userFamilies: LockFamilies): CompiledFamilies {
  return compileFamilies([...userFamilies, ...BUILTIN_FAMILIES])
}

import type {Ports} from './ports.mjs'

export type RedisMode = 'cluster' | 'sentinel' | 'standalone'

/** The names of the ports: one for each server, and in a cluster one for the bus of each server. */
export function redisPorts(mode: RedisMode): string[]

export function redisUrl(mode: RedisMode, ports: Ports): string

/** Writes the configuration of each server into a folder of that server below `dir`. */
export function redisPrograms(
  mode: RedisMode,
  options: {dir: string; ports: Ports; server: string},
): Array<{name: string; command: string; args: string[]; cwd: string; log: string}>

/** Joins the servers to a cluster. Does nothing in the other modes. */
export function formRedis(mode: RedisMode, options: {ports: Ports; cli: string; signal?: AbortSignal}): Promise<void>

/** Why Redis is not ready; undefined if it is. */
export function redisProblem(
  mode: RedisMode,
  options: {ports: Ports; cli: string; formed: boolean},
): Promise<string | undefined>

import type {Ports} from './ports.mjs'

export type RedisMode = 'cluster' | 'sentinel' | 'standalone'

/** What needs a port: each server by its name, and a cluster's bus of each. */
export function redisPorts(mode: RedisMode): string[]

export function redisUrl(mode: RedisMode, ports: Ports): string

/** Writes each server's configuration into its own folder below `dir`. */
export function redisPrograms(
  mode: RedisMode,
  options: {dir: string; ports: Ports; server: string},
): Array<{name: string; command: string; args: string[]; cwd: string; log: string}>

/** Joins the servers to a cluster; nothing to do in the other modes. */
export function formRedis(mode: RedisMode, options: {ports: Ports; cli: string; signal?: AbortSignal}): Promise<void>

/** What still keeps Redis from being ready; undefined when it is. */
export function redisProblem(
  mode: RedisMode,
  options: {ports: Ports; cli: string; formed: boolean},
): Promise<string | undefined>

import type {LockHolder} from '../recognition/recognized-lock.js'

/** A client of Redis, as reported by CLIENT LIST. */
export interface ClientConnection {
  /** `host:port` of the client, or of a proxy in between */
  address: string
  /** set with CLIENT SETNAME; empty when it is not set */
  name: string
  user: string
  /** time since it connected */
  ageMs: number
  /** time since its last command */
  idleMs: number
}

export interface CandidateConnection extends ClientConnection {
  /** which property of the connection matched the holder */
  matchedBy: 'host' | 'name'
  /** whether it is older than the known hold time of the lock; a younger connection belongs to another run of the process */
  connectedBeforeLock: boolean
}

/** Connections that may belong to the holder. An open connection does not prove progress: its worker thread may be hung. */
export interface HolderConnections {
  /** clients that can hold a lock */
  clients: number
  /** of these, clients that are older than the known hold time of the lock */
  connectedBeforeLock: number
  /** clients whose address or name contains the host or name in the lock */
  candidates: CandidateConnection[]
  /** whether the lock contains a host, name or id to compare with connections; otherwise an empty list means nothing */
  isIdentifiable: boolean
}

const CANDIDATES_SHOWN = 20

/** Parses CLIENT LIST, one client per line as `field=value`. Omits replicas, monitors and keyshift itself. */
export function parseClients(text: string): ClientConnection[] {
  return text.split('\n').flatMap((line) => {
    const fields = new Map([...line.matchAll(/(\S+?)=(\S*)/g)].map(([, field = '', value = '']) => [field, value]))
    const name = fields.get('name') ?? ''
    if (!fields.has('addr') || /[MOS]/.test(fields.get('flags') ?? '') || name === 'keyshift') return []
    return [
      {
        address: fields.get('addr') ?? '',
        name,
        user: fields.get('user') ?? '',
        ageMs: Number(fields.get('age')) * 1000,
        idleMs: Number(fields.get('idle')) * 1000,
      },
    ]
  })
}

/**
 * Finds the connections that may belong to the holders of a lock.
 *
 * @param heldMs known hold time of the lock; null when unknown.
 */
export function connectionsOf(
  clients: readonly ClientConnection[],
  holders: readonly LockHolder[],
  heldMs: number | null,
): HolderConnections {
  const connectedBeforeLock = ({ageMs}: ClientConnection): boolean => ageMs + CLOCK_MS >= (heldMs ?? 0)
  const candidates = clients.flatMap((client): CandidateConnection[] => {
    const matchedBy = holders.map((holder) => matchOf(client, holder)).find((match) => match !== null)
    return matchedBy === undefined ? [] : [{...client, matchedBy, connectedBeforeLock: connectedBeforeLock(client)}]
  })
  return {
    clients: clients.length,
    connectedBeforeLock: clients.filter(connectedBeforeLock).length,
    candidates: candidates.toSorted((a, b) => b.ageMs - a.ageMs).slice(0, CANDIDATES_SHOWN),
    isIdentifiable: holders.some(
      ({consumer, host, instance}) => consumer !== null || host !== null || instance !== null,
    ),
  }
}

/** CLIENT LIST counts full seconds. */
const CLOCK_MS = 1000

/** No Redisson client has its instance id as its connection name, but custom clients may use the same id for both. */
function matchOf(
  {address, name}: ClientConnection,
  {consumer, host, instance}: LockHolder,
): CandidateConnection['matchedBy'] | null {
  if (host !== null && address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '') === host) return 'host'
  return [host, consumer, instance].some((text) => text !== null && text !== '' && containsWord(name, text))
    ? 'name'
    : null
}

/** Whether a name contains a text as a complete word: `worker-10` does not contain `worker-1`. */
function containsWord(name: string, text: string): boolean {
  for (let at = name.indexOf(text); at >= 0; at = name.indexOf(text, at + 1)) {
    const around = [name[at - 1], name[at + text.length]]
    if (around.every((character) => character === undefined || !/[A-Za-z0-9]/.test(character))) return true
  }
  return false
}

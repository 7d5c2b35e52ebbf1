import type {LockHolder} from '../recognition/recognize.js'

/** A client of Redis, as CLIENT LIST shows it. Ages in ms. */
export interface ClientConnection {
  /** `host:port`; a proxy's where there is one between */
  address: string
  /** what it calls itself; empty where it does not */
  name: string
  user: string
  /** since it connected */
  ageMs: number
  /** since its last command */
  idleMs: number
}

export interface CandidateConnection extends ClientConnection {
  /** by what it looks like the holder's */
  matchedBy: 'host' | 'name'
  /** whether it has been there for as long as the lock is held, as far as that is known: else its process may be another */
  connectedBeforeLock: boolean
}

/** Which connections could be the holder's. That one is there proves no work: a process can live whose thread is dead. */
export interface HolderConnections {
  /** clients that can be a holder's at all */
  clients: number
  /** of those, the ones that have been there for as long as the lock is held */
  connectedBeforeLock: number
  /** the ones that look like the holder's: by the host or the name that it wrote into the lock */
  candidates: CandidateConnection[]
  /** whether the lock names anything by which a connection could be recognized; else nothing follows from none */
  isIdentifiable: boolean
}

const CANDIDATES_SHOWN = 20

/** Reads CLIENT LIST: a line for each client, of `field=value`. Not replicas, monitors, or keyshift itself. */
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
 * Which clients could hold a lock.
 *
 * @param heldMs for how long it is held at least; null where that is not known.
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

/** CLIENT LIST counts whole seconds. */
const CLOCK_MS = 1000

/** Redisson's instance is in no connection's name, but a client of one's own may well say what it writes into locks. */
function matchOf(
  {address, name}: ClientConnection,
  {consumer, host, instance}: LockHolder,
): CandidateConnection['matchedBy'] | null {
  if (host !== null && address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '') === host) return 'host'
  return [host, consumer, instance].some((text) => text !== null && text !== '' && containsWord(name, text))
    ? 'name'
    : null
}

/** Whether a name holds a text as a whole: `worker-1` is not in `worker-10`. */
function containsWord(name: string, text: string): boolean {
  for (let at = name.indexOf(text); at >= 0; at = name.indexOf(text, at + 1)) {
    const around = [name[at - 1], name[at + text.length]]
    if (around.every((character) => character === undefined || !/[A-Za-z0-9]/.test(character))) return true
  }
  return false
}

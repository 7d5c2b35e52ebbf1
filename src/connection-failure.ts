const TEXTS: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'the host name cannot be resolved now',
  ECONNABORTED: 'no answer within the time limit',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed by the server',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'unknown host name',
  EPIPE: 'connection closed by the server',
  ETIMEDOUT: 'no answer within the time limit',
}

/** A message of Node: `connect ECONNREFUSED 127.0.0.1:6379`, `getaddrinfo ENOTFOUND redis.example`. */
const MESSAGE = /^(?:connect|getaddrinfo|read|write) (E[A-Z_]+)\b/

/** Messages of ioredis and of Redis itself. */
const MESSAGES: ReadonlyArray<readonly [message: RegExp, text: string]> = [
  [/^(?:Command timed out|Socket timeout|timeout$)/, 'no answer within the time limit'],
  [/^(?:Connection is (?:aborted|closed|discarded)|Command aborted due to connection close)/, 'connection closed'],
  [/^(?:Cluster is (?:disconnected|disconnecting|ended)|Node is disconnected)/, 'connection closed'],
  [/isn't (?:ready|writeable) and enableOfflineQueue|^Reached the max retries per request/, 'connection closed'],
  [/^None of startup nodes is available/, 'no node of the cluster can be reached'],
  [/^Too many Cluster /, 'the nodes of the cluster redirect to each other'],
  [/^LOADING /, 'Redis is still loading its data'],
]

/**
 * The reason why a connection failed, for output.
 *
 * @param cause an error code or the message of a library; one without a text of its own is returned unchanged.
 */
export function failureText(cause: string): string {
  const code = MESSAGE.exec(cause)?.[1] ?? cause
  return TEXTS[code] ?? MESSAGES.find(([message]) => message.test(cause))?.[1] ?? cause
}

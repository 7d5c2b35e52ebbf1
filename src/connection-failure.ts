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

/** The reason why a connection failed, for output; a code without a text of its own is returned unchanged. */
export function failureText(cause: string): string {
  return TEXTS[cause] ?? cause
}

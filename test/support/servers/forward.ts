import {type Agent, type IncomingMessage, request as httpRequest, type ServerResponse} from 'node:http'

export interface Forwarding {
  readonly agent?: Agent
  /** Takes the broker's answer instead of the caller. @returns whether it did. */
  readonly takes?: (answer: IncomingMessage) => boolean
}

/** Sends a caller's request on to the real broker, and its answer back. */
export function forward(
  adminUrl: string,
  request: IncomingMessage,
  response: ServerResponse,
  {agent, takes}: Forwarding = {},
): void {
  const headers = {...request.headers, host: new URL(adminUrl).host}
  const options = {method: request.method, headers, ...(agent ? {agent} : {})}
  const onward = httpRequest(adminUrl + (request.url ?? '/'), options, (answer) => {
    if (takes?.(answer)) return
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  onward.once('error', () => request.socket.destroy())
  request.pipe(onward)
}

import {type Agent, type IncomingMessage, request as httpRequest, type ServerResponse} from 'node:http'

export interface Forwarding {
  readonly agent?: Agent
  /** May handle the broker's answer in place of the caller. @returns whether it handled it. */
  readonly takes?: (answer: IncomingMessage) => boolean
}

/** Forwards a request to the real broker, and the answer to the caller. */
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

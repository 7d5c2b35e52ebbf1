import {shellCommand} from '../../suggested-command.js'

/**
 * The command that shows whether a Redis server answers; null for an address that redis-cli does not accept.
 *
 * @param address `host:port`, or a URL without user and password.
 */
export function checkCommand(address: string): string | null {
  if (/^rediss?:\/\//.test(address)) return shellCommand('redis-cli', '-u', address, 'ping')
  const [, host, port] = /^\[?([^/]+?)\]?:(\d+)$/.exec(address) ?? []
  return host === undefined || port === undefined ? null : shellCommand('redis-cli', '-h', host, '-p', port, 'ping')
}

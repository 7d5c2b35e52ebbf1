import {Unreachable} from '../../errors.js'
import type {Credentials} from '../login/credentials.js'
import {loadNative, NativeTransport} from './native.js'
import {installCommand} from './optional-package.js'
import type {MessageTransport} from './transport.js'
import {WebSocketTransport} from './websocket.js'

export interface TransportOptions {
  readonly transport: 'auto' | 'native' | 'websocket'
  readonly serviceUrl: string
  readonly webSocketUrl: string
  /** no login when omitted */
  readonly credentials?: Credentials
}

/**
 * Opens the requested message transport; `auto` uses native where its addon loads.
 *
 * @throws Unreachable E_NATIVE_MISSING when native was requested and does not load.
 */
export async function openTransport(options: TransportOptions): Promise<MessageTransport> {
  const native = options.transport === 'websocket' ? null : await loadNative()
  if (native) return NativeTransport.open(native, options)
  if (options.transport === 'native') {
    throw new Unreachable(
      'E_NATIVE_MISSING',
      'the optional package pulsar-client is not installed or does not load on this machine',
      {
        next: [installCommand('pulsar-client'), 'use --source websocket'],
      },
    )
  }
  return new WebSocketTransport({...options, url: options.webSocketUrl})
}

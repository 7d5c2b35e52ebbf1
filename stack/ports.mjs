// @ts-check
// Finds free ports on this machine. A stack gets its previous ports again if they are free.
import {createServer} from 'node:net'
import {join} from 'node:path'
import {withLock} from './lock.mjs'
import {ROOT, readJson, writeJson} from './state.mjs'

/** @typedef {Record<string, number>} Ports */

const PORTS = join(ROOT, 'ports.json')

/** The previous ports of all stacks, including stacks that are down. @returns {Record<string, Ports>} */
export function rememberedPorts() {
  return readJson(PORTS) ?? {}
}

/** @param {string} id @param {Ports} ports */
export async function rememberPorts(id, ports) {
  await withLock('ports', async () => writeJson(PORTS, {...rememberedPorts(), [id]: ports}))
}

/**
 * A free port for each name: the preferred port if it is free. All ports stay open until the last one is found.
 * @param {string[]} names
 * @param {Ports} [preferred]
 * @returns {Promise<Ports>}
 */
export async function freePorts(names, preferred = {}) {
  const held = []
  try {
    /** @type {Ports} */
    const ports = {}
    for (const name of names) {
      const server = (preferred[name] && (await listen(preferred[name]))) || (await listen(0))
      if (!server) throw new Error('cannot open any port on 127.0.0.1')
      held.push(server)
      ports[name] = /** @type {import('node:net').AddressInfo} */ (server.address()).port
    }
    return ports
  } finally {
    await Promise.all(held.map((server) => new Promise((done) => server.close(done))))
  }
}

/** @param {number} port @returns {Promise<import('node:net').Server | undefined>} */
function listen(port) {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(undefined))
    server.listen({port, host: '127.0.0.1', exclusive: true}, () => done(server))
  })
}

import type {Addresses} from '../../../src/cli/connection/default-addresses.js'
import {runStack} from './own-stack.js'

const WHICH = ['--config', 'spare']

/** A stack for one test file, which may restart its broker. Commands that the file starts use this stack. */
export class SpareStack {
  readonly addresses: Addresses

  private constructor(addresses: Addresses) {
    this.addresses = addresses
  }

  static async up(): Promise<SpareStack> {
    const addresses = JSON.parse(await runStack('up', WHICH).finished) as Addresses
    process.env['KEYSHIFT_ADMIN_URL'] = addresses.adminUrl
    process.env['KEYSHIFT_SERVICE_URL'] = addresses.serviceUrl
    process.env['KEYSHIFT_REDIS_URL'] = addresses.redisUrl
    return new SpareStack(addresses)
  }

  /** Kills the broker and starts it again. @returns when it was killed; `finished` settles when it is healthy again. */
  async restart(): Promise<{finished: Promise<string>}> {
    const {finished, says} = runStack('restart', WHICH)
    await Promise.race([says('killed'), finished])
    return {finished}
  }

  async down(): Promise<void> {
    await runStack('down', WHICH).finished
  }
}

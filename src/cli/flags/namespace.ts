import {Usage} from '../../errors.js'

/** @param source where the value is from. @throws Usage E_NAMESPACE for a value that is not a namespace. */
export function requireNamespace(text: string | undefined, source = '--namespace'): void {
  if (text !== undefined && !/^[^/]+\/[^/]+$/.test(text)) {
    throw new Usage('E_NAMESPACE', `${source}: ${text} is not tenant/namespace`)
  }
}

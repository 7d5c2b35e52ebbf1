import {Usage} from '../../errors.js'

/** @throws Usage E_NAMESPACE for a value that is not a namespace. */
export function requireNamespace(text: string | undefined): void {
  if (text !== undefined && !/^[^/]+\/[^/]+$/.test(text)) {
    throw new Usage('E_NAMESPACE', `--namespace ${text} is not tenant/namespace`)
  }
}

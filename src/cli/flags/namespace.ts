import {Usage} from '../../errors.js'

/** @throws Usage E_NAMESPACE for what is given and no namespace. */
export function requireNamespace(text: string | undefined): void {
  if (text !== undefined && !/^[^/]+\/[^/]+$/.test(text)) {
    throw new Usage('E_NAMESPACE', `--namespace ${text}: write tenant/namespace`)
  }
}

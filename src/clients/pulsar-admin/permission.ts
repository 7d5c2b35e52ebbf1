import {shellCommand} from '../../suggested-command.js'

/** The permission that a call needs on a broker with authorization, and how to grant it. */
export interface NeededPermission {
  readonly right: string
  /** commands or steps to grant it */
  readonly next: readonly string[]
}

const SUPERUSER: NeededPermission = {
  right: 'superuser',
  next: ['add the role to superUserRoles in broker.conf'],
}

/** Reading a topic's statistics needs the permission to produce or consume; moving a cursor needs consume. */
const LOOKUP = /^(?:partitions|stats|partitioned-stats|internalStats|partitioned-internalStats|properties)$/
const CONSUME = /^(?:subscriptions?|examinemessage|ledger)$/

/**
 * The permission that PulsarAuthorizationProvider requires for a call.
 *
 * @param path below /admin/v2, or below the root when it starts with `//`, as in AdminRequest.
 * @see
 *   https://github.com/apache/pulsar/blob/v4.0.7/pulsar-broker-common/src/main/java/org/apache/pulsar/broker/authorization/PulsarAuthorizationProvider.java
 */
export function neededPermission({method, path}: {readonly method: string; readonly path: string}): NeededPermission {
  if (path.startsWith('//topics/')) {
    const [, , , , tenant = '', namespace = ''] = path.split('/')
    return granted('produce', `${tenant}/${namespace}`, ['produce'])
  }
  const [, area = '', tenant, namespace, , call] = path.split('?')[0]?.split('/').map(decodeURIComponent) ?? []
  if (tenant === undefined || !['namespaces', 'persistent'].includes(area)) return SUPERUSER
  if (area === 'namespaces' || namespace === undefined) return tenantAdmin(tenant)
  const where = `${tenant}/${namespace}`
  if (call === undefined)
    return method === 'GET' ? granted('produce or consume', where, ['consume']) : tenantAdmin(tenant)
  if (CONSUME.test(call)) return granted('consume', where, ['consume'])
  return method === 'GET' && LOOKUP.test(call) ? granted('produce or consume', where, ['consume']) : tenantAdmin(tenant)
}

function granted(right: string, where: string, actions: readonly string[]): NeededPermission {
  return {
    right: `${right} on ${where}`,
    next: [
      shellCommand(
        ...['pulsar-admin', 'namespaces', 'grant-permission', where],
        ...['--role', 'ROLE', '--actions', actions.join(',')],
      ),
    ],
  }
}

function tenantAdmin(tenant: string): NeededPermission {
  return {
    right: `admin of tenant ${tenant}`,
    next: [shellCommand('pulsar-admin', 'tenants', 'update', tenant, '--admin-roles', 'ROLE')],
  }
}

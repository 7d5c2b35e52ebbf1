import {REMEDY_COMMANDS} from '../../../src/domain/doctor/facts/remedies.js'

/** A command without its values: the program, the subcommand and the names of its flags. */
export type Shape = string

/** For each shape that a remedy can have, the scenario of `test/live/doctor/remedies.test.ts` that runs it. */
export const REMEDY_RUNS: Readonly<Record<Shape, string>> = {
  'keyshift keys owner': 'a lock of a disconnected holder',
  'keyshift keys ranges': 'a gap between requested ranges',
  'keyshift keys sample': 'a hot key',
  'keyshift keys sample --source': 'a hot key with a space',
  'keyshift keys sample --where --max': 'a message that its consumer always returns',
  'keyshift locks inspect': 'a lock of a disconnected holder',
  'keyshift locks release -o': 'a lock of a disconnected holder',
  'keyshift migrate list': 'a rate of the subscription',
  'keyshift subscriptions inspect': 'a consumer that does not read',
  'pulsar-admin namespaces remove-dispatch-rate': 'a dispatch rate of the namespace',
  'pulsar-admin namespaces remove-subscription-dispatch-rate': 'a subscription dispatch rate of the namespace',
  'pulsar-admin topicPolicies remove-dispatch-rate': 'a dispatch rate of the topic',
  'pulsar-admin topicPolicies remove-subscription-dispatch-rate': 'a subscription dispatch rate of the topic',
  'pulsar-admin topicPolicies remove-subscription-dispatch-rate --subscription': 'a rate of the subscription',
  'pulsar-admin topicPolicies set-backlog-quota --limit --policy': 'a backlog that a size quota is about to drop',
  'pulsar-admin topicPolicies set-backlog-quota --type --limitTime --policy':
    'a backlog that an age quota is about to drop',
  'pulsar-admin topicPolicies set-message-ttl --ttl': 'a backlog that is about to expire',
  'pulsar-admin topics create-subscription --subscription --messageId': 'a subscription that a partition does not have',
  'pulsar-admin topics skip --count --subscription': 'a message that its consumer always returns',
  'pulsar-admin topics unload': 'a consumer that does not read',
}

const COMMANDS = Object.entries(REMEDY_COMMANDS).flatMap(([program, commands]) =>
  commands.map((command) => `${program} ${command}`),
)

/** The shape of a command; null of a sentence. A sentence may contain a command. */
export function shapeOf(remedy: string): Shape | null {
  const command = COMMANDS.find((one) => remedy === one || remedy.startsWith(`${one} `))
  if (command === undefined) return null
  const words = remedy.slice(command.length).match(/(?:[^\s'\\]|\\.|'[^']*')+/g) ?? []
  return [command, ...words.filter((word) => /^--?[a-zA-Z]+$/.test(word))].join(' ')
}

import assert from 'node:assert/strict'
import {test} from 'node:test'

import {Config} from '@oclif/core/config'

import {type CommandLine, completeLine} from '../../../../src/cli/completion/candidates.js'
import type {Line} from '../../../../src/cli/completion/line.js'
import type {NameSource} from '../../../../src/cli/completion/names.js'
import {ROOT} from '../../../support/root.js'

const config = await Config.load(ROOT)
const CLI: CommandLine = {
  commands: new Map(config.commands.map((command) => [command.id, command])),
  topics: new Map(config.topics.map(({description, name}) => [name, description ?? ''])),
}

const TOPICS: Readonly<Record<string, string[]>> = {
  'public/default': [
    'persistent://public/default/orders-partition-0',
    'persistent://public/default/orders-partition-1',
    'persistent://public/default/a/b',
    'persistent://public/default/__change_events',
  ],
  'public/public': ['persistent://public/public/inner'],
  'shop/eu': ['persistent://shop/eu/returns'],
}

/** A cluster with two tenants. */
const CLUSTER: NameSource = {
  contexts: () => Promise.resolve(['prod', 'staging']),
  tenants: () => Promise.resolve(['public', 'shop']),
  namespaces: (tenant) =>
    Promise.resolve({public: ['public/default', 'public/public'], shop: ['shop/eu', 'shop/us']}[tenant] ?? []),
  topics: (namespace) => Promise.resolve(TOPICS[namespace] ?? []),
  subscriptions: ({full}) => Promise.resolve([`of ${full}`]),
  migrations: () => Promise.resolve(['20261123-140509-3fa9']),
  ownNamespace: () => Promise.resolve('public/default'),
}

/** @param line as it is typed after the program's name. */
async function offered(line: string, names: NameSource = CLUSTER): Promise<string[]> {
  const {candidates, paths} = await completeLine(line.split(' '), CLI, () => names)
  return [...(paths === null ? [] : [`:${paths}`]), ...candidates.map(({value}) => value)]
}

const LINES: ReadonlyArray<readonly [line: string, offered: readonly string[]]> = [
  ['comp', ['completion']],
  ['locks ', ['audit', 'audit-log', 'inspect', 'release', 'scan']],
  ['migrate j', ['journal']],
  ['migrate journal ', ['verify']],
  ['nothing of the kind ', []],
  ['help migrate pl', ['plan']],
  ['completion ', ['bash', 'fish', 'powershell', 'zsh']],
  ['why --key', ['--key-pattern']],
  ['why --context prod --cont', []],
  ['why --insec', ['--insecure']],
  ['why -- --insec', []],
  ['keys simulate --join a --jo', ['--join']],
  ['doctor --ignore replay', ['replay-queue-grows', 'replay-stuck']],
  ['doctor --exclude shop/e', ['shop/eu/']],
  ['subscriptions list --output c', ['csv']],
  ['subscriptions list --output=c', ['--output=csv']],
  ['migrate plan t s --to Key', ['Key_Shared']],
  ['subscriptions list --nope=', []],
  ['why --context ', ['prod', 'staging']],
  ['why --context=pr', ['--context=prod']],
  ['context use ', ['prod', 'staging']],
  ['context show s', ['staging']],
  ['context add ', []],
  ['migrate apply x --confirm-context ', ['prod', 'staging']],
  ['doctor --families ', [':files']],
  ['doctor --families=x', [':files']],
  ['migrate plan t s -o ', [':files']],
  ['migrate apply ', [':files']],
  ['migrate apply p --hooks ', [':folders']],
  ['locks audit-log verify ', [':files']],
  ['migrate plan ', ['a/b', 'orders', 'public/', 'shop/', 'show']],
  ['keys ranges ', ['a/b', 'orders', 'public/', 'shop/']],
  ['keys ranges __', ['__change_events']],
  ['keys ranges pers', ['persistent://']],
  ['keys ranges persistent://', ['persistent://public/', 'persistent://shop/']],
  ['keys ranges persistent://shop/', ['persistent://shop/eu/', 'persistent://shop/us/']],
  ['keys ranges persistent://shop/eu/', ['persistent://shop/eu/returns']],
  ['keys ranges public/', ['public/default/', 'public/inner', 'public/public/']],
  ['keys ranges public/default/', ['public/default/a/b', 'public/default/orders']],
  ['keys ranges default/o', ['default/orders']],
  ['keys ranges orders ', ['of persistent://public/default/orders']],
  ['keys ranges shop/eu/returns ', ['of persistent://shop/eu/returns']],
  ['keys ranges --admin-url http://h:1 orders ', ['of persistent://public/default/orders']],
  ['keys ranges -h orders ', ['of persistent://public/default/orders']],
  ['keys ranges a//b ', []],
  ['keys ranges orders s ', []],
  ['keys owner orders s k1 k', []],
  ['locks scan --topic or', ['orders']],
  ['locks scan --topic orders --subscription ', ['of persistent://public/default/orders']],
  ['locks scan --subscription ', []],
  ['subscriptions list sh', ['shop', 'shop/']],
  ['subscriptions list shop/', ['shop/eu', 'shop/us']],
  ['migrate list --namespace s', ['shop/']],
  ['migrate status ', ['20261123-140509-3fa9']],
  ['migrate journal verify 2026', ['20261123-140509-3fa9']],
]

for (const [line, expected] of LINES) {
  test(`keyshift ${line}⇥`, async () => {
    assert.deepEqual(await offered(line), expected)
  })
}

test('every command is offered word by word, except for hidden ones', async () => {
  for (const {hidden, id} of config.commands) {
    const words = id.split(':')
    for (const [at, word] of words.entries()) {
      const isOffered = (await offered(words.slice(0, at + 1).join(' '))).includes(word)
      assert.equal(isOffered, !hidden, id)
    }
  }
})

test('every flag is offered, except for hidden ones', async () => {
  for (const {flags, hidden, id} of config.commands) {
    if (hidden) continue
    const shown = Object.values(flags).filter((flag) => !flag.hidden)
    const line = `${id.replaceAll(':', ' ')} --`
    assert.deepEqual(await offered(line), [...shown.map(({name}) => `--${name}`), '--help'].toSorted(), id)
  }
})

test('a name with control characters is not offered', async () => {
  const names = {
    ...CLUSTER,
    subscriptions: () => Promise.resolve(['good', 'two\nlines', 'es\u001bcape', 'tab\there', 'over\u202eride']),
  }
  assert.deepEqual(await offered('keys ranges orders ', names), ['good'])
})

test('names come from the connection of the command line', async () => {
  const lines: Line[] = []
  const words = ['keys', 'ranges', '--admin-url=http://h:1', '--context', 'prod', '--insecure', 'orders', '']
  await completeLine(words, CLI, (line) => {
    lines.push(line)
    return CLUSTER
  })
  assert.deepEqual(lines[0]?.flags, {'admin-url': 'http://h:1', context: 'prod', insecure: true})
})

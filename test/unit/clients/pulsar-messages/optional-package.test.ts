import assert from 'node:assert/strict'
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import {globalPackage, installCommand} from '../../../../src/clients/pulsar-messages/optional-package.js'
import {temporaryFolder} from '../../../support/shells/folder.js'

test('a package in a global folder is found and can be imported; one that is nowhere is not', async (t) => {
  const modules = join(await temporaryFolder(t), 'lib', 'node_modules')
  const folder = join(modules, 'only-global')
  await mkdir(folder, {recursive: true})
  await writeFile(join(folder, 'package.json'), JSON.stringify({name: 'only-global', main: 'index.js'}))
  await writeFile(join(folder, 'index.js'), "module.exports = {answer: 'global'}")
  const url = globalPackage('only-global', ['/nonexistent', modules])
  assert.ok(url)
  assert.equal(((await import(url)) as {default: {answer: string}}).default.answer, 'global')
  assert.equal(globalPackage('only-global', ['/nonexistent']), null)
})

const COMMANDS: ReadonlyArray<readonly [installed: string, root: string, command: string]> = [
  ['globally', '/usr/local/lib/node_modules/keyshift', 'npm install --global --prefix /usr/local pulsar-client'],
  ['in a project', '/home/ann/jobs/node_modules/keyshift', 'npm install --prefix /home/ann/jobs pulsar-client'],
  ['as a checkout', '/src/key shift', "npm install --no-save --prefix '/src/key shift' pulsar-client"],
]
for (const [installed, root, command] of COMMANDS) {
  test(`the command that installs the native client where keyshift is installed ${installed}`, () => {
    assert.equal(installCommand('pulsar-client', root), command)
  })
}

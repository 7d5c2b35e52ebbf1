import assert from 'node:assert/strict'
import {utimes, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import {hiddenSecrets} from '../../../../src/cli/connection/hidden-secrets.js'
import {fieldOf, parametersOf} from '../../../../src/clients/login/secret-field.js'
import {secretFrom} from '../../../../src/clients/login/secret.js'
import {TokenLogin} from '../../../../src/clients/login/token.js'
import {hideCredentials} from '../../../../src/clients/login/hide-credentials.js'
import {KeyshiftError} from '../../../../src/errors.js'
import {temporaryFolder} from '../../../support/shells/folder.js'
import {tokenOf} from '../../../support/servers/tokens.js'

const NOW = Date.parse('2026-11-28T12:00:00Z')

function hasCode(code: string, never = '\0'): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof KeyshiftError)
    assert.equal(error.code, code)
    assert.ok(!JSON.stringify([error.message, error.data, error.next]).includes(never))
    return true
  }
}

test('a secret from a variable, from one of its parameters, and from a missing variable', async () => {
  const env = {TOKEN: ' abc \n', PARAMS: '{"userId":"ann","password":"pw:1"}', OLD: 'token:a:b'}
  assert.equal(await secretFrom({env: 'TOKEN'}, env).read(), 'abc')
  assert.equal(await secretFrom({env: 'PARAMS', field: 'password'}, env).read(), 'pw:1')
  assert.equal(await secretFrom({env: 'OLD', field: 'token'}, env).read(), 'a:b')
  await assert.rejects(secretFrom({env: 'NOT_SET'}, env).read(), hasCode('E_SECRET'))
})

test('a file is read again when it has changed, and named when it is missing or empty', async (t) => {
  const path = join(await temporaryFolder(t), 'token')
  const secret = secretFrom({file: path}, {})
  await assert.rejects(secret.read(), hasCode('E_SECRET'))
  await writeFile(path, 'first\n')
  assert.equal(await secret.read(), 'first')
  await writeFile(path, 'other\n')
  await utimes(path, 1, 1)
  assert.equal(await secret.read(), 'other')
  await writeFile(path, ' \n')
  await assert.rejects(secret.read(), hasCode('E_SECRET'))
})

test('a field of YAML, of JSON and of Java properties is read; a broken file is not quoted', async (t) => {
  const path = join(await temporaryFolder(t), 'config')
  await writeFile(path, 'auth-info:\n  a/b.c:\n    token: tok\n')
  assert.equal(await secretFrom({file: path, field: '/auth-info/a~1b.c/token'}, {}).read(), 'tok')
  await assert.rejects(secretFrom({file: path, field: '/auth-info/x/token'}, {}).read(), hasCode('E_SECRET'))
  assert.equal(await fieldOf('{"a": {"b": 7}}', path, '/a/b'), '7')
  assert.equal(await fieldOf('authParams = token:abc\\\n  def', path, 'authParams/token'), 'abcdef')
  assert.equal(await fieldOf('authParams={"token":"x"}', path, 'authParams/token'), 'x')
  assert.equal(await fieldOf('authParams=bare', path, 'authParams'), 'bare')
  assert.equal(await fieldOf('a=b', path, 'authParams/token'), null)
  await assert.rejects(fieldOf('a: [hunter2', path, '/a'), hasCode('E_SECRET_FIELD', 'hunter2'))
  const broken = fieldOf('authParams={"token": hunter2', path, 'authParams/token')
  await assert.rejects(broken, hasCode('E_SECRET_FIELD', 'hunter2'))
  assert.deepEqual(parametersOf('tlsCertFile:/a/b, tlsKeyFile:/c:d'), {tlsCertFile: '/a/b', tlsKeyFile: '/c:d'})
})

test('a command runs once until it is invalidated; neither its arguments nor its stderr are shown', async (t) => {
  const path = join(await temporaryFolder(t), 'asked')
  const secret = secretFrom({command: `echo x >> ${path}; wc -l < ${path}`}, process.env)
  assert.deepEqual([await secret.read(), await secret.read()], ['1', '1'])
  assert.equal(secret.invalidate(), true)
  assert.equal(await secret.read(), '2')
  const broken = secretFrom({command: 'echo hunter2 >&2; exit 3; hunter2'}, process.env)
  assert.equal(broken.source, 'the command echo')
  await assert.rejects(broken.read(), hasCode('E_SECRET', 'hunter2'))
  await assert.rejects(secretFrom({command: 'true'}, process.env).read(), hasCode('E_SECRET'))
})

test('a token reports its role and its expiry; an expired token is read again', async () => {
  const tokens = [tokenOf({sub: 'ann', exp: NOW / 1000}), tokenOf({sub: 'ann', exp: NOW / 1000 + 600})]
  const login = new TokenLogin(
    {source: 'a list', read: () => Promise.resolve(tokens[0] ?? ''), invalidate: () => Boolean(tokens.shift())},
    () => NOW,
  )
  assert.equal(login.about, 'a token from a list')
  assert.deepEqual(await login.headers(), {Authorization: `Bearer ${tokens.at(-1) ?? ''}`})
  assert.equal(login.about, 'a token of "ann" from a list')
  const over = tokenOf({sub: 'ann', exp: NOW / 1000 - 1})
  const ended = new TokenLogin({source: 'X', read: () => Promise.resolve(over), invalidate: () => false}, () => NOW)
  await assert.rejects(ended.headers(), hasCode('E_TOKEN_EXPIRED', over))
  const opaque = new TokenLogin({source: 'X', read: () => Promise.resolve('a.b.c'), invalidate: () => false}, () => NOW)
  assert.deepEqual(await opaque.headers(), {Authorization: 'Bearer a.b.c'})
})

test('stderr contains no secret of this process, in any form in which it is sent', async () => {
  const secret = hiddenSecrets.watch(
    {source: 'X', read: () => Promise.resolve('p@ss "w"'), invalidate: () => false},
    'ann',
  )
  const text = (): string => {
    const basic = Buffer.from('ann:p@ss "w"').toString('base64')
    return hiddenSecrets.hide(
      `p@ss "w", ${encodeURIComponent('p@ss "w"')}, ${JSON.stringify('p@ss "w"')}, Basic ${basic}`,
    )
  }
  assert.ok(text().includes('p@ss'), 'not read yet')
  await secret.read()
  assert.equal(text(), '***, ***, "***", Basic ***')
  hiddenSecrets.addUrls('--redis-url=redis://ann:a%2Fb%2Fc@host redis://:x@y1@host')
  assert.equal(hiddenSecrets.hide('a/b/c a%2Fb%2Fc x@y1'), '*** *** ***')
  hiddenSecrets.add('a')
  assert.equal(hiddenSecrets.hide('a banana'), 'a banana')
})

test('the credentials of a request are hidden in the answer of a server', () => {
  assert.equal(hideCredentials('no Bearer abc.d for you', {Authorization: 'Bearer abc.d'}), 'no Bearer *** for you')
  const Authorization = `Basic ${Buffer.from('ann:pw"1').toString('base64')}`
  assert.equal(hideCredentials(`ann, ${Authorization}, pw"1, pw\\"1`, {Authorization}), 'ann, Basic ***, ***, ***')
  assert.equal(hideCredentials('no secret', {}), 'no secret')
})

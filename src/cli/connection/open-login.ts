import {join} from 'node:path'

import {BasicLogin} from '../../clients/login/basic.js'
import {certificateLogin, type Login, NO_LOGIN} from '../../clients/login/login.js'
import {type OAuth2Client, OAuth2Secret, readKeyFile} from '../../clients/login/oauth2.js'
import {type Secret, secretFrom, type SecretSource} from '../../clients/login/secret.js'
import type {TlsFiles} from '../../clients/login/tls.js'
import {TokenCache} from '../../clients/login/token-cache.js'
import {TokenLogin} from '../../clients/login/token.js'
import type {LoginSource} from '../../clients/contexts/context.js'
import {Usage} from '../../errors.js'
import {ownFolder} from './folders.js'
import {hiddenSecrets} from './hidden-secrets.js'
import type {Settings, SourcedTls} from './settings.js'

/** The login to Pulsar. No secret is read before it is needed. */
export function loginOf({login, tls}: Settings): Login {
  if (login === null) return tls.certFile === null ? NO_LOGIN : certificateLogin(tls.certFile.value)
  const source = login.value
  if ('token' in source) return new TokenLogin(openSecret(source.token))
  if ('basic' in source) {
    const {password, username} = source.basic
    return new BasicLogin(username, openSecret(password, username))
  }
  return new TokenLogin(hiddenSecrets.watch(oauth2Secret(source.oauth2)))
}

/** A secret of the settings, which is hidden in output from the moment it is read. */
export function openSecret(source: SecretSource, beside: string | null = null): Secret {
  return hiddenSecrets.watch(secretFrom(source, process.env), beside)
}

export function tlsFilesOf(tls: SourcedTls): TlsFiles {
  return {
    caFile: tls.caFile?.value ?? null,
    certFile: tls.certFile?.value ?? null,
    keyFile: tls.keyFile?.value ?? null,
    isInsecure: tls.isInsecure?.value ?? false,
    checksHostname: tls.checksHostname?.value ?? true,
  }
}

type OAuth2Source = Extract<LoginSource, {oauth2: unknown}>['oauth2']

function oauth2Secret(source: OAuth2Source): OAuth2Secret {
  const {audience, clientId, clientSecret, issuerUrl, keyFile, scope} = source
  const client = async (): Promise<OAuth2Client> => {
    if (keyFile !== undefined) {
      const read = await readKeyFile(keyFile)
      hiddenSecrets.add(read.secret, read.id)
      return read
    }
    if (clientId === undefined || clientSecret === undefined) {
      throw new Usage('E_LOGIN', `the OAuth2 login at ${issuerUrl} needs a keyFile, or clientId and clientSecret`)
    }
    return {id: clientId, secret: await openSecret(clientSecret, clientId).read()}
  }
  const cache = new TokenCache(join(ownFolder('cache'), 'tokens'))
  return new OAuth2Secret({issuerUrl, audience: audience ?? null, scope: scope ?? null, client, cache})
}

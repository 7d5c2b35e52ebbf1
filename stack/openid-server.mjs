// @ts-check
// An OpenID server. Clients log in with a secret and get an access token: a signed JWT for one audience.
// A stack runs it as a separate process. Its argument is the settings file that openid.mjs wrote.
import {readFileSync} from 'node:fs'
import {errors, Provider} from 'oidc-provider'

/** @type {import('./openid.mjs').OpenIdSettings} */
const {audiences, clients, issuer, key, port} = JSON.parse(readFileSync(process.argv[2], 'utf8'))

const provider = new Provider(issuer, {
  clients: clients.map(({id, secret}) => ({
    client_id: id,
    client_secret: secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_post', // the method of Pulsar's clients
  })),
  jwks: {keys: [key]},
  formats: {
    customizers: {
      // Pulsar rejects tokens without nbf.
      jwt: (_context, _token, {payload}) => void (payload.nbf = payload.iat),
    },
  },
  features: {
    devInteractions: {enabled: false},
    clientCredentials: {enabled: true},
    resourceIndicators: {
      enabled: true,
      // Pulsar's clients send the audience as `audience`, like Auth0; the standard parameter is `resource`.
      defaultResource: (context) => context.oidc.body?.audience,
      getResourceServerInfo: (_context, audience, client) => {
        if (!audiences.includes(audience)) throw new errors.InvalidTarget()
        const ttl = clients.find(({id}) => id === client.clientId)?.tokenTtlSeconds
        return {scope: '', audience, accessTokenFormat: 'jwt', accessTokenTTL: ttl, jwt: {sign: {alg: 'RS256'}}}
      },
    },
  },
})
provider.on('server_error', (_context, error) => console.error(error))
provider.listen(port, '127.0.0.1')

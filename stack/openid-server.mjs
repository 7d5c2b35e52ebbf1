// @ts-check
// An OpenID server: clients log in with a secret and get an access token, a signed JWT for one audience.
// Run by a stack as a process of its own; its one argument is the file that openid.mjs wrote.
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
    token_endpoint_auth_method: 'client_secret_post', // as Pulsar's own clients log in
  })),
  jwks: {keys: [key]},
  formats: {
    customizers: {
      // Pulsar takes no token without it.
      jwt: (_context, _token, {payload}) => void (payload.nbf = payload.iat),
    },
  },
  features: {
    devInteractions: {enabled: false},
    clientCredentials: {enabled: true},
    resourceIndicators: {
      enabled: true,
      // Pulsar's clients name what the token is for by `audience`, as Auth0 has it; the standard's word is `resource`.
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

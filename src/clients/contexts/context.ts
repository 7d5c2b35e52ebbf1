import type {SecretSource} from '../login/secret.js'

/** How to log in to Pulsar; a certificate, which stands under `tls`, is a login by itself. Secrets are named, not held. */
export type LoginSource =
  | {token: SecretSource}
  | {basic: {username: string; password: SecretSource}}
  | {
      oauth2: {
        issuerUrl: string
        audience?: string
        scope?: string
        /** a client's key file, as Pulsar's own clients take it; or clientId and clientSecret */
        keyFile?: string
        clientId?: string
        clientSecret?: SecretSource
      }
    }

/** PEM files. */
export interface TlsSource {
  /** authorities in place of the machine's own */
  caFile?: string
  certFile?: string
  keyFile?: string
  /** takes any certificate, of anybody */
  insecure?: boolean
  /** whether the host has to be named in its certificate; it has to unless this is false */
  checkHostname?: boolean
}

/** Where a cluster and its Redis are, and how to log in. */
export interface Context {
  /** the broker's web address, as http://host:8080 */
  adminUrl?: string
  /** as pulsar://host:6650 */
  serviceUrl?: string
  /** the WebSocket API; where the admin API is when left out */
  webSocketUrl?: string
  login?: LoginSource
  tls?: TlsSource
  redis?: {
    /** redis://, rediss://, redis+sentinel:// or rediss+sentinel://; may name a user, never a password */
    url?: string
    /** the other independent servers on which locks are taken (Redlock), as `url` */
    redlock?: string[]
    password?: SecretSource
    tls?: TlsSource
  }
  /** of topics that are given by their name alone, as tenant/namespace */
  namespace?: string
  /** Whoever changes something here has to type the context's name. */
  protected?: boolean
}

/** The file of contexts. */
export interface ContextFile {
  /** the one that is used when none is asked for */
  current?: string
  contexts: Record<string, Context>
}

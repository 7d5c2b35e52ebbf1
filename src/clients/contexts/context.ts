import type {SecretSource} from '../login/secret.js'

/** How to log in to Pulsar. A certificate under `tls` is a login too. Secrets are referenced, not stored. */
export type LoginSource =
  | {token: SecretSource}
  | {basic: {username: string; password: SecretSource}}
  | {
      oauth2: {
        issuerUrl: string
        audience?: string
        scope?: string
        /** a client's key file in the format of Pulsar's own clients, instead of clientId and clientSecret */
        keyFile?: string
        clientId?: string
        clientSecret?: SecretSource
      }
    }

/** PEM files. */
export interface TlsSource {
  /** CA bundle to use instead of the system CAs */
  caFile?: string
  certFile?: string
  keyFile?: string
  /** skips the verification of certificates */
  insecure?: boolean
  /** whether the host name must match the certificate; default true */
  checkHostname?: boolean
}

/** The addresses of a cluster and its Redis, and how to log in. */
export interface Context {
  /** the broker's web address, such as http://host:8080 */
  adminUrl?: string
  /** such as pulsar://host:6650 */
  serviceUrl?: string
  /** the WebSocket API; default: the same host as the admin API */
  webSocketUrl?: string
  login?: LoginSource
  tls?: TlsSource
  redis?: {
    /** redis://, rediss://, redis+sentinel:// or rediss+sentinel://; may contain a user, never a password */
    url?: string
    /** the other independent Redlock servers, in the form of `url` */
    redlock?: string[]
    password?: SecretSource
    tls?: TlsSource
  }
  /** the namespace of topics given without one, as tenant/namespace */
  namespace?: string
  /** Whether a command that changes something asks for the context's name. */
  protected?: boolean
}

/** The context file. */
export interface ContextFile {
  /** the context that applies without --context */
  current?: string
  contexts: Record<string, Context>
}

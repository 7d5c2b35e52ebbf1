/** The authentication settings of the binary protocol's client; null without authentication. */
export type BinaryLogin =
  | {readonly kind: 'basic'; readonly username: string; readonly password: string}
  | {readonly kind: 'token'; readonly token: () => Promise<string>}

/** How keyshift authenticates to a broker, in addition to a certificate. */
export interface Login {
  /** Kind and source of the login, for output: `a token of role "ann" from the file /run/token`. Never a secret. */
  readonly about: string
  /**
   * The headers of a request that is sent now.
   *
   * @throws Unreachable E_SECRET, E_TOKEN_EXPIRED or E_OAUTH2 when no credentials are available.
   */
  headers(): Promise<Readonly<Record<string, string>>>
  /** Drops the credentials that the broker rejected. Returns whether different ones may be available now. */
  renew(): boolean
  /** @throws as headers() does. */
  forBinary(): Promise<BinaryLogin | null>
}

export const NO_LOGIN: Login = {
  about: 'no login',
  headers: () => Promise.resolve({}),
  renew: () => false,
  forBinary: () => Promise.resolve(null),
}

/** A login by certificate only: brokers use its common name as the role. */
export function certificateLogin(certFile: string): Login {
  return {...NO_LOGIN, about: `certificate ${certFile}`}
}

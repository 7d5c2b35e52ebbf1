/** How the binary protocol's client is to log in; null where it needs nothing. */
export type BinaryLogin =
  | {readonly kind: 'basic'; readonly username: string; readonly password: string}
  | {readonly kind: 'token'; readonly token: () => Promise<string>}

/** Who keyshift is for a broker, beside a certificate. */
export interface Login {
  /** What it is and where it is from, for people: `a token of role "ann" from the file /run/token`. Never a secret. */
  readonly about: string
  /**
   * The headers of a request that is sent now.
   *
   * @throws Unreachable E_SECRET, E_TOKEN_EXPIRED or E_OAUTH2 when there is no login to send.
   */
  headers(): Promise<Readonly<Record<string, string>>>
  /** The broker did not accept it: whether it may be another one now. */
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

/** Who keyshift is where nothing but its certificate says so: brokers take its common name for the role. */
export function certificateLogin(certFile: string): Login {
  return {...NO_LOGIN, about: `the certificate ${certFile}`}
}

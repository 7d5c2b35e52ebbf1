import {type Login, NO_LOGIN} from './login.js'

/** Who keyshift is where nothing but its certificate says so: brokers take its common name for the role. */
export function certificateLogin(certFile: string): Login {
  return {...NO_LOGIN, about: `the certificate ${certFile}`}
}

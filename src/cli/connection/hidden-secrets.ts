import type {Secret} from '../../clients/login/secret.js'
import {SECRET_VARIABLES} from './settings.js'

/** Minimum length of a secret to hide; a shorter one occurs in ordinary text. */
const SHORTEST = 4

/** The secrets that this process has read. They are replaced in errors and debug logs. */
class HiddenSecrets {
  private readonly forms = new Set<string>()

  /** @param user the user name before a password in a Basic header; null for other secrets. */
  add(secret: string, user: string | null = null): void {
    if (secret.length < SHORTEST) return
    const pair = `${user ?? ''}:${secret}`
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) this.forms.add(form)
    for (const text of [secret, pair]) this.forms.add(Buffer.from(text).toString('base64'))
  }

  /** A password in any URL of a text. */
  addUrls(text: string): void {
    for (const [, , password = ''] of text.matchAll(/:\/\/([^/\s:@]*):?([^/\s]*)@/g)) {
      this.add(password)
      try {
        this.add(decodeURIComponent(password))
      } catch {
        // the secret occurs unchanged
      }
    }
  }

  hide(text: string): string {
    const longestFirst = [...this.forms].toSorted((a, b) => b.length - a.length)
    return longestFirst.reduce((left, form) => left.replaceAll(form, '***'), text)
  }

  /** Returns a secret that is hidden from the moment it is read. */
  watch(secret: Secret, user: string | null = null): Secret {
    let known: string | null = null // every request reads it again
    return {
      source: secret.source,
      read: async () => {
        const value = await secret.read()
        if (value !== known) this.add(value, user)
        known = value
        return value
      },
      invalidate: () => secret.invalidate(),
    }
  }
}

/** One instance for the process, because there is one stderr. */
export const hiddenSecrets = new HiddenSecrets()

/**
 * Hides secrets in everything that this process writes to stderr: the debug logs of libraries (DEBUG, NODE_DEBUG) contain
 * command lines, headers and AUTH. Must run before anything is logged.
 */
export function hideSecretsOnStderr(argv: readonly string[], env: NodeJS.ProcessEnv): void {
  for (const text of [...argv, ...Object.values(env)]) hiddenSecrets.addUrls(text ?? '')
  for (const name of SECRET_VARIABLES) {
    const value = env[name] ?? ''
    if (!value.includes('://')) hiddenSecrets.add(value.trim())
  }
  const {stderr} = process
  const write = stderr.write.bind(stderr) as (text: string, ...rest: unknown[]) => boolean
  stderr.write = (chunk: Uint8Array | string, ...rest: unknown[]): boolean =>
    write(hiddenSecrets.hide(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8')), ...rest)
}

import type {Secret} from '../../clients/login/secret.js'
import {SECRET_VARIABLES} from './settings.js'

/** Shorter ones are found in any text; who has such a password has other worries. */
const SHORTEST = 4

/** Secrets that this process has been told or has read. What is said of errors, and by debug logs, is said without them. */
class HiddenSecrets {
  private readonly forms = new Set<string>()

  /** @param beside what it is sent with, as a user's name before a password. */
  add(secret: string, beside: string | null = null): void {
    if (secret.length < SHORTEST) return
    const pair = `${beside ?? ''}:${secret}`
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) this.forms.add(form)
    for (const text of [secret, pair]) this.forms.add(Buffer.from(text).toString('base64'))
  }

  /** Whatever stands for a password in a text with URLs. */
  addUrls(text: string): void {
    for (const [, , password = ''] of text.matchAll(/:\/\/([^/\s:@]*):?([^/\s]*)@/g)) {
      this.add(password)
      try {
        this.add(decodeURIComponent(password))
      } catch {
        // it stands there as it is
      }
    }
  }

  hide(text: string): string {
    const longestFirst = [...this.forms].toSorted((a, b) => b.length - a.length)
    return longestFirst.reduce((left, form) => left.replaceAll(form, '***'), text)
  }

  /** The same secret, known here from when it is read. */
  watch(secret: Secret, beside: string | null = null): Secret {
    let known: string | null = null // each request reads it
    return {
      source: secret.source,
      read: async () => {
        const value = await secret.read()
        if (value !== known) this.add(value, beside)
        known = value
        return value
      },
      invalidate: () => secret.invalidate(),
    }
  }
}

/** One for the process, as its stderr is. */
export const hiddenSecrets = new HiddenSecrets()

/**
 * Leaves secrets out of all that this process writes to stderr: the debug logs of libraries (DEBUG, NODE_DEBUG) tell each command
 * line, header and AUTH. Has to run before anything is logged.
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

import type {Secret} from '../clients/login/secret.js'

/** Shorter ones are found in any text; who has such a password has other worries. */
const SHORTEST = 4

/** Secrets that this process has read: whatever a server repeats of them is left out of what keyshift says. */
export class HiddenSecrets {
  private readonly forms = new Set<string>()

  /** @param beside what it is sent with, as a user's name before a password. */
  add(secret: string, beside: string | null = null): void {
    if (secret.length < SHORTEST) return
    const pair = `${beside ?? ''}:${secret}`
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) this.forms.add(form)
    for (const text of [secret, pair]) this.forms.add(Buffer.from(text).toString('base64'))
  }

  /** A URL's password. */
  addUrl(url: string): void {
    if (!URL.canParse(url)) return
    const {password} = new URL(url)
    this.add(password)
    try {
      this.add(decodeURIComponent(password))
    } catch {
      // it stands there as it is
    }
  }

  hide(text: string): string {
    return [...this.forms]
      .toSorted((a, b) => b.length - a.length)
      .reduce((left, form) => left.replaceAll(form, '***'), text)
  }

  /** The same secret, known here from when it is read. */
  watch(secret: Secret, beside: string | null = null): Secret {
    return {
      where: secret.where,
      read: async () => {
        const value = await secret.read()
        this.add(value, beside)
        return value
      },
      forget: () => secret.forget(),
    }
  }
}

/**
 * A server's text without the credentials of the request, because some proxies repeat the request in their error page.
 */
export function hideCredentials(text: string, headers: Readonly<Record<string, string>>): string {
  const {Authorization = ''} = headers
  const [scheme, credential = ''] = Authorization.split(' ')
  if (credential === '') return text
  const pair = scheme === 'Basic' ? Buffer.from(credential, 'base64').toString('utf8') : ''
  const password = pair.slice(pair.indexOf(':') + 1)
  return [credential, password]
    .filter((secret) => secret !== '')
    .reduce(
      (left, secret) => left.replaceAll(secret, '***').replaceAll(JSON.stringify(secret).slice(1, -1), '***'),
      text,
    )
}

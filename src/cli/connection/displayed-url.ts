/** An address without its user, password and query. */
export function displayedUrl(url: string): string {
  return url.replace(/^([\w+]*:\/\/)?.*@/s, '$1***@').replace(/\?.*$/s, '?***')
}

/** An address of Redis without its password; the user is part of the address. */
export function displayedRedisUrl(url: string): string {
  return url.replace(/^([\w+]*:\/\/[^/:@]*):.*@/s, '$1:***@').replace(/\?.*$/s, '?***')
}

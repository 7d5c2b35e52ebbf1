/** What of an address may be seen: neither who logs in nor a query. */
export function displayedUrl(url: string): string {
  return url.replace(/^([\w+]*:\/\/)?.*@/s, '$1***@').replace(/\?.*$/s, '?***')
}

/** A user of Redis is part of its address. */
export function displayedRedisUrl(url: string): string {
  return url.replace(/^([\w+]*:\/\/[^/:@]*):.*@/s, '$1:***@').replace(/\?.*$/s, '?***')
}

import { isIPv6 } from 'node:net'

/** A name, an IPv4 address, or an IPv6 address with or without its brackets. */
export function isDatabaseHost(host: string): boolean {
  return /^[A-Za-z0-9_]([A-Za-z0-9._-]{0,252})$/.test(host) || isIPv6Host(withoutBrackets(host))
}

/** `[::1]` → `::1`. */
export function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}

/** Zones (`fe80::1%eth0`) are not possible in a URL. */
export function isIPv6Host(host: string): boolean {
  return isIPv6(host) && !host.includes('%')
}

/** Whether the driver can parse it: `postgres://…`, also with `?host=/folder/of/the/socket`. */
export function isPostgresUrl(url: string): boolean {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) return false
  try {
    const { username, password, hostname, pathname } = new URL(url)
    for (const part of [username, password, hostname, pathname]) decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}

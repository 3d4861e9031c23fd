import { request } from 'node:http'

/** Asks an address under another name, as a page does whose name was made to resolve to it. */
export function withHost(
  url: string,
  host: string,
  {
    method = 'GET',
    body = '',
    headers: more = {},
  }: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { host, 'content-type': 'application/json', ...more }
    const asked = request(url, { method, headers, agent: false }, (res) => {
      let text = ''
      res.setEncoding('utf8')
      res.on('data', (part: string) => {
        text += part
      })
      res.once('end', () => resolve({ status: res.statusCode!, text }))
      res.once('error', reject)
    })
    asked.once('error', reject)
    asked.end(body)
  })
}

const CONNECT_MS = 8_000
const STALL_MS = 15_000

/**
 * The bytes at `url`, at most `maxBytes`: they are only held to a known sum once they are here.
 * Gives up when nothing answers for CONNECT_MS or nothing comes for STALL_MS, however long it takes.
 *
 * @param {string} url
 * @param {number} maxBytes
 * @param {(line: string) => void} say
 * @returns {Promise<Buffer>}
 */
export async function download(url, maxBytes, say) {
  const controller = new AbortController()
  let giveUp
  const patience = (ms, what) => {
    clearTimeout(giveUp)
    giveUp = setTimeout(() => controller.abort(new Error(`${what} for ${ms / 1000} s`)), ms)
  }
  patience(CONNECT_MS, 'no answer')
  try {
    const response = await fetch(url, { signal: controller.signal })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    const total = Number(response.headers.get('content-length') ?? 0)
    const chunks = []
    let size = 0
    let said = Date.now()
    for await (const chunk of response.body) {
      patience(STALL_MS, 'nothing came')
      size += chunk.length
      if (Math.max(size, total) > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`)
      chunks.push(chunk)
      if (Date.now() - said > 3000) {
        said = Date.now()
        say(`  ${Math.round(size / 1e6)}${total ? ` of ${Math.round(total / 1e6)}` : ''} MB`)
      }
    }
    return Buffer.concat(chunks)
  } finally {
    clearTimeout(giveUp)
    // The rest of a refused answer is not downloaded.
    controller.abort()
  }
}

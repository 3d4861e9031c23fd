/** What a command prints while it runs in this process, and what it returns. */
export async function capturedOutput<T>(
  run: () => Promise<T>,
): Promise<{ value: T; stdout: string }> {
  const { stdout } = process
  const { write } = stdout
  let text = ''
  stdout.write = (chunk: string | Uint8Array) => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    return true
  }
  try {
    return { value: await run(), stdout: text }
  } finally {
    stdout.write = write
  }
}

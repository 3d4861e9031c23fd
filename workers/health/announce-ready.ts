import { writeFile } from 'node:fs/promises'

/**
 * Tells the supervisor that this process is ready: the file it named appears, and PM2's
 * `wait_ready` has its message.
 */
export async function announceReady(): Promise<void> {
  process.send?.('ready')
  const file = process.env.FRACTAL_READY_FILE
  if (file !== undefined) await writeFile(file, String(process.pid))
}
